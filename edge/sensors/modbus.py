"""A metered socket or a swap cabinet's board on Modbus, by the register map of its kind.

The bus' thread (:mod:`edge.sensors.modbus_bus`) fetches; the sampler takes what has come in. Nothing is ever
written to a device: no lock is opened, no relay switched.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from contract.messages import SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry, parse
from edge.options import ConfigError, Options
from edge.sensors import Parts, Reading, SensorError, Standing, Verdict
from edge.sensors.device_parts import CABINET_KEYS, SOCKET_KEYS, part_of_map
from edge.sensors.modbus_bus import Bus, TakenError, join, leave
from edge.sensors.modbus_device import Device, Fact
from edge.sensors.modbus_line import HINTS, Place, Serial, Tcp
from edge.sensors.modbus_map import DeviceMap, shown
from edge.sensors.modbus_options import read_line, read_map

INTERVAL_S: Final = 5.0
TIMEOUT_S: Final = 1.0
"""For one answer, all of it: at 9600 baud the longest takes 0.3 s."""

MISSED: Final = 3
"""After so many missed answers a device is silent."""

LAST_ADDRESS: Final = 247
"""The highest that the protocol has for one device; PZEM meters and some boards answer to others too."""

_KEYS: Final = (
    *("map", "map_file", "address", "timeout_s", "silent_s", "label"),
    *("serial", "baud", "parity", "stop_bits", "host", "port", "framing"),
)


class Modbus:
    """One device on a Modbus line."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only(*_KEYS, *SOCKET_KEYS, *CABINET_KEYS)
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = 1.0
        self._clock = clock
        interval_ms = round((entry.interval_s or INTERVAL_S) * 1000)
        usual_s = max(1.0, MISSED * interval_ms / 1000)
        silent_s = options.number("silent_s", default=usual_s, low=max(1.0, interval_ms / 1000), high=86_400)
        self._silent_ms = round(silent_s * 1000)
        device_map = _map(options)
        self._blind = "" if device_map.identity else "whether it is this device: its map has no identity"
        self._part = part_of_map(entry.id, options, device_map.slots, self._silent_ms)
        place = _place(options, device_map)
        lowest = 1 if isinstance(place, Serial) or place.rtu else 0
        address = options.whole("address", low=lowest, high=LAST_ADDRESS if lowest else 255)
        timeout_s = options.number("timeout_s", default=TIMEOUT_S, low=0.05, high=10)
        self._device = Device(device_map, address, interval_ms, clock)
        self._bus = _join(options, place, timeout_s, clock, self._device)
        self._last: Fact | None = None
        self._good_ms: int | None = None

    def parts(self) -> Parts:
        return self._part.parts()

    def read(self, now: Instant) -> Sequence[Reading]:
        """What the newest answers say.

        Raises:
            SensorError: there was no good answer for ``silent_s``.
        """
        self._bus.start()
        self._good_ms = now.mono_ms if self._good_ms is None else self._good_ms
        for fact in self._device.take():
            self._part.feed(fact)
            self._last, self._good_ms = fact, fact.at.mono_ms
        if now.mono_ms - self._good_ms > self._silent_ms:
            raise self._device.failure or SensorError("hang", f"{self._bus.place}: {HINTS['hang']}")
        return [] if self._last is None else self._part.readings(now)

    def explain(self) -> Sequence[tuple[str, str, str]]:
        """The newest answer, register by register: name, raw, meaning."""
        return [] if self._last is None else [shown(each) for each in self._last.found]

    def standing(self, now: Instant) -> Standing:
        """When it last answered, why it is unknown what goes on, and whether it may be another device."""
        if self._last is None:
            return Standing(None, str(self._device.failure or "no answer yet"), self._blind)
        return Standing(self._last.at.mono_ms, self._part.doubt(now.mono_ms), self._blind)

    def verify(self) -> Verdict:
        """Ask the device who it is, where it has a register for that; else say that nobody can know."""
        try:
            return Verdict(True, self._device.introduce(self._bus.exchange, str(self._bus.place)))
        except SensorError as error:
            return Verdict(False, str(error))

    def close(self) -> None:
        leave(self._bus, self._device)


def _map(options: Options) -> DeviceMap:
    if options.has("map") == options.has("map_file"):
        raise options.wrong("map_file", "exactly one of map_file and [sensor.map]")
    if options.has("map"):
        return read_map(options.table("map"))
    file = options.path("map_file")
    return read_map(Options(parse(file), file.name, file.parent))


def _place(options: Options, device_map: DeviceMap) -> Place:
    if options.has("serial") == options.has("host"):
        raise options.wrong("serial", "exactly one of serial and host")
    keys = ("port", "framing") if options.has("serial") else ("baud", "parity", "stop_bits")
    for key in keys:
        if options.has(key):
            raise options.wrong(key, f"left out: it belongs to {'host' if keys[0] == 'port' else 'serial'}")
    if options.has("serial"):
        port = options.text("serial", pattern=r"/.+", allowed="a device file, e.g. /dev/serial/by-id/...")
        return Serial(str(PurePath(port)), read_line(options, device_map.line))
    host = options.host("host")
    port_number = options.whole("port", default=502, low=1, high=65535)
    return Tcp(host, port_number, options.choice("framing", ("tcp", "rtu"), default="tcp") == "rtu")


def _join(options: Options, place: Place, timeout_s: float, clock: Clock, device: Device) -> Bus:
    try:
        return join(place, timeout_s, clock, device)
    except TakenError:
        key = "serial" if isinstance(place, Serial) else "host"
        allowed = "the same speed, parity, framing and timeout_s for all sensors on one line"
        raise ConfigError(options.where, key, str(place), allowed) from None
