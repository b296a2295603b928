"""What the public is told of a station: :class:`~server.state.StationState` as the API's JSON.

Pure. Privacy is applied here and nowhere else: people are never counted out to the public, a room is told
by its word and, from three people up, by how much of it is taken in steps of 25 %. No age ever stands in a
body, only the time at which a fact was measured, so that an answer stays true however long it is kept.
"""

import math
from datetime import UTC, datetime
from typing import Any, Final

from server.state import CabinetState, Crowding, CrowdingReason, Notice, StationState
from server.web.shapes import (
    AccessFact,
    BatteriesFact,
    CabinetRow,
    ComfortFact,
    CrowdingFact,
    Name,
    NoticeFact,
    SlotRow,
    SocketRow,
    SocketsFact,
    StationDetail,
    StationStatus,
    StationSummary,
)

FEWEST_PEOPLE: Final = 3
"""A room with fewer people than this shows a word and no measure of how full it is."""
TAKEN_STEP_PCT: Final = 25
SILENT: Final = frozenset({"offline", "none"})
"""Freshnesses in which nothing measured is told, only hours and what the station offers."""


def iso(at_ms: int) -> str:
    """An instant in UTC to the second, e.g. ``2026-07-01T05:20:00Z``."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(at_ms: int | None) -> str | None:
    """:func:`iso`, or None for a fact that was never measured."""
    return None if at_ms is None else iso(at_ms)


def status(state: StationState) -> StationStatus:
    """The changing part of a station as the public sees it."""
    return StationStatus(**_status_fields(state))


def summary(state: StationState) -> StationSummary:
    """A station as it stands in the list."""
    return StationSummary(**_status_fields(state), **_registry_fields(state))


def detail(state: StationState, time_zone: str) -> StationDetail:
    """A station with its sockets and cabinets one by one; those of a silent station are left out."""
    silent = state.freshness in SILENT
    return StationDetail(
        **_status_fields(state),
        **_registry_fields(state),
        time_zone=time_zone,
        socket_list=() if silent else _socket_rows(state),
        cabinets=() if silent else tuple(_cabinet_row(cabinet) for cabinet in state.cabinets),
    )


def notice(posted: Notice) -> NoticeFact:
    """A notice as the public reads it."""
    return NoticeFact(
        posted.id,
        Name(posted.zh, posted.en),
        iso(posted.at_ms),
        iso_or_none(posted.until_ms),
        posted.value or None,
        posted.works,
    )


def taken_pct_from(crowding: Crowding) -> int | None:
    """How much of the room is taken, in steps of 25 % up to 100; None for fewer than three people."""
    if crowding.people is None or not crowding.places or crowding.people < FEWEST_PEOPLE:
        return None
    share = 100 * crowding.people // crowding.places
    return int(min(100, share // TAKEN_STEP_PCT * TAKEN_STEP_PCT))


def visible_temperature(value: float | None) -> float | None:
    """The temperature as riders read it, to half a degree; the sensor's noise is not news."""
    return None if finite(value) is None or value is None else math.floor(value * 2 + 0.5) / 2


def visible_humidity(value: float | None) -> int | None:
    """The humidity as riders read it, to 5 %."""
    return None if finite(value) is None or value is None else math.floor(value / 5 + 0.5) * 5


def visible(state: StationState) -> tuple[object, ...]:
    """Everything of a station that a rider can see, without times: equal means nothing to tell."""
    access, crowding, sockets = state.access, state.crowding, state.sockets
    return (
        state.station,
        state.freshness,
        state.simulated,
        (access.value, access.evidence, access.changes_at_ms, access.hours_unconfirmed, access.then),
        (crowding.value, crowding.reason, crowding.places, crowding.estimated, taken_pct_from(crowding)),
        (state.comfort.value, state.comfort.reason, visible_temperature(state.comfort.temperature_c)),
        visible_humidity(state.comfort.humidity_pct),
        (sockets.total, sockets.free, sockets.occupied, sockets.faulty, sockets.unknown),
        tuple((socket.id, socket.state) for socket in state.socket_list),
        tuple((cabinet.id, cabinet.online, cabinet.slots) for cabinet in state.cabinets),
        state.notices,
    )


def batteries_at_ms(state: StationState) -> int | None:
    """When the swap cabinets were last read: the oldest of them, so that nothing is made newer."""
    times = [cabinet.at_ms for cabinet in state.cabinets if cabinet.at_ms is not None]
    return min(times, default=None)


