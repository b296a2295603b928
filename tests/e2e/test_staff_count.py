"""Staff set a count on a real server: told, kept over a kill, late crossings put in place."""

import time
from contextlib import closing
from pathlib import Path

import httpx

from contract import codec
from contract.messages import Door, Presence, Snapshot, Telemetry
from server.accounts.audit import entries
from server.accounts.sessions import COOKIE, csrf_of, open_session
from server.accounts.tables import PART
from server.broker import TICK_S
from server.desk import Desk
from server.store.reader import Reader
from tests.support.mosquitto import Broker
from tests.support.server import RawStation, ServerProcess, register, settings_for
from tests.support.staff import PASSWORD, PROFILES, TERMINAL, Staff
from tests.support.wait import until

STATION = "canteen"
BOOT = "6fd1c0de-1111-2222-3333-444455556666"
PEOPLE = f"/staff/stations/{STATION}/people"


def telemetry(seq: int, at_ms: int, came: int) -> bytes:
    doors = (Door("d0", 100 + came, 100),)
    one = Snapshot("00000000000000aa", seq, at_ms, seq, BOOT, "synced", doors=doors, presence=Presence(at_ms))
    return codec.encode(Telemetry(BOOT, seq, (one,)))


def signed_in(folder: Path) -> str:
    """The cookie of an admin's session, as signing in makes it."""
    with closing(Desk.open(folder / "desk.db", PART)) as desk:
        now_ms = time.time_ns() // 1_000_000
        users = Staff.users_of(desk)
        users.add("ada", PROFILES["ada"], PASSWORD, TERMINAL, now_ms)
        user = users.all()[0]
        with desk.writing() as connection:
            return open_session(connection, user, now_ms)


def word(server: ServerProcess) -> str:
    """What riders are told of the crowding."""
    station = httpx.get(f"{server.url}/api/v1/stations/{STATION}").json()
    return str(station["crowding"]["value"])


def test_a_count_by_staff_from_the_tap_to_after_a_kill(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    register(folder, [STATION])
    token = signed_in(folder)
    headers = {"cookie": f"{COOKIE}={token}", "sec-fetch-site": "same-origin"}
    server = ServerProcess(settings_for(broker, folder))
    server.start()
    try:
        with RawStation(broker, STATION, broker.add_user(STATION)) as station:
            base_ms = time.time_ns() // 1_000_000 - 60_000
            station.send(telemetry(1, base_ms, 0))
            station.send(telemetry(2, base_ms + 10_000, 16))
            until(lambda: station.committed() >= {1, 2}, 30, "both are committed")
            until(lambda: word(server) == "crowded", 30, "16 of 20 places")
            form = {"csrf": csrf_of(token), "people": "4"}
            answer = httpx.post(server.url + PEOPLE, data=form, headers=headers)
            assert (answer.status_code, answer.headers["location"][-13:]) == (303, "?said=counted")
            until(lambda: word(server) == "quiet", 20, "riders are told")
            assert TICK_S <= 1, "within a second, where nothing else is done"
            counted_ms = Reader(folder / "readings.db").staff_counts(STATION, 0, 2**53)[0].at_ms
            server.kill()
            server.start()
            assert word(server) == "quiet", "after the kill"
            station.send(telemetry(4, counted_ms + 1_000, 19))
            station.send(telemetry(3, counted_ms - 5_000, 18))  # late: two of the three were inside already
            until(lambda: station.committed() >= {3, 4}, 30, "all are committed")
            page = f"{server.url}/staff/stations/{STATION}"
            until(
                lambda: "<strong>5</strong>" in httpx.get(page, headers=headers).text, 30, "4, and one later"
            )
    finally:
        server.stop()
    with closing(Desk.open(folder / "desk.db", PART)) as desk, desk.reading() as connection:
        entry = next(each for each in entries(connection, 10) if each.what == "occupancy.corrected")
    assert (entry.by, entry.whom, dict(entry.values)) == ("ada", STATION, {"before": 16, "after": 4})
