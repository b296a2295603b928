"""What riders are told, as tables; the reason stands beside each row."""

from dataclasses import Field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import Cabinet, CabinetInfo, Climate, Door, Slot, Socket, SocketInfo
from contract.messages import SocketState as SocketWord
from server import model, status
from server.model import (
    Access,
    Comfort,
    ComfortValue,
    Crowding,
    CrowdingValue,
    Network,
    Notice,
    Posted,
    Season,
    SlotWord,
    SocketCounts,
    Thresholds,
)

MIN = 60_000
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
T = Thresholds()

OPEN = Posted(True, NOW + 300 * MIN)
SHUT = Posted(False, NOW + 300 * MIN)
UNPUBLISHED = Posted(None)


@pytest.mark.parametrize(
    ("at_ms", "word", "why"),
    [
        (None, "none", "a station without live data is not an error"),
        (NOW, "fresh", "just measured"),
        (NOW - 5 * MIN, "fresh", "five minutes are still fresh"),
        (NOW - 5 * MIN - 1, "stale", "older than five minutes"),
        (NOW - 10 * MIN, "stale", "ten minutes are still stale"),
        (NOW - 10 * MIN - 1, "offline", "older than ten minutes"),
        (NOW + 4 * MIN, "fresh", "a clock that runs ahead makes nothing old"),
    ],
)
def test_freshness(at_ms: int | None, word: str, why: str) -> None:
    assert status.freshness(at_ms, NOW, T) == word, why


@pytest.mark.parametrize(
    ("posted", "facts", "expected", "why"),
    [
        (OPEN, {}, Access("open", "timetable", OPEN.changes_at_ms), "open by the timetable"),
        (SHUT, {}, Access("closed", "timetable", SHUT.changes_at_ms), "closed by the timetable"),
        (UNPUBLISHED, {}, Access("unknown", "none"), "no hours are published, nothing else is known"),
        (
            Posted(True, NOW + 30 * MIN),
            {},
            Access("closing_soon", "timetable", NOW + 30 * MIN),
            "it closes in half an hour",
        ),
        (
            Posted(True, NOW + 30 * MIN + 1),
            {},
            Access("open", "timetable", NOW + 30 * MIN + 1),
            "it closes a moment later than in half an hour",
        ),
        (Posted(True), {}, Access("open", "timetable"), "open day and night: nothing changes"),
        (
            Posted(True, NOW + 90 * MIN, True),
            {},
            Access("open", "timetable", NOW + 90 * MIN, hours_unconfirmed=True),
            "the year's holidays are not published",
        ),
        (
            OPEN,
            {"moved_at_ms": NOW - 10 * MIN},
            Access("open", "verified", OPEN.changes_at_ms, at_ms=NOW - 10 * MIN),
            "somebody moved ten minutes ago",
        ),
        (
            OPEN,
            {"moved_at_ms": NOW - 10 * MIN - 1},
            Access("open", "timetable", OPEN.changes_at_ms),
            "a movement longer ago proves nothing, and silence is never locked",
        ),
        (
            Posted(True, NOW + MIN),
            {"moved_at_ms": NOW},
            Access("closing_soon", "verified", NOW + MIN, at_ms=NOW),
            "people inside do not keep it open",
        ),
        (
            UNPUBLISHED,
            {"moved_at_ms": NOW - MIN},
            Access("open", "verified", at_ms=NOW - MIN),
            "without hours, people inside show that it is open",
        ),
        (
            SHUT,
            {"moved_at_ms": NOW},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "a cleaner at night does not open the station",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - MIN},
            Access("locked", "contact", OPEN.changes_at_ms, at_ms=NOW - MIN),
            "posted as open, but the bolt is shut",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - 9 * MIN},
            Access("locked", "contact", OPEN.changes_at_ms, at_ms=NOW - 9 * MIN),
            "a stale contact is told with its age",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - 11 * MIN},
            Access("open", "timetable", OPEN.changes_at_ms),
            "offline: only the timetable speaks",
        ),
        (
            SHUT,
            {"bolted": True, "at_ms": NOW},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "locked at night is simply closed",
        ),
        (
            UNPUBLISHED,
            {"bolted": True, "at_ms": NOW, "moved_at_ms": NOW},
            Access("locked", "contact", at_ms=NOW),
            "the bolt is stronger than a movement behind it",
        ),
        (
            OPEN,
            {"bolted": False, "at_ms": NOW},
            Access("open", "timetable", OPEN.changes_at_ms),
            "an open bolt promises nothing beyond the timetable",
        ),
        (
            OPEN,
            {"notice": Notice("closed", NOW - MIN, NOW + MIN), "moved_at_ms": NOW},
            Access("closed", "notice", NOW + MIN, at_ms=NOW - MIN),
            "staff's word stands above all",
        ),
        (
            SHUT,
            {"notice": Notice("open", NOW - MIN)},
            Access("open", "notice", None, at_ms=NOW - MIN),
            "a notice without an end holds until it is taken back",
        ),
        (
            SHUT,
            {"notice": Notice("open", NOW - 2 * MIN, NOW)},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "a notice ends at its minute",
        ),
    ],
)
def test_access(posted: Posted, facts: dict[str, object], expected: Access, why: str) -> None:
    assert status.access(posted, NOW, T, **facts) == expected, why  # type: ignore[arg-type]  # table


