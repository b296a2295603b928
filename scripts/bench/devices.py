"""The agent with real protocols at its other end: meters on Modbus, a cabinet that dials, climate sensors."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.clock import SystemClock
from edge.devices_file import devices_file, read
from scripts.bench.process import Meter, resident_mib
from scripts.bench.report import Row, judged
from scripts.bench.rig import PASSWORD, ROOT, broker_for, names
from tests.support.modbus import pzem, tcp_server
from tests.support.mosquitto import free_port
from tests.support.tower import CABINET, dialled, login, report
from tests.support.wait import until

SOCKETS: Final = 12
SLOTS: Final = 12
REPORT_S: Final = 10.0
"""A slot of the cabinet changes its charge so often; real ones do so less."""
LIMIT_S: Final = 60.0

_HEAD: Final = """
[station]
id = "{station}"
[broker]
host = "127.0.0.1"
port = {broker}
password = "{password}"
[outbox]
path = "outbox.db"
[[sensor]]
id = "cabinet-1"
kind = "tower"
port = {tower}
cabinet = "{cabinet}"
slots = {slots}
map_file = "{maps}/tower-kaixin.toml"
"""
_SOCKET: Final = """
[[sensor]]
id = "s{n}"
kind = "modbus"
map_file = "{maps}/pzem-004t.toml"
host = "127.0.0.1"
port = {modbus}
address = {n}
socket_kind = "ac"
"""
_CLIMATE: Final = """
[[sensor]]
id = "room"
kind = "sht4x"
[[sensor]]
id = "spare"
kind = "sht31"
address = 0x45
[[sensor]]
id = "air"
kind = "scd4x"
[[sensor]]
id = "corner"
kind = "dht22"
pin = 4
"""
_DOOR: Final = """
[[sensor]]
id = "front"
kind = "vl53l1x"
"""


def measure(quick: bool) -> Iterator[Row]:
    """Without a VL53L1X, which looks thirty times a second, and with one."""
    work_s = 10.0 if quick else 90.0
    what = "agent: 12 Modbus sockets, 12-slot cabinet (tower), 4 climate sensors"
    share, held = _measured("", work_s)
    yield judged(f"{what}: memory", f"{held:.0f} MiB", "≤ 45 MiB", held <= 45)
    yield judged(f"{what}: CPU", f"{share:.1%} of a core", "≤ 3 %", share <= 0.03)
    share, held = _measured(_DOOR, work_s)
    yield Row("the same with a VL53L1X above the door", f"{share:.1%} of a core, {held:.0f} MiB")


def _measured(more: str, work_s: float) -> tuple[float, float]:
    """Share of a core and memory."""
    meters = [pzem(n, watts=4.6 * (n % 3)) for n in range(1, SOCKETS + 1)]
    with broker_for(1) as (folder, broker, _), tcp_server(*meters) as modbus:
        tower = free_port()
        file = _station_file(folder, broker.port, modbus.port, tower, more)
        command = [sys.executable, "-m", "tests.support.pi", "run", "--config", str(file)]
        agent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
        try:
            with _cabinet(tower):
                until(lambda: _all_are_well(folder), LIMIT_S, "every device speaks")
                meter = Meter(agent.pid)
                time.sleep(work_s)
                return meter.read().share, resident_mib(agent.pid)
        finally:
            agent.terminate()
            agent.wait(LIMIT_S)


def _all_are_well(folder: Path) -> bool:
    clock = SystemClock()
    told = read(devices_file(folder / "outbox.db"), clock.boot_id, clock.now().mono_ms)
    return told is not None and all(device.said and not device.fault for device in told.devices)


def _station_file(folder: Path, broker: int, modbus: int, tower: int, more: str) -> Path:
    maps = ROOT / "firmware_config" / "devices"
    head = _HEAD.format(
        station=names(1)[0],
        broker=broker,
        password=PASSWORD,
        tower=tower,
        cabinet=CABINET,
        slots=SLOTS,
        maps=maps,
    )
    sockets = "".join(_SOCKET.format(n=n, maps=maps, modbus=modbus) for n in range(1, SOCKETS + 1))
    file = folder / "station.toml"
    file.write_text(head + sockets + _CLIMATE + more, encoding="utf-8")
    return file


@contextmanager
def _cabinet(port: int) -> Iterator[None]:
    """It dials, says everything once, and then what changes."""
    over = threading.Event()
    connection = dialled(port, LIMIT_S)

    def speak() -> None:
        with connection as cabinet:
            cabinet.say(login())
            cabinet.say(report([(n, "02104001", "2") for n in range(1, SLOTS + 1)], full=1))
            turn = 0
            while not over.wait(REPORT_S):
                turn += 1
                cabinet.say(report([(turn % SLOTS + 1, "02104001", str(turn % 3))]))

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
