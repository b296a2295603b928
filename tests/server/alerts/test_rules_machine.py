"""Rules about machines as tables: each with and without an alert, and of old data.

A row is what a station knows, whether an alert is on its way or active, and the word that comes of it;
None: nothing is said, as there is nothing to say and no alert. The reason stands beside each row.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from contract.messages import Fault
from server.alerts.facts import DistrictFacts, Facts, ServerFacts
from server.alerts.kinds import ServerThresholds
from server.alerts.model import State, Subject, Truth
from server.alerts.rules import judge_district, judge_server
from tests.support.alert_facts import FACTS, LIMITS, MIN, NO_ANSWER, NOW, Row, check, machine, old, seen, told


def of_machine(bad: dict[str, Any], good: dict[str, Any]) -> Iterable[Row]:
    """The rows that all rules about the machine's report share."""
    yield machine(**bad), False, "true", "as reported"
    yield machine(**good), False, None, "well"
    yield machine(**good), True, "false", "well again"
    yield machine(minutes=26, **bad), False, None, "two reports are missing: nobody knows"
    yield machine(minutes=26, **good), True, "unknown", "an old report clears nothing"
    yield old(machine(**bad)), False, None, "the station is not heard"
    yield FACTS, True, "unknown", "it has not reported since the start"


@pytest.mark.parametrize("row", [*of_machine({"undervoltage": True}, {"undervoltage": False})])
def test_pi_undervoltage(row: Row) -> None:
    check("pi_undervoltage", "", row)


def test_a_machine_that_is_no_pi_has_no_undervoltage() -> None:
    check("pi_undervoltage", "", (machine(), True, "unknown", "its supply is not measured"))


@pytest.mark.parametrize(
    "row",
    [
        *of_machine({"cpu_c": 80}, {"cpu_c": 74}),
        (machine(cpu_c=79.9), False, None, "not throttled yet"),
        (machine(cpu_c=75), True, "true", "not below 75 °C yet"),
        (machine(), True, "unknown", "not measured"),
    ],
)
def test_pi_hot(row: Row) -> None:
    check("pi_hot", "", row)


@pytest.mark.parametrize(
    "row",
    [
        *of_machine({"disk_free_pct": 9.9}, {"disk_free_pct": 15}),
        (machine(disk_free_pct=10), False, None, "a tenth is free"),
        (machine(disk_free_pct=14.9), True, "true", "not five points more yet"),
        (machine(), True, "unknown", "not measured"),
    ],
)
def test_pi_disk_filling(row: Row) -> None:
    check("pi_disk_filling", "", row)


@pytest.mark.parametrize(
    "row",
    [
        *of_machine({"outbox_rows": 121}, {"outbox_rows": 60}),
        (machine(outbox_rows=120), False, None, "an hour of heartbeats"),
        (machine(outbox_rows=61), True, "true", "not half of it yet"),
    ],
)
def test_outbox_backlog(row: Row) -> None:
    check("outbox_backlog", "", row)


def lost(ago: float | None, **report: Any) -> Facts:
    """A station that has declared a loss so many minutes ago."""
    facts = machine(**report)
    at_ms = None if ago is None else NOW - round(ago * MIN)
    return replace(facts, trend=replace(facts.trend, lost_rows=7, lost_at_ms=at_ms))


@pytest.mark.parametrize(
    "row",
    [
        (lost(10), False, "true", "declared ten minutes ago"),
        (lost(61), False, None, "an hour ago"),
        (lost(61), True, "false", "an hour ago, and nothing since"),
        (lost(None, dropped_total=9), False, None, "lost before we came"),
        (lost(30, minutes=26), True, "unknown", "an old report clears nothing"),
        (old(lost(10)), False, None, "the station is not heard"),
    ],
)
def test_data_lost(row: Row) -> None:
    check("data_lost", "", row)


