"""A station's day as bars: how full it will be, half hour by half hour of its opening hours. Pure.

Made from what the public is told (:mod:`server.web.forecast`): shares of places in steps of 5 %, and for
fewer than three people nothing but the word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.hours import Day
from server.state import CrowdingValue
from server.web.forecast import STEP_PCT, ForecastAnswer, ForecastQuarter
from server.web.text import LOOKS, Text, Tone

_FULL: Final = 100 // STEP_PCT
"""Height of a bar that means all places; what goes beyond is drawn as full."""
_HALF_HOUR_MS: Final = 1_800_000
_HOUR_MS: Final = 2 * _HALF_HOUR_MS
_AHEAD_MS: Final = _HALF_HOUR_MS
_LABELS: Final = 6
"""At most so many hours are named below the bars, so that they stand apart at any size of type."""
_WORDS: Final[tuple[CrowdingValue, ...]] = ("unknown", "quiet", "busy", "crowded", "full")
"""From the emptiest on."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One half hour; heights in steps of 5 % from 0 to 20, None where only the word is told."""

    half: int
    word: CrowdingValue
    tone: Tone
    height: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the chart; ``label`` is "" where none is shown, ``gap``: the place is closed before it."""

    time: str
    label: str
    bars: tuple[Bar, ...]
    now: bool
    past: bool
    gap: bool
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The day; ``hours`` is empty and ``silence`` says why where nothing can be told."""

    hours: tuple[Hour, ...]
    peak: str
    soon: str
    basis: str
    silence: str


def chart(told: ForecastAnswer, posted: Sequence[Day], zone: str, now_ms: int, text: Text) -> Chart:
    """The forecast of today as bars.

    ``posted``: what is posted for yesterday and today; without any hours every hour is shown.
    """
    halves = _halves(told, posted, zone)
    if not halves:
        shut = bool(posted) and not posted[-1].spans
        reason = told.reason or ("closed" if shut else "unmeasured")
        return Chart((), "", "", "", text(f"bars.silence.{reason}", weeks=told.weeks))
    basis = text("bars.basis", count=told.weeks)
    if told.made_from != told.kind:
        basis += text("sentence.separator") + text(f"bars.as.{told.made_from}")
    hours = _hours(halves, zone, now_ms, text)
    return Chart(hours, _peak(halves, zone, now_ms, text), _soon(halves, zone, now_ms, text), basis, "")


def _halves(told: ForecastAnswer, posted: Sequence[Day], zone: str) -> dict[int, ForecastQuarter]:
    """The fuller quarter of each half hour in which the place is open, by the half hour's beginning."""
    spans = [span for day in posted for span in day.spans]
    halves: dict[int, ForecastQuarter] = {}
    for quarter in told.quarters:
        at_ms = round(datetime.fromisoformat(quarter.at).timestamp() * 1000)
        if posted and not any(span.from_ms <= at_ms < span.until_ms for span in spans):
            continue
        start = _floor(at_ms, 30, zone)
        if start not in halves or _fullness(quarter) > _fullness(halves[start]):
            halves[start] = quarter
    return halves


def _fullness(quarter: ForecastQuarter) -> tuple[int, int]:
    return _WORDS.index(quarter.value), quarter.taken_pct or 0


def _hours(halves: dict[int, ForecastQuarter], zone: str, now_ms: int, text: Text) -> tuple[Hour, ...]:
    starts = sorted({_floor(at_ms, 60, zone) for at_ms in halves})
    every = max(1, -(-len(starts) // _LABELS))
    hours = []
    for index, start in enumerate(starts):
        quarters = [(half, halves.get(start + half * _HALF_HOUR_MS)) for half in (0, 1)]
        bars = tuple(_bar(half, quarter) for half, quarter in quarters if quarter)
        time = _clock(start, zone)
        label = time.partition(":")[0] if index % every == 0 else ""
        here = start <= now_ms < start + _HOUR_MS
        gap = index > 0 and starts[index - 1] != start - _HOUR_MS
        said = text("list.separator").join(dict.fromkeys(_said(bar, text) for bar in bars))
        hours.append(Hour(time, label, bars, here, start + _HOUR_MS <= now_ms, gap, said))
    return tuple(hours)


def _bar(half: int, quarter: ForecastQuarter) -> Bar:
    tone = LOOKS["crowding"][quarter.value][0]
    if quarter.taken_pct is None:
        return Bar(half, quarter.value, tone, None, None, None)
    height, high = _height(quarter.taken_pct), _height(quarter.high_pct or quarter.taken_pct)
    return Bar(half, quarter.value, tone, height, _height(quarter.low_pct or 0), high)


def _height(share_pct: int) -> int:
    return min(_FULL, share_pct // STEP_PCT)


def _said(bar: Bar, text: Text) -> str:
    word = text(f"crowding.{bar.word}")
    if bar.height is None or bar.low is None or bar.high is None or bar.height == _FULL:
        return word
    shares = (bar.height * STEP_PCT, bar.low * STEP_PCT, bar.high * STEP_PCT)
    return text("bars.share", word=word, share=shares[0], low=shares[1], high=shares[2])


def _peak(halves: dict[int, ForecastQuarter], zone: str, now_ms: int, text: Text) -> str:
    """When it will be fullest from now on, as a sentence."""
    ahead = {at_ms: quarter for at_ms, quarter in halves.items() if at_ms + _HALF_HOUR_MS > now_ms}
    if not ahead:
        return text("bars.over")
    worst = max(ahead.values(), key=_fullness).value
    if worst == "quiet":
        return text("bars.quiet")
    if all(quarter.value == worst for quarter in ahead.values()):
        return text("bars.all", word=text(f"crowding.{worst}").lower())
    runs = text("list.separator").join(_runs([at for at in sorted(ahead) if ahead[at].value == worst], zone))
    return text("bars.peak", time=runs, word=text(f"crowding.{worst}").lower())


def _runs(starts: list[int], zone: str) -> list[str]:
    runs: list[list[int]] = []
    for start in starts:
        if runs and runs[-1][1] == start:
            runs[-1][1] = start + _HALF_HOUR_MS
        else:
            runs.append([start, start + _HALF_HOUR_MS])
    return [f"{_clock(since, zone)}–{_clock(until, zone, end=True)}" for since, until in runs]


def _soon(halves: dict[int, ForecastQuarter], zone: str, now_ms: int, text: Text) -> str:
    quarter = halves.get(_floor(now_ms + _AHEAD_MS, 30, zone))
    return text("bars.soon", word=text(f"crowding.{quarter.value}").lower()) if quarter else ""


def _floor(at_ms: int, minutes: int, zone: str) -> int:
    """The beginning of the half hour or hour of the place's own clock that a moment is in."""
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    return at_ms - (local.minute % minutes) * 60_000 - at_ms % 60_000


def _clock(at_ms: int, zone: str, *, end: bool = False) -> str:
    local = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    return "24:00" if end and not (local.hour or local.minute) else f"{local.hour}:{local.minute:02}"
