"""The readings around an alert: the right day, the right measure, and what each snapshot says of a part."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Cabinet, Climate, Door, Fault, Health, Presence, Slot, Snapshot, Socket
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Subject
from server.model import Thresholds
from server.store import Bucket, Dating, Quantity, Stored
from server.web.staff.alerts.measures import MEASURES, States
from server.web.staff.alerts.readings import DAY_MS, drawings, window
from server.web.staff.plots import picks
from server.web.staff.plots.lines import Span
from server.web.text import LANGUAGES, Text, strings
from tests.support.alarms import HERE, HOUR, MIN, alert
from tests.support.staff import NOW_MS

EMPTY = Snapshot("0123456789abcdef", 1, NOW_MS, 0, "0f8b2c1d", "synced")
LIMITS = Thresholds()
SPAN = Span(NOW_MS - DAY_MS, NOW_MS, "Asia/Shanghai")
TEXT = Text("en", NOW_MS)
HEALTH = Health(outbox_rows=7, dropped_total=3, uptime_s=60, cpu_c=61.5, disk_free_pct=40)
SLOTS = (
    Slot(1, "present", "full", soc_pct=100, temperature_c=30),
    Slot(2, "present", "charging", soc_pct=40, temperature_c=41),
    Slot(3, "absent"),
)
CABINET = Cabinet("c1", True, SLOTS, True, 25.0, False)


class Table:
    """Snapshots by hand."""

    def __init__(self, *snapshots: Snapshot, dating: Dating = "measured") -> None:
        self._stored = [Stored(n, "city-0001", each, each.at_ms, dating) for n, each in enumerate(snapshots)]

    def snapshots(self, station_id: str, from_ms: int, to_ms: int) -> Iterator[Stored]:
        assert station_id == "city-0001"
        return (each for each in self._stored if from_ms <= each.snapshot.at_ms < to_ms)

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        assert (station_id, quantity, to_ms - from_ms) == ("city-0001", "occupancy", DAY_MS)
        return [Bucket(from_ms, 2, 22.0, 8, 14, 14), Bucket(from_ms + step_ms, 1, 9.0, 9, 9, 9)]


@pytest.mark.parametrize(
    ("fired_ago", "ends_ago", "why"),
    [
        (0, 0, "just now: the day before it"),
        (6 * HOUR, 0, "today: none of the future"),
        (12 * HOUR, 0, "half a day"),
        (5 * DAY_MS, 4 * DAY_MS + 12 * HOUR, "long ago: half a day before it, and half a day after it"),
    ],
)
def test_the_day_around_it(fired_ago: int, ends_ago: int, why: str) -> None:
    from_ms, to_ms = window(alert(ago=fired_ago), NOW_MS)
    assert (to_ms, to_ms - from_ms) == (NOW_MS - ends_ago, DAY_MS), why


def test_every_kind_of_a_station_has_readings_beside_it_with_words_in_both_languages() -> None:
    stations = {code for code, kind in KINDS.items() if kind.scope == "station"}
    assert stations == MEASURES.keys()
    for language in LANGUAGES:
        for measures in MEASURES.values():
            for measure in measures:
                assert strings(language)[f"staff.plot.of.{measure.name}"]
                if isinstance(measure, States):
                    known = {f"{measure.prefix}.{state}" for state in measure.states}
                    assert known <= strings(language).keys()


@pytest.mark.parametrize(
    ("pick", "unit", "parts", "said", "why"),
    [
        (picks.temperature, "", {"climate": Climate(NOW_MS, 30.5)}, 30.5, "measured"),
        (picks.temperature, "", {"climate": Climate(NOW_MS - 6 * MIN, 30.5)}, None, "repeated long after"),
        (picks.temperature, "", {}, None, "no thermometer"),
        (picks.humidity, "", {"climate": Climate(NOW_MS, 30.5)}, None, "not measured is not 0"),
        (picks.sensor, "room", {"faults": (Fault("room", "no_answer", NOW_MS),)}, "faulty", "its fault"),
        (picks.sensor, "room", {"faults": (Fault("door", "no_answer", NOW_MS),)}, "well", "another's"),
        (picks.sensor, "motion", {"presence": Presence(None, ok=False)}, "faulty", "by its own word"),
        (picks.beams, "d1", {"doors": (Door("d1", 1, 1, blocked=True),)}, "blocked", "it is"),
        (picks.beams, "d2", {"doors": (Door("d1", 1, 1, blocked=True),)}, None, "another door"),
        (picks.bolts, "", {"doors": (Door("d1", 1, 1, locked=True),)}, "locked", "by contact"),
        (picks.bolts, "", {"doors": (Door("d1", 1, 1),)}, None, "silence is never locked"),
        (picks.socket, "s1", {"sockets": (Socket("s1", "ac", "fault", NOW_MS),)}, "fault", "its state"),
        (picks.power, "s1", {"sockets": (Socket("s1", "ac", "free", NOW_MS),)}, None, "no meter is not 0 W"),
        (picks.power, "s1", {"sockets": (Socket("s1", "ac", "in_use", NOW_MS, 55.0),)}, 55.0, "measured"),
        (picks.charged, "c1", {"cabinets": (CABINET,)}, 1, "those that riders are told of"),
        (picks.charged, "c1/2", {"cabinets": (CABINET,)}, 1, "of a slot's cabinet, too"),
        (picks.charged, "c1", {"cabinets": (replace(CABINET, online=False),)}, None, "silent is not 0"),
        (picks.slot, "c1/2", {"cabinets": (CABINET,)}, "charging", "that slot"),
        (picks.slot, "c1/9", {"cabinets": (CABINET,)}, None, "no such slot"),
        (picks.hottest, "c1", {"cabinets": (CABINET,)}, 41, "the hottest battery"),
        (picks.hottest, "c2", {"cabinets": (CABINET,)}, None, "another cabinet"),
        (picks.answers, "c1", {"cabinets": (CABINET,)}, "online", "it does"),
        (picks.answers, "c2", {"cabinets": (CABINET,)}, "offline", "not spoken of"),
        (picks.mains, "c1", {"cabinets": (replace(CABINET, mains_ok=None),)}, None, "not reported"),
        (picks.mains, "c1", {"cabinets": (replace(CABINET, mains_ok=False),)}, "no_mains", "lost"),
        (picks.smoke, "c1", {"cabinets": (replace(CABINET, smoke=True),)}, "smoke", "tripped"),
        (picks.supply, "", {"health": replace(HEALTH, undervoltage=True)}, "weak", "its word"),
        (picks.supply, "", {"health": HEALTH}, None, "not reported"),
        (picks.clock, "", {"clock": "unsynced"}, "unsynced", "its word"),
    ],
)
def test_what_a_snapshot_says(
    pick: picks.Pick, unit: str, parts: dict[str, Any], said: float | str | None, why: str
) -> None:
    assert pick(replace(EMPTY, **parts), unit, LIMITS) == said, why


def drawn(of: Alert, *snapshots: Snapshot, dating: Dating = "measured") -> Any:
    return drawings(of, Table(*snapshots, dating=dating), LIMITS, SPAN, TEXT)


def test_people_are_those_of_the_history_with_the_places_as_their_limit() -> None:
    (found,) = drawn(alert("over_capacity", values={"people": 14, "places": 10}))
    assert found.line.said.startswith("Lowest 9, highest 14, last 9.")
    assert found.line.limit_label == "limit 10"


def test_the_machine_reports_every_ten_minutes_which_is_no_gap() -> None:
    reports = [
        replace(EMPTY, seq=n + 1, at_ms=NOW_MS - DAY_MS + n * 10 * MIN, health=HEALTH) for n in range(144)
    ]
    (found,) = drawn(alert("pi_hot", values={"cpu_c": 61.5, "limit_c": 80}), *reports)
    assert len(found.line.paths) == 1
    assert "No readings" not in found.line.said


def test_an_offline_station_shows_when_it_was_heard() -> None:
    heard = [replace(EMPTY, seq=n + 1, at_ms=NOW_MS - DAY_MS + n * MIN) for n in range(60)]
    (found,) = drawn(alert("station_offline", ago=22 * HOUR), *heard)
    assert [lane.label for lane in found.lanes.lanes] == ["received"]
    assert found.lanes.rows[-1].label == "no readings"


def test_of_pruned_readings_the_quarters_are_drawn() -> None:
    asked: list[Quantity] = []

    def rolled(quantity: Quantity) -> list[Bucket]:
        asked.append(quantity)
        first_ms = NOW_MS - DAY_MS
        return [Bucket(first_ms + n * 15 * MIN, 2, 40.0 + n, 19, 21, 21) for n in range(96)]

    found = drawings(alert("sensor_failing"), Table(), LIMITS, SPAN, TEXT, rolled=rolled)
    sensor, *air = found
    assert asked == ["temperature_c", "humidity_pct"]
    assert all(each.line is not None and len(each.line.paths) == 1 for each in air), "a quarter is no gap"
    assert sensor.lanes is not None, "of states nothing is kept"


def test_what_has_no_date_of_its_own_is_not_drawn() -> None:
    (found, *_) = drawn(alert(), replace(EMPTY, climate=Climate(NOW_MS, 30)), dating="received")
    assert found.line.said == "No readings in this time."


def test_the_server_and_districts_have_no_readings() -> None:
    assert drawn(alert("broker_down", Subject("server", "broker"))) == []
    assert drawn(alert("district_offline", Subject("network", "city", "小店区"))) == []
    assert drawn(replace(alert(subject=HERE), kind="of another version")) == []
