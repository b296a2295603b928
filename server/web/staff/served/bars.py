"""Bars of visits by day and by hour, as numbers for a drawing; what is not known has no bar. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HIGH: Final = 100
"""Height of the highest bar."""
_LABELS: Final = 6
"""At most so many are named below, so that they stand apart in large type ..."""
_LAST: Final = 0.85
"""... and none so far to the right that it would stand out of the page."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar; ``height`` from 0 to :data:`HIGH`, None where nothing was measured; ``label``: below it."""

    name: str
    value: int | None
    height: int | None
    label: str


def bars(values: Sequence[tuple[str, str, int | None]]) -> list[Bar]:
    """Of (name, short name, value) each."""
    most = max((value for _, _, value in values if value is not None), default=0)
    every = -(-len(values) // _LABELS) or 1
    return [
        Bar(
            name,
            value,
            None if value is None else round(HIGH * value / most) if most else 0,
            short if at % every == 0 and at <= _LAST * len(values) else "",
        )
        for at, (name, short, value) in enumerate(values)
    ]