@pytest.mark.parametrize(
    ("locked", "word", "why"),
    [
        ([], None, "no doors"),
        ([None], None, "no contact at the bolt: silence is not locked"),
        ([True], True, "the only door is bolted"),
        ([True, False], False, "one way in is enough"),
        ([True, None], None, "the other door may be open"),
        ([None, False], False, "this door is not bolted"),
    ],
)
def test_bolted(locked: list[bool | None], word: bool | None, why: str) -> None:
    doors = [Door(f"d{n}", 0, 0, locked=each) for n, each in enumerate(locked)]
    assert status.bolted(doors) is word, why


def crowding(
    people: int | None, places: int | None = 20, before: Crowding | None = None, **more: int
) -> Crowding:
    facts = {"now_ms": NOW, "at_ms": NOW} | more
    return status.crowding(people, places, before, facts["now_ms"], T, at_ms=facts["at_ms"])


@pytest.mark.parametrize(
    ("people", "word", "why"),
    [
        (0, "quiet", "nobody"),
        (9, "quiet", "45 % of the places"),
        (10, "busy", "half of the places"),
        (15, "busy", "75 %"),
        (16, "crowded", "80 %"),
        (19, "crowded", "one place is left"),
        (20, "full", "none is left"),
        (31, "full", "more people than places"),
    ],
)
def test_crowding_by_share_of_places(people: int, word: CrowdingValue, why: str) -> None:
    told = crowding(people)
    assert (told.value, told.reason, told.people, told.places, told.at_ms) == (
        word,
        "places",
        people,
        20,
        NOW,
    ), why


@pytest.mark.parametrize(
    ("people", "places", "at_ms", "reason", "why"),
    [
        (3, None, NOW, "no_places", "the operator has given no number of places; never from the area"),
        (None, 20, NOW, "no_count", "no counted door"),
        (3, 20, NOW - 11 * MIN, "offline", "nothing is known any more"),
    ],
)
def test_crowding_is_unknown(
    people: int | None, places: int | None, at_ms: int, reason: str, why: str
) -> None:
    told = crowding(people, places, at_ms=at_ms)
    assert (told.value, told.reason) == ("unknown", reason), why


def test_crowding_of_a_station_without_live_data() -> None:
    told = status.crowding(None, 20, None, NOW, T, at_ms=None)
    assert told == Crowding("unknown", None, 20, reason="no_live_data")


