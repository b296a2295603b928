"""Charging sockets and batteries: what a rider can use."""

from collections.abc import Sequence
from typing import Final

from contract.messages import Cabinet, CabinetInfo, Slot, Socket, SocketInfo
from server.model import Thresholds
from server.state import CabinetState, Heat, SlotWord, SocketCounts, SocketState
from server.status.ages import freshness

_OCCUPIED: Final = frozenset({"charging", "full", "in_use"})
_FAULTY: Final = frozenset({"fault", "off"})


def sockets(
    readings: Sequence[Socket],
    infos: Sequence[SocketInfo],
    now_ms: int,
    thresholds: Thresholds,
    *,
    at_ms: int | None,
) -> tuple[SocketCounts, tuple[SocketState, ...]]:
    """Every socket that the station has, and how many a rider can use.

    A socket that the station has and says nothing of is ``unknown``; so are all of an offline station.
    """
    live = freshness(at_ms, now_ms, thresholds) in {"fresh", "stale"}
    read = {reading.id: reading for reading in readings}
    announced = {info.id for info in infos}
    others = (SocketInfo(each.id, each.kind) for each in readings if each.id not in announced)
    states = tuple(_socket(info, read.get(info.id) if live else None) for info in (*infos, *others))
    words = [state.state for state in states]
    free, occupied = words.count("free"), sum(word in _OCCUPIED for word in words)
    faulty = sum(word in _FAULTY for word in words)
    unknown = len(words) - free - occupied - faulty
    return SocketCounts(len(words), free, occupied, faulty, unknown, at_ms), states


def _socket(info: SocketInfo, reading: Socket | None) -> SocketState:
    if reading is None:
        return SocketState(info.id, info.label, info.kind, "unknown", None, None)
    return SocketState(info.id, info.label, info.kind, reading.state, reading.power_w, reading.since_ms)


def cabinets(
    readings: Sequence[Cabinet],
    infos: Sequence[CabinetInfo],
    now_ms: int,
    thresholds: Thresholds,
    *,
    at_ms: int | None,
) -> tuple[CabinetState, ...]:
    """Every cabinet with the word of each slot.

    A cabinet that the station has and says nothing of is offline; so are all of an offline station.
    """
    live = freshness(at_ms, now_ms, thresholds) in {"fresh", "stale"}
    read = {reading.id: reading for reading in readings}
    known = {info.id: info for info in infos}
    names = [*known, *(name for name in read if name not in known)]
    return tuple(
        _cabinet(known.get(name) or CabinetInfo(name, 1), read.get(name), live, thresholds, at_ms)
        for name in names
    )


def _cabinet(
    info: CabinetInfo, reading: Cabinet | None, live: bool, thresholds: Thresholds, at_ms: int | None
) -> CabinetState:
    online = live and reading is not None and reading.online
    slots = _slots(info, reading, online, thresholds)
    words = [word for _, word in slots]
    charged, empty, faulty = (words.count(word) for word in ("charged", "empty", "faulty"))
    heat = _heat(reading, thresholds) if reading else ""
    return CabinetState(
        info.id, info.label, info.voltage_v, online, slots, charged, empty, faulty, at_ms, heat
    )


def _heat(reading: Cabinet, thresholds: Thresholds) -> Heat:
    """Whether a cabinet burns or is about to, told also of one that is offline by now."""
    if reading.smoke:
        return "smoke"
    temperatures = (reading.temperature_c, *(slot.temperature_c for slot in reading.slots))
    return "hot" if any(each is not None and each >= thresholds.overheat_c for each in temperatures) else ""


def _slots(
    info: CabinetInfo, reading: Cabinet | None, online: bool, thresholds: Thresholds
) -> tuple[tuple[int, SlotWord], ...]:
    if reading is None:
        return tuple((n, "offline") for n in range(1, info.slots_count + 1))
    if not online:
        return tuple((slot.n, "offline") for slot in reading.slots)
    smoke = reading.smoke is True
    return tuple((slot.n, "faulty" if smoke else slot_word(slot, thresholds)) for slot in reading.slots)


def slot_word(slot: Slot, thresholds: Thresholds) -> SlotWord:
    """What a slot of an online cabinet shows: the first of its conditions that holds."""
    if _is_faulty(slot, thresholds):
        return "faulty"
    if slot.door == "open":
        return "open"
    return "disabled" if slot.enabled is False else _battery_word(slot, thresholds)


def _battery_word(slot: Slot, thresholds: Thresholds) -> SlotWord:
    if slot.battery == "absent":
        return "empty"
    if slot.charge == "full" or (slot.soc_pct or 0) >= thresholds.full_soc_pct:
        return "charged"
    if slot.charge in {"charging", "limited"}:
        return "charging"
    return "present" if slot.battery == "present" else "unknown"


def _is_faulty(slot: Slot, thresholds: Thresholds) -> bool:
    overheated = slot.temperature_c is not None and slot.temperature_c >= thresholds.overheat_c
    return slot.charge == "fault" or bool(slot.alarms) or overheated
