"""A station in Home Assistant's terms: one device, its entities, and what each says now. Pure.

The device form of MQTT discovery: one message names all entities, one message carries all their values.
What is not known is null, which Home Assistant shows as unknown; it is never free, empty or zero.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contract.messages import Cabinet, CabinetInfo, Climate, Info, Presence, Slot, Snapshot, Socket
from edge.changes import HOT_C
from edge.discovery_words import WORDS, Language

Value = str | float | None
Entity = dict[str, object]

ON, OFF = "ON", "OFF"

QUIET_MS: Final = 20 * 60 * 1000
"""So long without motion, the room is empty: people who rest were seen to sit still for seven minutes."""

FULL_PCT: Final = 95.0
"""A battery is charged from here on; the server's own limit, unless its network sets another."""

BEATS: Final = 3
"""Heartbeats that may be missed before Home Assistant calls an entity unavailable."""

SHORTEST_EXPIRY_S: Final = 60

SOCKET_STATES: Final = ("free", "charging", "full", "in_use", "off", "fault")
SLOT_STATES: Final = ("empty", "charging", "charged", "present", "open", "disabled", "faulty")


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change while the agent runs.

    Attributes:
        topic: where values and availability are published below.
    """

    station: str
    info: Info
    language: Language
    prefix: str
    topic: str

    @property
    def node(self) -> str:
        """The device's name among the machines, and the beginning of every entity's."""
        return f"waystation_{self.station}"

    @property
    def config_topic(self) -> str:
        """Where Home Assistant learns of the device."""
        return f"{self.prefix}/device/{self.node}/config"

    @property
    def state_topic(self) -> str:
        """Where the values are."""
        return f"{self.topic}/state"

    @property
    def availability_topic(self) -> str:
        """``online`` or ``offline``; the broker itself says the latter of a lost agent."""
        return f"{self.topic}/availability"

    @property
    def expire_s(self) -> int:
        """So long a value holds without a new one."""
        return max(SHORTEST_EXPIRY_S, round(BEATS * self.info.heartbeat_s))

    def word(self, key: str, **parts: object) -> str:
        """The word for ``key`` in the station's language."""
        return WORDS[self.language][key].format(**parts)


class Watch:
    """Tells from motion whether somebody is there."""

    def __init__(self) -> None:
        self._since_ms: int | None = None

    def occupied(self, presence: Presence | None, at_ms: int, mono_ms: int) -> bool | None:
        """True within :data:`QUIET_MS` of a motion, False after that, None while nobody can know.

        Silence is worth something only from a sensor that was well for as long.
        """
        if presence is None or not presence.ok:
            self._since_ms = None
            return None
        if self._since_ms is None:
            self._since_ms = mono_ms
        if presence.motion_at_ms is not None and at_ms - presence.motion_at_ms < QUIET_MS:
            return True
        return False if mono_ms - self._since_ms >= QUIET_MS else None


def values(plan: Plan, snapshot: Snapshot, occupied: bool | None) -> dict[str, Value]:
    """What each entity says, by its key; null for what is not known."""
    found: dict[str, Value] = {"occupancy": _switch(occupied)}
    if snapshot.climate:
        found |= _climate(snapshot.climate)
    for door in snapshot.doors:
        found |= {f"in_{door.id}": door.in_total, f"out_{door.id}": door.out_total}
    for socket in snapshot.sockets:
        found |= _socket(plan, socket)
    for cabinet in snapshot.cabinets:
        found |= _cabinet(plan, cabinet)
    faulty = {fault.sensor for fault in snapshot.faults}
    return found | {f"problem_{name}": _switch(name in faulty) for name in _watched(plan.info)}


def _watched(info: Info) -> Sequence[str]:
    """Whoever may report a fault of its own."""
    return [*(sensor.id for sensor in info.sensors), "outbox"]


def _switch(value: bool | None) -> str | None:
    return None if value is None else ON if value else OFF


def _climate(climate: Climate) -> dict[str, Value]:
    return {"temperature": climate.temperature_c, "humidity": climate.humidity_pct, "co2": climate.co2_ppm}


def _socket(plan: Plan, socket: Socket) -> dict[str, Value]:
    state = plan.word(f"socket.{socket.state}") if socket.state in SOCKET_STATES else None
    return {f"socket_{socket.id}": state, f"power_{socket.id}": socket.power_w}


def _cabinet(plan: Plan, cabinet: Cabinet) -> dict[str, Value]:
    lost = None if cabinet.mains_ok is None else not cabinet.mains_ok
    found: dict[str, Value] = {
        f"cabinet_{cabinet.id}": _switch(cabinet.online),
        f"mains_{cabinet.id}": _switch(lost),
        f"smoke_{cabinet.id}": _switch(cabinet.smoke),
        f"heat_{cabinet.id}": cabinet.temperature_c,
    }
    for slot in cabinet.slots:
        state = slot_state(slot, smoke=cabinet.smoke is True) if cabinet.online else None
        found[f"slot_{slot.n}_{cabinet.id}"] = plan.word(f"slot.{state}") if state else None
    return found