def test_an_offline_station_tells_no_number_of_people() -> None:
    assert crowding(7, at_ms=NOW - 11 * MIN).people is None


def test_a_stale_crowding_keeps_its_word_and_its_time() -> None:
    told = crowding(7, at_ms=NOW - 7 * MIN)
    assert (told.value, told.at_ms) == ("quiet", NOW - 7 * MIN)


@pytest.mark.parametrize(
    ("steps", "words", "why"),
    [
        ([(0, 15), (0, 16), (0, 20)], ["busy", "crowded", "full"], "worse is told at once"),
        ([(0, 16), (0, 15), (4, 15)], ["crowded"] * 3, "75 % is not 5 points below 80 %"),
        (
            [(0, 16), (0, 14), (2.9, 14), (3, 14)],
            ["crowded", "crowded", "crowded", "busy"],
            "better is held back for three minutes",
        ),
        (
            [(0, 16), (0, 14), (2, 16), (3, 14), (5, 14), (6, 14)],
            ["crowded"] * 5 + ["busy"],
            "the hold begins again when it was worse in between",
        ),
        (
            [(0, 20), (0, 17), (2.9, 2), (3, 2), (5.9, 2), (6, 2)],
            ["full", "full", "full", "crowded", "crowded", "quiet"],
            "what comes after the hold is the worst of the hold, then the next hold runs",
        ),
        (
            [(0, 20), (0, 2), (2, 17), (3, 17)],
            ["full", "full", "full", "crowded"],
            "it has been better than full for the whole hold",
        ),
        ([(0, 20), (1, 2), (2, 20), (2, 21)], ["full"] * 4, "a worse moment ends the hold"),
    ],
)
def test_crowding_over_time(steps: list[tuple[float, int]], words: list[CrowdingValue], why: str) -> None:
    told: list[Crowding] = []
    for minutes, people in steps:
        now_ms = NOW + round(minutes * MIN)
        told.append(crowding(people, before=told[-1] if told else None, now_ms=now_ms, at_ms=now_ms))
    assert [each.value for each in told] == words, why


def test_a_held_word_says_that_it_is_held() -> None:
    assert crowding(14, before=crowding(16)).reason == "held"


def test_after_an_outage_nothing_is_held_back() -> None:
    offline = crowding(20, at_ms=NOW - 11 * MIN)
    assert crowding(2, before=offline).value == "quiet"


RANK = ("quiet", "busy", "crowded", "full")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 30)), min_size=1, max_size=40))
def test_never_told_better_than_the_worst_of_the_last_three_minutes(steps: list[tuple[int, int]]) -> None:
    """Whatever comes: the word is at least as bad as now, and a better one was true for the whole hold."""
    told: Crowding | None = None
    now_ms, seen = NOW, []
    for seconds, people in steps:
        now_ms += seconds * 1000
        before = told.value if told else None
        told = crowding(people, before=told, now_ms=now_ms, at_ms=now_ms)
        true = crowding(people).value
        seen.append((now_ms, true))
        assert RANK.index(told.value) >= RANK.index(true)
        if before and RANK.index(told.value) < RANK.index(before):
            held = [word for at, word in seen if at > now_ms - T.crowding_hold_ms]
            assert all(RANK.index(word) <= RANK.index(told.value) for word in held)


def comfort(
    temperature: float | None,
    humidity: float | None = None,
    season: Season = "summer",
    before: ComfortValue | None = None,
) -> Comfort:
    previous = Comfort(before) if before else None
    return status.comfort(Climate(NOW, temperature, humidity), season, previous, NOW, T, at_ms=NOW)


