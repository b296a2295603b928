"""Values out of a station file, checked where they are read, with errors a technician can act on."""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

_SECRET: Final = re.compile("(?!.*_file$).*(pas|word|secret)")
"""Keys whose values stay out of the journal, slips of the pen such as ``pasword`` included."""

_HOST: Final = "a host name or address"


class ConfigError(Exception):
    """A station file that cannot be used.

    Attributes:
        where: the file and the table in it, e.g. ``station.toml: [[sensor]] 3``.
        key: the key, "" when the file as a whole is meant.
        value: what stood there, None when it is missing.
        allowed: what may stand there, in words.
    """

    def __init__(self, where: str, key: str, value: object, allowed: str) -> None:
        self.where = where
        self.key = key
        self.value = value
        self.allowed = allowed
        found = "is missing" if value is None else f"is {_shown(key, value)}"
        super().__init__(f"{where}: {key} {found}; allowed: {allowed}" if key else f"{where}: {allowed}")


def meant(slip: str, known: Collection[str]) -> str:
    """Which of the ``known`` words ``slip`` probably stands for, as the end of an error; "" without one."""
    lowered = {each.lower(): each for each in known}
    near = get_close_matches(slip.lower(), lowered, 1)
    return f"; {lowered[near[0]]} is meant?" if near else ""


def _shown(key: str, value: object) -> str:
    if _SECRET.match(key):
        return "(not shown)"
    inside = value if isinstance(value, list) else [value]
    # A misspelt table may hold a password.
    return "a table" if any(isinstance(item, dict) for item in inside) else repr(value)


class Options:
    """One table of the station file. Call :meth:`only` first, or ask for every key and :meth:`done` last.

    A key without a default is required. For a key that may be left out altogether ask :meth:`has` first.
    Every method raises :class:`ConfigError`, which names the file, the key, the value and what is allowed.
    """

    def __init__(self, values: Mapping[str, object], where: str, folder: Path = Path()) -> None:
        """``folder`` is where relative paths start: the folder of the station file."""
        self.where = where
        self._values = values
        self._folder = folder
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the key is given at all."""
        self._asked.add(name)
        return name in self._values

    def number(
        self, name: str, *, default: float | None = None, low: float = -1e12, high: float = 1e12
    ) -> float:
        """A number from ``low`` to ``high``, both included."""
        value = self._get(name, default, allowed := f"a number from {low:g} to {high:g}")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.wrong(name, allowed)
        return float(value)

    def whole(self, name: str, *, default: int | None = None, low: int = 0, high: int = 10**12) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        value = self._get(name, default, allowed := f"a whole number from {low} to {high}")
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(name, allowed)
        return value

    def text(
        self, name: str, *, default: str | None = None, pattern: str = r"(?s).+", allowed: str = "text"
    ) -> str:
        """Text that matches ``pattern`` as a whole; ``allowed`` says the pattern in words."""
        value = self._get(name, default, allowed)
        if not isinstance(value, str) or not (value == default or re.fullmatch(pattern, value)):
            raise self.wrong(name, allowed)
        return value

    def host(self, name: str, *, default: str | None = None) -> str:
        """A host's name or address; one that no resolver could even be asked for is refused here."""
        value = self.text(name, default=default, pattern=r"[^\s\x00-\x1f\x7f]+", allowed=_HOST)
        try:
            value.encode("idna")
        except UnicodeError:
            raise self.wrong(name, _HOST) from None
        return value

    def choice(self, name: str, among: Sequence[str], *, default: str | None = None) -> str:
        """One of ``among``."""
        value = self._get(name, default, allowed := f"one of {', '.join(among)}")
        if not isinstance(value, str) or value not in among:
            raise self.wrong(name, allowed + (meant(value, among) if isinstance(value, str) else ""))
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """true or false."""
        value = self._get(name, default, "true or false")
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def path(self, name: str, *, default: str | None = None) -> Path:
        """A path; a relative one starts at the folder of the station file."""
        return self._folder / self.text(name, default=default, allowed="a path")

    def texts(self, name: str, *, default: Sequence[str] | None = None) -> list[str]:
        """A list of texts."""
        value = self._get(name, default, "a list of texts")
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "a list of texts")
        return list(value)

    def table(self, name: str) -> "Options":
        """A table of its own; one that is left out reads as empty."""
        value = self._get(name, {}, "a table")
        if not isinstance(value, dict):
            raise self.wrong(name, "a table")
        return Options(value, self._below(f"[{name}]", f".{name}"), self._folder)

    def tables(self, name: str) -> "list[Options]":
        """A list of tables, numbered from 1 in errors; one that is left out reads as empty."""
        value = self._get(name, [], "a list of tables")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(name, "a list of tables")
        where = self._below(f"[[{name}]]", f".{name}")
        return [Options(item, f"{where} {i}", self._folder) for i, item in enumerate(value, 1)]

    def rest(self) -> dict[str, object]:
        """All keys nobody has asked for yet; they count as asked for from now on."""
        rest = {name: value for name, value in self._values.items() if name not in self._asked}
        self._asked.update(rest)
        return rest

    def only(self, *names: str) -> None:
        """Refuse other keys at once: a slip of the pen is named rather than the key that it makes missing."""
        known = ", ".join(sorted(names))
        for name, value in self._values.items():
            if name not in names:
                raise ConfigError(self.where, name, value, f"only the keys {known}{meant(name, names)}")

    def done(self) -> None:
        """Refuse keys that nobody asked for, where they cannot be listed beforehand."""
        self.only(*self._asked)

    def wrong(self, name: str, allowed: str) -> ConfigError:
        """The error for a value that this class cannot judge alone; the caller raises it."""
        return ConfigError(self.where, name, self._values.get(name), allowed)

    def _below(self, table: str, nested: str) -> str:
        in_table = ": " in self.where
        return self.where + nested if in_table else f"{self.where}: {table}"

    def _get(self, name: str, default: object, allowed: str) -> object:
        self._asked.add(name)
        value = self._values.get(name, default)
        if value is None:
            raise ConfigError(self.where, name, None, allowed)
        return value
