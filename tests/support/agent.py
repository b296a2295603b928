"""``waystation-edge run`` as a process, with a station file that looks often."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.mosquitto import Broker

ROOT: Final = Path(__file__).parents[2]
MAPS: Final = ROOT / "firmware_config" / "devices"
STOP_S: Final = 60.0

_HEAD: Final = """
[station]
id = "{station}"
[broker]
host = "{host}"
port = {port}
password = "{password}"
[sampling]
sample_s = 0.2
heartbeat_s = 1
[outbox]
path = "outbox.db"
"""


def station_file(folder: Path, broker: Broker, station: str, sensors: str) -> Path:
    """The file of a station that is new at ``broker``."""
    folder.mkdir(parents=True, exist_ok=True)
    file, password = folder / "station.toml", broker.add_user(station)
    head = _HEAD.format(station=station, host=broker.host, port=broker.port, password=password)
    file.write_text(head + sensors, encoding="utf-8")
    return file


@contextmanager
def agent_of(file: Path, program: str = "edge") -> Iterator[subprocess.Popen[bytes]]:
    """The agent of a station file; it has to end in good order.

    Args:
        file: of the station.
        program: ``tests.support.pi`` has parts on its wires.
    """
    command = [sys.executable, "-m", program, "run", "--config", str(file)]
    environment = {name: value for name, value in os.environ.items() if name != "WAYSTATION_RECORDINGS"}
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, env={"GPIOZERO_PIN_FACTORY": "mock"} | environment, stdin=subprocess.PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_S) == 0


def drive(process: subprocess.Popen[bytes], **pins: str) -> None:
    """Drive pins of a running ``tests.support.pi``, in this order: ``gpio17="low"``."""
    assert process.stdin is not None
    process.stdin.write("".join(f"{pin[4:]} {level}\n" for pin, level in pins.items()).encode())
    process.stdin.flush()
