"""How full a station will be, quarter by quarter of a day, from its own past. Pure.

A day's pattern is made quarter by quarter from the days of the same kind in the last weeks: the weighted
median of what was measured, and the band between two weighted quantiles. A day weighs half as much for each
:data:`HALF_LIFE_WEEKS` of its age, and a day of another weekday a fifth. The next hour is the pattern plus
what is left of the difference that there is now. Where the numbers come from stands in ``docs/status.md``;
``scripts/backtest`` measures what they are worth.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from server.hours import DayKind, day_kind
from server.model import Thresholds
from server.rollups.calendar import QUARTER_MS, QUARTERS
from server.state import CrowdingValue
from server.status import share_word

LEAST_WEEKS: Final = 3
"""With fewer weeks of a kind of day nothing is told: one odd day among two would be half of the pattern."""
LOOK_BACK_WEEKS: Final = 12
"""Older days would weigh less than 2 %."""
HALF_LIFE_WEEKS: Final = 2.0
OTHER_WEEKDAY: Final = 0.2
"""What a Monday weighs for a Tuesday."""
BAND: Final = (0.1, 0.9)
"""The weighted quantiles that the band lies between."""
MOST_LASTING: Final = 0.9
"""Of a difference from the pattern at most so much is left after an hour, so that every one fades."""
_HOUR: Final = 4
_UNTOLD: Final = -1.0

Silence = Literal["", "too_few_weeks", "no_places", "no_count"]
"""Why there is no forecast: fewer than three weeks of that kind of day, no number of places, no doors
that count. "" when there is one."""

Day = Sequence[float | None]
"""Mean people in each of the quarters of a day; None where too little was measured."""


class Expected(NamedTuple):
    """People in a quarter: the median, the band, and how many weeks that rests on."""

    people: float
    low: float
    high: float
    weeks: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a station's day is expected to be like, kept small: a city has thousands of them.

    Attributes:
        kind: what day it is.
        source: days of which kind it was made from: ``weekend`` for a holiday of which there are fewer
            than three weeks, otherwise the same as ``kind``.
        weeks: number of weeks with days of ``source``, also when that is too few.
        lasting: of a difference between the room and the pattern, the share that is left an hour later.
    """

    day: date
    kind: DayKind
    source: DayKind
    weeks: int
    lasting: float
    _people: "array[float]"
    _low: "array[float]"
    _high: "array[float]"
    _weeks: bytes

    def at(self, quarter: int) -> Expected | None:
        """What is expected of a quarter of the day, None where it was measured in too few weeks."""
        if quarter >= len(self._weeks) or self._weeks[quarter] < LEAST_WEEKS:
            return None
        return Expected(self._people[quarter], self._low[quarter], self._high[quarter], self._weeks[quarter])


@dataclass(frozen=True, slots=True)
class Quarter:
    """What is told of one quarter of an hour; ``people`` is for staff, the public sees less.

    Attributes:
        at_ms: its beginning.
        people: expected mean number of people inside.
        low, high: the band that the number is expected in, four times of five.
        word: the crowding word of ``people`` among the places; never ``unknown``.
        weeks: number of weeks that this quarter was measured in.
    """

    at_ms: int
    people: float
    low: float
    high: float
    word: CrowdingValue
    weeks: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """A station's day. ``quarters`` are in time order, with holes where too little was measured.

    Attributes:
        kind, source, weeks: as in :class:`Pattern`.
        silence: why ``quarters`` is empty, "" when it is not.
    """

    day: date
    kind: DayKind
    source: DayKind
    weeks: int
    places: int | None
    quarters: tuple[Quarter, ...] = ()
    silence: Silence = ""


def pattern(
    days: Mapping[date, Day],
    day: date,
    time_zone: str,
    half_life_weeks: float = HALF_LIFE_WEEKS,
    other_weekday: float = OTHER_WEEKDAY,
) -> Pattern:
    """The pattern of ``day`` from the days before it.

    A holiday rarely has three weeks of its like: then it takes the pattern of the weekends. With fewer
    than three weeks every quarter is silent.

    Args:
        days: what was measured; days from ``day`` on and old ones are not looked at.
        half_life_weeks, other_weekday: handed in by the back-test, which chose what they are.
    """
    kind = day_kind(day, time_zone)
    source, alike = kind, _alike(days, day, kind, time_zone)
    if kind == "holiday" and _weeks(day, alike) < LEAST_WEEKS:
        source, alike = "weekend", _alike(days, day, "weekend", time_zone)
    weighed = [
        (
            days[past],
            _weeks_ago(day, past),
            0.5 ** ((day - past).days / 7 / half_life_weeks)
            * (1.0 if past.weekday() == day.weekday() else other_weekday),
        )
        for past in alike
    ]
    told = [_expected(weighed, quarter) for quarter in range(QUARTERS)]
    return Pattern(
        day,
        kind,
        source,
        _weeks(day, alike),
        _lasting([values for values, _, _ in weighed], told),
        array("f", [each.people for each in told]),
        array("f", [each.low for each in told]),
        array("f", [each.high for each in told]),
        bytes(each.weeks for each in told),
    )