@pytest.mark.parametrize(
    ("season", "temperature", "humidity", "word", "why"),
    [
        ("summer", 26, 60, "cool", "the temperature that public rooms are kept at"),
        ("summer", 28, 50, "cool", "28 °C is the last cool one"),
        ("summer", 28.1, 50, "mild", "above 28 °C"),
        ("summer", 30, 40, "mild", "30 °C is the last mild one"),
        ("summer", 30.1, 40, "hot", "above 30 °C"),
        ("summer", 29, 80, "hot", "29 °C feel like 35 in such humidity"),
        ("summer", 26.9, 100, "cool", "below 27 °C there is no heat index"),
        ("summer", 5, 50, "cool", "a cold summer day is not cold by the words of summer"),
        ("summer", 27.5, None, "cool", "without humidity the temperature alone decides"),
        ("winter", 18, None, "warm", "18 °C is warm"),
        ("winter", 17.9, None, "mild", "below 18 °C"),
        ("winter", 14, None, "mild", "14 °C is the last mild one"),
        ("winter", 13.9, None, "cold", "below 14 °C"),
        ("winter", 29, 80, "warm", "no heat index in winter"),
        ("between", 20, None, "mild", "neither"),
        ("between", 30.1, None, "hot", "above 30 °C"),
        ("between", 13.9, None, "cold", "below 14 °C"),
        ("between", 30, None, "mild", "30 °C is not hot yet"),
        ("between", 14, None, "mild", "14 °C is not cold yet"),
    ],
)
def test_comfort(
    season: Season, temperature: float, humidity: float | None, word: ComfortValue, why: str
) -> None:
    assert comfort(temperature, humidity, season).value == word, why


@pytest.mark.parametrize(
    ("season", "before", "temperature", "word", "why"),
    [
        ("summer", "mild", 27.6, "mild", "0.4 °C below the threshold: it stays mild"),
        ("summer", "mild", 27.5, "cool", "0.5 °C below: it is cool again"),
        ("summer", "cool", 28.1, "mild", "worse is told at once"),
        ("summer", "hot", 29.6, "hot", "0.4 °C below the threshold of hot"),
        ("summer", "hot", 27.8, "mild", "no longer hot, not yet surely cool"),
        ("winter", "mild", 18.4, "mild", "0.4 °C above the threshold of warm"),
        ("winter", "mild", 18.5, "warm", "0.5 °C above"),
        ("winter", "cold", 14.4, "cold", "0.4 °C above the threshold of cold"),
        ("winter", "warm", 17.9, "mild", "worse is told at once"),
        ("between", "hot", 29.8, "hot", "0.2 °C below the threshold"),
        ("between", "cold", 14.2, "cold", "0.2 °C above the threshold"),
        ("between", "cold", 14.5, "mild", "0.5 °C above"),
        ("between", "hot", 13, "cold", "from one extreme to the other at once"),
        ("winter", "cool", 18.1, "warm", "a word of another season holds nothing back"),
    ],
)
def test_comfort_does_not_flutter(
    season: Season, before: ComfortValue, temperature: float, word: ComfortValue, why: str
) -> None:
    assert comfort(temperature, None, season, before).value == word, why


def test_the_reason_says_when_humidity_made_it_hot() -> None:
    sultry = comfort(29, 80)
    assert (sultry.reason, sultry.heat_index_c, sultry.humidity_pct) == ("heat_index", 34.7, 80)
    assert comfort(31, 80).reason == "temperature", "31 °C are hot in dry air too"


@pytest.mark.parametrize(
    ("climate", "at_ms", "faulty", "reason", "why"),
    [
        (None, None, False, "no_live_data", "no sensor has ever spoken"),
        (None, NOW, False, "no_sensor", "a live station without a thermometer"),
        (None, NOW, True, "no_reading", "a sensor does not answer: it may be the thermometer"),
        (Climate(NOW, None, 60), NOW, False, "no_reading", "the sensor gives no temperature"),
        (Climate(NOW - 11 * MIN, 25, 60), NOW, False, "offline", "the reading is too old"),
    ],
)
def test_comfort_is_unknown(
    climate: Climate | None, at_ms: int | None, faulty: bool, reason: str, why: str
) -> None:
    told = status.comfort(climate, "summer", None, NOW, T, at_ms=at_ms, faulty=faulty)
    assert (told.value, told.reason, told.temperature_c) == ("unknown", reason, None), why


