"""Forecasts for readers on any thread, and the thread that makes them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from server.forecasts import forecasts as module
from server.forecasts.forecaster import Forecaster
from server.forecasts.forecasts import Forecasts
from server.model import Network, Station, Thresholds
from server.rollups import Rollups
from server.rollups.calendar import QUARTER_MS, QUARTERS, local_day, midnight_ms
from server.state import Crowding, CrowdingValue, Freshness, StationState
from tests.support import rollups
from tests.support.wait import until
from tests.support.web import NOON_MS, TableLive, open_state, static_state, station

SHANGHAI = "Asia/Shanghai"
TODAY = local_day(NOON_MS, SHANGHAI)
DAY_MS = 86_400_000


def room(number: int = 1, people: int | None = 4, places: int | None = 16) -> StationState:
    return open_state(station(number, places=places), people=people)


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(*(room(number) for number in range(1, 6)), static_state(station(9)))
    return table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rollups.db"


def remember(path: Path, station_id: str, day: Sequence[float], weeks: int = 5) -> None:
    """The same day again and again, up to yesterday."""
    days = {TODAY - timedelta(days=ago): day for ago in range(1, 7 * weeks + 1)}
    rollups.remember(path, station_id, days)


class Made:
    """Starts forecasts with a running thread, and waits until all stations have their patterns."""

    def __init__(self, live: TableLive, path: Path) -> None:
        self.live, self.path = live, path
        self.forecasts = Forecasts(live, Rollups.open_reader(path), lambda: NOON_MS)

    def __call__(self) -> Forecasts:
        wanted = [state.station.id for state in self.live.states("taiyuan") if state.station.instrumented]
        self.forecasts.start()
        until(lambda: all(self.forecasts.day(each, NOON_MS) for each in wanted), 20, "the forecasts are made")
        return self.forecasts


@pytest.fixture
def made(live: TableLive, path: Path) -> Iterator[Made]:
    found = Made(live, path)
    yield found
    found.forecasts.stop()


def test_a_day_from_what_is_kept(made: Made) -> None:
    remember(made.path, "taiyuan-0001", [8.0] * QUARTERS)
    told = made().day("taiyuan-0001", NOON_MS)
    assert told is not None
    assert (told.day, told.weeks, told.places, told.silence) == (TODAY, 5, 16, "")
    assert told.quarters[0].at_ms == midnight_ms(TODAY, SHANGHAI)
    assert {quarter.word for quarter in told.quarters} == {"busy"}


@pytest.mark.parametrize(
    ("state", "kept", "silence", "reason"),
    [
        (room(), 2, "too_few_weeks", "two weeks"),
        (room(places=None), 5, "no_places", "a share of what?"),
        (
            replace(room(), crowding=Crowding("unknown", reason="no_count", at_ms=NOON_MS)),
            0,
            "no_count",
            "a thermometer counts nobody",
        ),
        (room(), 0, "too_few_weeks", "it began today"),
    ],
)
def test_silence_and_its_reason(
    made: Made, state: StationState, kept: int, silence: str, reason: str
) -> None:
    made.live.put(state)
    if kept:
        remember(made.path, "taiyuan-0001", [8.0] * QUARTERS, kept)
    forecasts = made()
    told = forecasts.day("taiyuan-0001", NOON_MS)
    assert told is not None
    assert (told.silence, told.weeks, told.quarters) == (silence, kept, ()), reason
    assert forecasts.words("taiyuan-0001", NOON_MS) is None


EVENING = [2.0] * (QUARTERS - 4) + [14.0] * 4
"""Quiet, and crowded for the last hour."""
LAST_HOUR_MS = midnight_ms(TODAY, SHANGHAI) + 23 * 3_600_000


def told(value: CrowdingValue, people: int | None, freshness: Freshness) -> StationState:
    return replace(
        room(), crowding=Crowding(value, people, 16, False, NOON_MS, "places"), freshness=freshness
    )


@pytest.mark.parametrize(
    ("state", "now_ms", "words", "reason"),
    [
        (told("quiet", 2, "fresh"), NOON_MS, "qqqq", "as usual"),
        (
            told("full", 16, "fresh"),
            NOON_MS,
            "fqqq",
            "the present word comes first, even if nothing of it lasts",
        ),
        (told("busy", 6, "fresh"), NOON_MS, "bqqq", "also one that is held back"),
        (told("full", 16, "stale"), NOON_MS, "qqqq", "what is stale is not the present"),
        (told("unknown", None, "offline"), NOON_MS, "qqqq", "the pattern alone"),
        (told("quiet", 2, "fresh"), LAST_HOUR_MS - 1, "qccc", "the quarter in which that minute lies"),
        (told("quiet", 2, "fresh"), LAST_HOUR_MS - QUARTER_MS, "qccc", "its first moment"),
        (told("crowded", 14, "fresh"), LAST_HOUR_MS + 2 * QUARTER_MS, "cc--", "tomorrow is not told today"),
    ],
)
def test_words(made: Made, state: StationState, now_ms: int, words: str, reason: str) -> None:
    made.live.put(state)
    remember(made.path, "taiyuan-0001", EVENING)
    assert made().words("taiyuan-0001", now_ms) == words, reason


def test_words_know_the_present(made: Made) -> None:
    """Days that differ as a whole: then a difference lasts, and so do the words."""
    days = {TODAY - timedelta(days=ago): [2.0 if ago % 3 else 12.0] * QUARTERS for ago in range(1, 36)}
    rollups.remember(made.path, "taiyuan-0001", days)
    made.live.put(room(people=15))
    forecasts = made()
    told = forecasts.day("taiyuan-0001", NOON_MS)
    assert told is not None
    assert {quarter.word for quarter in told.quarters} == {"quiet"}, "the day tells only the past"
    assert forecasts.words("taiyuan-0001", NOON_MS) == "qccc", "the words know who is there"
    made.live.put(room(people=2))
    assert forecasts.words("taiyuan-0001", NOON_MS) == "qqqq"


def test_the_words_give_nobody_away(made: Made) -> None:
    """In a room of three, somebody who is alone at night would be seen in the words of the next hour."""
    days = {TODAY - timedelta(days=ago): [1.0 if ago % 3 else 2.0] * QUARTERS for ago in range(1, 36)}
    rollups.remember(made.path, "taiyuan-0001", days)
    forecasts = made()
    ahead = []
    for people in range(7):
        made.live.put(room(people=people, places=3))
        words = forecasts.words("taiyuan-0001", NOON_MS)
        assert words is not None
        ahead.append(words[1:])
    assert len({*ahead[0:3]}) == len({*ahead[3:6]}) == 1, "nobody, one and two are the same"
    assert ahead[0] != ahead[3], "but the words know how many are there"


def test_own_thresholds_and_new_places_hold_at_once(made: Made) -> None:
    remember(made.path, "taiyuan-0001", [8.0] * QUARTERS)
    forecasts = made()

    def told(where: Station) -> set[str]:
        made.live.put(open_state(where))
        day = forecasts.day("taiyuan-0001", NOON_MS)
        return {quarter.word for quarter in day.quarters} if day else set()

    assert told(station()) == {"busy"}
    assert told(station(places=8)) == {"full"}
    assert told(replace(station(), thresholds=Thresholds(busy_pct=60))) == {"quiet"}


def test_a_forecast_is_made_once_and_kept(made: Made) -> None:
    remember(made.path, "taiyuan-0001", [8.0] * QUARTERS)
    forecasts = made()
    assert forecasts.day("taiyuan-0001", NOON_MS) is forecasts.day("taiyuan-0001", NOON_MS + 60_000)
    words = forecasts.words("taiyuan-0001", NOON_MS)
    assert forecasts.words("taiyuan-0001", NOON_MS + 1) is words


def test_only_some_are_kept_as_objects(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    remember(made.path, "taiyuan-0001", [8.0] * QUARTERS)
    forecasts = made()
    first = forecasts.day("taiyuan-0001", NOON_MS)
    for number in (2, 3, 4):
        forecasts.day(f"taiyuan-000{number}", NOON_MS)
    again = forecasts.day("taiyuan-0001", NOON_MS)
    assert again == first
    assert again is not first


@pytest.mark.parametrize("station_id", ["taiyuan-0009", "nowhere"])
def test_nothing_of_a_station_without_sensors(made: Made, station_id: str) -> None:
    forecasts = made()
    assert forecasts.day(station_id, NOON_MS) is None
    assert forecasts.words(station_id, NOON_MS) is None


def test_yesterdays_pattern_is_not_todays(made: Made) -> None:
    remember(made.path, "taiyuan-0001", [8.0] * QUARTERS)
    forecasts = made()
    assert forecasts.words("taiyuan-0001", NOON_MS + DAY_MS) is None
    assert forecasts.day("taiyuan-0001", NOON_MS + DAY_MS) is None


class Stepper:
    """The thread's work, step by step, at a time that the test sets."""

    def __init__(self, live: TableLive, path: Path) -> None:
        self.now_ms = NOON_MS
        self.forecaster = Forecaster(live, Rollups.open_reader(path), lambda: self.now_ms)

    def step(self) -> bool:
        return self.forecaster.step()


