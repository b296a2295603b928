"""What is wrong with a file, so that the person who wrote it can put it right."""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One value that cannot be taken.

    Attributes:
        line: from 1, as an editor shows it.
        column: the column's or key's name, "" for the whole line.
        value: what stands there, "" when ``expected`` is a sentence about the file as a whole.
    """

    file: str
    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}"
        where = f"{where}, {self.column}" if self.column else where
        return (
            f"{where}: got {self.value}, expected {self.expected}"
            if self.value
            else f"{where}: {self.expected}"
        )


class ImportFailed(Exception):  # noqa: N818  (what happened, not what kind of error it is)
    """Nothing was imported, for these reasons."""

    def __init__(self, problems: list[ImportProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class UnusableError(ValueError):
    """A value that cannot be taken; the message is what is expected instead."""


def quoted(value: object, most: int = 80) -> str:
    """A value as it is told: between quotes, shortened, unprintable characters written as escapes."""
    text = f"{value!r}" if str(value).isprintable() else ascii(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


class Problems:
    """Collects what is wrong with one file."""

    def __init__(self, file: Path) -> None:
        self._file = file.name
        self._found: list[ImportProblem] = []

    def add(self, line: int, column: str, value: object, expected: object) -> None:
        """Note one; long values are shortened, unprintable characters written as escapes."""
        self._found.append(ImportProblem(self._file, line, column, quoted(value), str(expected)))

    def stop_if_any(self) -> None:
        """Raise :class:`ImportFailed` with all of them."""
        if self._found:
            raise ImportFailed(sorted(self._found, key=lambda problem: problem.line))

    def stop(self, line: int, column: str, value: object, expected: object) -> NoReturn:
        """Note one that makes it useless to read on."""
        self.add(line, column, value, expected)
        raise ImportFailed(self._found)

    def refuse(self, line: int, sentence: str) -> NoReturn:
        """Say what is wrong with the file as a whole, seen first at ``line``."""
        self._found.append(ImportProblem(self._file, line, "", "", sentence))
        raise ImportFailed(self._found)


def read_text(file: Path, problems: Problems) -> str:
    """The text of ``file``: UTF-8, with or without a byte order mark.

    Raises:
        ImportFailed: naming the first line that is not UTF-8.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        problems.stop(1, "", str(file), f"a readable file ({error.strerror})")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.refuse(line, f"the file is not UTF-8{_likely(data)}: save it as UTF-8 (in Excel: CSV UTF-8)")


def _likely(data: bytes) -> str:
    """What spreadsheets in China save instead."""
    for name, begins in (("UTF-16", (b"\xff\xfe", b"\xfe\xff")), ("GB18030", b"")):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        if data.startswith(begins):
            return f" (looks like {name})"
    return ""
