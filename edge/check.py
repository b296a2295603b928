"""``waystation-edge check``: is all well here, one line for each thing, and what to do where it is not."""

import argparse
import os
import selectors
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contract.codec import encode
from contract.messages import Status
from edge import outbox_file
from edge.agent import describe
from edge.clock import Clock, SystemClock
from edge.config import StationConfig, load
from edge.connection import Closed, Connection, Event, Welcome
from edge.devices_file import devices_file
from edge.devices_file import read as read_devices
from edge.home_assistant import verify
from edge.link import LinkState, link_file
from edge.link import read as read_link
from edge.options import ConfigError
from edge.run import add_config
from edge.sensors import Sensor, Verifiable, factory
from edge.version import version

if TYPE_CHECKING:
    from edge.run import Subparsers

LOGIN_S: Final = 10.0
"""For the broker's answer after the connection stands."""

LEFT_FREE_MB: Final = 100
"""To stay free on the disk beside a full outbox."""

ACK_MS: Final = 300_000
"""A server that works confirms what comes in within seconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is well, and the figures or what to do."""

    name: str
    ok: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok     ' if self.ok else 'PROBLEM'} {self.name}: {self.text}"


def add_parser(subparsers: "Subparsers") -> None:
    """Add this command to the program's."""
    parser = subparsers.add_parser("check", help="say what is well and what is not, and change nothing")
    add_config(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Print the findings; returns 0 if all is well, else 1."""
    well = True
    for finding in check(args.config, SystemClock()):
        print(finding, flush=True)
        well = well and finding.ok
    return 0 if well else 1


def check(file: Path, clock: Clock) -> list[Finding]:
    """Look at everything; a station file that cannot be read ends it."""
    try:
        config = load(file)
    except ConfigError as error:
        return [Finding("config", False, str(error))]
    findings = [Finding("config", True, f"station {config.station} by {file.absolute()}")]
    running = _agent_runs(config.outbox.path)
    findings.extend(_sensors(config, clock, running))
    findings.append(_broker(config, clock, running))
    if config.home_assistant:
        verdict = verify(config.home_assistant, config.station)
        findings.append(Finding("home assistant", verdict.ok, verdict.text))
    findings.append(_clock(clock))
    findings.append(_disk(config))
    return findings


def _agent_runs(outbox: Path) -> bool:
    try:
        return outbox_file.in_use(outbox)
    except OSError:
        return False


def _sensors(config: StationConfig, clock: Clock, running: bool) -> list[Finding]:
    """Open every sensor as the agent would, let it look at what is behind it, and give it back."""
    if not config.sensors:
        return [Finding("sensors", False, f"none; write a [[sensor]] for each into {config.file.name}")]
    if running:
        return _sensors_of_agent(config, clock)
    sensors, wrong = _opened(config, clock)
    try:
        if not wrong:
            describe(config, sensors)
        verdicts = _verdicts([each for each in sensors if isinstance(each, Verifiable)])
    except ConfigError as error:
        return [Finding("sensors", False, str(error))]
    finally:
        for sensor in sensors:
            sensor.close()
    opened = wrong or [Finding("sensors", True, f"{len(sensors)} can be opened")]
    return [*opened, *verdicts]


def _verdicts(sensors: Sequence[Verifiable]) -> list[Finding]:
    """All at the same time: each waits some seconds for a word."""
    if not sensors:
        return []
    with ThreadPoolExecutor(len(sensors)) as at_once:
        verdicts = list(at_once.map(lambda each: each.verify(), sensors))
    return [
        Finding(f"sensor {each.info.id}", verdict.ok, verdict.text)
        for each, verdict in zip(sensors, verdicts, strict=True)
    ]


def _opened(config: StationConfig, clock: Clock) -> tuple[list[Sensor], list[Finding]]:
    """Each sensor that can be opened, and a line for each that cannot: whoever writes a file has several."""
    sensors: list[Sensor] = []
    wrong = []
    for entry in config.sensors:
        try:
            sensors += factory.build([entry], {}, clock)
        except ConfigError as error:
            wrong.append(Finding("sensors", False, str(error)))
    return sensors, wrong


def _sensors_of_agent(config: StationConfig, clock: Clock) -> list[Finding]:
    """Pins, ports and lines are in the agent's hands; it leaves word of them."""
    listed = read_devices(devices_file(config.outbox.path), clock.boot_id, clock.now().mono_ms)
    if listed is None:
        text = "not opened: the agent runs and has them, but has left no word of them; look again in a minute"
        return [Finding("sensors", False, text)]
    text = f"{len(listed.devices)} are the running agent's; what they say: waystation-edge devices"
    wrong = [Finding(f"sensor {device.id}", False, device.fault) for device in listed.devices if device.fault]
    return [Finding("sensors", True, text), *wrong]


def _broker(config: StationConfig, clock: Clock, running: bool) -> Finding:
    broker = config.broker
    where = f"{broker.host}:{broker.port}{' with TLS' if broker.tls else ''}"
    if running:
        # A second login under the same id would throw the agent out.
        now_ms = clock.now().mono_ms
        link = read_link(link_file(config.outbox.path), clock.boot_id, now_ms)
        return told_by_agent(link, where, now_ms, round(config.sampling.heartbeat_s * 1000))
    status = Status("lost", clock.boot_id, version(), max(0, clock.now().at_ms))
    connection = Connection(config.station, broker, encode(status))
    try:
        event = log_in(connection)
    finally:
        connection.close()
    match event:
        case Welcome():
            return Finding("broker", True, f"{where} accepts {broker.username}")
        case Closed(reason, refused=True):
            return Finding(
                "broker", False, f"{where} refuses {broker.username} ({reason}); check the password"
            )
        case Closed(reason):
            return Finding(
                "broker", False, f"{where} cannot be reached ({reason}); check host, port, tls and network"
            )
        case _:
            return Finding("broker", False, f"{where} does not answer; check host, port and tls")


def told_by_agent(link: LinkState | None, where: str, now_ms: int, heartbeat_ms: int) -> Finding:
    """The agent's own word, as only it can be logged in by its id."""
    if link is None:
        text = f"{where}: the agent runs, but does not say how its link is; journalctl -u waystation-edge"
        return Finding("broker", False, text)
    since = _duration(now_ms - link.since_mono_ms)
    match link.state:
        case "refused":
            text = f"{where} has refused the agent for {since} ({link.reason}); check the password"
        case "lost" | "connecting":
            why = link.reason or "no answer yet"
            what = f"{where} not connected for {since} ({why})"
            text = f"{what}; check host, port, tls and network"
        case "online":
            login = f"{where} has had the agent logged in for {since}"
            return _told_online(link, login, now_ms, heartbeat_ms)
    return Finding("broker", False, text)


def _told_online(link: LinkState, login: str, now_ms: int, heartbeat_ms: int) -> Finding:
    acked_ms = now_ms - (link.since_mono_ms if link.acked_mono_ms is None else link.acked_mono_ms)
    if link.silent or acked_ms > heartbeat_ms + ACK_MS:
        since = "nothing yet" if link.acked_mono_ms is None else f"nothing for {_duration(acked_ms)}"
        text = f"{login}, but the server has stored {since}: is it running, is this station in its registry?"
        return Finding("broker", False, text)
    if link.acked_mono_ms is None:
        return Finding("broker", True, f"{login}; nothing has been stored by the server yet")
    return Finding("broker", True, f"{login}; the server last stored something {_duration(acked_ms)} ago")


def _duration(ms: int) -> str:
    seconds = max(0, ms) // 1000
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def log_in(connection: Connection) -> Event | None:
    """Dial, wait for the broker's word, and leave in good order; None when there was no word."""
    connection.dial()
    deadline = time.monotonic() + LOGIN_S
    while not connection.events and (sock := connection.socket()) and time.monotonic() < deadline:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            if selector.select(1):
                connection.read()
    event = connection.events.popleft() if connection.events else None
    if isinstance(event, Welcome):
        connection.say_goodbye()
    return event


def _clock(clock: Clock) -> Finding:
    if clock.now().clock == "synced":
        return Finding("clock", True, "set by the network")
    return Finding(
        "clock", False, "not set yet; check the network and 'timedatectl', times are estimated until then"
    )


def _disk(config: StationConfig) -> Finding:
    """Whether the outbox's folder can be written and a full outbox would fit."""
    folder = config.outbox.path.parent.absolute()
    name = str(folder)
    if not folder.is_dir():
        return Finding("disk", False, f"{name} is missing; make it, writable for the agent's user")
    if not os.access(folder, os.W_OK):
        return Finding("disk", False, f"{name} cannot be written by this user; run as the agent's user")
    free_mb = shutil.disk_usage(folder).free // 2**20
    needed_mb = config.outbox.max_mb + LEFT_FREE_MB
    if free_mb < needed_mb:
        free, needed = _gigabytes(free_mb), _gigabytes(needed_mb)
        return Finding("disk", False, f"{name} has {free} free, a full outbox needs {needed}")
    return Finding("disk", True, f"{name} has {_gigabytes(free_mb)} free")


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1024:,.1f} GB"
