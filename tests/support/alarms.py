"""A console whose engine is the real one, over alerts that a test has put into the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from contract.messages import Cabinet, Climate, Snapshot, Socket
from server.alerts.engine import Engine
from server.alerts.kinds import KINDS
from server.alerts.lifecycle import alert_id
from server.alerts.model import Alert, Change, State, Subject
from server.model import Station
from server.store import Accepted
from server.web.build import build_web
from tests.support.console import Console, console
from tests.support.staff import NOW_MS

MIN = 60_000
HOUR = 60 * MIN
HERE = Subject("station", "city-0001")
THERE = Subject("station", "city-0002")
FAR = Subject("station", "town-0001")
SERVER = Subject("server", "broker")
HOT: Mapping[str, float | str] = {"temperature_c": 33.2, "limit_c": 30}


def alert(
    kind: str = "too_hot",
    subject: Subject = HERE,
    state: State = "firing",
    *,
    ago: int = 2 * HOUR,
    by: str = "",
    values: Mapping[str, float | str] | None = None,
) -> Alert:
    """An alert that began so many ms ago."""
    since_ms = NOW_MS - ago
    over = state in ("resolved", "closed")
    return Alert(
        id=alert_id(kind, subject, since_ms),
        kind=kind,
        severity=KINDS[kind].severity,
        subject=subject,
        state=state,
        since_ms=since_ms,
        fired_ms=None if state == "pending" else since_ms,
        resolved_ms=NOW_MS - ago // 2 if over else None,
        measured_ms=since_ms,
        values=(HOT if kind == "too_hot" else {}) if values is None else values,
        by=by,
        version=1,
    )


@contextmanager
def alarmed(folder: Path, *alerts: Alert, stations: Iterable[Station] = ()) -> Iterator[Console]:
    """A console with these alerts, each of which has fired."""
    with console(folder) as made:
        if stations := tuple(stations):
            made.registry.put_stations(stations)
            made.live.refresh_registry(made.registry.networks(), made.registry.stations(), NOW_MS)
        with made.staff.desk.writing() as connection:
            changes = [Change(each, "fired", each.since_ms) for each in alerts]
            made.services.ledger.write(connection, alerts, (), changes)
        run(made, folder)
        yield made


def run(made: Console, folder: Path) -> Engine:
    """Let the real engine have the alerts, and make a pass."""
    engine = Engine(
        made.live,
        made.store,
        made.pipeline,
        made.staff.desk,
        folder,
        now_ms=made.clock,
        mono_ms=lambda: made.now_ms - NOW_MS,
    )
    engine.step(made.now_ms, made.now_ms - NOW_MS)
    made.services = replace(made.services, engine=engine)
    made.app.close()
    made.app = build_web(
        made.live,
        made.store,
        made.services.settings,
        made.pipeline,
        reports=made.reports,
        staff=made.services,
        now_ms=made.clock,
    )
    return engine


def snapshot(seq: int, at_ms: int, temperature_c: float, power_w: float = 12.5) -> Snapshot:
    """What a station says at one moment."""
    return Snapshot(
        "0123456789abcdef",
        seq,
        at_ms,
        seq * 1000,
        "0f8b2c1d",
        "synced",
        Climate(at_ms, temperature_c, 60.0),
        sockets=(Socket("s1", "ac", "charging", at_ms - HOUR, power_w),),
        cabinets=(Cabinet("c1", True, (), True, temperature_c + 10, False),),
    )


def measured(made: Console, station_id: str, snapshots: Iterable[Snapshot]) -> None:
    """Put snapshots into the store, as they came."""
    made.store.commit([Accepted(station_id, each, each.at_ms, "measured", each.seq) for each in snapshots])


def warming(hours: int = 12, gap: tuple[int, int] = (5, 7)) -> list[Snapshot]:
    """A room that warms by a degree an hour until now, a reading a minute, with a gap of some hours."""
    start_ms = NOW_MS - hours * HOUR
    return [
        snapshot(minute + 1, start_ms + minute * MIN, 20 + minute / 60)
        for minute in range(hours * 60)
        if not gap[0] * 60 <= minute < gap[1] * 60
    ]
