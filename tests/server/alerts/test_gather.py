"""Facts out of what is live: who counts as heard, which district is down, what does not exist any more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import CabinetInfo, Climate, Door, Info, Snapshot, SocketInfo
from server.alerts.gather import District, Gather
from server.alerts.kinds import AlertThresholds
from server.alerts.memory import Memory
from server.alerts.model import Alert, Place, Scope, Subject
from server.influx.standing import Standing
from server.live import Live
from server.model import Network, Station
from server.pipeline import RECENTLY_MS, Pipeline
from server.store.sqlite import Store
from tests.support.shift import MIN, NOON_MS, station

NETWORKS = {
    "city": Network("city", "市", "City", alert_limits={"too_hot_c": 29}),
    "street": Network("street", "街", "Street", parent="city"),
    "empty": Network("empty", "空", "Empty"),
}
STATIONS = {
    "a": station("a", "city", "东区"),
    "b": station("b", "city", "西区", alert_limits={"too_hot_c": 31}),
    "c": station("c", "street", "东区"),
    "static": station("static", "city", "东区", instrumented=False),
}


class Scene:
    """A gather, and what it looks at."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder / "readings.db")
        self.live, self.pipeline = Live(self.store), Pipeline(connected=True, alive=True)
        self.gather = Gather(self.live, self.pipeline, Memory(self.store, self.live.tap), folder)
        self.register(NETWORKS, STATIONS)

    def register(self, networks: dict[str, Network], stations: dict[str, Station]) -> bool:
        self.live.refresh_registry(networks, stations, NOON_MS)
        return self.gather.look({}, NOON_MS)

    def hear(self, id_: str, at_ms: int = NOON_MS, **parts: object) -> None:
        snapshot = Snapshot("0123456789abcdef", 1, at_ms, 0, "0f8b2c1d", "synced", **parts)  # type: ignore[arg-type] # by name
        self.live.apply(id_, snapshot, at_ms)
        self.live.show(at_ms)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.store.close()


def test_influxdb_is_told_of_when_it_is_used(scene: Scene) -> None:
    facts = scene.gather.server({}, NOON_MS)
    assert (facts.influx, facts.influx_since_ms) == (False, None)
    scene.pipeline.influx = Standing()
    facts = scene.gather.server({}, NOON_MS)
    assert (facts.influx, facts.influx_since_ms) == (True, None)
    scene.pipeline.influx = Standing(since_ms=NOON_MS - MIN)
    assert scene.gather.server({}, NOON_MS).influx_since_ms == NOON_MS - MIN


def about(kind: str, scope: Scope, id_: str, unit: str = "") -> Alert:
    return Alert("0" * 16, kind, "warning", Subject(scope, id_, unit), "firing", NOON_MS)


def test_districts_are_of_a_network_and_all_inside_it(scene: Scene) -> None:
    assert scene.gather.registry.districts == (
        District("city", "", ("a", "b", "c")),
        District("city", "东区", ("a", "c")),
        District("city", "西区", ("b",)),
        District("street", "", ("c",)),
        District("street", "东区", ("c",)),
        District("empty", "", ()),
    )


def test_a_district_counts_those_that_ever_spoke(scene: Scene) -> None:
    district = scene.gather.registry.districts[0]
    facts = scene.gather.district(district, {"a": True, "c": None}, {})
    assert (facts.heard, facts.offline, facts.unknown) == (2, 1, 1)


def test_thresholds_by_network_and_station(scene: Scene) -> None:
    limits = {id_: each.too_hot_c for id_, each in scene.gather.registry.limits.items()}
    assert limits == {"a": 29, "b": 31, "c": 29, "static": 29}
    assert scene.gather.registry.network_limits["empty"] == AlertThresholds()


def test_it_is_looked_again_only_when_the_registry_has_changed(scene: Scene) -> None:
    assert not scene.gather.look({}, NOON_MS)
    before = scene.gather.registry
    assert scene.register(NETWORKS, {"a": STATIONS["a"]})
    assert scene.gather.registry is not before
    assert scene.gather.facts("b", {}, NOON_MS) is None


