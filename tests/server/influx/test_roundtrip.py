"""What the store holds comes back from InfluxDB, name by name and number by number.

From Debian's 1.6.7, and from a server of your own by ``make influx``.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contract.messages import Snapshot
from server.influx import points, words
from server.influx.backfill import Backfill, Bookmark, Reached, Span
from server.influx.client import Client
from server.store.commits import Commits
from tests.support.influx import Row
from tests.support.influx_city import DISTRICTS, NAMES, NETWORKS, STATIONS, City
from tests.support.influx_targets import TARGETS, Target, target, victoria_target
from tests.support.victoria import Victoria

FROM_MS = time.time_ns() // 1_000_000 // 3_600_000 * 3_600_000 - 86_400_000
SNAPSHOTS = 130
"""An hour and a bit of each station."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("city"), FROM_MS, SNAPSHOTS)


@pytest.fixture(scope="module", params=TARGETS)
def server(request: pytest.FixtureRequest, city: City) -> Iterator[Target]:
    """A bucket that all of the city was written to."""
    with target(request.param, request) as server:
        fill(city, server)
        yield server


def fill(city: City, to: Target) -> Reached:
    client = Client(to.url, to.org, to.bucket, to.token)
    spans = [Span(place, city.from_ms, city.to_ms) for place in city.places()]
    bookmark = Bookmark(city.folder / "bookmark", to.bucket)
    work = Backfill(client.write, bookmark, bookmark.read(city.to_ms), _goes_on)
    work.run(Commits(city.settings.readings_db), spans)
    client.close()
    assert work.letters == []
    return work.reached


def _goes_on(_reached: Reached, why: str) -> None:
    assert why == "", "it takes everything at once"


def of(server: Target, measurement: str, station: str, unit: str = "") -> list[Row]:
    """All points of a station, oldest first."""
    narrow = f" AND unit = '{unit}'" if unit else ""
    return server.rows(f"SELECT * FROM {measurement} WHERE station = '{station}'{narrow}")  # noqa: S608 (ours)


def values(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in names)


@pytest.mark.parametrize("station", DISTRICTS)
def test_tags_and_names_come_back(server: Target, station: str) -> None:
    for measurement in ("climate", "occupancy", "status", "health"):
        tags = {values(row, "network", "district", "station") for row in of(server, measurement, station)}
        network = "town" if station == "town-1" else "city"
        assert tags == {(network, DISTRICTS[station], station)}, measurement
    (known,) = (each for each in STATIONS if each.id == station)
    (name,) = {row["name"] for row in of(server, "status", station) if row["name"] is not None}
    assert name == NAMES[station]
    places = {values(row, "lat", "lon") for row in of(server, "status", station) if row["name"] is not None}
    assert places == {(known.lat, known.lon)}


@pytest.mark.parametrize("station", DISTRICTS)
def test_the_air_comes_back(server: Target, city: City, station: str) -> None:
    said = [each.climate for each in city.said[station] if each.climate]
    wanted = [(air.at_ms, air.temperature_c, air.humidity_pct, air.co2_ppm) for air in said]
    rows = of(server, "climate", station)
    assert [values(row, "time", "temperature_c", "humidity_pct", "co2_ppm") for row in rows] == wanted


@pytest.mark.parametrize("station", DISTRICTS)
def test_people_come_back(server: Target, city: City, station: str) -> None:
    first = city.said[station][0].doors[0]
    doors = [(each.at_ms, each.doors[0]) for each in city.said[station]]
    came = [
        (at_ms, door.in_total - first.in_total, door.out_total - first.out_total) for at_ms, door in doors
    ]
    rows = of(server, "occupancy", station)
    assert [values(row, "time", "visits", "exits") for row in rows] == came
    assert [row["people"] for row in rows] == [visits - exits for _, visits, exits in came]
    (known,) = (each for each in STATIONS if each.id == station)
    assert {row.get("places") for row in rows} == {known.places}


def filled(rows: list[Row], at: list[int], *names: str) -> list[tuple[Any, ...]]:
    """What was said last at each of these times; a point that names a field not at all says nothing of it."""
    by_time = {row["time"]: values(row, *names) for row in rows}
    found: list[tuple[Any, ...]] = []
    for at_ms in at:
        found.append(by_time.get(at_ms, found[-1] if found else ()))
    return found


def times(said: list[Snapshot]) -> list[int]:
    return [each.at_ms for each in said]


