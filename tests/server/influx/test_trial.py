"""What is said of address, token and bucket, by what real servers and others answer to an empty write."""

import socket
from collections.abc import Iterator

import pytest

from server.influx.trial import Tried, meant, tried
from tests.support.influx import Answer, Influx
from tests.support.influx_api import ALL, Api, influx_api
from tests.support.mosquitto import free_port
from tests.support.victoria import Victoria

WELL = "there; a write would be taken"


@pytest.fixture
def api() -> Iterator[Api]:
    with influx_api() as api:
        api.buckets["id"] = {"id": "id", "name": "b"}
        yield api


def asked(url: str, token: str, org: str, bucket: str = "b") -> Tried:
    return tried(url, token, org, bucket, answer_s=5)


def test_of_influxdb_2(api: Api) -> None:
    here = "answers as InfluxDB 2.7.12"
    writer = api.token(frozenset({"write"}))
    assert asked(api.url, writer, api.org) == Tried(here, "accepted", WELL, well=True)
    unknown = asked(api.url, "another", api.org)
    assert unknown == Tried(here, "401 the token is not accepted: unauthorized access")
    reader = asked(api.url, api.token(ALL - {"write"}), api.org)
    why = "403 the token may not write there: insufficient permissions for write"
    assert reader == Tried(here, why, "not open to this token")
    missing = asked(api.url, writer, api.org, "c")
    assert missing == Tried(here, "accepted", '404 no such bucket or organization: bucket "c" not found')
    assert api.changes == [], "nothing is written"


def test_of_influxdb_1_behind_a_rewrite(influx_server: Influx) -> None:
    bucket = influx_server.create("tried")
    url, token, org = influx_server.url, influx_server.token, influx_server.org
    well = asked(url, token, org, bucket)
    assert (well.token, well.bucket, well.well) == ("accepted", WELL, True)
    assert well.address.startswith("answers as InfluxDB 1.6.7")
    unknown = asked(url, "another", org, bucket)
    assert unknown.token.startswith("401 the token is not accepted")
    assert asked(url, token, org, "c").bucket.startswith("404 no such bucket or organization")
    influx_server.instead.append(Answer(503, headers={"Retry-After": "7"}))
    assert asked(url, token, org, bucket).address == "answers, but takes nothing now: 503 not ready: not now"
    assert influx_server.query(bucket, "SHOW MEASUREMENTS") == [], "nothing is written"
    influx_server.drop(bucket)


def test_of_victoriametrics_which_asks_for_no_token(victoria_server: Victoria) -> None:
    found = asked(victoria_server.url, "", "any")
    assert (found.token, found.bucket, found.well) == ("accepted", WELL, True)


def test_of_what_is_not_there_or_says_nothing() -> None:
    assert asked(f"http://127.0.0.1:{free_port()}", "t", "o").address.startswith("cannot be reached: ")
    assert asked("http://", "t", "o").address.startswith("cannot be reached: ")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = tried(url, "t", "o", "b", answer_s=0.2)
    assert found == Tried("connects, but does not answer within 0.2 s")


@pytest.mark.parametrize(
    ("status", "body", "version"),
    [
        (404, "404 page not found\n", "1.6.7"),
        (405, "<html>nginx</html>", ""),
        (200, "<html>welcome</html>", ""),
        (302, "", ""),
        (500, '{"code":"internal error","message":"disk"}', "v2.7.12"),
    ],
    ids=["InfluxDB 1 itself", "a proxy", "a page", "a sign-in", "broken"],
)
def test_of_something_else(status: int, body: str, version: str) -> None:
    found = meant(status, body, version)
    assert "but not as InfluxDB 2 does: " in found.address
    assert str(status) in found.address
    assert not found.well
