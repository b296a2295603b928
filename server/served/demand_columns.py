"""Which columns of a table of demand are used, which are passed over, and which look like weights. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from server.imports.problems import quoted

Key = Literal["lon", "lat", "weight"]
NAMES: Final[Mapping[Key, tuple[str, ...]]] = {
    "lon": ("lon", "lng", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "weight": ("weight", "权重", "人数", "数量"),
}
"""Columns by what they may be called; the weight may be missing, then each point counts 1."""
MOST_LETTERS: Final = 40
"""Of a heading that is told."""
MOST_TOLD: Final = 8
"""Headings that are told one by one."""
_NO_WEIGHT: Final = re.compile(
    r"(.*[_\s-])?(id|no|code|lon|lng|lat|x|y)|.*(经度|纬度|编号|序号|电话|手机|邮编).*", re.IGNORECASE
)
"""Headings of numbers that count nothing."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Headings as they stand in the file.

    Attributes:
        used: by what each is used as; no ``weight``: each point counts 1.
        passed: those that were passed over, in their order.
        maybe: of these, where no weight is named, those that hold nothing but numbers.
    """

    used: Mapping[Key, str]
    passed: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


class Head:
    """The first line: where each column is."""

    def __init__(self, head: Sequence[str]) -> None:
        names = [name.strip().lower() for name in head]
        self._headings = [name.strip() for name in head]
        self.at: dict[Key, int] = {
            key: next((at for at, name in enumerate(names) if name in known), -1)
            for key, known in NAMES.items()
        }
        used = set(self.at.values())
        self._passed = [at for at in range(len(head)) if at not in used]
        self._likely = {at: _Likely() for at in self._passed if names[at] and self._may_weigh(names[at])}

    def _may_weigh(self, name: str) -> bool:
        return self.at["weight"] < 0 and not _NO_WEIGHT.fullmatch(name)

    def heading(self, key: Key) -> str:
        """What the column is called in the file, as it is told: one line, shortened."""
        return quoted(self._headings[self.at[key]], MOST_LETTERS).strip("'\"")

    def told(self) -> str:
        """The headings, as they are told."""
        told = (quoted(name, MOST_LETTERS) for name in self._headings[:MOST_TOLD])
        return ", ".join(told) + (" …" if len(self._headings) > MOST_TOLD else "")

    def look(self, row: Sequence[str]) -> None:
        """Take notice of what stands in columns that could be weights; by the row: a head may be longer."""
        for at, cell in enumerate(row):
            if at in self._likely and not self._likely[at].takes(cell.strip()):
                del self._likely[at]

    def columns(self) -> Columns:
        """After all rows: what was used, and what was not."""
        return Columns(
            {key: self._headings[at] for key, at in self.at.items() if at >= 0},
            tuple(self._headings[at] for at in self._passed),
            tuple(self._headings[at] for at, likely in self._likely.items() if likely.weighs()),
        )


class _Likely:
    """A column that holds numbers only so far; one that counts lines weighs nothing."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._seen, self._counts = 0, True

    def takes(self, cell: str) -> bool:
        """Whether the next cell may be a weight, too."""
        if not cell:
            return True
        try:
            number = float(cell)
        except ValueError:
            return False
        self._counts = self._counts and self._last in (None, number - 1)
        self._seen, self._last = self._seen + 1, number
        return 0 <= number < inf

    def weighs(self) -> bool:
        """Whether it looks like weights: numbers, and no numbering of the lines."""
        return self._seen == 1 or (self._seen > 1 and not self._counts)