@pytest.mark.parametrize(("station", "n"), [("ferry", 0), ("ferry", 2), ("town-1", 0)])
def test_sockets_come_back(server: Target, city: City, station: str, n: int) -> None:
    said = city.said[station]
    wanted = [(s.state, words.SOCKET[s.state], s.power_w) for s in (each.sockets[n] for each in said)]
    rows = of(server, "sockets", station, f"s{n}")
    assert filled(rows, times(said), "state", "state_code", "power_w") == wanted


@pytest.mark.parametrize(("station", "n"), [("ferry", 1), ("ferry", 4), ("market", 2)])
def test_cabinets_come_back(server: Target, city: City, station: str, n: int) -> None:
    said = city.said[station]
    cabinets = [each.cabinets[0] for each in said]
    rows = of(server, "cabinets", station, "c0")
    wanted = [(int(each.online), 1, each.temperature_c) for each in cabinets]
    assert filled(rows, times(said), "online", "mains_ok", "temperature_c") == wanted
    slots = [(each.slots[n - 1].soc_pct, 30.5) for each in cabinets]
    assert (
        filled(of(server, "cabinets", station, f"c0/{n}"), times(said), "soc_pct", "temperature_c") == slots
    )
    offline = [
        each["state_code"] == words.SLOT["offline"] for each in of(server, "cabinets", station, f"c0/{n}")
    ]
    assert any(offline)
    assert not all(offline)


@pytest.mark.parametrize("station", DISTRICTS)
def test_the_sums_come_back(server: Target, city: City, station: str) -> None:
    rows = of(server, "status", station)
    assert [row["time"] for row in rows] == times(city.said[station])
    free = [sum(socket.state == "free" for socket in each.sockets) for each in city.said[station]]
    assert [row["sockets_free"] for row in rows] == free
    info = city.infos[station]
    assert {row["sockets_total"] for row in rows} == {len(info.sockets)}
    assert {row["slots_total"] for row in rows} == {sum(each.slots_count for each in info.cabinets)}
    for word, codes in (("access", words.ACCESS), ("crowding", words.CROWDING), ("comfort", words.COMFORT)):
        known: Mapping[str, int] = {str(name): code for name, code in codes.items()}
        assert [row[f"{word}_code"] for row in rows] == [known[row[word]] for row in rows]


@pytest.mark.parametrize("station", DISTRICTS)
def test_the_machine_comes_back(server: Target, city: City, station: str) -> None:
    said = [(each.at_ms, each.health) for each in city.said[station] if each.health]
    wanted = [
        (at, h.outbox_rows, h.uptime_s, h.cpu_c, int(h.undervoltage or 0), 1, "0.1.0") for at, h in said
    ]
    names = ("time", "outbox_rows", "uptime_s", "cpu_c", "undervoltage", "clock_synced", "agent_version")
    assert [values(row, *names) for row in of(server, "health", station)] == wanted


def test_written_once_more_it_is_there_once(server: Target, city: City) -> None:
    asked = "SELECT count(*) FROM climate, occupancy, sockets, cabinets, status, health"
    before = server.rows(asked)
    assert before
    fill(city, server)
    assert server.rows(asked) == before


def test_a_network_comes_back(server: Target) -> None:
    counts = {"open": 3, "hot": 0, "visits_today": None, "registered": 2080}
    lines = [points.network(each.id, each.name_zh, counts, FROM_MS) for each in NETWORKS.values()]
    client = Client(server.url, server.org, server.bucket, server.token)
    client.write(lines)
    client.close()
    rows = server.rows("SELECT * FROM network")
    assert {values(row, "time", "network", "open", "hot", "visits_today", "registered") for row in rows} == {
        (FROM_MS, "city", 3, 0, None, 2080),
        (FROM_MS, "town", 3, 0, None, 2080),
    }
    assert {row["name"] for row in rows} == {'城市 "甲",  n=1 二', "小镇🍜"}


def test_victoriametrics_has_the_same_numbers(victoria_server: Victoria, city: City) -> None:
    fill(city, victoria_target(victoria_server))
    for station, said in city.said.items():
        wanted = [(each.climate.at_ms, each.climate.temperature_c) for each in said if each.climate]
        (air,) = victoria_server.samples(f'climate_temperature_c{{station="{station}"}}')
        assert air.labels["district"] == DISTRICTS[station]
        assert air.values == wanted
        (visits,) = victoria_server.samples(f'occupancy_visits{{station="{station}"}}')
        first = said[0].doors[0].in_total
        assert visits.values == [(each.at_ms, each.doors[0].in_total - first) for each in said]
    assert len(victoria_server.samples('status_access_code{network=~"city|town"}')) == 3
