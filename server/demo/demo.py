"""The demo, in order: registry, logins, history, broker, server, stations; and the end of it."""

import http.client
import json
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from server.demo import admin, broker, past
from server.demo.folder import DemoError, Folder, write_secret
from server.demo.networks import NETWORKS
from server.demo.processes import Child, Children, free_port, is_free
from server.demo.stations import DemoStation, build, fleet
from server.registry import Registry

_HOST: Final = "127.0.0.1"
_START_S: Final = 30.0
_CONNECT_S: Final = 300.0
_LATE_S: Final = 200.0
"""The server takes five minutes without a reading for a gap, after which a count is only estimated."""
_A_MINUTE: Final = 150
"""Stations whose five weeks two cores make and store in a minute, roughly."""
_POLL_S: Final = 0.1
_CONNECTED: Final = re.compile(r"^([\d,]+) of ([\d,]+) connected(?:, ([\d,]+) cut off)?", re.MULTILINE)
"""What the simulation says of its stations."""
_STARTED: Final = "server_started"
"""What the server says once the port is its own."""

_PLACES: Final = (
    ("/n/taiyuan", "a city: list and map"),
    ("/s/taiyuan-jiajie", "a station, as its plate opens it"),
    ("/door/taiyuan-jiajie", "the screen at its door"),
)
"""What a newcomer may want to see next."""

USUAL_PORT: Final = 8080
CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
EVENING_H, MORNING_H = 22, 6
"""Most stations are closed from the one to the other."""


