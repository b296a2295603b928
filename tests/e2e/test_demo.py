"""The demo as a newcomer starts it: whole within a minute, and gone without a trace after Ctrl-C."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.demo.stations import FEWEST
from tests.support.wait import until

START_S = 90.0
STOP_S = 30.0
ROOMS = ("taiyuan-jiajie", "qiantang-longxin")
"""Two with a thermometer: each has simulated outages, some of days, hardly both in one hour."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")


@contextmanager
def demo(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``waystation demo`` in a process group of its own, as a terminal would start it."""
    command = [sys.executable, "-m", "server", "demo", "--stations", str(FEWEST), "--dir", str(folder)]
    said = folder.with_suffix(".log")
    with said.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, process_group=0)  # noqa: S603
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(STOP_S)


def port_of(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    """The port in the address that the demo prints once all is there."""

    def printed() -> re.Match[str] | None:
        text = folder.with_suffix(".log").read_text("utf-8")
        assert process.poll() is None, text
        return ADDRESS.search(text)

    found = until(printed, START_S, "the demo prints its address")
    assert found is not None
    return int(found[1])


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def networks(port: int) -> dict[str, Any]:
    """The networks that the API tells of, by id."""
    status, text = get(port, "/api/v1/networks")
    assert status == 200
    return {network["id"]: network for network in json.loads(text)["networks"]}


def left_over(folder: Path) -> list[str]:
    """Commands of processes that still have to do with the demo in ``folder``."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(folder) in command:
                found.append(command)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the module: the second start finds what the first one left."""
    return tmp_path_factory.mktemp("demo") / "data"


def test_the_page_shows_five_networks_online_and_marked_as_simulated(folder: Path) -> None:
    with demo(folder) as process:
        port = port_of(process, folder)
        shown = until(lambda: _if_online(networks(port)), 30, "every network has a station online")
        assert {"taiyuan", "chengdu", "liuyang", "jianwai", "qiantang"} <= set(shown)
        assert all(network["simulated"] for network in shown.values())
        assert shown["chengdu"]["declared"] == {"count": 426, "as_of": "2025-03"}
        status, page = get(port, "/")
        assert status == 200
        assert "太原" in page
    assert process.returncode == 0
    until(lambda: not left_over(folder), STOP_S, "no process is left")


def _if_online(shown: dict[str, Any]) -> dict[str, Any]:
    """``shown`` if two of three live stations are online; some are cut off by their simulated day."""
    live = sum(network["instrumented"] for network in shown.values() if not network["parent"])
    online = sum(network["online"] for network in shown.values() if not network["parent"])
    return shown if 3 * online >= 2 * live > 0 else {}


def test_history_and_present_join_and_a_second_start_only_fills_the_gap(folder: Path) -> None:
    with demo(folder) as process:
        port = port_of(process, folder)
        log = folder.with_suffix(".log").read_text("utf-8")
        made = re.search(r"history: what was missing, ([\d,]+) snapshots", log)
        assert made is not None, log
        assert int(made[1].replace(",", "")) < 100 * FEWEST
        oldest = min(_hours_measured(port, station)[0] for station in ROOMS)
        assert oldest < datetime.now(UTC) - timedelta(days=34)
        until(lambda: any(_joined(port, station) for station in ROOMS), 60, "past and present join")


def _hours_measured(port: int, station: str) -> list[datetime]:
    """Hours of the last 40 days in which the temperature was measured, in order."""
    now = datetime.now(UTC)
    asked = {
        "quantity": "temperature_c",
        "from": (now - timedelta(days=40)).isoformat(),
        "to": now.isoformat(),
        "step": "1h",
    }
    status, text = get(port, f"/api/v1/stations/{station}/history?{urlencode(asked)}")
    assert status == 200, text
    return [datetime.fromisoformat(step["at"]) for step in json.loads(text)["steps"]]


def _joined(port: int, station: str) -> bool:
    """No hole where the made history ends: this hour was measured, and the one before it."""
    before, last = _hours_measured(port, station)[-2:]
    return last - before == timedelta(hours=1) > datetime.now(UTC) - last


def test_the_console_opens_with_the_password_that_is_printed(folder: Path) -> None:
    with demo(folder) as process:
        port = port_of(process, folder)
        printed = r"name (\w+), password ([a-z0-9-]+) \(demo only, another at each start\)"
        found = until(
            lambda: re.search(printed, " ".join(folder.with_suffix(".log").read_text("utf-8").split())),
            30,
            "the demo prints who may sign in",
        )
        assert found is not None
        assert sign_in(port, found[1], found[2]).startswith("__Host-waystation=")
        assert sign_in(port, found[1], "demo") == ""


def sign_in(port: int, name: str, password: str) -> str:
    """The cookie that the console gives, "" for none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        form = urlencode({"name": name, "password": password})
        kind = {"content-type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/staff/sign-in", form, kind)
        return connection.getresponse().getheader("set-cookie") or ""
    finally:
        connection.close()


def test_a_second_demo_in_the_same_folder_is_refused(folder: Path) -> None:
    with demo(folder) as process:
        port_of(process, folder)
        command = [sys.executable, "-m", "server", "demo", "--stations", str(FEWEST), "--dir", str(folder)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        assert second.returncode == 1
        assert "a demo is running" in second.stderr
        assert process.poll() is None


def test_when_a_child_dies_the_demo_says_which_and_ends(folder: Path) -> None:
    with demo(folder) as process:
        port_of(process, folder)
        broker = int((folder / "broker" / "pid").read_text())
        os.kill(broker, signal.SIGKILL)
        assert process.wait(STOP_S) == 1
    assert "the broker has ended" in folder.with_suffix(".log").read_text("utf-8")
    until(lambda: not left_over(folder), STOP_S, "no process is left")
