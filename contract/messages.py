"""The messages of v1, as frozen dataclasses that check themselves when they are made.

``None`` means "not measured" and is left out on the wire; it is never zero. Instants are
milliseconds of UTC since 1970, ``mono_ms`` milliseconds since the station's boot.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from contract.errors import ContractError
from contract.quantities import check

Clock = Literal["synced", "unsynced"]
SocketKind = Literal["ac", "usb"]
SocketState = Literal["free", "charging", "full", "in_use", "off", "fault", "unknown"]
Battery = Literal["present", "absent", "unknown"]
Charge = Literal["idle", "charging", "full", "limited", "off", "fault", "unknown"]
SlotDoor = Literal["closed", "open", "unknown"]
Link = Literal["online", "offline", "lost"]

STREAM: Final = re.compile(r"[0-9a-f]{16}")
BOOT_ID: Final = re.compile(r"[0-9a-f-]{8,36}")
UNIT_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
MAX_UNITS: Final = 256
"""Doors, sockets, cabinets or faults in one snapshot, and slots in one cabinet."""
MAX_TEXT: Final = 80


def _check_numbers(message: object, *names: str) -> None:
    for name in names:
        value = getattr(message, name)
        if value is not None:
            check(name, value)


def _check_pattern(field: str, value: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(value):
        raise ContractError(field, value, f"text like {pattern.pattern}")


def _check_text(field: str, value: str) -> None:
    if len(value) > MAX_TEXT or not value.isprintable():
        raise ContractError(field, value, f"at most {MAX_TEXT} printable characters")


def _check_distinct(field: str, given: Sequence[str | int]) -> None:
    if len(given) < 2:
        return
    if len(given) > MAX_UNITS:
        raise ContractError(field, f"{len(given)} entries", f"at most {MAX_UNITS} entries")
    if len(set(given)) < len(given):
        twice = next(name for name in given if given.count(name) > 1)
        raise ContractError(field, twice, "given once")


@dataclass(frozen=True, slots=True)
class Climate:
    """Air of the room, as one sensor measured it at ``at_ms``."""

    at_ms: int
    temperature_c: float | None = None
    humidity_pct: float | None = None
    co2_ppm: float | None = None

    def __post_init__(self) -> None:
        _check_numbers(self, "at_ms", "temperature_c", "humidity_pct", "co2_ppm")


@dataclass(frozen=True, slots=True)
class Door:
    """A counted door. Totals only grow while the outbox lives; a smaller one starts a new sum.

    ``locked`` comes from a contact at the bolt, never from silence.
    """

    id: str
    in_total: int
    out_total: int
    blocked: bool = False
    open: bool | None = None
    locked: bool | None = None

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_numbers(self, "in_total", "out_total")


@dataclass(frozen=True, slots=True)
class Presence:
    """Motion in the room: when it was last seen, and whether the sensor is well."""

    motion_at_ms: int | None = None
    ok: bool = True

    def __post_init__(self) -> None:
        _check_numbers(self, "motion_at_ms")


@dataclass(frozen=True, slots=True)
class Socket:
    """A charging socket; ``unknown`` while its meter is silent, which is not ``free``."""

    id: str
    kind: SocketKind
    state: SocketState
    since_ms: int
    power_w: float | None = None

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_numbers(self, "since_ms", "power_w")


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a battery-swap cabinet, as its signals say; what it means is derived later."""

    n: int
    battery: Battery
    charge: Charge = "unknown"
    door: SlotDoor = "unknown"
    enabled: bool | None = None
    soc_pct: float | None = None
    temperature_c: float | None = None
    alarms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_numbers(self, "n", "soc_pct", "temperature_c")
        for alarm in self.alarms:
            _check_pattern("alarms", alarm, CODE)
        _check_distinct("alarms", self.alarms)


@dataclass(frozen=True, slots=True)
class Cabinet:
    """A battery-swap cabinet with its slots."""

    id: str
    online: bool
    slots: tuple[Slot, ...] = ()
    mains_ok: bool | None = None
    temperature_c: float | None = None
    smoke: bool | None = None

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_numbers(self, "temperature_c")
        _check_distinct("slots", [slot.n for slot in self.slots])


@dataclass(frozen=True, slots=True)
class Health:
    """How the agent itself is, every ten minutes."""

    outbox_rows: int
    dropped_total: int
    uptime_s: int
    refused_total: int = 0
    cpu_c: float | None = None
    undervoltage: bool | None = None
    disk_free_pct: float | None = None

    def __post_init__(self) -> None:
        _check_numbers(self, "outbox_rows", "dropped_total", "uptime_s", "refused_total")
        _check_numbers(self, "cpu_c", "disk_free_pct")


