"""The agent of one station, wired together: sensors to sampler to outbox to publisher.

The main thread samples, one thread drives the network. What is expected to fail (a sensor, the broker, the
disk) is handled where it happens. Anything else ends the agent with an error, and systemd starts it anew.
"""

import logging
import threading
import time
from collections.abc import Sequence
from random import SystemRandom
from typing import Final

from contract import ContractError
from contract.messages import Fault, Health, Info
from edge.clock import Clock, Instant
from edge.config import StationConfig
from edge.devices_file import DevicesFile, devices_file
from edge.health import Machine
from edge.home_assistant import HomeAssistant
from edge.link import LinkFile, link_file
from edge.network import NetworkLoop
from edge.options import ConfigError
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sampler
from edge.sensors import Alarming, Sensor
from edge.version import version
from edge.watchdog import Watchdog

log = logging.getLogger(__name__)

CHECK_FILE_MS: Final = 5000
"""Between looks at the outbox's file: after damage, work must go on within 10 s."""

REPORT_FAULT_MS: Final = 24 * 3600 * 1000
"""A replaced outbox stays in the faults for a day, so that the day's staff see it."""

STOP_S: Final = 4.0
"""For the orderly end of the network; systemd waits longer than this."""

POLL_S: Final = 0.02
"""Between looks at whether the goodbye is out: the network runs in its own thread."""

LONGEST_WAIT_S: Final = 0.5
"""A signal to stop is heeded within this, and life shown to systemd, however rarely the station samples."""

NOT_MEASURED: Final = ("simulated_", "recorded_")
"""Kinds of sensors that say what is not so here and now."""


def describe(config: StationConfig, sensors: Sequence[Sensor]) -> Info:
    """What the station has. One with a simulated or recorded sensor is marked as simulated.

    Raises:
        ConfigError: two sensors claim the same door, socket or cabinet.
    """
    parts = [sensor.parts() for sensor in sensors]
    try:
        return Info(
            agent_version=version(),
            sample_s=config.sampling.sample_s,
            heartbeat_s=config.sampling.heartbeat_s,
            sensors=tuple(sensor.info for sensor in sensors),
            doors=tuple(door for part in parts for door in part.doors),
            sockets=tuple(plug for part in parts for plug in part.sockets),
            cabinets=tuple(cabinet for part in parts for cabinet in part.cabinets),
            simulated=any(entry.kind.startswith(NOT_MEASURED) for entry in config.sensors),
        )
    except ContractError as error:
        where = f"{config.file.name}: [[sensor]]"
        raise ConfigError(where, error.field, error.value, error.expected) from error


