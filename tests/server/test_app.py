"""The whole server: how it starts, what it survives, how it ends."""

import logging
import resource
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import Server, raise_descriptor_limit
from server.rollups.calendar import QUARTER_MS, QUARTERS
from server.rollups.partial import Partial, Sums
from server.rollups.writing import Writer
from server.store.sqlite import Store
from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker
from tests.support.server import RawStation, ServerProcess, register, running_server, settings_for
from tests.support.wait import until

SOON_S = 30.0
ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    register(tmp_path / "data", ["canteen", "library"])
    return tmp_path / "data"


@pytest.fixture
def station(broker: Broker) -> Iterator[RawStation]:
    with RawStation(broker, "canteen", broker.add_user("canteen")) as connected:
        yield connected


@pytest.fixture
def child(broker: Broker, data_dir: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(settings_for(broker, data_dir))
    process.start()
    yield process
    process.stop()


def batch(seq: int, **parts: object) -> bytes:
    return as_bytes(telemetry(snapshot(seq, time.time_ns() // 1_000_000, **parts)))


def told(child: ServerProcess) -> dict[str, Any]:
    body: dict[str, Any] = httpx.get(f"{child.url}/api/v1/stations/canteen", timeout=SOON_S).json()
    return body


def test_from_a_station_to_the_api(child: ServerProcess, station: RawStation) -> None:
    station.send(batch(1))
    until(lambda: station.committed() == {1}, SOON_S, "it is acked")
    state = until(lambda: (now := told(child))["freshness"] == "fresh" and now, SOON_S, "the API says it")
    assert state["comfort"]["temperature_c"] == 24.5


def test_what_is_pruned_is_told_from_the_roll_ups(broker: Broker, data_dir: Path) -> None:
    settings, hour_ms = settings_for(broker, data_dir), 3_600_000
    at_ms = (time.time_ns() // 1_000_000 - 100 * 24 * hour_ms) // hour_ms * hour_ms
    Store.open(settings.readings_db).close()
    with closing(sqlite3.connect(settings.readings_db)) as file, file:
        file.execute("UPDATE pruned SET hour = ?", (at_ms // hour_ms + 24,))
    sums, quarter = Sums(2, 49_000, 24_000, 25_000, 25_000, at_ms), at_ms // QUARTER_MS
    with closing(Writer.open(settings.rollups_db)) as writer, writer.transaction():
        no, _ = writer.station("canteen", "UTC")
        kept = {quarter: Partial(2, 0, at_ms, at_ms, {}, {"temperature_c": sums})}
        writer.put_partials(no, quarter // QUARTERS, kept, 1_096)
    with running_server(settings) as server:
        asked = {"quantity": "temperature_c", "from": iso(at_ms), "to": iso(at_ms + hour_ms)}
        url = f"http://127.0.0.1:{server.http_port}/api/v1/stations/canteen/history"
        [step] = httpx.get(url, params=asked, timeout=SOON_S).json()["steps"]
    assert (step["value"], step["minimum"], step["maximum"]) == (24.5, 24, 25)


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def test_a_killed_server_is_back_and_tells_the_same(child: ServerProcess, station: RawStation) -> None:
    station.send(batch(1))
    until(lambda: told(child)["freshness"] == "fresh", SOON_S, "the API says it")
    before = told(child)
    child.kill()
    station.send(batch(2))
    child.start()
    until(lambda: station.committed() == {1, 2}, SOON_S, "what came meanwhile is committed")
    after = until(lambda: (now := told(child))["freshness"] == "fresh" and now, SOON_S, "the API says it")
    assert after["comfort"]["value"] == before["comfort"]["value"]
    child.stop()
    store = Store.open(child.settings.readings_db)
    assert store.check_integrity() == []
    assert [each.snapshot.seq for each in store.snapshots("canteen", 0, 2**53)] == [1, 2]
    store.close()


def test_an_orderly_end_is_exit_code_0(broker: Broker, data_dir: Path) -> None:
    process = ServerProcess(settings_for(broker, data_dir))
    process.start()
    assert process.stop() == 0


def test_a_corrupt_store_is_moved_aside_at_the_start_and_said(
    broker: Broker, data_dir: Path, station: RawStation, caplog: pytest.LogCaptureFixture
) -> None:
    (data_dir / "readings.db").write_bytes(b"overwritten" * 1000)
    began = time.monotonic()
    with caplog.at_level(logging.ERROR), running_server(settings_for(broker, data_dir)) as server:
        station.send(batch(1))
        until(lambda: station.committed() == {1}, SOON_S, "readings are taken")
        assert Path(server.pipeline.store_replaced).read_bytes() == b"overwritten" * 1000
    assert time.monotonic() - began < SOON_S
    assert "store_corrupt" in caplog.text


def test_an_error_nobody_foresaw_ends_the_process_with_code_1(broker: Broker, data_dir: Path) -> None:
    program = (
        "import sys; from server import config; from server.app import Server;"
        "server = Server(config.load());"
        "server.live.settle = lambda now_ms: 1 / 0;"
        "sys.exit(server.run())"
    )
    process = ServerProcess(settings_for(broker, data_dir), (sys.executable, "-c", program))
    process.start(wait=False)
    assert process.wait() == 1


def test_an_address_in_use_is_said_plainly(broker: Broker, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(broker, data_dir, taken.getsockname()[1])
        process = ServerProcess(settings)
        process.start(wait=False)
        assert process.wait() == 1


def test_a_wrong_setting_is_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "waystation.toml"
    path.write_text("\nport = 'eighty'\n")
    done = subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-m", "server", "serve", "--config", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert f"{path}:2: port = 'eighty': expected a whole number from 0 to 65535" in done.stderr


def test_a_start_that_failed_leaves_nothing_behind(broker: Broker, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(settings_for(broker, data_dir, taken.getsockname()[1]))
        with pytest.raises(OSError, match="in use"):
            server.start()
        server.stop()
    with running_server(settings_for(broker, data_dir)) as again:
        assert again.pipeline.ready


def test_the_descriptor_limit_is_raised_to_what_is_allowed() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("peer", "scheme", "why"),
    [
        ("127.0.0.1", "https", "the proxy of the default is on this machine"),
        ("127.0.0.2", "http", "anybody else may claim what they like"),
    ],
)
def test_who_is_believed_about_https(child: ServerProcess, peer: str, scheme: str, why: str) -> None:
    """Seen where a page is called with a slash too many: it is sent on to its full address."""
    claim = {"x-forwarded-proto": "https", "host": "stations.example.org"}
    with httpx.Client(transport=httpx.HTTPTransport(local_address=peer)) as client:
        answer = client.get(f"{child.url}/api/v1/stations/canteen/", headers=claim)
    assert answer.headers["location"] == f"{scheme}://stations.example.org/api/v1/stations/canteen", why


def test_a_row_that_cannot_be_unpacked_does_not_keep_the_server_from_starting(
    child: ServerProcess, station: RawStation, data_dir: Path
) -> None:
    station.send(batch(1))
    until(lambda: station.committed() == {1}, SOON_S, "it is acked")
    child.stop()
    with closing(sqlite3.connect(data_dir / "readings.db")) as raw, raw:
        assert raw.execute("UPDATE snapshot SET units = x'c1'").rowcount == 1
    child.start()
    station.send(batch(2))
    until(lambda: station.committed() == {1, 2}, SOON_S, "the next one is acked")
    until(lambda: told(child)["freshness"] == "fresh", SOON_S, "the API says it")
    assert "waystation_damaged_rows_total 1.0" in httpx.get(f"{child.url}/metrics", timeout=SOON_S).text
