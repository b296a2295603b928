"""How many series there are: counted by a real InfluxDB, and the figures of ``docs/influx.md``."""

import re
from pathlib import Path

import pytest

from contract.messages import CabinetInfo, Info, SocketInfo
from server.demo.networks import NETWORKS as DEMO_NETWORKS
from server.demo.stations import build
from server.influx import points, series
from server.influx.backfill import Backfill, Bookmark, Span
from server.influx.client import Client
from server.store.commits import Commits
from tests.support.city import profile_of
from tests.support.influx import Influx
from tests.support.influx_city import NETWORKS, City
from tests.support.recordings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "influx.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("info", "count", "why"),
    [
        (Info("1", 1, 30), 4, "climate, occupancy, status, health"),
        (Info("1", 1, 30, sockets=(SocketInfo("a", "ac"), SocketInfo("b", "usb"))), 6, "each socket"),
        (Info("1", 1, 30, cabinets=(CabinetInfo("c", 8), CabinetInfo("d", 12))), 26, "cabinets and slots"),
    ],
)
def test_of_a_station(info: Info, count: int, why: str) -> None:
    assert series.of_station(info) == count, why


def test_influxdb_counts_the_same(influx_server: Influx, tmp_path: Path) -> None:
    city = City(tmp_path, 1_784_000_000_000 // 3_600_000 * 3_600_000, 25)
    bucket = influx_server.create("series")
    client = Client(influx_server.url, influx_server.org, bucket, influx_server.token)
    bookmark = Bookmark(tmp_path / "bookmark", "series")
    work = Backfill(client.write, bookmark, bookmark.read(city.to_ms), lambda _reached, _why: None)
    work.run(Commits(city.settings.readings_db), [Span(each, 0, city.to_ms) for each in city.places()])
    client.write(
        [points.network(each.id, each.name_zh, {"open": 1}, city.to_ms) for each in NETWORKS.values()]
    )
    client.close()
    counted = sum(row["count"] for row in influx_server.query(bucket, "SHOW SERIES EXACT CARDINALITY"))
    influx_server.drop(bucket)
    assert counted == series.of_all(city.infos.values(), len(NETWORKS)) == 26


def test_the_figures_of_the_page() -> None:
    profiles = [profile_of(each.life) for each in build(2080) if each.life is not None]
    infos = [Info("1", 1, 30, sockets=each.sockets, cabinets=each.cabinets) for each in profiles]
    assert len(infos) == 2080
    city, networks = series.of_all(infos, 0), len(DEMO_NETWORKS)
    told = [
        int(each.replace(",", "")) for each in re.findall(r"^\| [\d,]+.*? \| ([\d,]+) \|", PAGE, re.MULTILINE)
    ]
    assert told == [city + networks, round(city / 2080 * 200_000) + networks]
    sockets, cabinets = sum(len(each.sockets) for each in infos), sum(len(each.cabinets) for each in infos)
    slots = sum(cabinet.slots_count for each in infos for cabinet in each.cabinets)
    assert f"{sockets:,} sockets, {cabinets:,} cabinets\nand {slots:,} slots" in PAGE
    assert f"| {city / 2080:.1f} |" in PAGE
