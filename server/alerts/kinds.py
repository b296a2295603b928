"""Every kind of alert, and the numbers that its rule compares with.

What each means, where its numbers come from and what a technician does is in ``docs/alerts.md``, which the
tests hold to this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from server.alerts.model import Kind

_S: Final = 1_000
_MIN: Final = 60_000
_HOUR: Final = 3_600_000

_UNHEARD: Final = ("station_offline", "district_offline", "broker_down", "store_stalled")
"""While one of them is active, what was last heard of a station is not told again."""

_KINDS: Final = (
    Kind("district_offline", "critical", "network", _MIN, 2 * _MIN, inhibited_by=_UNHEARD[2:]),
    Kind("station_offline", "critical", "station", 2 * _MIN, 2 * _MIN, inhibited_by=_UNHEARD[1:]),
    Kind("too_hot", "warning", "station", 10 * _MIN, 10 * _MIN, "open", _UNHEARD),
    Kind("too_cold", "warning", "station", 10 * _MIN, 10 * _MIN, "open", _UNHEARD),
    Kind("cooling_failing", "warning", "station", 10 * _MIN, 10 * _MIN, "open", (*_UNHEARD, "too_hot")),
    Kind("over_capacity", "warning", "station", 10 * _MIN, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("sensor_failing", "warning", "station", 10 * _MIN, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("sensor_flat", "warning", "station", 0, 30 * _MIN, inhibited_by=_UNHEARD),
    Kind("sensor_jumping", "warning", "station", 0, _HOUR, inhibited_by=_UNHEARD),
    Kind("counts_drifting", "info", "station", 0, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("door_blocked", "warning", "station", 10 * _MIN, 2 * _MIN, inhibited_by=_UNHEARD),
    Kind("locked_in_hours", "critical", "station", 10 * _MIN, _MIN, "open", _UNHEARD),
    Kind("socket_fault", "warning", "station", 10 * _MIN, 10 * _MIN, "open", _UNHEARD),
    Kind("socket_overload", "critical", "station", _MIN, 5 * _MIN, inhibited_by=_UNHEARD),
    Kind("slot_fault", "warning", "station", 10 * _MIN, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("cabinet_offline", "critical", "station", 10 * _MIN, 5 * _MIN, inhibited_by=_UNHEARD),
    Kind("mains_lost", "critical", "station", 2 * _MIN, 5 * _MIN, inhibited_by=_UNHEARD),
    Kind("no_charged_battery", "warning", "station", 30 * _MIN, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("cabinet_overheat", "safety", "station", 0, 10 * _MIN),
    Kind("cabinet_smoke", "safety", "station", 0, 10 * _MIN),
    Kind("pi_undervoltage", "warning", "station", 15 * _MIN, 20 * _MIN, inhibited_by=_UNHEARD),
    Kind("pi_hot", "warning", "station", 15 * _MIN, 20 * _MIN, inhibited_by=_UNHEARD),
    Kind("pi_disk_filling", "warning", "station", 15 * _MIN, 20 * _MIN, inhibited_by=_UNHEARD),
    Kind("outbox_failing", "critical", "station", _MIN, 10 * _MIN, inhibited_by=_UNHEARD),
    Kind("outbox_backlog", "warning", "station", 30 * _MIN, 15 * _MIN, inhibited_by=_UNHEARD),
    Kind("clock_unsynced", "warning", "station", 15 * _MIN, 5 * _MIN, inhibited_by=_UNHEARD),
    Kind("data_lost", "critical", "station", 0, 0, inhibited_by=_UNHEARD),
    Kind("messages_rejected", "warning", "station", 0, 30 * _MIN, inhibited_by=("server_clock_behind",)),
    Kind("unknown_station", "warning", "server", 0, _HOUR),
    Kind("server_clock_behind", "critical", "server", 0, 10 * _MIN),
    Kind("broker_down", "critical", "server", _MIN, 2 * _MIN),
    Kind("store_stalled", "critical", "server", _MIN, 2 * _MIN),
    Kind("store_damaged", "warning", "server", 2 * _MIN, _HOUR, inhibited_by=("store_stalled",)),
    Kind("server_disk_filling", "critical", "server", 5 * _MIN, 10 * _MIN),
    Kind("influx_behind", "warning", "server", 5 * _MIN, 10 * _MIN),
    Kind("channel_failing", "critical", "server", 5 * _MIN, 10 * _MIN),
)
KINDS: Final[Mapping[str, Kind]] = {kind.code: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class AlertThresholds:
    """Every number of the rules about stations; set for a network, overridable for a station.

    The unit is the end of the name: ``_c`` °C, ``_pct`` percent, ``_w`` watts, ``_ms`` milliseconds; the
    rest are counts. A ``…_hysteresis_…`` is how far a value must come back before it counts as well again.

    Attributes:
        too_hot_feels_c: heat index that counts as too hot, whatever the temperature.
        cooled_c: above it a room in summer is not cooled as it should be ...
        warming_c: ... and the cooling fails when it warms by so much in half an hour.
        over_capacity_pct: people in percent of the places.
        flat_ms, flat_whole_ms: so long the same temperature and humidity; the second for a sensor that
            says both in whole numbers.
        jump_c, jump_pct: no room changes by so much between two readings; ``jumps`` of them in an hour.
        drift_days, drift_people, drift_pct: on so many days running, more came than left (or the other way
            round) by so many people and by such a share.
        overload_ac_w, overload_usb_w: more than a socket of that kind may give.
        backlog_rows: snapshots that wait for the server.
        health_fresh_ms: so long the machine's report holds; it comes every ten minutes.
        lost_hold_ms: so long after a declared loss it counts as present.
        unheard_ms, lost_link_ms: offline when nothing was measured for so long; the second when the broker
            says that the connection is gone.
        rejected_messages: refused in ten minutes.
        district_stations, district_pct: a district is down when so many stations of it, and such a share,
            are offline.
    """

    too_hot_c: float = 30
    too_hot_feels_c: float = 32
    too_cold_c: float = 14
    comfort_hysteresis_c: float = 1
    cooled_c: float = 27
    warming_c: float = 1.5
    over_capacity_pct: float = 120
    over_capacity_hysteresis_pct: float = 10
    flat_ms: int = 6 * _HOUR
    flat_whole_ms: int = 24 * _HOUR
    jump_c: float = 5
    jump_pct: float = 30
    jumps: int = 4
    drift_days: int = 3
    drift_people: int = 20
    drift_pct: float = 25
    overload_ac_w: float = 2_200
    overload_usb_w: float = 240
    overload_hysteresis_pct: float = 10
    overheat_hysteresis_c: float = 5
    pi_hot_c: float = 80
    pi_hot_hysteresis_c: float = 5
    disk_free_pct: float = 10
    disk_hysteresis_pct: float = 5
    backlog_rows: int = 120
    health_fresh_ms: int = 25 * _MIN
    lost_hold_ms: int = _HOUR
    unheard_ms: int = 5 * _MIN
    lost_link_ms: int = 90 * _S
    rejected_messages: int = 3
    district_stations: int = 5
    district_pct: float = 50


@dataclass(frozen=True, slots=True)
class ServerThresholds:
    """Every number of the rules about the server; units as in :class:`AlertThresholds`.

    Attributes:
        future_stations, future_pct: the server's clock is behind when so many stations, and such a share of
            those that ever sent, send readings from the future.
        influx_behind_ms: how long the oldest reading has waited that InfluxDB has not taken.
        channel_failing_ms: so long nothing could be delivered over a channel.
    """

    disk_free_pct: float = 10
    disk_hysteresis_pct: float = 5
    future_stations: int = 3
    future_pct: float = 50
    influx_behind_ms: int = 10 * _MIN
    channel_failing_ms: int = 5 * _MIN


class ThresholdError(ValueError):
    """A threshold that cannot be; the message names its key, its value and what is allowed.

    Attributes:
        name: the key.
        expected: what is allowed.
    """

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"{name}: {value!r}, expected {expected}")
        self.name, self.expected = name, expected


_POSSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    "c": (-40, 125),
    "pct": (0, 1_000),
    "w": (1, 10_000),
    "ms": (_S, 7 * 24 * _HOUR),
    "days": (1, 7),
    "people": (1, 10_000),
    "jumps": (1, 60),
    "rows": (1, 1_000_000),
    "messages": (1, 1_000_000),
    "stations": (2, 10_000),
}
"""By the unit at the end of a threshold's name."""


def possible(name: str) -> tuple[float, float]:
    """The least and the greatest that a threshold can be.

    Raises:
        KeyError: there is no such threshold.
    """
    return _POSSIBLE[name.rpartition("_")[2]]


def overridden(base: AlertThresholds, given: Mapping[str, object]) -> AlertThresholds:
    """``base`` with the ``given`` numbers: a network's over the defaults, a station's over its network's.

    Raises:
        ThresholdError: for an unknown key, or a value that is no possible number for it.
    """
    types = {field.name: field.type for field in fields(AlertThresholds)}
    for name, value in given.items():
        if name not in types:
            raise ThresholdError(name, value, f"one of {', '.join(types)}")
        _check(name, value, whole=types[name] is int)
    return replace(base, **given)  # type: ignore[arg-type]  # every value was checked above


def _check(name: str, value: object, *, whole: bool) -> None:
    low, high = possible(name)
    possible_types = (int,) if whole else (int, float)  # by name, for True is an int too
    if not (isinstance(value, int | float) and type(value) in possible_types and low <= value <= high):
        noun = "a whole number" if whole else "a number"
        raise ThresholdError(name, value, f"{noun} from {low:g} to {high:.0f}")
