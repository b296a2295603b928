"""Lines as they are written, with every kind of text that people type into names."""

import pytest

from contract.messages import Climate, Health
from server.influx import points
from server.influx.points import Sums, Words
from server.occupancy import Occupancy

WHERE = points.where("taiyuan", "小店区", "taiyuan-0001")
AT_MS = 1_753_416_000_000


def test_the_tags_of_a_station() -> None:
    assert WHERE == ",network=taiyuan,district=小店区,station=taiyuan-0001"
    assert points.where("n", "", "s") == ",network=n,district=-,station=s", "a tag is never empty"


@pytest.mark.parametrize(
    ("district", "written"),
    [
        ("A, B=C D", r"A\,\ B\=C\ D"),
        ("line\nbreak\r", r"line\ break"),
        ("back\\", "back"),
        ('quote"', 'quote"'),
        (" \t ", "-"),
    ],
)
def test_a_district_cannot_break_out_of_its_tag(district: str, written: str) -> None:
    assert points.where("n", district, "s") == f",network=n,district={written},station=s"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("太原站", '"太原站"'),
        ('the "best"', r'"the \"best\""'),
        ("a\\", '"a "'),
        ('\\" v=1 1\nm v=2', r'" \" v=1 1 m v=2"'),
    ],
)
def test_a_name_cannot_break_out_of_its_field(name: str, written: str) -> None:
    assert points.name(name, None, None) == f",name={written}"


def test_where_a_station_is() -> None:
    assert points.name("站", 37.8, 112.5) == ',name="站",lat=37.8,lon=112.5'


def test_climate() -> None:
    air = Climate(AT_MS - 500, 26.5, 40.0, 700)
    line = f"climate{WHERE} temperature_c=26.5,humidity_pct=40.0,co2_ppm=700 {AT_MS - 500}"
    assert points.climate(WHERE, air, AT_MS) == line
    assert points.climate(WHERE, Climate(AT_MS - 500), AT_MS) is None, "nothing measured, nothing written"
    early = points.climate(WHERE, Climate(AT_MS + 900, 20.0), AT_MS)
    assert early == f"climate{WHERE} temperature_c=20.0 {AT_MS}", "a sensor is not ahead of its station"


def test_occupancy() -> None:
    people = Occupancy(AT_MS, (("main", 9, 5),), -2, 9, 5, estimated=True)
    written = "people=0i,visits=9i,exits=5i,places=12i,estimated=1i"
    assert points.occupancy(WHERE, people, 12, AT_MS) == f"occupancy{WHERE} {written} {AT_MS}"
    assert ",places" not in points.occupancy(WHERE, people, None, AT_MS)


def test_units() -> None:
    fields = points.socket("charging", 41.5)
    assert fields == 'state="charging",state_code=1i,power_w=41.5'
    assert points.socket("unknown", None) == 'state="unknown",state_code=9i'
    assert (
        points.slot("charged", 97.0, 31.0) == 'state="charged",state_code=0i,soc_pct=97.0,temperature_c=31.0'
    )
    assert points.cabinet(True, False, 30.5, False) == "online=1i,mains_ok=0i,smoke=0i,temperature_c=30.5"
    assert points.cabinet(False, None, None, None) == "online=0i"
    assert points.unit("sockets", WHERE, "a1", fields, 5) == f"sockets{WHERE},unit=a1 {fields} 5"


def test_status() -> None:
    said, sums = Words("closing_soon", "full", "hot"), Sums(1, 2, 3, 4, 5)
    assert points.status(WHERE, said, sums, "", AT_MS) == (
        f'status{WHERE} access="closing_soon",access_code=1i,crowding="full",crowding_code=3i,comfort="hot",'
        f"comfort_code=3i,sockets_free=1i,sockets_total=2i,batteries_charged=3i,slots_total=4i,problems=5i"
        f" {AT_MS}"
    )


def test_health() -> None:
    full = Health(3, 2, 600, 1, cpu_c=51.0, undervoltage=False, disk_free_pct=80.5)
    assert points.health(WHERE, full, '1.0 "x"', True, AT_MS) == (
        f'health{WHERE} agent_version="1.0 \\"x\\"",outbox_rows=3i,dropped_total=2i,refused_total=1i,'
        f"uptime_s=600i,clock_synced=1i,undervoltage=0i,cpu_c=51.0,disk_free_pct=80.5 {AT_MS}"
    )
    assert points.health(WHERE, Health(0, 0, 1), "", False, AT_MS) == (
        f"health{WHERE} outbox_rows=0i,dropped_total=0i,refused_total=0i,uptime_s=1i,clock_synced=0i {AT_MS}"
    )


def test_a_network() -> None:
    line = points.network("n", "网", {"registered": 3, "visits_today": None, "hot": 0}, AT_MS)
    assert line == f'network,network=n name="网",registered=3i,hot=0i {AT_MS}'