def _alike(days: Mapping[date, Day], day: date, kind: DayKind, time_zone: str) -> list[date]:
    """The measured days of that kind within the weeks that are looked at."""
    oldest = day - timedelta(weeks=LOOK_BACK_WEEKS)
    return [
        past
        for past in days
        if oldest <= past < day and day_kind(past, time_zone) == kind and any_measured(days[past])
    ]


def any_measured(day: Day) -> bool:
    """Whether anything is known of it."""
    return any(people is not None for people in day)


def _weeks(day: date, past: Iterable[date]) -> int:
    return len({_weeks_ago(day, each) for each in past})


def _weeks_ago(day: date, past: date) -> int:
    """0 for the seven days before ``day``."""
    return ((day - past).days - 1) // 7


def _expected(weighed: Sequence[tuple[Day, int, float]], quarter: int) -> Expected:
    """Of one quarter; with too few weeks only their number is true."""
    found = [(people, weight) for values, _, weight in weighed if (people := values[quarter]) is not None]
    weeks = len({week for values, week, _ in weighed if values[quarter] is not None})
    if weeks < LEAST_WEEKS:
        return Expected(_UNTOLD, _UNTOLD, _UNTOLD, weeks)
    low, people, high = quantiles(found, (BAND[0], 0.5, BAND[1]))
    return Expected(people, low, high, weeks)


def quantiles(weighted: Iterable[tuple[float, float]], shares: Sequence[float]) -> list[float]:
    """For each of the rising ``shares`` the first value with so much of the weight at or below it.

    Args:
        weighted: (value, weight above 0), at least one.
    """
    ordered = sorted(weighted)
    total = sum(weight for _, weight in ordered)
    below, index, found = ordered[0][1], 0, []
    for share in shares:
        while below < share * total and index < len(ordered) - 1:
            index += 1
            below += ordered[index][1]
        found.append(ordered[index][0])
    return found


def _lasting(days: Iterable[Day], told: Sequence[Expected]) -> float:
    """How much of a difference from the pattern is left an hour later, learnt from the days themselves."""
    squares = products = 0.0
    for values in days:
        apart = [
            None if people is None or each.weeks < LEAST_WEEKS else people - each.people
            for people, each in zip(values, told, strict=True)
        ]
        for before, after in zip(apart, apart[_HOUR:], strict=False):
            if before is not None and after is not None:
                squares += before * before
                products += before * after
    return min(max(products / squares, 0.0), MOST_LASTING) if squares else 0.0


def expected_at(
    told: Pattern, quarter: int, ahead_ms: int, people_now: float | None, quarter_now: int
) -> float | None:
    """People expected in ``quarter``, which is ``ahead_ms`` away, knowing how many are there now.

    None where the pattern is silent. Without ``people_now``, or where the pattern says nothing of the
    present quarter, it is the pattern alone.
    """
    then, now = told.at(quarter), told.at(quarter_now)
    if then is None or now is None or people_now is None:
        return then.people if then else None
    left = math.pow(told.lasting, ahead_ms / (_HOUR * QUARTER_MS))
    return max(0.0, then.people + left * (people_now - now.people))


def forecast(told: Pattern, midnight_ms: int, places: int | None, thresholds: Thresholds) -> Forecast:
    """The pattern of a day in words, among ``places``.

    Args:
        midnight_ms: when the day begins. On the two days in a year when clocks are changed, which China has
            not, the quarters after the change are an hour off.
    """
    silence: Silence = "" if places else "no_places"
    quarters = tuple(_quarters(told, midnight_ms, places, thresholds)) if places else ()
    if places and not quarters:
        silence = "too_few_weeks"
    return Forecast(told.day, told.kind, told.source, told.weeks, places, quarters, silence)


def _quarters(told: Pattern, midnight_ms: int, places: int, thresholds: Thresholds) -> Iterable[Quarter]:
    for number in range(QUARTERS):
        each = told.at(number)
        if each is not None:
            word = share_word(100 * each.people / places, thresholds)
            at_ms = midnight_ms + number * QUARTER_MS
            yield Quarter(at_ms, each.people, each.low, each.high, word, each.weeks)