def slot_state(slot: Slot, *, smoke: bool = False) -> str | None:
    """The first of a slot's conditions that holds, as riders read it; None where none is known."""
    hot = slot.temperature_c is not None and slot.temperature_c >= HOT_C
    if smoke or hot or slot.alarms or slot.charge == "fault":
        return "faulty"
    if slot.door == "open":
        return "open"
    if slot.enabled is False:
        return "disabled"
    return _battery(slot)


def _battery(slot: Slot) -> str | None:
    if slot.battery == "absent":
        return "empty"
    if slot.charge == "full" or (slot.soc_pct or 0) >= FULL_PCT:
        return "charged"
    if slot.charge in {"charging", "limited"}:
        return "charging"
    return "present" if slot.battery == "present" else None


def seen(said: Mapping[str, Value]) -> set[str]:
    """Keys of what the station turns out to have: what was measured once, and every slot."""
    return {key for key, value in said.items() if value is not None or key.startswith("slot_")}


def config(plan: Plan, known: Collection[str]) -> dict[str, object]:
    """The discovery message: all that the station file names, and what is ``known`` (see :func:`seen`)."""
    info = plan.info
    name = plan.word("device.simulated" if info.simulated else "device", id=plan.station)
    return {
        "dev": {
            "ids": [plan.node],
            "name": name,
            "mf": "Waystation",
            "mdl": plan.word("model"),
            "sw": info.agent_version,
        },
        "o": {"name": "Waystation", "sw": info.agent_version},
        "avty_t": plan.availability_topic,
        "stat_t": plan.state_topic,
        "cmps": {
            key: _common(plan, key) | entity
            for key, entity, always in _entities(plan, known)
            if always or key in known
        },
    }


def _common(plan: Plan, key: str) -> Entity:
    # get(): a key that is not there renders as unknown; value_json.key would leave the old value standing.
    template = f"{{{{ value_json.get('{key}') }}}}"
    return {"uniq_id": f"{plan.node}_{key}", "val_tpl": template, "exp_aft": plan.expire_s}


def _entities(plan: Plan, known: Collection[str]) -> Iterator[tuple[str, Entity, bool]]:
    """Key, entity, and whether it is there from the start. The key's first word keeps ids apart."""
    word = plan.word
    yield "temperature", _measured(word("temperature"), "temperature", "°C"), False
    yield "humidity", _measured(word("humidity"), "humidity", "%"), False
    yield "co2", _measured(word("co2"), "carbon_dioxide", "ppm"), False
    yield "occupancy", _binary(word("occupancy"), "occupancy"), False
    for door in plan.info.doors:
        yield f"in_{door}", _counted(word("in", id=door)), True
        yield f"out_{door}", _counted(word("out", id=door)), True
    for socket in plan.info.sockets:
        label = socket.label.strip() or socket.id
        yield f"socket_{socket.id}", _one_of(plan, "socket", word("socket", id=label)), True
        yield f"power_{socket.id}", _measured(word("power", id=label), "power", "W"), False
    for cabinet in plan.info.cabinets:
        yield from _cabinet_entities(plan, cabinet, known)
    for name in _watched(plan.info):
        said = word("outbox") if name == "outbox" else word("problem", id=name)
        yield f"problem_{name}", _binary(said, "problem") | {"ent_cat": "diagnostic"}, True


def _cabinet_entities(
    plan: Plan, cabinet: CabinetInfo, known: Collection[str]
) -> Iterator[tuple[str, Entity, bool]]:
    def named(kind: str, **parts: object) -> str:
        return plan.word(kind, id=cabinet.label.strip() or cabinet.id, **parts)

    yield f"cabinet_{cabinet.id}", _binary(named("cabinet"), "connectivity"), True
    yield f"mains_{cabinet.id}", _binary(named("mains"), "problem"), False
    yield f"smoke_{cabinet.id}", _binary(named("smoke"), "smoke"), False
    yield f"heat_{cabinet.id}", _measured(named("heat"), "temperature", "°C"), False
    for n in _slots(cabinet.id, known):
        yield f"slot_{n}_{cabinet.id}", _one_of(plan, "slot", named("slot", n=n)), False


def _slots(cabinet: str, known: Collection[str]) -> list[int]:
    """Numbers as they stand on the slots' doors."""
    split = (key.split("_", 2) for key in known if key.startswith("slot_"))
    return sorted(int(n) for _, n, owner in split if owner == cabinet)


def _measured(name: str, device_class: str, unit: str) -> Entity:
    return _sensor(name, dev_cla=device_class, unit_of_meas=unit, stat_cla="measurement")


def _counted(name: str) -> Entity:
    # A smaller total after a new beginning is what Home Assistant expects of this class.
    return _sensor(name, stat_cla="total_increasing", ic="mdi:door-open")


def _one_of(plan: Plan, kind: str, name: str) -> Entity:
    states, icon = {
        "socket": (SOCKET_STATES, "mdi:power-socket"),
        "slot": (SLOT_STATES, "mdi:battery-charging"),
    }[kind]
    return _sensor(name, dev_cla="enum", ops=[plan.word(f"{kind}.{state}") for state in states], ic=icon)


def _sensor(name: str, **options: object) -> Entity:
    return {"p": "sensor", "name": name, **options}


def _binary(name: str, device_class: str) -> Entity:
    return {"p": "binary_sensor", "name": name, "dev_cla": device_class}
