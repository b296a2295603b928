"""What was measured at an alert, what is measured now, and which part it is about, in words. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from contract.messages import Health, Info, Snapshot
from server.alerts.model import Alert
from server.model import Thresholds
from server.notify.words.texts import detail_of
from server.state import StationState
from server.web.staff.alerts.measures import HEALTH_MS
from server.web.staff.names import sensor_word
from server.web.staff.plots import picks
from server.web.text import Text

_SAID: Final = ("code", "alarms", "why")
"""Values that the stations and the store say in words of their own, where no sentence tells them."""
_FAULTS: Final = frozenset({"sensor_failing", "outbox_failing"})


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest that is known of a station.

    Attributes:
        health: when it was said how the machine is, and how.
        thresholds: the riders' numbers, which say how old is fresh.
    """

    state: StationState | None = None
    snapshot: Snapshot | None = None
    health: tuple[int, Health] | None = None
    info: Info | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)


class Said(NamedTuple):
    """What is told of an alert in numbers or in a word.

    Attributes:
        detail: what it was when it fired, or of one that ended by itself when it was over; "" for nothing.
        now: what it is now; "" when nobody knows at present; None where nothing newer can be said.
        code: the device's own word for ``detail``, "" where there is none.
    """

    detail: str
    now: str | None = None
    code: str = ""


def reason_of(text: Text, preset: str, words: str) -> str:
    """Why something is silenced: a usual reason in the reader's language, and what was written as it was."""
    usual = text.known("staff.silence.reason", preset) if preset else ""
    return text("sentence.separator").join(part for part in (usual, words) if part)


class Unit(NamedTuple):
    """The part that an alert is about, as its plate or its kind calls it; ``code``: as the device does."""

    label: str
    code: str = ""


def said(alert: Alert, newest: Newest, text: Text) -> Said:
    """What was measured then and is now, or what the station itself says of it."""
    if alert.kind == "station_offline":
        return Said(_silence(alert, newest, text))
    if alert.kind == "store_damaged":  # no number that could be another by now
        return Said(detail_of(alert, text))
    if measured := detail_of(alert, text):
        then = text(f"staff.alert.then.{'over' if _of_the_end(alert) else 'fired'}", detail=measured)
        return Said(then, _now(alert, newest, text) if alert.active else None)
    state = alert.values.get("state")
    if alert.kind == "socket_fault" and isinstance(state, str):
        return Said(text.known("socket.state", state))
    codes = [str(alert.values[name]) for name in _SAID if alert.values.get(name)]
    if not codes:
        return Said("")
    word = text.known("staff.fault", codes[0]) if alert.kind in _FAULTS else codes[0]
    return Said(word, code=codes[0]) if word != codes[0] else Said(text("staff.alert.code", code=word))


def _of_the_end(alert: Alert) -> bool:
    """Whether the values are those that ended it: one that somebody has ended keeps those it fired with."""
    if alert.resolved_ms is None or alert.fired_ms is None:
        return False
    return abs(alert.measured_ms - alert.resolved_ms) < abs(alert.measured_ms - alert.fired_ms)


class _Value(NamedTuple):
    """A number, and when it was measured; None for a number that was not."""

    at_ms: int
    number: float | None


def _now(alert: Alert, newest: Newest, text: Text) -> str | None:
    if alert.kind not in _NOW:
        return None
    name, read, fresh_ms = _NOW[alert.kind]
    value = read(newest, alert.subject.unit)
    limit_ms = newest.thresholds.fresh_ms if fresh_ms is None else fresh_ms
    if value is None or value.number is None or text.now_ms - value.at_ms > limit_ms:
        return ""
    if value.at_ms <= alert.measured_ms:
        return None
    return text(f"staff.alert.now.{name}", value=text.number(round(value.number, 1)))


