"""What Waystation relies on in InfluxDB.

Asked of Debian's 1.6.7, and of a server of your own by ``make influx``.
"""

import time
from collections.abc import Iterator

import pytest
from influxdb_client.rest import ApiException

from tests.support.influx_targets import TARGETS, Target, Write, target, victoria_target, writing
from tests.support.victoria import Victoria

AT_MS = time.time_ns() // 60_000_000_000 * 60_000 - 3_600_000
"""A full minute of the last hours: servers of others have clocks and retention of their own."""
DAY_MS = 86_400_000


@pytest.fixture(params=TARGETS)
def server(request: pytest.FixtureRequest) -> Iterator[Target]:
    with target(request.param, request) as server:
        yield server


@pytest.fixture
def write(server: Target) -> Iterator[Write]:
    with writing(server) as write:
        yield write


def test_a_point_is_its_tags_and_time(server: Target, write: Write) -> None:
    write(f"occupancy,station=a people=3i,places=8i {AT_MS}\noccupancy,station=b people=5i {AT_MS}")
    write(f"occupancy,station=a people=4i {AT_MS}")
    write(f"occupancy,station=a people=4i {AT_MS}")
    rows = server.rows("SELECT people, places FROM occupancy GROUP BY station")
    assert rows == [
        {"time": AT_MS, "station": "a", "people": 4, "places": 8},
        {"time": AT_MS, "station": "b", "people": 5, "places": None},
    ], "the newer value of a field wins, the other fields stay, other tags are another point"


def test_numbers_come_back_as_they_were_written(server: Target, write: Write) -> None:
    whole = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)]
    floats = [0.1, 26.4, -40.0, 1e-9, 123456.789, 5e-324]
    write("\n".join(f"m,of=int v={value}i {AT_MS + at}" for at, value in enumerate(whole)))
    write("\n".join(f"n,of=float v={value!r} {AT_MS + at}" for at, value in enumerate(floats)))
    assert [row["v"] for row in server.rows("SELECT v FROM m")] == whole
    assert [row["v"] for row in server.rows("SELECT v FROM n")] == floats


def test_a_field_keeps_its_type(server: Target, write: Write) -> None:
    write(f"m people=3i {AT_MS}")
    with pytest.raises(ApiException, match="field type conflict") as refused:
        write(f"m people=3i {AT_MS + 1}\nm people=3.5 {AT_MS + 2}\nm people=4i {AT_MS + 3}")
    assert refused.value.status in (422, 500), "500: the first releases of 2"
    rows = server.rows("SELECT people FROM m")
    assert [row["time"] - AT_MS for row in rows] == [0, 1, 3], "the points beside it are kept"


def test_a_line_that_cannot_be_read_is_named(server: Target, write: Write) -> None:
    with pytest.raises(ApiException, match="unable to parse 'm people= ") as refused:
        write(f"m people=3i {AT_MS}\nm people= {AT_MS + 1}")
    assert refused.value.status == 400
    write(f"m people=3i {AT_MS}")
    assert len(server.rows("SELECT people FROM m")) == 1, (
        "written again without it, the other line is there once"
    )


@pytest.mark.parametrize("name", TARGETS)
def test_points_older_than_the_bucket_keeps_are_refused(name: str, request: pytest.FixtureRequest) -> None:
    with target(name, request, days=14) as server, writing(server) as write:
        with pytest.raises(ApiException, match=r"points (beyond|outside) retention policy") as refused:
            write(f"m people=1i {AT_MS - 16 * DAY_MS}\nm people=2i {AT_MS}")
        assert refused.value.status in (422, 500)
        assert [row["people"] for row in server.rows("SELECT people FROM m")] == [2]


def test_who_may_not_write_is_told(server: Target) -> None:
    gone = server._replace(bucket=f"{server.bucket}-gone")
    with writing(gone) as write, pytest.raises(ApiException, match="not found") as missing:
        write(f"m people=1i {AT_MS}")
    assert missing.value.status == 404
    stranger = server._replace(token=server.token[::-1])
    with writing(stranger) as write, pytest.raises(ApiException, match="unauthorized") as unknown:
        write(f"m people=1i {AT_MS}")
    assert unknown.value.status == 401


def test_victoriametrics_overwrites_nothing_twice(victoria_server: Victoria) -> None:
    with writing(victoria_target(victoria_server)) as write:
        write(f"twice,station=a people=3i,open=1i {AT_MS}")
        write(f"twice,station=a people=3i {AT_MS}\ntwice,station=a people=4i {AT_MS + 60_000}")
    (people,) = victoria_server.samples("twice_people")
    assert people.values == [(AT_MS, 3), (AT_MS + 60_000, 4)]
    (is_open,) = victoria_server.samples("twice_open")
    assert is_open.values == [(AT_MS, 1)]