class Demo:
    """One demo.

    Args:
        live: stations with live data, :data:`~server.demo.stations.FEWEST` to
            :data:`~server.demo.stations.MOST`.
        port: of the pages; 0 takes a free one, None :data:`USUAL_PORT` if that is free.

    Raises:
        DemoError: somebody listens on ``port``.
    """

    def __init__(self, folder: Folder, live: int, port: int | None, console: Console) -> None:
        self._folder = folder
        self._stations = build(live)
        self._live = [each.station.id for each in self._stations if each.life is not None]
        self._port = choose_port(port)
        self._moved = port is None and self._port != USUAL_PORT
        self._url = f"http://{_HOST}:{self._port}"
        self._console = console
        self._children = Children(folder.logs)

    def run(self) -> None:
        """Start everything and watch it until KeyboardInterrupt; nothing is left running.

        Raises:
            DemoError: something cannot start, or has ended.
        """
        if self._moved:
            self._say(f"port {USUAL_PORT} is taken by another program: the pages will be on {self._port}")
        mosquitto = broker.find_mosquitto()
        began = time.monotonic()
        self._register()
        self._fill()
        password = admin.make(self._folder)
        try:
            self._start(mosquitto)
            self._say_where(time.monotonic() - began, password)
            while True:
                self._children.check()
                time.sleep(_POLL_S)
        finally:
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(name, signal.SIG_IGN)
            self._say("ending …")
            self._children.stop()

    # --- before anything runs -------------------------------------------------------------------------

    def _register(self) -> None:
        """Networks and stations of this demo, and no others: an earlier one may have been larger."""
        stations = [each.station for each in self._stations]
        with closing(Registry.open(self._folder.registry)) as registry:
            others = set(registry.stations()) - {station.id for station in stations}
        if others:
            self._folder.registry.unlink()
        with closing(Registry.open(self._folder.registry)) as registry:
            registry.put_networks(NETWORKS)
            registry.put_stations(stations)
        self._folder.fleet.write_text(fleet_text(self._stations), encoding="utf-8")
        self._say(
            f"five networks (two more inside Chengdu), {len(stations):,} stations, "
            f"{len(self._live):,} of them with simulated readings"
        )

    def _fill(self) -> None:
        """History up to now; again for the time that it took, if that was long."""
        if not self._folder.readings.exists():
            minutes = max(1, round(len(self._live) / _A_MINUTE))
            self._say(f"simulated history: some {minutes} min now, seconds at the next start")
        while True:
            filled = self._fill_once()
            what = f"{past.WEEKS} weeks" if filled.first else "what was missing"
            self._say(f"history: {what}, {filled.snapshots:,} snapshots in {filled.seconds:.0f} s")
            if filled.seconds < _LATE_S:
                return

    def _fill_once(self) -> past.Filled:
        columns = (TextColumn("simulated history"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("", total=1)
            return past.fill(self._folder, self._live, lambda share: bar.update(task, completed=share))

    # --- the children ---------------------------------------------------------------------------------

    def _start(self, mosquitto: str) -> None:
        _raise_descriptor_limit()
        port = free_port()
        password = broker.prepare(self._folder, port, self._live)
        write_secret(self._folder.settings, self._settings(port, password))
        config = str(self._folder.broker / "mosquitto.conf")
        self._children.start("broker", [mosquitto, "-c", config])
        self._wait(lambda: _answers(port), _START_S, "the broker does not answer")
        command = [sys.executable, "-m", "server", "--config", str(self._folder.settings), "serve"]
        server = self._children.start("server", command)
        # Its own word first: whoever else took the port meanwhile might be ready, too.
        self._wait(
            lambda: _STARTED in _said(server) and _ready(self._port), _START_S, "the server is not ready"
        )
        stations = self._children.start("stations", self._simulate(port))
        self._wait(lambda: self._connected(stations), _CONNECT_S, "the stations do not connect")

    def _settings(self, broker_port: int, password: str) -> str:
        return (
            f'data_dir = "{self._folder.data}"\nhost = "{_HOST}"\nport = {self._port}\n'
            f'public_url = "{self._url}"\n'
            f'broker_host = "{_HOST}"\nbroker_port = {broker_port}\n'
            f'broker_username = "{broker.SERVER_USER}"\nbroker_password = "{password}"\n'
        )

    def _simulate(self, broker_port: int) -> list[str]:
        command = [sys.executable, "-m", "edge", "simulate", "--fleet", str(self._folder.fleet)]
        command += ["--broker", f"{_HOST}:{broker_port}", "--passwords", str(self._folder.passwords)]
        return [*command, "--work", str(self._folder.outboxes)]

    def _connected(self, stations: Child) -> bool:
        """Whether all are connected that their simulated day does not cut off."""
        said = _CONNECTED.findall(_said(stations))
        online, total, cut_off = (
            (int(number.replace(",", "") or 0) for number in said[-1]) if said else (0, 1, 0)
        )
        return online + cut_off >= total

    def _wait(self, true: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            self._children.check()
            if time.monotonic() > deadline:
                raise DemoError(f"{otherwise} within {seconds:.0f} s; see {self._folder.logs}")
            time.sleep(_POLL_S)

    # --- what is said ---------------------------------------------------------------------------------

    def _say_where(self, seconds: float, password: str) -> None:
        self._say(f"all stations are connected, {seconds:.0f} s after the start")
        if night := night_in_china(datetime.now(UTC)):
            self._say(night)
        self._console.print(f"\n  Open  [bold]{self._url}/[/bold]   (Ctrl-C ends the demo)")
        self._say("\n".join(f"        {self._url}{path}   {what}" for path, what in _PLACES))
        self._say(
            f"        {self._url}/staff   the console: name {admin.NAME}, password {password}\n"
            "        (demo only, another at each start)"
        )
        self._say(f"  Look  {status_command(sys.argv[0], self._folder.settings)}\n")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)


def fleet_text(stations: Collection[DemoStation]) -> str:
    """The fleet file of these stations."""
    return json.dumps(fleet(stations), ensure_ascii=False, indent=1)


def choose_port(wanted: int | None) -> int:
    """``wanted`` itself; a free one for 0; for None the usual one, or a free one where that is taken.

    Raises:
        DemoError: somebody listens on it.
    """
    if wanted and not is_free(wanted):
        raise DemoError(f"port {wanted} is taken; choose another --port, or none for a free one")
    usual = USUAL_PORT if wanted is None and is_free(USUAL_PORT) else 0
    return wanted or usual or free_port()


def night_in_china(now: datetime) -> str:
    """Why most stations show as closed at ``now``, "" by day."""
    there = now.astimezone(CHINA)
    if MORNING_H <= there.hour < EVENING_H:
        return ""
    return f"it is {there:%H:%M} in China: most stations are closed now"


def status_command(program: str, settings: Path) -> str:
    """What to type, here, to look at the demo's server."""
    name = program if Path(program).name == "waystation" else f"{sys.executable} -m server"
    place = settings.relative_to(Path.cwd()) if settings.is_relative_to(Path.cwd()) else settings
    return f"{name} --config {place} status"


def _said(child: Child) -> str:
    return child.log.read_text(encoding="utf-8", errors="replace")


def _answers(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _raise_descriptor_limit() -> None:
    """For the children: a broker with 2,080 clients, a server with as many readers."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
