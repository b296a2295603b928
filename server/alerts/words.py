"""A rule's word on one part of what it looks at, before it is put together into a finding."""

from collections.abc import Mapping
from typing import NamedTuple

from server.alerts.model import Truth


class Word(NamedTuple):
    """What a rule says of ``unit`` ("" for the whole), measured at ``at_ms``; None is a value not known."""

    unit: str
    truth: Truth
    at_ms: int
    values: Mapping[str, float | str | None]


def word(unit: str, wrong: bool | None, at_ms: int, **values: float | str | None) -> Word:
    """A word; ``wrong`` is None where it is not known."""
    truth: Truth = "unknown" if wrong is None else "true" if wrong else "false"
    return Word(unit, truth, at_ms, values)
