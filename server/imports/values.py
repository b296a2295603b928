"""How single values are written in the operator's files."""

import re
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from math import isfinite
from typing import Final, get_args

from contract.topics import STATION_ID
from server.alerts import limits
from server.alerts.kinds import ThresholdError
from server.imports.problems import UnusableError
from server.model import Qualifier, Thresholds

MAX_TEXT: Final = 80
MAX_ITEMS: Final = 64

_QUALIFIED: Final = re.compile(r"(?P<before>约|超)?(?P<number>\d+(?:\.\d+)?)(?P<after>多|余)?")


def an_id(text: str) -> str:
    """An id of a network or a station; broker users and topics are made of it."""
    if not STATION_ID.fullmatch(text):
        raise UnusableError("3 to 32 of a-z, 0-9 and '-', not starting with '-'")
    return text


def plain_text(text: str) -> str:
    """One line for people. Whatever it says, it is only ever text."""
    if len(text) > MAX_TEXT or not text.isprintable():
        raise UnusableError(f"at most {MAX_TEXT} printable characters")
    return text


def a_list(text: str, separator: str) -> tuple[str, ...]:
    """Items between separators, without empty ones and repeats, in their order."""
    items = tuple(dict.fromkeys(plain_text(item.strip()) for item in text.split(separator) if item.strip()))
    if len(items) > MAX_ITEMS:
        raise UnusableError(f"at most {MAX_ITEMS} items between '{separator}'")
    return items


def a_number(text: str, low: float, high: float, what: str) -> float:
    """A decimal number within limits; ``what`` names it for the error."""
    expected = f"{what} from {low:g} to {high:g}"
    try:
        number = float(text)
    except ValueError:
        raise UnusableError(expected) from None
    if not low <= number <= high:
        raise UnusableError(expected)
    return number


def a_whole_number(text: str, low: int, high: int) -> int:
    """A whole number within limits."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise UnusableError(f"a whole number from {low} to {high}")
    return int(text)


def yes_or_no(text: str) -> bool:
    """A choice, in either language."""
    words = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False}
    try:
        return (words | {"否": False})[text.lower()]
    except KeyError:
        raise UnusableError("yes or no (是, 否)") from None


def qualified(text: str, high: float) -> tuple[float, Qualifier]:
    """A number as it was declared, e.g. 约27, 超50, 400多: the number and its qualifier."""
    match = _QUALIFIED.fullmatch(text)
    number = float(match["number"]) if match else 0
    if match is None or (match["before"] and match["after"]) or not 0 < number <= high:
        raise UnusableError(
            f"a number up to {high:,.0f}, with 约 or 超 before it or 多 or 余 after it if need be"
        )
    said = match["before"] or match["after"] or ""
    return number, next(word for word in get_args(Qualifier) if word == said)


_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "pct": (0, 1000),
    "c": (-40, 100),
    "ms": (0, 86_400_000),
    "kmh": (1, 120),
    "detour": (1, 5),
    "min": (0, 1000),
}
"""Possible thresholds by the unit at the end of their name."""

_ORDER: Final = (
    ("busy_pct", "crowded_pct"),
    ("crowded_pct", "full_pct"),
    ("cool_max_c", "mild_max_c"),
    ("cold_below_c", "warm_min_c"),
    ("fresh_ms", "offline_ms"),
)


def thresholds(
    given: Mapping[str, object], base: Thresholds, *, without: Collection[str] = ()
) -> tuple[Thresholds, list[tuple[str, object, str]]]:
    """``base`` with the ``given`` numbers, and what is wrong with them: key, value, what is expected.

    Those ``without`` cannot be given here.
    """
    kinds = {field.name: field.type for field in fields(Thresholds) if field.name not in without}
    wrong: list[tuple[str, object, str]] = []
    for name, value in given.items():
        expected = _expected(name, value, kinds)
        if expected:
            wrong.append((name, value, expected))
    if wrong:
        return base, wrong
    result = replace(base, **given)  # type: ignore[arg-type]  # every value was checked above
    for less, more in _ORDER:
        if not getattr(result, less) < getattr(result, more):
            name = less if less in given else more
            wrong.append((name, given.get(name), f"{less} below {more} ({getattr(result, more):g})"))
    return result, wrong


def alert_limits(given: Mapping[str, object]) -> tuple[dict[str, float], list[tuple[str, object, str]]]:
    """Thresholds of alerts, and what is wrong with them: key, value, what is expected."""
    right: dict[str, float] = {}
    wrong: list[tuple[str, object, str]] = []
    for name, value in given.items():
        try:
            right |= limits.check({name: value})
        except ThresholdError as error:
            wrong.append((name, value, error.expected))
    return right, wrong


def _expected(name: str, value: object, kinds: Mapping[str, object]) -> str | None:
    if name not in kinds:
        return f"one of {', '.join(kinds)}"
    low, high = _LIMITS[name.rpartition("_")[2]]
    whole = kinds[name] is int
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if number and isfinite(value) and low <= value <= high:  # type: ignore[arg-type,operator]  # a number
        return None
    return f"a {'whole ' if whole else ''}number from {low:g} to {high:.0f}"
