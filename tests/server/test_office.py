"""What staff work with beside the readings: it comes up with the server, and the server without it."""

import time
from datetime import date
from pathlib import Path

import httpx
import pytest

from server.accounts.tables import PART as ACCOUNTS
from server.alerts.engine import Engine
from server.alerts.model import Alert
from server.desk import Desk
from server.office import PARTS
from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.mosquitto import Broker
from tests.support.server import RawStation, register, running_server, settings_for
from tests.support.wait import until

SOON_S = 30.0


def smoking(engine: Engine) -> list[Alert]:
    """Not what the first pass may say of a server that is not connected yet."""
    return [alert for alert in engine.alerts() if alert.kind == "cabinet_smoke"]


def test_smoke_from_a_station_to_the_desk(broker: Broker, tmp_path: Path) -> None:
    register(tmp_path, ["canteen"])
    with running_server(settings_for(broker, tmp_path)) as server:
        office = server.office
        assert office
        engine = office.staff.engine
        with RawStation(broker, "canteen", broker.add_user("canteen")) as station:
            smoke = snapshot(
                1, time.time_ns() // 1_000_000, cabinets=[{"id": "c1", "online": True, "smoke": True}]
            )
            station.send(as_bytes(telemetry(smoke)))
            until(lambda: smoking(engine), SOON_S, "it is judged")
            (alert,) = smoking(engine)
        assert (alert.subject.id, alert.state) == ("canteen", "firing")
        assert office.staff.ledger.find(alert.id) == alert
        until(engine.well, SOON_S, "passes are made")
        assert httpx.get(f"http://127.0.0.1:{server.http_port}/staff", timeout=5).status_code == 303
        assert office.staff.rollups is not None
        assert not list(office.staff.rollups.days(date(2026, 7, 1), date(2026, 7, 31))), "no day is over yet"


@pytest.mark.parametrize("trouble", ["a folder", "not a database", "of a newer program"])
def test_without_its_file_riders_are_served(
    broker: Broker, tmp_path: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    register(tmp_path, ["canteen"])
    settings = settings_for(broker, tmp_path)
    if trouble == "a folder":
        settings.desk_db.mkdir()
    elif trouble == "not a database":
        settings.desk_db.write_bytes(b"no database at all, but long enough to look like one" * 100)
    else:
        desk = Desk.open(settings.desk_db, ACCOUNTS)
        with desk.writing() as connection:
            connection.exec_driver_sql("UPDATE parts SET version = 99")
        desk.close()
    with running_server(settings) as server:
        assert server.office is None
        assert "no_alerts_no_console" in caplog.text
        with httpx.Client(base_url=f"http://127.0.0.1:{server.http_port}", timeout=5) as client:
            assert client.get("/api/v1/stations/canteen").status_code == 200
            assert client.get("/staff").status_code == 503
            ready = client.get("/readyz")
            assert ready.status_code == 200
            assert ready.json()["notices"]


def test_every_part_of_the_desk_is_opened() -> None:
    assert [part.name for part in PARTS] == ["accounts", "alerts", "notify", "notices", "served", "walls"]
