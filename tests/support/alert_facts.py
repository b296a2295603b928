"""One station, put together from what a test says of it, and the word that the rules have on it."""

from dataclasses import replace
from typing import Any

from contract.messages import Climate, Fault, Health, Snapshot
from server.alerts.facts import Facts
from server.alerts.kinds import AlertThresholds
from server.alerts.model import Finding, State, Subject, Truth
from server.alerts.rules import judge
from server.alerts.trends import Trend
from server.model import Station, Thresholds
from server.state import Access, Comfort, Crowding, SocketCounts, StationState

MIN = 60_000
HOUR = 60 * MIN
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
LIMITS = AlertThresholds()
STATION = Station("s1", "n", "站", places=10, instrumented=True)
EMPTY = Snapshot("0123456789abcdef", 1, NOW, 0, "0f8b2c1d", "synced")
STATE = StationState(
    STATION,
    "fresh",
    Access("open", "timetable"),
    Crowding("unknown"),
    Comfort("unknown"),
    SocketCounts(),
    at_ms=NOW,
)
FACTS = Facts(STATION, STATE, EMPTY, Thresholds(), "summer", NOW - 24 * HOUR)

Row = tuple[Facts, bool, Truth | None, str]
"""The facts, whether there is an alert on its way or active, the word, the reason."""


def seen(**parts: Any) -> Facts:
    """A station whose newest snapshot has these parts."""
    return replace(FACTS, snapshot=replace(EMPTY, **parts))


def told(facts: Facts, code: str, unit: str = "", alert: State | None = None) -> Finding | None:
    """What is said of one unit, with or without an alert of it."""
    facts = replace(facts, alerts={(code, unit): alert} if alert else {})
    found = [each for each in judge(facts, LIMITS, NOW) if (each.kind, each.subject.unit) == (code, unit)]
    assert len(found) <= 1, "one word on one subject"
    return found[0] if found else None


def check(code: str, unit: str, row: Row) -> None:
    facts, alert, truth, why = row
    said = told(facts, code, unit, "firing" if alert else None)
    assert (said.truth if said else None) == truth, why
    if said and said.truth == "true":
        assert said.subject == Subject("station", "s1", unit)


def old(facts: Facts, minutes: float = 6) -> Facts:
    """The same facts, said so long ago."""
    assert facts.snapshot
    at_ms = NOW - round(minutes * MIN)
    return replace(facts, snapshot=replace(facts.snapshot, at_ms=at_ms))


def air(temperature: float | None, humidity: float | None = 40.0, **facts: Any) -> Facts:
    return replace(seen(climate=Climate(NOW, temperature, humidity)), **facts)


def closed(facts: Facts, access: Access = Access("closed", "timetable")) -> Facts:  # noqa: B008  # frozen
    return replace(facts, state=replace(facts.state, access=access))


OLD_AIR = seen(climate=Climate(NOW - 6 * MIN, 35, 40))

NO_ANSWER = Fault("room", "no_answer", NOW - 9 * MIN)


def machine(*, minutes: float = 10, **health: Any) -> Facts:
    """A station whose machine has reported so long ago."""
    report = replace(Health(outbox_rows=0, dropped_total=0, uptime_s=600), **health)
    return replace(FACTS, trend=Trend(NOW, health=report, health_at_ms=NOW - round(minutes * MIN)))