@pytest.fixture
def stepper(live: TableLive, path: Path) -> Stepper:
    return Stepper(live, path)


def test_who_is_asked_for_comes_first(live: TableLive, stepper: Stepper) -> None:
    live.put(*(room(number) for number in range(1, 50)))
    stepper.step()
    stepper.forecaster.ask("taiyuan-0033")
    stepper.step()
    assert list(stepper.forecaster.patterns)[1:] == ["taiyuan-0033"]


def test_a_pattern_is_made_anew_when_its_days_are(path: Path, stepper: Stepper) -> None:
    while stepper.step():
        pass
    before = dict(stepper.forecaster.patterns)
    assert before["taiyuan-0001"].weeks == 0
    remember(path, "taiyuan-0001", [8.0] * QUARTERS)
    stepper.forecaster.renew("taiyuan-0001")
    assert stepper.step()
    assert not stepper.step()
    after = stepper.forecaster.patterns
    assert after["taiyuan-0001"].weeks == 5
    assert [after[each] is before[each] for each in sorted(before)] == [False, True, True, True, True]


def test_every_day_has_its_own_patterns(stepper: Stepper) -> None:
    while stepper.step():
        pass
    stepper.now_ms += DAY_MS
    while stepper.step():
        pass
    days = {told.day for told in stepper.forecaster.patterns.values()}
    assert days == {TODAY + timedelta(days=1)}