@dataclass(frozen=True, slots=True)
class Fault:
    """A sensor that gives no reading: which, what is wrong, since when."""

    sensor: str
    code: str
    since_ms: int

    def __post_init__(self) -> None:
        _check_pattern("sensor", self.sensor, UNIT_ID)
        _check_pattern("code", self.code, CODE)
        _check_numbers(self, "since_ms")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a station knew at one moment. ``(station, stream, seq)`` names it for ever."""

    stream: str
    seq: int
    at_ms: int
    mono_ms: int
    boot_id: str
    clock: Clock
    climate: Climate | None = None
    doors: tuple[Door, ...] = ()
    presence: Presence | None = None
    sockets: tuple[Socket, ...] = ()
    cabinets: tuple[Cabinet, ...] = ()
    health: Health | None = None
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        _check_pattern("stream", self.stream, STREAM)
        _check_numbers(self, "seq", "at_ms", "mono_ms")
        _check_pattern("boot_id", self.boot_id, BOOT_ID)
        _check_distinct("doors", [door.id for door in self.doors])
        _check_distinct("sockets", [socket.id for socket in self.sockets])
        _check_distinct("cabinets", [cabinet.id for cabinet in self.cabinets])
        _check_distinct("faults", [fault.sensor for fault in self.faults])


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A batch of snapshots as it travels, newest or oldest first as the sender likes.

    From ``sent_mono_ms`` the server dates snapshots of this boot that were taken before the clock was set.
    """

    boot_id: str
    sent_mono_ms: int
    snapshots: tuple[Snapshot, ...]

    def __post_init__(self) -> None:
        _check_pattern("boot_id", self.boot_id, BOOT_ID)
        _check_numbers(self, "sent_mono_ms")
        if not self.snapshots:
            raise ContractError("snapshots", (), "at least one snapshot")


CommittedRange = tuple[str, int, int]
"""``(stream, first seq, last seq)``, both ends included."""
Refusal = tuple[str, int, str]
"""``(stream, seq, reason)``."""


@dataclass(frozen=True, slots=True)
class Ack:
    """The server's word on snapshots: these are committed for good, those are refused for good."""

    committed: tuple[CommittedRange, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def __post_init__(self) -> None:
        for stream, first, last in self.committed:
            _check_pattern("committed", stream, STREAM)
            check("seq", first)
            check("seq", last)
            if last < first:
                raise ContractError("committed", (first, last), "a range from first to last")
        for stream, seq, reason in self.refused:
            _check_pattern("refused", stream, STREAM)
            check("seq", seq)
            _check_pattern("refused", reason, CODE)


@dataclass(frozen=True, slots=True)
class Status:
    """The connection's life: birth, clean stop, last will."""

    state: Link
    boot_id: str
    agent_version: str
    at_ms: int

    def __post_init__(self) -> None:
        _check_pattern("boot_id", self.boot_id, BOOT_ID)
        _check_text("agent_version", self.agent_version)
        _check_numbers(self, "at_ms")


@dataclass(frozen=True, slots=True)
class SensorInfo:
    """A sensor as the station file names it, e.g. ``SensorInfo("room", "dht22")``."""

    id: str
    kind: str

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_pattern("kind", self.kind, CODE)


@dataclass(frozen=True, slots=True)
class SocketInfo:
    """A socket that the station has, with the label on its plate."""

    id: str
    kind: SocketKind
    label: str = ""

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_text("label", self.label)


@dataclass(frozen=True, slots=True)
class CabinetInfo:
    """A swap cabinet that the station has: slots, and the voltage class of its batteries."""

    id: str
    slots_count: int
    label: str = ""
    voltage_v: float | None = None

    def __post_init__(self) -> None:
        _check_pattern("id", self.id, UNIT_ID)
        _check_text("label", self.label)
        _check_numbers(self, "slots_count", "voltage_v")


@dataclass(frozen=True, slots=True)
class Info:
    """What the station has, said at birth. ``simulated`` stations are shown as such everywhere."""

    agent_version: str
    sample_s: float
    heartbeat_s: float
    sensors: tuple[SensorInfo, ...] = ()
    doors: tuple[str, ...] = ()
    sockets: tuple[SocketInfo, ...] = ()
    cabinets: tuple[CabinetInfo, ...] = ()
    simulated: bool = False

    def __post_init__(self) -> None:
        _check_text("agent_version", self.agent_version)
        _check_numbers(self, "sample_s", "heartbeat_s")
        _check_distinct("sensors", [sensor.id for sensor in self.sensors])
        for door in self.doors:
            _check_pattern("doors", door, UNIT_ID)
        _check_distinct("doors", self.doors)
        _check_distinct("sockets", [socket.id for socket in self.sockets])
        _check_distinct("cabinets", [cabinet.id for cabinet in self.cabinets])