@pytest.mark.parametrize(
    ("fahrenheit", "humidity", "index", "why"),
    [
        (90, 60, 100, "the chart of the US National Weather Service"),
        (86, 90, 105, "the chart, in great humidity"),
        (100, 40, 109, "the chart"),
        (94, 75, 124, "the chart"),
        (100, 10, 94, "the adjustment for dry air takes away"),
    ],
)
def test_heat_index(fahrenheit: float, humidity: float, index: float, why: str) -> None:
    found = status.heat_index_c((fahrenheit - 32) / 1.8, humidity)
    assert found is not None
    assert found * 1.8 + 32 == pytest.approx(index, abs=1), why


@pytest.mark.parametrize(
    ("moment", "season", "why"),
    [
        ("2025-05-01T00:00", "summer", "the first of May"),
        ("2025-04-30T23:59", "between", "the evening before, by the network's own clock"),
        ("2025-09-30T23:59", "summer", "the last of September"),
        ("2025-11-01T00:00", "winter", "November"),
        ("2025-01-15T12:00", "winter", "winter goes over New Year"),
        ("2025-04-01T00:00", "between", "April"),
    ],
)
def test_season(moment: str, season: Season, why: str) -> None:
    network = Network("n", "网", "net")
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert status.season(network, round(at.timestamp() * 1000)) == season, why


INFOS = (SocketInfo("s1", "ac", "1"), SocketInfo("s2", "usb", "2"))


@pytest.mark.parametrize(
    ("state", "counts", "why"),
    [
        ("free", SocketCounts(2, free=1, unknown=1, at_ms=NOW), "nothing is plugged in"),
        ("charging", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "somebody charges"),
        ("full", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "full, but still plugged in"),
        ("in_use", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "a contact says that it is in use"),
        ("off", SocketCounts(2, faulty=1, unknown=1, at_ms=NOW), "switched off: nobody can charge"),
        ("fault", SocketCounts(2, faulty=1, unknown=1, at_ms=NOW), "broken"),
        ("unknown", SocketCounts(2, unknown=2, at_ms=NOW), "a silent meter is never free"),
    ],
)
def test_sockets(state: SocketWord, counts: SocketCounts, why: str) -> None:
    told, states = status.sockets([Socket("s1", "ac", state, NOW)], INFOS, NOW, T, at_ms=NOW)
    assert told == counts, why
    assert [each.state for each in states] == [state, "unknown"], "one that says nothing is unknown"


def test_sockets_of_an_offline_station_are_unknown() -> None:
    at_ms = NOW - 11 * MIN
    counts, states = status.sockets([Socket("s1", "ac", "free", at_ms)], INFOS, NOW, T, at_ms=at_ms)
    assert counts == SocketCounts(2, 0, 0, 0, 2, at_ms)
    assert [each.since_ms for each in states] == [None, None]


def test_a_stale_socket_keeps_its_word() -> None:
    at_ms = NOW - 9 * MIN
    counts, _ = status.sockets([Socket("s1", "ac", "free", at_ms)], INFOS, NOW, T, at_ms=at_ms)
    assert counts.free == 1


def test_a_socket_that_was_not_announced_counts_too() -> None:
    counts, states = status.sockets([Socket("s9", "ac", "free", NOW)], INFOS, NOW, T, at_ms=NOW)
    assert (counts.total, counts.free) == (3, 1)
    assert [each.id for each in states] == ["s1", "s2", "s9"]


GOOD = Slot(1, "present", "full", "closed", True, 100, 25)