def access_at_ms(state: StationState) -> int | None:
    """When access was last verified: the newest reading, never the moment at which somebody passed."""
    return state.at_ms if state.access.evidence == "verified" else state.access.at_ms


def fact_times_ms(state: StationState) -> tuple[int | None, ...]:
    """Times of access, crowding, comfort, sockets and batteries, in this order."""
    return (
        access_at_ms(state),
        state.crowding.at_ms,
        state.comfort.at_ms,
        state.sockets.at_ms,
        batteries_at_ms(state),
    )


def _status_fields(state: StationState) -> dict[str, Any]:
    silent = state.freshness in SILENT
    return {
        "id": state.station.id,
        "freshness": state.freshness,
        "access": _access(state),
        "crowding": _silent_crowding(state) if silent else _crowding(state.crowding),
        "comfort": _silent_comfort(state) if silent else _comfort(state),
        "sockets": None if silent else _sockets(state),
        "batteries": None if silent else _batteries(state),
        "measured_at": iso_or_none(state.at_ms),
        "simulated": state.simulated,
        "notices": tuple(map(notice, state.notices)),
    }


def _registry_fields(state: StationState) -> dict[str, Any]:
    station = state.station
    return {
        "network": station.network,
        "name": Name(station.name_zh, station.name_en),
        "region": station.region,
        "aliases": station.aliases,
        "lat": finite(station.lat),
        "lon": finite(station.lon),
        "places": station.places,
        "area_m2": finite(station.area_m2),
        "area_qualifier": station.area_qualifier,
        "hours": station.hours,
        "host_kind": station.host_kind,
        "amenities": station.amenities,
        "instrumented": station.instrumented,
    }


def _access(state: StationState) -> AccessFact:
    access = state.access
    changes_at = iso_or_none(access.changes_at_ms)
    measured_at = iso_or_none(access_at_ms(state))
    return AccessFact(
        access.value, access.evidence, changes_at, access.hours_unconfirmed, measured_at, access.then
    )


def _crowding(crowding: Crowding) -> CrowdingFact:
    return CrowdingFact(
        crowding.value,
        crowding.reason,
        crowding.places,
        taken_pct_from(crowding),
        crowding.estimated,
        iso_or_none(crowding.at_ms),
    )


def _silent_crowding(state: StationState) -> CrowdingFact:
    reason: CrowdingReason = "offline" if state.freshness == "offline" else "no_live_data"
    return CrowdingFact("unknown", reason, state.station.places)


def _silent_comfort(state: StationState) -> ComfortFact:
    return ComfortFact("unknown", "offline" if state.freshness == "offline" else "no_live_data")


def _comfort(state: StationState) -> ComfortFact:
    comfort = state.comfort
    return ComfortFact(
        comfort.value,
        comfort.reason,
        finite(comfort.temperature_c),
        finite(comfort.humidity_pct),
        iso_or_none(comfort.at_ms),
    )


def _sockets(state: StationState) -> SocketsFact | None:
    counts = state.sockets
    if not counts.total:
        return None
    return SocketsFact(
        counts.total, counts.free, counts.occupied, counts.faulty, counts.unknown, iso_or_none(counts.at_ms)
    )


def _batteries(state: StationState) -> BatteriesFact | None:
    cabinets = state.cabinets
    if not cabinets:
        return None
    return BatteriesFact(
        sum(cabinet.charged for cabinet in cabinets),
        sum(cabinet.empty for cabinet in cabinets),
        sum(cabinet.faulty for cabinet in cabinets),
        sum(len(cabinet.slots) for cabinet in cabinets),
        iso_or_none(batteries_at_ms(state)),
    )


def _socket_rows(state: StationState) -> tuple[SocketRow, ...]:
    return tuple(
        SocketRow(
            socket.id, socket.label or socket.id, socket.kind, socket.state, iso_or_none(socket.since_ms)
        )
        for socket in state.socket_list
    )


def _cabinet_row(cabinet: CabinetState) -> CabinetRow:
    return CabinetRow(
        cabinet.id,
        cabinet.label or cabinet.id,
        cabinet.online,
        tuple(SlotRow(n, word) for n, word in cabinet.slots),
        cabinet.charged,
        cabinet.empty,
        cabinet.faulty,
        finite(cabinet.voltage_v),
        iso_or_none(cabinet.at_ms),
    )


def finite(value: float | None) -> float | None:
    """The number, or None for what JSON cannot say (NaN, infinity)."""
    return value if value is not None and math.isfinite(value) else None
