"""A swap cabinet that dials the station and speaks the China Tower protocol.

Cabinets report of their own accord; this end listens, answers that it has heard, and never sends a command:
no door is opened, no slot disabled. The listener's thread takes what comes in
(:mod:`edge.sensors.tower_listener`), the sampler asks what is true by now.
"""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from contract.messages import MAX_UNITS, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry, parse
from edge.options import Options
from edge.sensors import Parts, Reading, SensorError, Standing, Verdict
from edge.sensors.parts import cabinet_info
from edge.sensors.tower_listener import LAN, Listener, Network
from edge.sensors.tower_map import TowerMap, read_map
from edge.sensors.tower_memory import TowerMemory

SILENT_S: Final = 1200.0
"""Known from a public server for these cabinets: they report changes only, and a quiet one is not lost."""

LOST_MS: Final = 60_000
"""Without a connection for so long a cabinet is offline; modems dial again within seconds."""

PATIENCE_MS: Final = 120_000
"""For the first login and the first report after the start."""

UNKNOWABLE: Final = (
    "cannot know: whether the cabinet is who it says (ids are no secret), whether the map's polarity is this"
    " maker's (open a door and look), how old a value is that it does not report again"
)

_listeners: dict[tuple[str, int], Listener] = {}


class Tower:
    """One cabinet."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only(
            *("listen", "port", "from", "cabinet", "slots", "map", "map_file"),
            *("silent_s", "label", "voltage_v"),
        )
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        slots = options.whole("slots", low=1, high=MAX_UNITS)
        self._cabinet = cabinet_info(options, entry.id, slots)
        self._silent_ms = round(options.number("silent_s", default=SILENT_S, low=10, high=86_400) * 1000)
        self._name = options.text(
            "cabinet", pattern=r"[!-~]{1,64}", allowed="the id that the cabinet logs in with (devId)"
        )
        self._memory = TowerMemory(_map(options), slots)
        self._listener = _join(options, self._name, self._memory, clock)
        self._clock = clock
        self._first_ms: int | None = None
        self._bare_ms: int | None = None

    def parts(self) -> Parts:
        return Parts(cabinets=(self._cabinet,))

    def read(self, now: Instant) -> Sequence[Reading]:
        """What the cabinet has told so far.

        Raises:
            SensorError: nothing that it told can be relied on: not there, or silent for too long.
        """
        self._listener.start()
        self._first_ms = now.mono_ms if self._first_ms is None else self._first_ms
        with self._listener.lock:
            self._memory.forget(now.mono_ms)
            failure = self._failure(now.mono_ms)
            reading = self._memory.cabinet(self._cabinet.id)
        if failure is not None:
            raise failure
        if reading is not None:
            self._bare_ms = None
            return [reading]
        self._bare_ms = now.mono_ms if self._bare_ms is None else self._bare_ms
        if now.mono_ms - self._bare_ms > PATIENCE_MS:
            raise SensorError("no_report", "the cabinet has logged in and says nothing of its slots")
        return []

    def on_danger(self, ring: Callable[[], None]) -> None:
        """Call ``ring`` when a cabinet tells of smoke, heat or another new alarm; from any thread."""
        self._listener.ring = ring

    def explain(self) -> Sequence[tuple[str, str, str]]:
        """Every attribute of the cabinet: name, raw, meaning; and what nobody can know."""
        with self._listener.lock:
            lines = self._memory.explain()
        return [*lines, ("", "", UNKNOWABLE)] if lines else []

    def standing(self, now: Instant) -> Standing:
        """When it last reported something, and why slots are unknown."""
        del now
        with self._listener.lock:
            heard_ms, doubt = self._memory.heard_ms, self._memory.doubt()
        return Standing(heard_ms, doubt if heard_ms is not None else "it has not dialled yet")

    def verify(self) -> Verdict:
        """Whether the port can be opened; the cabinet itself dials when it likes."""
        address, port = self._listener.place
        try:
            self._listener.open_door().close()
        except OSError as error:
            return Verdict(False, f"cannot listen at {address} port {port} ({error.strerror}); {_LISTEN}")
        return Verdict(True, f"can listen at {address} port {port} for {self._name}; {UNKNOWABLE}")

    def close(self) -> None:
        if self._listener.leave(self._name):
            _listeners.pop(self._listener.place, None)

    def _failure(self, mono_ms: int) -> SensorError | None:
        if self._listener.trouble:
            return SensorError("cannot_listen", f"{self._listener.trouble}; {_LISTEN}")
        guests, heard_ms = self._listener.guests, self._memory.heard_ms
        if self._name in guests.present:
            silent = heard_ms is not None and mono_ms - heard_ms > self._silent_ms
            return SensorError("silent", "connected, but reports nothing") if silent else None
        left_ms = guests.left_ms.get(self._name)
        waited_ms = mono_ms - (self._first_ms or 0 if left_ms is None else left_ms)
        if waited_ms <= (PATIENCE_MS if left_ms is None else LOST_MS):
            return None
        return SensorError("not_connected", self._hint())

    def _hint(self) -> str:
        address, port = self._listener.place
        hint = f"{self._name} does not dial {address} port {port}: check its server setting and the network"
        strangers = self._listener.guests.strangers.items()
        knocked = ", ".join(f"{name} from {peer}" for name, peer in strangers)
        return f"{hint}; refused as unknown: {knocked}" if knocked else hint


_LISTEN: Final = "is the address this machine's, does the agent or another program have the port?"


def _map(options: Options) -> TowerMap:
    if options.has("map") == options.has("map_file"):
        raise options.wrong("map_file", "exactly one of map_file and [sensor.map]")
    if options.has("map"):
        return read_map(options.table("map"))
    file = options.path("map_file")
    return read_map(Options(parse(file), file.name, file.parent))


def _join(options: Options, name: str, memory: TowerMemory, clock: Clock) -> Listener:
    address = options.text("listen", default="127.0.0.1")
    port = options.whole("port", low=0, high=65535)
    networks = _networks(options)
    _check_reach(options, address)
    place = (address, port)
    listener = _listeners.get(place) or Listener(address, port, networks, clock)
    if listener.networks != networks:
        raise options.wrong("from", "the same networks for all cabinets at one port")
    if name in listener.guests.memories:
        raise options.wrong("cabinet", "an id that no other cabinet at this port has")
    listener.join(name, memory)
    _listeners[place] = listener
    return listener


def _networks(options: Options) -> tuple[Network, ...]:
    if not options.has("from"):
        return LAN
    try:
        return tuple(ip_network(text) for text in options.texts("from"))
    except ValueError:
        raise options.wrong("from", 'a list of networks, e.g. ["192.168.4.0/24"]') from None


def _check_reach(options: Options, address: str) -> None:
    """A port that the world can reach has to be asked for: by naming who may dial."""
    try:
        listens = ip_address(address)
    except ValueError:
        raise options.wrong("listen", "an address of this machine, e.g. 192.168.4.1") from None
    local = any(listens in network for network in LAN)
    if not local and not options.has("from"):
        raise options.wrong(
            "listen", "an address of the station's own network; for others say who may dial in from"
        )
