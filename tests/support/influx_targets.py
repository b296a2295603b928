"""What takes InfluxDB 2's client: Debian's InfluxDB 1.6.7 always, and a server of your own if you name one.

``INFLUX_URL``, ``INFLUX_TOKEN`` and ``INFLUX_ORG`` name it; the token must be allowed to make and to drop
buckets. Every test gets a bucket of its own there, which is dropped afterwards; nothing else is touched.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from server.influx import setup
from tests.support.influx import ANSWER_S, Influx, Row, rows_of
from tests.support.victoria import Victoria

NAMES = ("INFLUX_URL", "INFLUX_TOKEN", "INFLUX_ORG")
TARGETS = ("influxdb-1.6.7", "influxdb-2")

Write = Callable[[str], None]


class Target(NamedTuple):
    """A server and one bucket of it.

    Attributes:
        rows: what it answers to InfluxQL: columns, and the tags grouped by; time in ms.
    """

    url: str
    token: str
    org: str
    bucket: str
    rows: Callable[[str], list[Row]]


@contextmanager
def target(name: str, request: pytest.FixtureRequest, days: int = 0) -> Iterator[Target]:
    """An empty bucket of the server of that name, which keeps ``days`` (0: for ever)."""
    bucket = f"waystation-test-{secrets.token_hex(4)}"
    if name == "influxdb-2":
        with _yours(bucket, days) as yours:
            yield yours
        return
    server: Influx = request.getfixturevalue("influx_server")
    server.create(bucket, f"{days}d" if days else "INF")
    yield Target(server.url, server.token, server.org, bucket, lambda asked: server.query(bucket, asked))
    server.drop(bucket)


@contextmanager
def _yours(bucket: str, days: int) -> Iterator[Target]:
    """A bucket of the InfluxDB 2 that the environment names; made as ``waystation influx setup`` does it."""
    if not all(os.environ.get(name) for name in NAMES):
        pytest.skip(f"no InfluxDB 2 is named: {', '.join(NAMES)}")
    url, token, org = (os.environ[name] for name in NAMES)
    authorized = {"Authorization": f"Token {token}"}
    with httpx.Client(base_url=url, headers=authorized, timeout=ANSWER_S) as client:

        def rows(influxql: str) -> list[Row]:
            asked = {"db": bucket, "q": influxql, "epoch": "ms"}
            return list(rows_of(client.get("/query", params=asked).raise_for_status().json()))

        made = setup.prepare(url, token, org, bucket, days)
        try:
            yield Target(url, token, org, bucket, rows)
        finally:
            client.delete(f"/api/v2/buckets/{made.bucket_id}").raise_for_status()


def victoria_target(server: Victoria) -> Target:
    """VictoriaMetrics, which takes any token and bucket, and is asked by ``server.samples``."""

    def rows(influxql: str) -> list[Row]:
        raise NotImplementedError(f"it has no InfluxQL: {influxql}")

    return Target(server.url, "any", "any", "any", rows)


@contextmanager
def writing(to: Target) -> Iterator[Write]:
    """Writes lines in ms as the forwarder does: one request, gzip, answered before it returns."""
    with InfluxDBClient(to.url, to.token, org=to.org, enable_gzip=True) as client:
        writer = client.write_api(write_options=SYNCHRONOUS)

        def write(lines: str) -> None:
            writer.write(to.bucket, to.org, lines.encode(), write_precision="ms")

        yield write
