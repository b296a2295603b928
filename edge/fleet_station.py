"""One simulated station at work: sampler, outbox and publisher as in a real one, driven from outside."""

from random import Random

from contract.messages import Health
from edge.agent import describe
from edge.clock import Clock, Instant, SystemClock
from edge.config import StationConfig
from edge.days import Profile, Station
from edge.fleet import sensors
from edge.health import Machine
from edge.network import NetworkLoop
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sampler


class FleetClock(SystemClock):
    """The machine's clocks; synced by definition, because what is simulated lives by them."""

    def now(self) -> Instant:
        now = super().now()
        return Instant(now.at_ms, now.mono_ms, "synced")


class FleetStation:
    """One simulated station at work.

    Args:
        config: as a station file would have it, with the sensors of :func:`edge.fleet.entries`.
        profile: what the station is like.
    """

    def __init__(self, config: StationConfig, profile: Profile, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._days = Station(profile)
        connected = sensors(config.sensors, self._days, clock)
        self._info = describe(config, connected)
        heartbeat_ms = round(config.sampling.heartbeat_s * 1000)
        self._sampler = Sampler(connected, clock.boot_id, station=config.station, heartbeat_ms=heartbeat_ms)
        self._outbox = Outbox.open(config.outbox.path)
        self._machine = Machine(config.outbox.path.parent)
        self._random = Random(config.station)  # noqa: S311  (spreads reconnects, guards nothing)
        self._started_ms = clock.now().mono_ms
        self._health_due_ms = self._started_ms + self._random.randrange(self._health_ms)
        self._publisher: Publisher | None = None

    @property
    def online(self) -> bool:
        """Whether the broker has welcomed it."""
        return self._publisher is not None and self._publisher.online

    def cut_off(self, now: Instant) -> bool:
        """Whether its day has it cut off from power or network at present."""
        return self._days.cut_off(now.at_ms) is not None

    def tick(self, now: Instant, network: NetworkLoop) -> None:
        """Sample once; come and go as the day says."""
        cut = self._days.cut_off(now.at_ms)
        if cut is None:
            self._join(network)
        else:
            self.leave(network)
        if cut == "power":
            return
        sample = self._sampler.sample(
            now, self._outbox.stream, self._outbox.next_seq, self._health(now.mono_ms)
        )
        if sample is not None:
            self._outbox.append(sample)
            if self._publisher is not None:
                network.wake(self._publisher)

    def leave(self, network: NetworkLoop) -> None:
        """Begin the orderly end of the connection."""
        if self._publisher is not None and not self._publisher.finished:
            self._publisher.stop()
            network.wake(self._publisher)

    @property
    def gone(self) -> bool:
        """Whether the end of the connection is reached."""
        return self._publisher is None or self._publisher.finished

    def close(self) -> None:
        """Close sensors and outbox; rows that wait stay in its file."""
        self._sampler.close()
        self._outbox.close()

    def _join(self, network: NetworkLoop) -> None:
        if self._publisher is not None and not self._publisher.finished:
            return
        self._publisher = Publisher(
            self._config.station,
            self._config.broker,
            self._info,
            self._outbox,
            clock=self._clock,
            random=self._random,
        )
        network.wake(self._publisher)

    @property
    def _health_ms(self) -> int:
        return round(self._config.sampling.health_s * 1000)

    def _health(self, mono_ms: int) -> Health | None:
        if mono_ms < self._health_due_ms:
            return None
        self._health_due_ms = mono_ms + self._health_ms
        return self._machine.health((mono_ms - self._started_ms) // 1000, self._outbox.counts())
