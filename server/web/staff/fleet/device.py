"""``/staff/stations/<id>``: one station as those see it who mend it, with its last day or week."""

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Response

from server.accounts.roles import place_of
from server.alerts import limits
from server.alerts.model import Alert
from server.live import Registered
from server.notify.words.texts import kind_of
from server.occupancy import Correction
from server.state import StationState
from server.store import Counted
from server.web import directions, public
from server.web.shapes import Name
from server.web.staff.alerts.rows import capital, newest_of
from server.web.staff.alerts.words import Said, Unit, said, unit_of
from server.web.staff.fleet import facts
from server.web.staff.fleet.history import DAY_MS, Drawing, Fittings, Kept, Range, Sheet, span_of
from server.web.staff.fleet.occupancy import asked, counter, station_of
from server.web.staff.fleet.rows import STATES, State
from server.web.staff.gate import Gate
from server.web.staff.names import displays, network_names, sensor_word
from server.web.staff.riders import reports
from server.web.staff.visit import Visit

log = logging.getLogger(__name__)

PAST_ALERTS: Final = 10
PAST_ALERTS_MS: Final = 30 * DAY_MS
PAST_REPORTS: Final = 10
CORRECTIONS: Final = 12
WEEK_MS: Final = 7 * DAY_MS
_STATES: Final[dict[str, State]] = {"fresh": "online", "stale": "stale", "offline": "offline"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """An alert in a line."""

    alert: Alert
    heading: str
    unit: Unit
    said: Said


@dataclass(frozen=True, slots=True)
class Setting:
    """The people inside were set, by a rule or by somebody."""

    correction: Correction
    by: str


def add_device(gate: Gate) -> None:
    """Add the device page."""
    gate.page("/staff/stations/{station_id}", "look")(partial(device, Kept()))


def device(kept: Kept, visit: Visit) -> Response:
    """The page."""
    station = station_of(visit)
    place = visit.staff.live.registered()[station.id]
    state = visit.staff.live.state(station.id)
    assert state is not None
    live, zone = visit.staff.live, place.network.time_zone
    snapshot, info, health = live.newest(station.id), live.info(station.id), live.health(station.id)
    in_force = limits.of_station(station, live.networks())
    wanted: Range = "week" if visit.query.get("range") == "week" else "day"
    return visit.page(
        "staff/device.html",
        station=station,
        name=visit.text.name(Name(station.name_zh, station.name_en)),
        network=network_names(visit)[station.network],
        district=place_of(station).district,
        ways=directions.to_station(station),
        zone=zone,
        state=state,
        word=_word(state),
        states=STATES,
        facts=visit.text.facts(public.status(state), zone),
        snapshot=snapshot,
        info=info,
        link=live.link(station.id),
        sensors=facts.sensors(info, snapshot),
        doors=facts.doors(info, snapshot),
        chests=facts.chests(state.cabinets, snapshot),
        fault_words=lambda fault: facts.fault_words(visit.text, fault),
        sensor_word=partial(sensor_word, visit.text),
        health_ms=health[0] if health else None,
        health=health[1] if health else None,
        machine=list(facts.machine(health[1] if health else None, in_force)),
        counter=counter(visit, station.id),
        asked=asked(visit, station),
        may_count=visit.may("correct_occupancy", place_of(station)),
        may_notice=visit.may("inform_riders", place_of(station)),
        settings=_settings(visit, station.id),
        range=wanted,
        drawings=_drawings(kept, visit, place, wanted),
        rider_limits=facts.rider_limits(visit.text, place),
        alert_limits=facts.alert_limits(visit.text, station, live.networks()),
        **_work(visit, station.id),
    )


def _word(state: StationState) -> State:
    silent: State = "never" if state.station.instrumented else "static"
    return _STATES.get(state.freshness, silent)


def _work(visit: Visit, station_id: str) -> dict[str, Any]:
    """What there is to do, and what was."""
    ledger, engine = visit.staff.ledger, visit.staff.engine
    now = [alert for alert in engine.alerts() if _is_there(alert, station_id)]
    past = ledger.recent(visit.now_ms - PAST_ALERTS_MS, PAST_ALERTS, stations=[station_id])
    kept = reports.at_station(visit, station_id, done=True)
    return {
        "alerts": _told(visit, now),
        "past_alerts": _told(visit, past),
        "open_reports": [each for each in kept if each.done_ms is None],
        "past_reports": [each for each in kept if each.done_ms is not None][:PAST_REPORTS],
        "displays": displays(visit),
    }


def _is_there(alert: Alert, station_id: str) -> bool:
    about = alert.subject.scope == "station" and alert.subject.id == station_id
    return about and alert.state not in ("pending", "closed")


def _told(visit: Visit, alerts: Iterable[Alert]) -> list[Trouble]:
    text = visit.text
    told = ((each, newest_of(visit, each.subject)) for each in alerts)
    return [
        Trouble(each, capital(kind_of(each, text)), unit_of(each, newest, text), said(each, newest, text))
        for each, newest in told
    ]


def _settings(visit: Visit, station_id: str) -> list[Setting]:
    """The newest corrections of a week, the newest first."""
    store, from_ms, to_ms = visit.staff.store, visit.now_ms - WEEK_MS, visit.now_ms + DAY_MS
    try:
        made = store.corrections(station_id, from_ms, to_ms)
        counts: dict[int, Counted] = {
            each.at_ms: each for each in store.staff_counts(station_id, from_ms, to_ms)
        }
    except sqlite3.Error as error:
        log.warning("corrections_not_read station=%s error=%s", station_id, error)
        return []
    newest = made[: -CORRECTIONS - 1 : -1]
    return [Setting(each, counts[each.at_ms].login if each.at_ms in counts else "") for each in newest]


def _drawings(kept: Kept, visit: Visit, place: Registered, wanted: Range) -> list[Drawing] | None:
    """None where the store cannot be read now."""
    state = visit.staff.live.state(place.station.id)
    if state is None or state.at_ms is None:
        return []
    span, step_ms = span_of(wanted, visit.now_ms, place.network.time_zone)
    in_force = limits.of_station(place.station, visit.staff.live.networks())
    sheet = Sheet(place.station.id, span, step_ms, visit.text, place.thresholds, in_force)
    people = visit.staff.live.people(place.station.id)
    has = Fittings(
        doors=people is not None and people.people is not None,
        sockets=bool(state.socket_list),
        cabinets=bool(state.cabinets),
    )
    try:
        return kept.drawings(visit.staff.store, sheet, has, visit.now_ms)
    except sqlite3.Error as error:
        log.warning("history_not_read station=%s error=%s", place.station.id, error)
        return None