def test_silence_counts_from_when_the_server_hears(scene: Scene) -> None:
    def hearing(now_ms: int, *, jumped: bool = False) -> int | None:
        scene.gather.look({}, now_ms, jumped=jumped)
        facts = scene.gather.facts("a", {}, now_ms)
        assert facts
        return facts.hearing_since_ms

    assert hearing(NOON_MS + MIN) == NOON_MS
    scene.pipeline.stalled = "disk full"
    assert hearing(NOON_MS + 2 * MIN) is None
    scene.pipeline.stalled, scene.pipeline.connected = "", False
    assert hearing(NOON_MS + 3 * MIN) is None
    scene.pipeline.connected = True
    assert hearing(NOON_MS + 4 * MIN) == NOON_MS + 4 * MIN
    assert hearing(NOON_MS + 5 * MIN, jumped=True) == NOON_MS + 5 * MIN


def test_facts_of_a_station(scene: Scene) -> None:
    scene.hear("a", climate=Climate(NOON_MS, 25.0, 50.0))
    scene.pipeline.refuse_of("a", NOON_MS - MIN)
    scene.pipeline.refuse_of("a", NOON_MS - RECENTLY_MS - MIN)
    scene.gather.look({}, NOON_MS)
    facts = scene.gather.facts("a", {("too_hot", ""): "firing"}, NOON_MS)
    assert facts
    assert (facts.season, facts.rejected, facts.raised("too_hot")) == ("summer", 1, True)
    assert facts.climate(NOON_MS) == Climate(NOON_MS, 25.0, 50.0)
    silent = scene.gather.facts("b", {}, NOON_MS)
    assert silent
    assert silent.snapshot is None


def test_facts_of_the_server(scene: Scene) -> None:
    scene.pipeline.unknown("stranger", NOON_MS - MIN)
    scene.gather.look({"1": None, "2": NOON_MS - MIN}, NOON_MS)
    facts = scene.gather.server({}, NOON_MS)
    assert facts.broker_connected
    assert facts.channels == {"1": None, "2": NOON_MS - MIN}
    assert facts.unknown == {"stranger": 1}
    assert facts.disk_free_pct
    assert 0 < facts.disk_free_pct < 100
    assert scene.gather.server({}, NOON_MS + RECENTLY_MS).unknown == {}


@pytest.mark.parametrize(
    ("alert", "exists", "why"),
    [
        (about("too_hot", "station", "a"), True, "it is registered"),
        (about("too_hot", "station", "gone"), False, "it is not any more"),
        (about("no_such_kind", "station", "a"), False, "an older program knew it"),
        (about("broker_down", "station", "a"), False, "the kind is of another scope now"),
        (about("socket_fault", "station", "a", "s1"), True, "declared"),
        (about("socket_fault", "station", "a", "s2"), False, "neither declared nor spoken of"),
        (about("slot_fault", "station", "a", "c1/3"), True, "its cabinet is declared"),
        (about("cabinet_smoke", "station", "a", "c2"), False, "the cabinet was taken away"),
        (about("door_blocked", "station", "a", "back"), True, "spoken of although not declared"),
        (about("sensor_failing", "station", "a", "room"), True, "what it reports of is not declared"),
        (about("socket_fault", "station", "b", "s1"), True, "the station has not said what it has"),
        (about("district_offline", "network", "city"), True, "the network"),
        (about("district_offline", "network", "city", "西区"), True, "a district with a station"),
        (about("district_offline", "network", "city", "南区"), False, "a district without any"),
        (about("channel_failing", "server", "channel", "1"), True, "a channel that there is"),
        (about("channel_failing", "server", "channel", "9"), False, "a channel that was removed"),
        (about("broker_down", "server", "broker"), True, "the server always is"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_exists(scene: Scene, alert: Alert, exists: bool, why: str) -> None:
    sockets, cabinets = (SocketInfo("s1", "ac"),), (CabinetInfo("c1", 12),)
    scene.live.set_info("a", Info("1", 1, 30, doors=("main",), sockets=sockets, cabinets=cabinets))
    scene.hear("a", doors=(Door("back", 1, 1),))
    scene.gather.look({"1": None}, NOON_MS)
    assert scene.gather.exists(alert) is exists, why


def test_places(scene: Scene) -> None:
    place = scene.gather.place(Subject("station", "c"))
    assert place == Place(("street", "city"), "东区", "c")
    assert scene.gather.place(Subject("station", "c")) is place
