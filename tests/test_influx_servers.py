"""The servers of other people that other tests stand on: they are what they are said to be."""

from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import ProtocolError

from tests.support.influx import Answer, Influx, influx
from tests.support.victoria import Victoria

AT_MS = 1_785_000_000_000


def write(server: Influx, bucket: str, lines: str, token: str | None = None) -> None:
    """As the client of InfluxDB 2 does it, in ms."""
    with InfluxDBClient(server.url, token or server.token, org=server.org, enable_gzip=True) as client:
        writer = client.write_api(write_options=SYNCHRONOUS)
        writer.write(bucket, server.org, lines.encode(), write_precision="ms")


def test_influxdb_keeps_what_it_said_204_to(tmp_path: Path) -> None:
    with influx(tmp_path) as server:
        server.create("kept")
        write(server, "kept", f'm,station=a people=3i,name="驿站" {AT_MS}')
        server.kill()
        with pytest.raises(ProtocolError):
            write(server, "kept", f"m,station=a people=4i {AT_MS}")
        server.start()
        rows = server.query("kept", "SELECT last(people) AS people FROM m GROUP BY station")
        assert rows == [{"time": AT_MS, "people": 3, "station": "a"}]


def test_influxdb_refuses_in_the_words_of_2(influx_server: Influx) -> None:
    bucket = influx_server.create("refusing", "14d")
    with pytest.raises(ApiException, match="unauthorized access") as wrong:
        write(influx_server, bucket, f"m x=1 {AT_MS}", "another token")
    assert wrong.value.status == 401
    with pytest.raises(ApiException, match="not found") as missing:
        write(influx_server, "another bucket", f"m x=1 {AT_MS}")
    assert missing.value.status == 404
    with pytest.raises(ApiException, match="beyond retention policy") as old:
        write(influx_server, bucket, "m x=1 1000000000000")
    assert old.value.status == 422
    influx_server.instead.append(Answer(503, headers={"Retry-After": "7"}))
    with pytest.raises(ApiException) as busy:
        write(influx_server, bucket, f"m x=1 {AT_MS}")
    assert busy.value.headers["Retry-After"] == "7"
    with pytest.raises(ValueError, match="error parsing query"):
        influx_server.query(bucket, "SELECT")


def test_victoriametrics_takes_the_client_unchanged(victoria_server: Victoria) -> None:
    with InfluxDBClient(victoria_server.url, "any", org="any", enable_gzip=True) as client:
        writer = client.write_api(write_options=SYNCHRONOUS)
        writer.write(
            "any", "any", f'm,station=a people=3i,name="驿站" {AT_MS}'.encode(), write_precision="ms"
        )
    (people,) = victoria_server.samples('m_people{station="a"}')
    assert people.labels == {"__name__": "m_people", "station": "a"}
    assert people.values == [(AT_MS, 3)]
    (name,) = victoria_server.samples("m_name")
    assert name.values == [(AT_MS, 0)], "text is stored as nought"