@pytest.mark.parametrize(
    "row",
    [
        (seen(clock="unsynced"), False, "true", "the station says so"),
        (seen(), False, None, "synced"),
        (seen(), True, "false", "synced again"),
        (old(seen(clock="unsynced")), False, None, "old data"),
        (old(seen()), True, "unknown", "old data clears nothing"),
    ],
)
def test_clock_unsynced(row: Row) -> None:
    check("clock_unsynced", "", row)


@pytest.mark.parametrize(
    "row",
    [
        (replace(FACTS, rejected=3), False, "true", "three in ten minutes"),
        (replace(FACTS, rejected=2), False, None, "two may be a glitch"),
        (FACTS, True, "false", "none any more"),
        (replace(old(FACTS), rejected=9), False, "true", "nothing else comes: that is why it is not heard"),
        (replace(FACTS, snapshot=None, rejected=9), False, "true", "a new station with a wrong agent"),
    ],
)
def test_messages_rejected(row: Row) -> None:
    check("messages_rejected", "", row)


@pytest.mark.parametrize(
    "row",
    [
        (seen(faults=(Fault("outbox", "disk_full", NOW),)), False, "true", "the station says so"),
        (seen(faults=(NO_ANSWER,)), False, None, "a sensor is something else"),
        (seen(), True, "false", "well again"),
        (old(seen(faults=(Fault("outbox", "disk_full", NOW),))), False, None, "old data"),
        (old(seen()), True, "unknown", "old data clears nothing"),
    ],
)
def test_outbox_failing(row: Row) -> None:
    check("outbox_failing", "", row)
    facts = row[0]
    assert told(facts, "sensor_failing", "outbox") is None, "the outbox is no sensor"


@pytest.mark.parametrize(  # counts: heard of, offline, unknown
    ("counts", "alert", "truth", "why"),
    [
        ((10, 5, 0), False, "true", "half of them"),
        ((11, 5, 0), False, None, "less than half"),
        ((4, 4, 0), False, None, "four stations are told one by one"),
        ((10, 4, 0), True, "false", "one is back"),
        ((10, 0, 10), True, "unknown", "the server was deaf: that they are back is not known"),
        ((10, 0, 10), False, None, "a deaf server raises nothing"),
        ((10, 5, 5), True, "true", "enough are surely offline"),
        ((0, 0, 0), True, "false", "no station is left in it"),
    ],
)
def test_district_offline(counts: tuple[int, int, int], alert: bool, truth: Truth | None, why: str) -> None:
    alerts: dict[tuple[str, str], State] = {("district_offline", "东区"): "firing"} if alert else {}
    facts = DistrictFacts("n", "东区", *counts, alerts)
    found = list(judge_district(facts, LIMITS, NOW))
    assert [each.truth for each in found] == ([truth] if truth else []), why
    assert all(each.subject == Subject("network", "n", "东区") for each in found)


WELL = ServerFacts(broker_connected=True)
LONG_AGO, LATELY = NOW - 11 * MIN, NOW - 9 * MIN