@pytest.mark.parametrize(
    ("slot", "word", "why"),
    [
        (GOOD, "charged", "full and nothing is wrong"),
        (replace(GOOD, charge="idle", soc_pct=95), "charged", "95 % are full by the operator's policy"),
        (replace(GOOD, charge="idle", soc_pct=94.9), "present", "not full, not charging"),
        (replace(GOOD, charge="charging", soc_pct=40), "charging", "charging"),
        (replace(GOOD, charge="limited", soc_pct=40), "charging", "charging at less power"),
        (replace(GOOD, charge="idle", soc_pct=None), "present", "a battery of unknown charge"),
        (Slot(1, "absent", door="closed", enabled=True), "empty", "a spent battery can be returned here"),
        (Slot(1, "absent", soc_pct=100), "empty", "the reading of a battery that has left"),
        (Slot(1, "unknown"), "unknown", "nothing is known of it"),
        (Slot(1, "unknown", charge="full"), "charged", "what is full is there"),
        (replace(GOOD, enabled=False), "disabled", "locked by the operator comes before full"),
        (Slot(1, "absent", enabled=False), "disabled", "locked by the operator comes before empty"),
        (replace(GOOD, door="open", enabled=False), "open", "an open door comes before disabled"),
        (replace(GOOD, charge="fault", door="open"), "faulty", "a fault comes before an open door"),
        (replace(GOOD, alarms=("over_voltage",)), "faulty", "any alarm is a fault"),
        (replace(GOOD, temperature_c=60), "faulty", "60 °C are too hot"),
        (replace(GOOD, temperature_c=59.9), "charged", "warm, as batteries are"),
    ],
)
def test_slot(slot: Slot, word: SlotWord, why: str) -> None:
    (cabinet,) = status.cabinets([Cabinet("c", True, (slot,))], [], NOW, T, at_ms=NOW)
    assert cabinet.slots == ((1, word),), why
    counted = {"charged": cabinet.charged, "empty": cabinet.empty, "faulty": cabinet.faulty}
    assert counted == {each: int(each == word) for each in counted}, "each is counted as what it shows"


@pytest.mark.parametrize(
    ("cabinet", "at_ms", "words", "why"),
    [
        (Cabinet("c", False, (GOOD,)), NOW, ["offline"], "an offline cabinet comes before all else"),
        (Cabinet("c", True, (GOOD,)), NOW - 11 * MIN, ["offline"], "the station itself is offline"),
        (Cabinet("c", True, (GOOD,)), NOW - 9 * MIN, ["charged"], "stale, told with its age"),
        (Cabinet("c", True, (GOOD,), smoke=True), NOW, ["faulty"], "nobody opens a smoking cabinet"),
        (None, NOW, ["offline"] * 3, "announced, and says nothing"),
    ],
)
def test_cabinet(cabinet: Cabinet | None, at_ms: int, words: list[SlotWord], why: str) -> None:
    infos = [CabinetInfo("c", 3, "东侧", 60)]
    (told,) = status.cabinets([cabinet] if cabinet else [], infos, NOW, T, at_ms=at_ms)
    assert [word for _, word in told.slots] == words, why
    assert told.online == ("offline" not in words)
    assert (told.label, told.voltage_v, told.at_ms) == ("东侧", 60, at_ms)


PAGE = Path(__file__).parents[2] / "docs" / "status.md"
VOCABULARY = (
    model.AccessValue,
    model.Evidence,
    model.CrowdingValue,
    model.CrowdingReason,
    model.ComfortValue,
    model.ComfortReason,
    model.Freshness,
    model.Season,
    model.SlotWord,
    model.Qualifier,
)


@pytest.mark.parametrize("word", sorted({word for kind in VOCABULARY for word in get_args(kind)} - {""}))
def test_every_word_is_in_the_page(word: str) -> None:
    assert f"`{word}`" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("threshold", fields(Thresholds), ids=lambda field: field.name)
def test_every_threshold_is_in_the_page_with_its_default(threshold: Field[float]) -> None:
    assert f"| `{threshold.name}` | {threshold.default} |" in PAGE.read_text("utf-8")