def test_a_station_that_is_gone_has_no_pattern(live: TableLive, stepper: Stepper) -> None:
    stepper.forecaster.renew("nowhere")
    while stepper.step():
        pass
    assert set(stepper.forecaster.patterns) == {state.station.id for state in live.states("taiyuan")} - {
        "taiyuan-0009"
    }


def test_days_by_the_clock_of_the_place(path: Path) -> None:
    """At 23:20 in New York it is the next day in Shanghai."""
    table = TableLive([Network("far", "远", "Far", time_zone="America/New_York")])
    table.put(open_state(station(1, "far")))
    stepper = Stepper(table, path)
    stepper.now_ms = midnight_ms(date(2026, 7, 2), "America/New_York") - 40 * 60_000
    while stepper.step():
        pass
    assert stepper.forecaster.patterns["far-0001"].day == date(2026, 7, 1)


def test_a_database_that_cannot_be_opened_is_said_once_and_ends_orderly(
    live: TableLive, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir()
    forecasts = Forecasts(live, Rollups.open_reader(path), lambda: NOON_MS)
    with caplog.at_level(logging.ERROR):
        forecasts.start()
        until(lambda: "forecasts_failed" in caplog.text, 30, "the failure is said")
    assert forecasts.day("taiyuan-0001", NOON_MS) is None
    forecasts.stop()
    assert caplog.text.count("forecasts_failed") == 1


def test_stop_before_start(live: TableLive, path: Path) -> None:
    Forecasts(live, Rollups.open_reader(path), lambda: NOON_MS).stop()
