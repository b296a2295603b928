"""What of a network's standard a station keeps: 十有, 八可, 七有 and the like, item by item. Pure.

An item is an amenity (空调), something that can be seen now (热可纳凉 by the temperature, 累可歇脚 by the
places, 急可如厕 by the toilet and the door), something that the registry holds (地图可查), or something that
no data speaks of (管理制度), which is unknown and never missing. An amenity is missing only where amenities
are recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.model import Network, Season, Standard
from server.state import StationState

State = Literal["kept", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One item of a standard; ``now``: seen at this moment, otherwise by what is recorded."""

    item: str
    state: State
    now: bool = False


def standards_of(networks: Mapping[str, Network], network_id: str) -> tuple[Standard, ...]:
    """The standards that hold in a network: its own, else those of the nearest network around it."""
    seen: set[str] = set()
    network = networks.get(network_id)
    while network is not None and not network.standards and network.id not in seen:
        seen.add(network.id)
        network = networks.get(network.parent or "")
    return network.standards if network is not None else ()


def judge(
    standard: Standard, state: StationState, season: Season, code: Callable[[str], str]
) -> tuple[Judged, ...]:
    """Each item of ``standard`` at one station; ``code`` turns an operator's word into an amenity's code."""
    return tuple(_judged(item, state, season, code) for item in standard.items)


def extras(
    standards: Sequence[Standard], amenities: Sequence[str], code: Callable[[str], str]
) -> tuple[str, ...]:
    """What a station has beyond its standards."""
    asked: set[str] = set()
    for item in (item for each in standards for item in each.items):
        asked |= _any_of(item, code) | _MADE_OF.get(code(item), frozenset())
    return tuple(word for word in amenities if code(word) not in asked)


def _judged(item: str, state: StationState, season: Season, code: Callable[[str], str]) -> Judged:
    offers = _offers(state, code)
    seen = _seen(item, state, season, offers)
    if seen is not None:
        return Judged(item, "kept" if seen else "missing", now=True)
    if item in _RECORDED:
        return Judged(item, "kept" if _RECORDED[item](state) else "unknown")
    wanted = _any_of(item, code)
    if wanted & offers or _MADE_OF.get(code(item), _NOTHING) <= offers:
        return Judged(item, "kept")
    known = item in _PROMISES or code(item) != item
    return Judged(item, "missing" if known and state.station.amenities else "unknown")


def _offers(state: StationState, code: Callable[[str], str]) -> frozenset[str]:
    """Codes of what is there, as recorded or as its own sensors tell; ``places``: their number is known."""
    told = {
        "sockets": state.sockets.total > 0,
        "battery_swap": bool(state.cabinets),
        "places": bool(state.station.places),
    }
    recorded = (code(word) for word in state.station.amenities)
    return frozenset(recorded) | {name for name, there in told.items() if there}


def _any_of(item: str, code: Callable[[str], str]) -> frozenset[str]:
    """Codes any one of which keeps the item."""
    return _PROMISES.get(item) or _INSTEAD.get(code(item), frozenset()) | {code(item)}


def _seen(item: str, state: StationState, season: Season, offers: frozenset[str]) -> bool | None:
    """Whether a rider finds it now; None where nothing measured says so."""
    if item not in _INSIDE or (item == "急可如厕" and "toilet" not in offers):
        return None
    if state.access.value in ("closed", "locked"):
        return False
    fresh = state.freshness == "fresh"
    comfort = state.comfort.value if fresh else "unknown"
    crowding = state.crowding.value if fresh else "unknown"
    if item == "热可纳凉":
        return comfort != "hot" if season == "summer" and comfort != "unknown" else None
    if item == "冷可取暖":
        return comfort != "cold" if season == "winter" and comfort != "unknown" else None
    if item == "累可歇脚":
        return crowding != "full" if crowding != "unknown" else None
    return True if state.access.value != "unknown" else None


_INSIDE: Final = frozenset({"热可纳凉", "冷可取暖", "累可歇脚", "急可如厕", "雨可栖身"})
"""Promises that take a room one can get into."""
_NOTHING: Final = frozenset({""})
"""No amenity's code, so never among what is there."""
_PROMISES: Final[Mapping[str, frozenset[str]]] = {
    "热可纳凉": frozenset({"air_conditioning"}),
    "冷可取暖": frozenset({"heating", "air_conditioning"}),
    "累可歇脚": frozenset({"places", "seats", "sofa", "nap"}),
    "急可如厕": frozenset({"toilet"}),
    "渴可饮水": frozenset({"water", "drinking_water"}),
    "伤可用药": frozenset({"first_aid"}),
    "休息交流站": frozenset({"places", "seats", "sofa", "tables", "nap"}),
    "补给加油站": frozenset({"water", "drinking_water", "microwave", "canteen", "self_heating_pot"}),
    "学习充电站": frozenset({"books"}),
}
"""Promises in words of their own, and the amenities any of which keeps them."""
_INSTEAD: Final[Mapping[str, frozenset[str]]] = {
    "tables": frozenset({"sofa"}),
    "seats": frozenset({"sofa"}),
    "phone_charging": frozenset({"sockets"}),
}
"""What does as well as the amenity itself."""
_MADE_OF: Final[Mapping[str, frozenset[str]]] = {"sofa": frozenset({"seats", "tables"})}
"""沙发桌椅 are there where both seats and tables are."""
_RECORDED: Final[Mapping[str, Callable[[StationState], bool]]] = {
    "地图可查": lambda state: state.station.lat is not None,
    "固定场所": lambda state: state.station.lat is not None or state.station.area_m2 is not None,
    "服务设施": lambda state: bool(state.station.amenities),
}