def _silence(alert: Alert, newest: Newest, text: Text) -> str:
    """For how long nothing has been heard by now: what it was when it fired says nothing more."""
    heard = newest.snapshot and text.now_ms - newest.snapshot.at_ms <= newest.thresholds.fresh_ms
    return text("staff.alert.now.heard") if heard and alert.active else detail_of(alert, text)


def _temperature(newest: Newest, _unit: str) -> _Value | None:
    climate = newest.snapshot.climate if newest.snapshot else None
    return _Value(climate.at_ms, climate.temperature_c) if climate else None


def _people(newest: Newest, _unit: str) -> _Value | None:
    crowding = newest.state.crowding if newest.state else None
    return _Value(crowding.at_ms, crowding.people) if crowding and crowding.at_ms is not None else None


def _of_snapshot(pick: picks.Pick) -> "_Read":
    def read(newest: Newest, unit: str) -> _Value | None:
        if newest.snapshot is None:
            return None
        number = pick(newest.snapshot, unit, newest.thresholds)
        return _Value(newest.snapshot.at_ms, None if isinstance(number, str) else number)

    return read


def _of_health(number: Callable[[Health], float | None]) -> "_Read":
    return lambda newest, _unit: _Value(newest.health[0], number(newest.health[1])) if newest.health else None


_Read = Callable[[Newest, str], _Value | None]
_NOW: Final[Mapping[str, tuple[str, _Read, int | None]]] = {
    "too_hot": ("temperature", _temperature, None),
    "too_cold": ("temperature", _temperature, None),
    "cooling_failing": ("temperature", _temperature, None),
    "over_capacity": ("people", _people, None),
    "socket_overload": ("power", _of_snapshot(picks.power), None),
    "no_charged_battery": ("charged", _of_snapshot(picks.charged), None),
    "cabinet_overheat": ("temperature", _of_snapshot(picks.hottest), None),
    "pi_hot": ("temperature", _of_health(lambda health: health.cpu_c), HEALTH_MS),
    "pi_disk_filling": ("free", _of_health(lambda health: health.disk_free_pct), HEALTH_MS),
    "outbox_backlog": ("backlog", _of_health(lambda health: health.outbox_rows), HEALTH_MS),
}
"""By kind: its string, where it is read, and how long it is fresh; None: as long as riders are told of it."""


def unit_of(alert: Alert, newest: Newest, text: Text) -> Unit:
    """The part that it is about; nothing for the whole and where the place says it."""
    unit, family = alert.subject.unit, _UNITS.get(alert.kind)
    if not unit or alert.subject.scope == "network":
        return Unit("")
    if family is None:
        return Unit(unit)
    if family == "sensor":
        word = sensor_word(text, unit, _kind(unit, newest.info))
        return Unit(word, unit) if word else Unit(text("staff.unit.sensor", label=unit))
    first, _, slot = unit.partition("/")
    label = _label(family, first, newest.state)
    if slot:
        return Unit(text("staff.unit.slot", label=label, slot=slot))
    return Unit(text(f"staff.unit.{family}", label=label))


def _kind(sensor_id: str, info: Info | None) -> str:
    return next((each.kind for each in info.sensors if each.id == sensor_id), "") if info else ""


def _label(family: str, unit: str, state: StationState | None) -> str:
    labels: dict[str, str] = {}
    if state is not None and family == "socket":
        labels = {socket.id: socket.label for socket in state.socket_list}
    elif state is not None and family == "cabinet":
        labels = {cabinet.id: cabinet.label for cabinet in state.cabinets}
    return labels.get(unit) or unit


_UNITS: Final[Mapping[str, str]] = {
    "sensor_failing": "sensor",
    "door_blocked": "door",
    "socket_fault": "socket",
    "socket_overload": "socket",
    **dict.fromkeys(
        (
            "slot_fault",
            "cabinet_offline",
            "mains_lost",
            "no_charged_battery",
            "cabinet_overheat",
            "cabinet_smoke",
        ),
        "cabinet",
    ),
}
"""What the unit of a kind is."""