@pytest.mark.parametrize(
    ("code", "facts", "alert", "truth", "why"),
    [
        ("broker_down", replace(WELL, broker_connected=False), False, "true", "not connected"),
        ("broker_down", WELL, False, None, "connected"),
        ("broker_down", WELL, True, "false", "connected again"),
        ("store_stalled", replace(WELL, stalled="disk full"), False, "true", "with its reason"),
        ("store_stalled", WELL, True, "false", "it takes again"),
        ("store_damaged", WELL, False, None, "nothing is wrong with it"),
        ("store_damaged", replace(WELL, not_made=True), False, "true", "roll-ups do not follow"),
        ("store_damaged", WELL, True, "false", "they do again"),
        ("server_disk_filling", replace(WELL, disk_free_pct=9.9), False, "true", "less than a tenth"),
        ("server_disk_filling", replace(WELL, disk_free_pct=10), False, None, "a tenth"),
        ("server_disk_filling", replace(WELL, disk_free_pct=14), True, "true", "not five points more yet"),
        ("server_disk_filling", replace(WELL, disk_free_pct=15), True, "false", "five points more"),
        ("server_disk_filling", WELL, True, "unknown", "it cannot be read"),
        (
            "influx_behind",
            replace(WELL, influx=True, influx_since_ms=NOW - 11 * MIN),
            False,
            "true",
            "11 minutes",
        ),
        (
            "influx_behind",
            replace(WELL, influx=True, influx_since_ms=NOW - 9 * MIN),
            False,
            None,
            "9 minutes",
        ),
        ("influx_behind", replace(WELL, influx=True), True, "false", "it has taken everything"),
        ("influx_behind", WELL, True, "unknown", "it is not used any more"),
        ("channel_failing", replace(WELL, channels={"wx": NOW - 5 * MIN}), False, "true", "for 5 minutes"),
        ("channel_failing", replace(WELL, channels={"wx": NOW - MIN}), False, None, "for a minute"),
        ("channel_failing", replace(WELL, channels={"wx": None}), True, "false", "it delivers"),
        ("channel_failing", WELL, True, "unknown", "it was removed"),
        ("unknown_station", replace(WELL, unknown={"x1": 3}), False, "true", "who is that?"),
        ("unknown_station", WELL, True, "false", "silent again"),
        ("server_clock_behind", replace(WELL, future=1040, heard=2080), False, "true", "half of them"),
        ("server_clock_behind", replace(WELL, future=2, heard=2), False, None, "two may both be wrong"),
        ("server_clock_behind", replace(WELL, future=9, heard=2080), False, None, "their own clocks"),
        ("server_clock_behind", replace(WELL, heard=2080), True, "false", "right again"),
    ],
)
def test_server(code: str, facts: ServerFacts, alert: bool, truth: Truth | None, why: str) -> None:
    unit = "wx" if code == "channel_failing" else ""
    facts = replace(facts, alerts={(code, unit): "firing"} if alert else {})
    found = [each for each in judge_server(facts, ServerThresholds(), NOW) if each.kind == code]
    assert [each.truth for each in found] == ([truth] if truth else []), why
    assert all((each.subject.scope, each.subject.unit) == ("server", unit) for each in found)


def test_each_damaged_file_is_an_alert_that_says_what_is_wrong() -> None:
    asides = ("readings.db.corrupt-1", "rollups.db.corrupt-2")
    facts = replace(WELL, moved_aside=asides, not_pruned=True, not_made=True, lost=21)
    found = {each.subject.unit: each.values for each in judge_server(facts, ServerThresholds(), NOW)}
    assert found == {
        "": {"problem": "not_made"},
        "readings.db": {"problem": "not_pruned"},
        "readings.db.corrupt-1": {"problem": "moved_aside"},
        "rollups.db": {"problem": "lost", "rows": 21},
        "rollups.db.corrupt-2": {"problem": "moved_aside"},
    }


def test_a_damaged_file_that_is_gone_ends_its_own_alert_alone() -> None:
    told: dict[tuple[str, str], State] = {
        ("store_damaged", name): "firing" for name in ("readings.db", "readings.db.corrupt-1")
    }
    facts = replace(WELL, not_pruned=True, alerts={**told, ("store_stalled", ""): "resolved"})
    found = [each for each in judge_server(facts, ServerThresholds(), NOW) if each.kind == "store_damaged"]
    assert [(each.subject.unit, each.truth) for each in found] == [
        ("readings.db", "true"),
        ("readings.db.corrupt-1", "false"),
    ]


def test_unknown_stations_are_one_alert() -> None:
    facts = replace(WELL, unknown={f"x{n}": 1 for n in range(1000)})
    (found,) = judge_server(facts, ServerThresholds(), NOW)
    assert found.values == {"count": 1000, "names": "x0, x1, x10"}
