"""What the forecast is worth: ten weeks of a real door, forecast day by day from the days before.

    python -m scripts.backtest            print the tables and write them into docs/status.md
    python -m scripts.backtest --choose   how the constants do on the weeks that they were chosen on

The recording is CalIt2 (people through a building's main door each half hour, 2005; UCI Machine Learning
Repository), looked for in ``WAYSTATION_RECORDINGS``, else in ``shared/data`` beside the checkout. Its people
are counted as a station's are: by ``server.occupancy``, which sets the drifting number right at night.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from scripts.backtest_days import ROOT, ZONE, Days, read, recording
from server.forecasts.pattern import (
    HALF_LIFE_WEEKS,
    OTHER_WEEKDAY,
    Day,
    Pattern,
    expected_at,
    pattern,
)
from server.hours import day_kind
from server.model import Thresholds
from server.rollups.calendar import QUARTER_MS, QUARTERS
from server.status import share_word

DOCUMENT: Final = ROOT / "docs" / "status.md"
BEGIN: Final = "<!-- python -m scripts.backtest writes from here -->"
END: Final = "<!-- to here -->"
LEARNT_ONLY: Final = 21
"""Days before the first forecast."""
CHOSEN_UNTIL: Final = 42
"""The constants were chosen on the days up to here; what is reported comes after."""
HOURS: Final = range(6 * 4, 22 * 4)
"""Quarters that count, from 06:00 to 22:00: the nights are empty, and easy."""
LEADS: Final = (1, 2, 3, 4)
HALF_LIVES: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
OTHERS: Final = (0.0, 0.1, 0.2, 0.35, 0.5, 1.0)

Method = Callable[[Days, date], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Score:
    """Over some quarters: mean absolute error in people, share of right words in percent."""

    error: float
    words_pct: float


# --- methods: a day from the days before it -----------------------------------------------------------------


def ours(days: Days, day: date) -> Pattern:
    """The forecast as the server makes it."""
    return pattern(days, day, ZONE)


def medians(told: Pattern) -> list[float]:
    """The expected people of each quarter; every quarter of the recording has enough weeks."""
    found = [told.at(number) for number in range(QUARTERS)]
    return [each.people for each in found if each is not None]


def last_week(days: Days, day: date) -> Sequence[float]:
    """What was seven days ago."""
    return days[date.fromordinal(day.toordinal() - 7)]


def same_weekday(days: Days, day: date) -> Sequence[float]:
    """The mean of all weeks, on that weekday."""
    return _mean([days[past] for past in days if past < day and past.weekday() == day.weekday()])


def same_kind(days: Days, day: date) -> Sequence[float]:
    """The mean of all days of that kind."""
    kind = day_kind(day, ZONE)
    return _mean([days[past] for past in days if past < day and day_kind(past, ZONE) == kind])


def _mean(rows: Sequence[Day]) -> list[float]:
    return [statistics.fmean(each or 0 for each in column) for column in zip(*rows, strict=True)]


DAY_AHEAD: Final[Mapping[str, Method]] = {
    "forecast": lambda days, day: medians(ours(days, day)),
    "same as last week": last_week,
    "average of all weeks (same weekday)": same_weekday,
    "average of all days of that kind": same_kind,
}


# --- scores -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """All that is reported.

    Attributes:
        places: that the words are about: the median of the peaks of the first three weeks' workdays, in tens.
        ahead: by method: all days, workdays.
        soon: by method, for each of the leads.
        band_pct: share of quarters in the band: all days, workdays.
        lasting: of a difference, the share that is left after an hour; mean over the days.
    """

    places: int
    ahead: Mapping[str, tuple[Score, Score]]
    soon: Mapping[str, Sequence[Score]]
    band_pct: tuple[float, float]
    lasting: float


def places(days: Days) -> int:
    """So many that every word occurs: see :class:`Result`."""
    first = [day for day in sorted(days)[:LEARNT_ONLY] if day_kind(day, ZONE) == "workday"]
    return 10 * round(statistics.median(max(days[day]) for day in first) / 10)


def score(pairs: Sequence[tuple[float, float]], seats: int) -> Score:
    """Of (expected, was)."""
    right = sum(_word(expected, seats) == _word(was, seats) for expected, was in pairs)
    error = statistics.fmean(abs(expected - was) for expected, was in pairs)
    return Score(error, 100 * right / len(pairs))


def _word(people: float, seats: int) -> str:
    return share_word(100 * people / seats, Thresholds())


def measure(days: Days, targets: Sequence[date]) -> Result:
    """Forecast each of ``targets`` from the days before it."""
    seats, workdays = places(days), [day for day in targets if day_kind(day, ZONE) == "workday"]
    ahead = {
        name: (_ahead(method, days, targets, seats), _ahead(method, days, workdays, seats))
        for name, method in DAY_AHEAD.items()
    }
    patterns = {day: ours(days, day) for day in targets}
    soon = {
        name: [_soon(method, days, patterns, lead, seats) for lead in LEADS] for name, method in SOON.items()
    }
    band = (_inside(days, patterns, targets), _inside(days, patterns, workdays))
    lasting = statistics.fmean(told.lasting for told in patterns.values())
    return Result(seats, ahead, soon, band, lasting)


def _ahead(method: Method, days: Days, targets: Sequence[date], seats: int) -> Score:
    told = [(method(days, day), days[day]) for day in targets]
    return score([(expected[each], was[each]) for expected, was in told for each in HOURS], seats)


Soon = Callable[[Pattern, int, int, float], float]
SOON: Final[Mapping[str, Soon]] = {
    "forecast, knowing how many are there": lambda told, then, now, people: (
        expected_at(told, then, (then - now) * QUARTER_MS, people, now) or 0.0
    ),
    "forecast of the day": lambda told, then, now, _: (
        expected_at(told, then, (then - now) * QUARTER_MS, None, now) or 0.0
    ),
    "as many as are there": lambda _told, _then, _now, people: people,
}


def _soon(method: Soon, days: Days, patterns: Mapping[date, Pattern], lead: int, seats: int) -> Score:
    return score(
        [
            (method(told, now + lead, now, days[day][now]), days[day][now + lead])
            for day, told in patterns.items()
            for now in HOURS
        ],
        seats,
    )


def _inside(days: Days, patterns: Mapping[date, Pattern], targets: Sequence[date]) -> float:
    """Percent of quarters within the band, to half a person: what rounding to whole ones would do."""
    found = [(patterns[day].at(each), days[day][each]) for day in targets for each in HOURS]
    inside = [each is not None and each.low - 0.5 <= was <= each.high + 0.5 for each, was in found]
    return 100 * statistics.fmean(inside)


def reported(days: Days) -> list[date]:
    """The days after those that the constants were chosen on."""
    return sorted(days)[CHOSEN_UNTIL:]


# --- output -------------------------------------------------------------------------------------------------


def table(result: Result) -> str:
    """What stands in the document."""
    lines = [
        "| a day ahead | error, people | right word | error, workdays | right word, workdays |",
        "|---|---|---|---|---|",
    ]
    for name, both in result.ahead.items():
        cells = " | ".join(f"{each.error:.1f} | {each.words_pct:.0f} %" for each in both)
        lines.append(f"| {name} | {cells} |")
    minutes = " | ".join(f"{15 * lead} min" for lead in LEADS)
    lines += ["", f"| soon: error, and right word | {minutes} |", "|---|" + "---|" * len(LEADS)]
    for name, scores in result.soon.items():
        cells = " | ".join(f"{each.error:.1f}, {each.words_pct:.0f} %" for each in scores)
        lines.append(f"| {name} | {cells} |")
    band = "In the band: {:.0f} % of the quarters, {:.0f} % on workdays.".format(*result.band_pct)
    left = f"Of a difference from the pattern {100 * result.lasting:.0f} % was left after an hour."
    return "\n".join([*lines, "", band, f"{left} Places: {result.places}."])


def written(document: str, text: str) -> str:
    """``document`` with ``text`` between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        raise ValueError("the marks of the table are missing")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def choose(days: Days) -> Iterator[str]:
    """The error of each pair of constants, in people, on the days that they were chosen on."""
    targets, seats = sorted(days)[LEARNT_ONLY:CHOSEN_UNTIL], places(days)
    yield "half-life, weeks  " + "".join(f"other weekday {other:<6}" for other in OTHERS)
    for half in HALF_LIVES:
        cells = ""
        for other in OTHERS:
            found = _ahead(_with(half, other), days, targets, seats)
            chosen = "*" if (half, other) == (HALF_LIFE_WEEKS, OTHER_WEEKDAY) else " "
            cells += f"{found.error:>6.2f} {found.words_pct:>4.1f} %{chosen}       "
        yield f"{half:<18}{cells}"


def _with(half_life_weeks: float, other_weekday: float) -> Method:
    return lambda days, day: medians(pattern(days, day, ZONE, half_life_weeks, other_weekday))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 without the recording."""
    parser = argparse.ArgumentParser(prog="python -m scripts.backtest", description=__doc__.splitlines()[0])
    parser.add_argument("--choose", action="store_true", help="only show how the constants were chosen")
    chosen = parser.parse_args(arguments)
    path = recording()
    if not path.is_file():
        print(f"no recording: {path}; set WAYSTATION_RECORDINGS to the folder that holds it", file=sys.stderr)
        return 1
    print(f"counting {path.name}", flush=True)
    days = read(path)
    if chosen.choose:
        print(*choose(days), sep="\n")
        return 0
    targets = reported(days)
    print(f"forecasting {len(targets)} days, {targets[0]} to {targets[-1]}", flush=True)
    text = table(measure(days, targets))
    print(text)
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")
    print(f"written into {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
