"""What a network comes to in a minute: counted from what riders see and staff are told."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from contract.messages import Climate, Door, Socket
from server.alerts.model import Alert, Place, Severity, State, Subject
from server.influx import minutes
from server.live import Live
from server.model import Network
from server.store import Accepted
from server.store.sqlite import Store
from server.today import Today
from tests.support.forwarding import MIN, NOON_MS, snapshot, split, station

NETWORKS = {
    "net": Network("net", "网", "Net"),
    "street": Network("street", "街", "Street", parent="net"),
    "empty": Network("empty", "空", "Empty"),
}


class Engine:
    """Alerts of one station of the street, one of them said by another already."""

    passed_ms: int | None = NOON_MS

    def alerts(self) -> tuple[Alert, ...]:
        kinds: list[tuple[str, Severity, State]] = [
            ("cabinet_smoke", "safety", "firing"),
            ("station_offline", "critical", "firing"),
            ("too_hot", "warning", "acknowledged"),
            ("too_hot", "warning", "pending"),
            ("sensor_fault", "warning", "firing"),
        ]
        return tuple(
            Alert(f"{number:016x}", kind, severity, Subject("station", "b"), state, NOON_MS)
            for number, (kind, severity, state) in enumerate(kinds)
        )

    def hidden(self) -> Mapping[str, str]:
        return {f"{4:016x}": "another"}

    def place(self, subject: Subject) -> Place:
        return Place(("street", "net"), "东区", subject.id)


class Heard(Live):
    """With the store that it reads."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.store = store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "readings.db")
    yield store
    store.close()


@pytest.fixture
def live(store: Store) -> Heard:
    live = Heard(store)
    stations = [
        station("a"),
        replace(station("b"), network="street"),
        station("c"),
        station("static", instrumented=False),
    ]
    live.refresh_registry(NETWORKS, {each.id: each for each in stations}, NOON_MS)
    return live


def hear(live: Heard, id_: str, seq: int, at_ms: int, came: int) -> None:
    row = snapshot(
        seq,
        at_ms,
        climate=Climate(at_ms, 33.0, 50.0),
        doors=(Door("main", came, 0),),
        sockets=(Socket("a1", "ac", "free", at_ms), Socket("a2", "ac", "charging", at_ms)),
    )
    live.store.commit([Accepted(id_, row, at_ms, "measured", seq)])
    live.apply(id_, row, NOON_MS)
    live.show(NOON_MS)


def fields(lines: list[str]) -> dict[str, dict[str, str]]:
    return {series.partition("=")[2]: fields for series, fields, _ in map(split, lines)}


def test_networks_count_what_is_inside_them(store: Store, live: Heard) -> None:
    for seq, (at_ms, came) in enumerate([(NOON_MS - 15 * 60 * MIN, 0), (NOON_MS - MIN, 9)], start=1):
        hear(live, "a", seq, at_ms, came)
    hear(live, "b", 1, NOON_MS - 7 * MIN, 0)
    live.recompute(NOON_MS)
    told = fields(minutes.lines(live, Engine(), Today(live, store), NOON_MS + 59_999))
    assert told["net"] == {
        "name": '"网"', "registered": "4i", "instrumented": "3i", "online": "1i", "stale": "1i",
        "offline": "1i", "open": "1i", "crowded": "1i", "hot": "2i", "visits_today": "9i",
        "batteries_charged": "0i", "sockets_free": "2i",
        "alerts_safety": "1i", "alerts_critical": "1i", "alerts_warning": "1i",
    }  # fmt: skip
    assert told["empty"]["registered"] == "0i"
    assert "visits_today" not in told["empty"], "nobody is counted there, which is not zero"
    assert told["empty"]["alerts_warning"] == "0i"


def test_without_alerts_nothing_is_said_of_them(live: Heard) -> None:
    unjudged = Engine()
    unjudged.passed_ms = None
    for engine in (None, unjudged):
        told = fields(minutes.lines(live, engine, Today(live, live.store), NOON_MS))
        assert "alerts_warning" not in told["net"]


def test_the_minute_is_a_full_one(live: Heard) -> None:
    lines = minutes.lines(live, None, Today(live, live.store), NOON_MS + 59_999)
    assert {line.rpartition(" ")[2] for line in lines} == {str(NOON_MS)}
