"""Sensors that say what a recording says: for demonstrations, tests and training.

A recording is moved by whole weeks, so that its Mondays stay Mondays and its last row lies at or before
now. A replay plays it once, up to that end. In ``run`` it goes on: when it is over it begins again.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from contract.messages import Cabinet, Climate, Door, Presence, SensorInfo, Slot, Socket
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.options import ConfigError, Options
from edge.playback import Playback
from edge.recordings import Description, Row, rows
from edge.sensors import Parts, Reading, SensorError, Standing
from edge.sensors.described import Wanted, describe, measured
from edge.sensors.parts import cabinet_info, socket_info
from edge.sensors.power import PowerMeter, read_limits
from edge.sensors.units import CARBON_DIOXIDE, POWER, SHARE, TEMPERATURE

Totals = Mapping[str, tuple[int, int]]

MAX_AGE_S: Final = 300.0
"""A row holds for as long as riders are shown a fact as fresh, unless the station file says otherwise."""

_SIGN: Final = Wanted(0, 1e9)
"""A number that only says yes (above zero) or no."""

MAX_SLOTS: Final = 256
_SLOTS: Final = Wanted(0, MAX_SLOTS, whole=True)


class Recorded:
    """What all recorded sensors share: the playback, and when it has fallen silent."""

    WANTED: ClassVar[Mapping[str, Wanted]]
    LOOKS_BACK: ClassVar[bool] = True
    """Whether rows from before the first look say how things are at the first look; counts do not."""

    def __init__(self, entry: SensorEntry, totals: Totals, clock: Clock) -> None:
        options = entry.read_options()
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        self._max_age_ms = round(options.number("max_age_s", default=MAX_AGE_S, low=1, high=604_800) * 1000)
        repeat = options.flag("repeat", default=True)
        description = describe(options, self.WANTED)
        self._parts = self._set_up(options, totals)
        options.done()
        self._check(description, options)
        self.playback = Playback(description, clock.now().at_ms, repeat=repeat)
        self._heard_ms: int | None = None

    def parts(self) -> Parts:
        return self._parts

    def read(self, now: Instant) -> Sequence[Reading]:
        heard_ms = self._listen(now.at_ms)
        if now.at_ms - heard_ms > self._max_age_ms:
            raise SensorError("silent", "the recording has a gap here, or is over")
        return self._readings()

    def next_ms(self, at_ms: int) -> int | None:
        """When, after ``at_ms``, this sensor has something new to say: a row, or a silence grown too long."""
        silent_ms = None if self._heard_ms is None else self._heard_ms + self._max_age_ms + 1
        return min(
            (t for t in (self.playback.next_ms, silent_ms) if t is not None and t > at_ms), default=None
        )

    def close(self) -> None:
        self.playback.close()

    def _listen(self, at_ms: int) -> int:
        if self._heard_ms is None:
            self._heard_ms = at_ms
            self.playback.skip_to(at_ms - self._max_age_ms if self.LOOKS_BACK else at_ms)
        for row in self.playback.due(at_ms):
            if any(value is not None for value in row.values.values()):
                self._heard_ms = row.at_ms
                self._take(row)
        return self._heard_ms

    def _check(self, description: Description, options: Options) -> None:
        """Read the whole file once, so that what does not fit is found before anything is sent."""
        found = 0
        for row in rows(description):
            found += 1
            self._check_row(row, description)
        if not found:
            raise options.wrong("where", "a filter that leaves at least one row")

    def _check_row(self, row: Row, description: Description) -> None:
        """Refuse a row whose numbers are possible one by one, but not together."""

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        """Read the options of this kind."""
        raise NotImplementedError

    def _take(self, row: Row) -> None:
        """Let one row sink in."""
        raise NotImplementedError

    def _readings(self) -> Sequence[Reading]:
        """What is true after the rows so far; nothing before the first."""
        raise NotImplementedError


class RecordedClimate(Recorded):
    """Temperature, humidity and carbon dioxide, or some of them."""

    WANTED: ClassVar = {
        "temperature": measured("temperature_c", TEMPERATURE),
        "humidity": measured("humidity_pct", SHARE),
        "co2": measured("co2_ppm", CARBON_DIOXIDE),
    }

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        del options, totals
        self._climate: Climate | None = None
        return Parts()

    def _take(self, row: Row) -> None:
        told = row.values.get
        self._climate = Climate(row.at_ms, told("temperature"), told("humidity"), told("co2"))

    def _readings(self) -> Sequence[Reading]:
        climate, self._climate = self._climate, None
        return [] if climate is None else [climate]


class RecordedDoor(Recorded):
    """People counted in and out, as increments per row or as totals that a counter showed."""

    WANTED: ClassVar = {"in": measured("in_total"), "out": measured("out_total")}
    LOOKS_BACK = False

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        self._increments = options.choice("counts", ("increments", "totals")) == "increments"
        in_total, out_total = totals.get(self.info.id, (0, 0))
        self._totals = {"in": in_total, "out": out_total}
        self._shown: dict[str, int] = {}
        return Parts(doors=(self.info.id,))

    def _take(self, row: Row) -> None:
        for way, value in row.values.items():
            if value is not None:
                self._totals[way] += int(value) if self._increments else self._step(way, int(value))

    def _step(self, way: str, shown: int) -> int:
        before = self._shown.get(way, shown)
        self._shown[way] = shown
        # A counter that shows less than before was set to zero in between.
        return shown - before if shown >= before else shown

    def _readings(self) -> Sequence[Reading]:
        return [Door(self.info.id, self._totals["in"], self._totals["out"])]


class RecordedPresence(Recorded):
    """Motion: any number above zero."""

    WANTED: ClassVar = {"motion": _SIGN}

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        del options, totals
        self._motion_at_ms: int | None = None
        return Parts()

    def _take(self, row: Row) -> None:
        if row.values["motion"]:
            self._motion_at_ms = row.at_ms

    def _readings(self) -> Sequence[Reading]:
        return [Presence(self._motion_at_ms)]


class RecordedSocket(Recorded):
    """One socket, by its meter (``power``) or by what the file says of its use (``in_use``: 0 is free)."""

    WANTED: ClassVar = {"power": measured("power_w", POWER), "in_use": _SIGN}

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        del totals
        self._meter = PowerMeter(read_limits(options), silent_ms=self._max_age_ms)
        self._socket_info = socket_info(options, self.info.id)
        self._power_w: float | None = None
        self._in_use: tuple[bool, int] | None = None
        return Parts(sockets=(self._socket_info,))

    def _take(self, row: Row) -> None:
        if "power" in row.values:
            self._power_w = row.values["power"]
            self._meter.feed(row.at_ms, self._power_w)
        if (sign := row.values.get("in_use")) is not None and (
            not self._in_use or self._in_use[0] != (sign > 0)
        ):
            self._in_use = sign > 0, row.at_ms

    def _readings(self) -> Sequence[Reading]:
        about = self._socket_info
        if self._in_use is not None:
            used, since_ms = self._in_use
            return [Socket(about.id, about.kind, "in_use" if used else "free", since_ms, self._power_w)]
        if self._power_w is None:
            return []
        return [Socket(about.id, about.kind, self._meter.state, self._meter.since_ms, self._power_w)]

    def standing(self, now: Instant) -> Standing:
        """Why it is unknown what goes on there."""
        return Standing(doubt=self._meter.doubt(now.at_ms))


class RecordedCabinet(Recorded):
    """A cabinet of which only counts are known: so many charged batteries, so many empty slots.

    The slots are a stand-in: the charged ones are numbered first, the empty ones after them, and of the
    rest nothing is known. So the counts are the recording's, and no slot number means a place.
    """

    WANTED: ClassVar = {
        "charged": Wanted(0, MAX_SLOTS, True),
        "empty": Wanted(0, MAX_SLOTS, True),
        "online": _SIGN,
    }

    def _set_up(self, options: Options, totals: Totals) -> Parts:
        del totals
        self._slots = options.whole("slots", low=1, high=MAX_SLOTS)
        self._counts: tuple[int, int] | None = None
        self._online = True
        return Parts(cabinets=(cabinet_info(options, self.info.id, self._slots),))

    def _check_row(self, row: Row, description: Description) -> None:
        charged, empty = _counts(row)
        if charged + empty > self._slots:
            where = f"{description.layout.path.name}: line {row.line}"
            raise ConfigError(where, "charged and empty", charged + empty, f"at most slots = {self._slots}")

    def _take(self, row: Row) -> None:
        self._counts = _counts(row)
        self._online = row.values.get("online") != 0

    def _readings(self) -> Sequence[Reading]:
        if self._counts is None:
            return []
        charged, empty = self._counts
        slots = tuple(_slot(n, charged, empty) for n in range(1, self._slots + 1))
        return [Cabinet(self.info.id, self._online, slots)]


def _counts(row: Row) -> tuple[int, int]:
    return int(row.values.get("charged") or 0), int(row.values.get("empty") or 0)


def _slot(n: int, charged: int, empty: int) -> Slot:
    if n <= charged:
        return Slot(n, "present", "full")
    return Slot(n, "absent" if n <= charged + empty else "unknown")
