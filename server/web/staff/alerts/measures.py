"""Which readings belong beside an alert, by its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.store import Quantity
from server.web.staff.plots import lanes, lines, picks
from server.web.staff.plots.picks import Pick

HEALTH_MS: Final = 1_500_000
"""The machine's report comes every ten minutes and holds for two and a half of them."""
_HEALTH_STEP_MS: Final = 1_200_000


@dataclass(frozen=True, slots=True)
class Values:
    """Something measured in numbers.

    Attributes:
        name: of its strings ``staff.plot.of.<name>``.
        pick: None for the number of people, which the history keeps.
        limit: which value of the alert is its limit, "" for none.
        quantity: what the history keeps of it when the readings are pruned.
    """

    name: str
    unit: str
    pick: Pick | None
    limit: str = ""
    step_ms: int = lines.STEP_MS
    quantity: Quantity | None = None


@dataclass(frozen=True, slots=True)
class States:
    """Something that is in one of some states, whose strings are ``<prefix>.<state>``."""

    name: str
    pick: Pick
    states: tuple[str, ...]
    prefix: str = "staff.plot.state"
    hold_ms: int = lanes.HOLD_MS


_AIR: Final = (
    Values("temperature", "°C", picks.temperature, "limit_c", quantity="temperature_c"),
    Values("humidity", "%", picks.humidity, quantity="humidity_pct"),
)
_PEOPLE: Final = Values("people", "", None, "places", quantity="occupancy")
_SOCKET: Final = (
    States(
        "socket",
        picks.socket,
        ("free", "charging", "full", "in_use", "off", "fault", "unknown"),
        "socket.state",
    ),
    Values("power", "W", picks.power, "limit_w"),
)
_CHARGED: Final = Values("charged", "", picks.charged)
_SLOTS: Final = (
    "charged",
    "charging",
    "empty",
    "present",
    "open",
    "disabled",
    "faulty",
    "offline",
    "unknown",
)
_HEARD: Final = States("heard", picks.heard, ("heard",))
_CPU: Final = Values("cpu", "°C", picks.of_health(lambda health: health.cpu_c), "limit_c", _HEALTH_STEP_MS)
_FREE: Final = Values(
    "disk", "%", picks.of_health(lambda health: health.disk_free_pct), "limit_pct", _HEALTH_STEP_MS
)
_WAITING: Final = Values(
    "backlog", "", picks.of_health(lambda health: health.outbox_rows), "limit", _HEALTH_STEP_MS
)
_LOST: Final = Values("lost", "", picks.of_health(lambda health: health.dropped_total), "", _HEALTH_STEP_MS)

MEASURES: Final[Mapping[str, tuple[Values | States, ...]]] = {
    "station_offline": (_HEARD,),
    "too_hot": _AIR,
    "too_cold": _AIR,
    "cooling_failing": _AIR,
    "over_capacity": (_PEOPLE,),
    "sensor_failing": (States("sensor", picks.sensor, ("well", "faulty")), *_AIR),
    "sensor_flat": _AIR,
    "sensor_jumping": _AIR,
    "counts_drifting": (_PEOPLE,),
    "door_blocked": (States("beams", picks.beams, ("clear", "blocked")), _PEOPLE),
    "locked_in_hours": (States("bolts", picks.bolts, ("unlocked", "locked")), _PEOPLE),
    "socket_fault": _SOCKET,
    "socket_overload": _SOCKET[::-1],
    "slot_fault": (States("slot", picks.slot, _SLOTS, "slot"), _CHARGED),
    "cabinet_offline": (States("cabinet", picks.answers, ("online", "offline")), _CHARGED),
    "mains_lost": (States("mains", picks.mains, ("mains", "no_mains")), _CHARGED),
    "no_charged_battery": (_CHARGED,),
    "cabinet_overheat": (Values("hottest", "°C", picks.hottest, "limit_c"),),
    "cabinet_smoke": (
        States("smoke", picks.smoke, ("no_smoke", "smoke")),
        Values("hottest", "°C", picks.hottest),
    ),
    "pi_undervoltage": (States("supply", picks.supply, ("strong", "weak"), hold_ms=HEALTH_MS), _CPU),
    "pi_hot": (_CPU,),
    "pi_disk_filling": (_FREE,),
    "outbox_failing": (States("outbox", picks.outbox, ("well", "faulty")), _WAITING),
    "outbox_backlog": (_WAITING, _HEARD),
    "clock_unsynced": (States("clock", picks.clock, ("synced", "unsynced")),),
    "data_lost": (_LOST, _HEARD),
    "messages_rejected": (_HEARD,),
}
