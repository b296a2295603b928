"""Sensors of every kind that live a simulated day: for the demo, load tests and training.

All kinds take the same options, which say what the station is like; sensors of one station that are
given the same ones agree with each other (whoever crosses the door moves before the motion sensor).
See :class:`edge.days.Profile` for what they mean, ``docs/demo.md`` for the table.
"""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, cast

from contract.messages import CabinetInfo, SensorInfo, SocketInfo, SocketKind
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.days import Profile, Station
from edge.days.calendar import DAY_ENDS_MIN, DAY_STARTS_MIN, WHOLE_DAY, Window
from edge.days.climate import WEATHER
from edge.days.profile import CONDITIONING, LEAST_VISITS, MOST_VISITS, Conditioning
from edge.options import Options
from edge.sensors import Parts, Reading, SensorError

_WINDOW: Final = re.compile(r"([01]\d|2[0-8]):([0-5]\d)-([01]\d|2[0-8]):([0-5]\d)")
_SHORTEST_MIN: Final = 60
_WEEK: Final = (
    "one entry, or seven from Monday, each 24h, closed or like 06:00-22:00 (at least an hour, 04:00 to 28:00)"
)


def read_profile(options: Options) -> Profile:
    """What the simulated station is like.

    Raises:
        ConfigError: naming the key, its value and what is allowed.
    """
    profile = Profile(
        seed=options.whole("seed", default=0),
        visits_per_day=options.number("visits_per_day", default=80, low=LEAST_VISITS, high=MOST_VISITS),
        week=_week(options),
        climate=options.choice("climate", tuple(WEATHER), default="taiyuan"),
        conditioning=cast(Conditioning, options.choice("conditioning", CONDITIONING, default="good")),
        doors=options.whole("doors", default=1, low=1, high=2),
        bolt=options.flag("bolt", default=False),
        co2=options.flag("co2", default=False),
        sockets=(*_sockets(options, "ac", 4), *_sockets(options, "usb", 0)),
        metered=options.flag("metered", default=True),
        cabinets=tuple(_cabinet(n, table) for n, table in enumerate(options.tables("cabinets"), 1)),
        troubles=options.number("troubles", default=1, low=0, high=10),
    )
    options.done()
    return profile


def _week(options: Options) -> tuple[Window | None, ...]:
    days = [_window(text) for text in options.texts("week", default=["06:00-22:00"])]
    if len(days) not in (1, 7) or () in days:
        raise options.wrong("week", _WEEK)
    return tuple(cast("list[Window | None]", days if len(days) == 7 else days * 7))


def _window(text: str) -> Window | tuple[()] | None:
    """Minutes after midnight; an empty tuple for what is no window."""
    if text in ("24h", "closed"):
        return WHOLE_DAY if text == "24h" else None
    found = _WINDOW.fullmatch(text)
    if found is None:
        return ()
    opens_h, opens_m, closes_h, closes_m = map(int, found.groups())
    opens, closes = opens_h * 60 + opens_m, closes_h * 60 + closes_m
    fits = opens >= DAY_STARTS_MIN and opens + _SHORTEST_MIN <= closes <= DAY_ENDS_MIN
    return (opens, closes) if fits else ()


def _sockets(options: Options, kind: SocketKind, default: int) -> list[SocketInfo]:
    count = options.whole(f"{kind}_sockets", default=default, low=0, high=64)
    letter = "A" if kind == "ac" else "U"
    return [SocketInfo(f"{kind}{n}", kind, f"{letter}{n}") for n in range(1, count + 1)]


def _cabinet(number: int, table: Options) -> CabinetInfo:
    slots = table.whole("slots", default=12, low=2, high=64)
    voltage_v = table.number("voltage_v", default=60, low=1, high=1000)
    table.done()
    return CabinetInfo(f"cabinet{number}", slots, f"{voltage_v:g} V", voltage_v)


class _Simulated:
    """What all kinds share.

    Args:
        entry: id, kind and options from the station file.
        totals, clock: not needed; every kind of sensor is made in the same way.
        station: lives the day; made from the options when not handed in.
    """

    part: ClassVar[str]
    every_s: ClassVar[float]

    def __init__(
        self,
        entry: SensorEntry,
        totals: Mapping[str, tuple[int, int]],  # noqa: ARG002  (every kind is made alike)
        clock: Clock,  # noqa: ARG002  (every kind is made alike)
        station: Station | None = None,
    ) -> None:
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = self.every_s if entry.interval_s is None else entry.interval_s
        self.station = station or Station(read_profile(entry.read_options()))

    def parts(self) -> Parts:
        """A thermometer or a motion sensor speaks for nothing."""
        return Parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        """What is true now, or the fault that the day holds for this sensor."""
        if self.station.fails(self.part, now.at_ms):
            raise SensorError("no_answer", "simulated fault; it ends by itself")
        return self._readings(now.at_ms)

    def close(self) -> None:
        """Nothing to give back."""

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        raise NotImplementedError


class SimulatedClimate(_Simulated):
    """Temperature, humidity and, where the station has it, carbon dioxide."""

    part = "climate"
    every_s = 30.0

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        return [self.station.climate(at_ms)]


class SimulatedDoor(_Simulated):
    """The counted doors."""

    part = "door"
    every_s = 1.0

    def parts(self) -> Parts:
        return Parts(doors=self.station.profile.door_ids())

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        return self.station.doors(at_ms)


class SimulatedPresence(_Simulated):
    """Motion in the room."""

    part = "presence"
    every_s = 1.0

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        return [self.station.presence(at_ms)]


class SimulatedSockets(_Simulated):
    """All charging sockets."""

    part = "sockets"
    every_s = 5.0

    def parts(self) -> Parts:
        return Parts(sockets=self.station.profile.sockets)

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        return self.station.sockets(at_ms)


class SimulatedCabinet(_Simulated):
    """All battery-swap cabinets."""

    part = "cabinet"
    every_s = 5.0

    def parts(self) -> Parts:
        return Parts(cabinets=self.station.profile.cabinets)

    def _readings(self, at_ms: int) -> Sequence[Reading]:
        return self.station.cabinets(at_ms)