class Agent:
    """One station at work."""

    def __init__(
        self,
        config: StationConfig,
        sensors: Sequence[Sensor],
        outbox: Outbox,
        clock: Clock,
        *,
        watchdog: Watchdog,
    ) -> None:
        """``outbox`` and ``sensors`` become the agent's, which closes them.

        Raises:
            ConfigError: two sensors claim the same door, socket or cabinet.
        """
        self._config = config
        self._clock = clock
        self._outbox = outbox
        self._watchdog = watchdog
        info = describe(config, sensors)
        heartbeat_ms = round(config.sampling.heartbeat_s * 1000)
        self._sampler = Sampler(sensors, clock.boot_id, station=config.station, heartbeat_ms=heartbeat_ms)
        self._publisher = Publisher(
            config.station, config.broker, info, outbox, clock=clock, random=SystemRandom()
        )
        self._network = NetworkLoop()
        home = config.home_assistant
        self._home = HomeAssistant(home, config.station, info) if home else None
        self._link_file = LinkFile(link_file(config.outbox.path), clock.boot_id)
        self._devices_file = DevicesFile(devices_file(config.outbox.path), clock.boot_id)
        self._machine = Machine(config.outbox.path.parent)
        self._started_ms = clock.now().mono_ms
        self._health_due_ms = self._started_ms
        self._file_due_ms = self._started_ms + CHECK_FILE_MS
        self._outbox_fault: tuple[int, Fault] | None = None
        self._rounds = 0
        self._stopping = False
        self._danger = threading.Event()
        self._alarming = [sensor for sensor in sensors if isinstance(sensor, Alarming)]
        for sensor in self._alarming:
            sensor.on_danger(self._danger.set)

    def run(self) -> None:
        """Work until :meth:`stop`.

        Raises:
            RuntimeError: the network thread has ended.
        """
        self._network.start()
        self._network.wake(self._publisher)
        if self._home:
            self._home.start()
        try:
            self.tick()
            self._watchdog.ready()
            while not self._stopping:
                self._wait()
                self.tick()
            self._say_goodbye()
        finally:
            self.close()

    def stop(self) -> None:
        """Ask for the orderly end. May be called from a signal handler."""
        self._stopping = True

    def close(self) -> None:
        """Give everything back; :meth:`run` does so at its end."""
        if self._home:
            self._home.stop()
        self._network.stop(STOP_S)
        self._link_file.remove()
        self._devices_file.remove()
        self._sampler.close()
        self._outbox.close()

    def tick(self) -> None:
        """Sample once, and keep and pass on what is due."""
        if self._network.failed:
            raise RuntimeError("the network thread has ended") from self._network.failed
        now = self._clock.now()
        self._check_file(now.mono_ms)
        danger = self._danger.is_set()
        self._danger.clear()
        stream, seq = self._outbox.stream, self._outbox.next_seq
        health, faults = self._health(now.mono_ms), self._faults(now)
        sample = self._sampler.sample(now, stream, seq, health, faults, danger=danger)
        if sample is not None:
            self._outbox.append(sample)
            self._network.wake(self._publisher)
            if self._home:
                self._home.tell(sample.snapshot)
        self._show_life(now.mono_ms)

    def _wait(self) -> None:
        """Until the next sample is due, on a grid, so that the pace does not drift; or until a danger."""
        every_ms = round(self._config.sampling.sample_s * 1000)
        passed = (self._clock.now().mono_ms - self._started_ms) % every_ms
        left_s = (every_ms - passed) / 1000
        while left_s > 0 and not self._stopping and not self._danger.is_set():
            self._rest(min(left_s, LONGEST_WAIT_S))
            left_s -= LONGEST_WAIT_S
            self._show_life(self._clock.now().mono_ms)

    def _rest(self, seconds: float) -> None:
        if self._alarming:
            self._danger.wait(seconds)
        else:
            self._clock.wait(seconds)

    def _show_life(self, mono_ms: int) -> None:
        self._rounds += 1
        self._watchdog.alive(mono_ms, self._rounds, self._network.beats)
        self._link_file.tell(self._publisher.link, mono_ms)
        if self._devices_file.is_due(mono_ms):
            self._devices_file.tell(self._sampler.devices(self._clock.now()), mono_ms)

    def _health(self, mono_ms: int) -> Health | None:
        if mono_ms < self._health_due_ms:
            return None
        self._health_due_ms = mono_ms + round(self._config.sampling.health_s * 1000)
        return self._machine.health((mono_ms - self._started_ms) // 1000, self._outbox.counts())

    def _check_file(self, mono_ms: int) -> None:
        if mono_ms >= self._file_due_ms:
            self._file_due_ms = mono_ms + CHECK_FILE_MS
            self._outbox.check_file()

    def _faults(self, now: Instant) -> list[Fault]:
        """The outbox's own, for as long as it lasts and a day at most."""
        code = self._outbox.fault
        if code is None:
            self._outbox_fault = None
            return []
        if self._outbox_fault is None or self._outbox_fault[1].code != code:
            self._outbox_fault = now.mono_ms, Fault("outbox", code, max(0, now.at_ms))
        since_ms, fault = self._outbox_fault
        return [fault] if now.mono_ms - since_ms < REPORT_FAULT_MS else []

    def _say_goodbye(self) -> None:
        """Keep what is known and tell the broker that this end is in good order."""
        self._watchdog.stopping()
        now = self._clock.now()
        stream, seq = self._outbox.stream, self._outbox.next_seq
        self._outbox.append(self._sampler.last(now, stream, seq, self._faults(now)))
        self._publisher.stop()
        self._network.wake(self._publisher)
        deadline = time.monotonic() + STOP_S
        while not self._publisher.finished and not self._network.failed and time.monotonic() < deadline:
            time.sleep(POLL_S)  # the network's thread says that it is done by a flag, and wakes nobody
