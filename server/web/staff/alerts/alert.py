"""One alert: what it is, what to do, what was measured, who did what; ``/staff/alerts/<id>``."""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args
from urllib.parse import parse_qsl

from fastapi import Response

from server.alerts.kinds import KINDS
from server.alerts.ledger import Line
from server.alerts.lifecycle import Action, NotPossibleError
from server.alerts.model import Alert
from server.alerts.standing import ChangedError, UnknownAlertError
from server.model import Thresholds
from server.reports.reports import Report, ReportsError
from server.rollups import LongHistory, Rollups
from server.web import directions
from server.web.staff.alerts import silencing
from server.web.staff.alerts.listing import wanted
from server.web.staff.alerts.readings import DAY_MS, QUARTER_MS, Drawing, Rolled, drawings, window
from server.web.staff.alerts.rows import Row, Teller, offered, worst
from server.web.staff.gate import Gate, Refused, Visit
from server.web.staff.plots.lines import Span
from server.web.staff.visit import MISSING, own_path

log = logging.getLogger(__name__)

LIST: Final = "/staff/alerts"
ACTIONS: Final = get_args(Action)
_DONE: Final = {
    "acknowledge": "acknowledged",
    "take": "taken",
    "comment": "commented",
    "resolve": "resolved",
    "close": "closed",
}
_MOST_BESIDE: Final = 20
_MOST_REPORTS: Final = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the timeline; ``who``: display name, "" when it happened by itself."""

    at_ms: int
    what: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a form was not taken.

    Attributes:
        key: of the string that says it.
        changes: what has happened since the form was made.
        text: what was written, so that it is not lost.
    """

    key: str
    changes: tuple[Told, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Readings:
    """What was measured around it; None where it cannot be read now, ``pruned`` where little is kept."""

    drawings: list[Drawing] | None
    pruned: bool


def add_alert(gate: Gate) -> None:
    """Add an alert's page and its forms."""
    gate.page("/staff/alerts/{alert_id}", "look")(alert)
    gate.form("/staff/alerts/{alert_id}", "handle_alerts")(act)
    gate.form("/staff/alerts/{alert_id}/silence", "silence")(silence)


def alert(visit: Visit) -> Response:
    """The page."""
    return _page(visit, _found(visit, Teller(visit)))


def act(visit: Visit) -> Response:
    """Acknowledge, take, resolve, close or comment; a comment may come along with any of the others."""
    teller = Teller(visit)
    found = _found(visit, teller)
    visit.require("handle_alerts", teller.where(found.subject).place)
    wish, version, text = visit.form.get("do", ""), _version(visit), visit.words("text")
    if wish not in ACTIONS:
        raise Refused(400, "staff.refused.type")
    if wish == "comment" and not text:
        return _page(visit, found, Problem("staff.alert.refused.empty"), 400)
    try:
        visit.staff.engine.act(found.id, wish, visit.user.name, text, version)  # type: ignore[arg-type]  # checked
    except ChangedError:
        return _stale(visit, version, text)
    except NotPossibleError:
        return _page(visit, _found(visit, teller), Problem("staff.alert.refused.state", text=text), 409)
    except UnknownAlertError as error:
        raise Refused(404, MISSING) from error
    if wish == "resolve" and silencing.lifted(visit, found, teller.where(found.subject)):
        # To the alert itself: only its page knows until when.
        return visit.back(f"{LIST}/{found.id}", "staff.done.resolved_silenced")
    return to_list(visit, f"{LIST}/{found.id}", f"staff.done.{_DONE[wish]}")


def silence(visit: Visit) -> Response:
    """No messages of this alert for a while."""
    teller = Teller(visit)
    found = _found(visit, teller)
    where = teller.where(found.subject)
    visit.require("silence", where.place)
    if found.safety:
        raise Refused(409, "staff.silence.refused.safety")
    if found.state == "closed":
        raise Refused(409, "staff.alert.refused.state")
    whole = visit.form.get("whole") == "1"
    wished = silencing.of_alert(found, where, whole=whole)
    made = silencing.made(visit, wished, where.zone)
    silencing.replaced(visit, made)
    log.info("silence_added silence=%s alert=%s by=%s", made.id, found.id, visit.user.name)
    return visit.back(f"{LIST}/{found.id}", "staff.done.silenced")


def to_list(visit: Visit, other: str, said: str) -> Response:
    """To the list with its filters, where the form was on it, or else to the ``other`` page."""
    path, _, query = own_path(visit.form.get("back", "")).partition("?")
    if path != LIST or "back" not in visit.form:
        return visit.back(other, said)
    asked = wanted(dict(parse_qsl(query)))
    return visit.back(LIST, said, **asked.link(page=asked.page))


def _found(visit: Visit, teller: Teller) -> Alert:
    found = visit.staff.engine.find(visit.path["alert_id"])
    if found is None or not visit.sees(teller.where(found.subject).place):
        raise Refused(404, MISSING)
    return found


def _version(visit: Visit) -> int:
    given = visit.form.get("version", "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Refused(400, "staff.refused.type")
    return int(given)


def _stale(visit: Visit, version: int, text: str) -> Response:
    """The page as it is now, with what has happened since the one that the form was on."""
    teller = Teller(visit)
    found = _found(visit, teller)
    newer = max(1, found.version - version)
    changes = _timeline(visit, teller, found)[-newer:]
    return _page(visit, found, Problem("staff.alert.refused.changed", tuple(changes), text), 409)


def _page(visit: Visit, found: Alert, problem: Problem | None = None, status: int = 200) -> Response:
    teller = Teller(visit)
    row = teller.row(found)
    may = visit.may("handle_alerts", row.where.place)
    span = Span(*window(found, visit.now_ms), row.where.zone)
    readings = _readings(visit, found, span)
    state = visit.staff.live.state(found.subject.id) if found.subject.scope == "station" else None
    station = state.station if state else None
    return visit.page(
        "staff/alert.html",
        status,
        reason=problem.key if problem else None,
        said=_said(visit, found, row.where.zone),
        row=row,
        alert=found,
        teller=teller,
        problem=problem,
        may=may,
        acts=offered(found, row.mine) if may else (),
        comments=may and found.state != "pending",
        todo=f"notify.todo.{found.kind}" if found.kind in KINDS else "",
        timeline=_timeline(visit, teller, found),
        drawings=readings.drawings,
        pruned=readings.pruned,
        span=span,
        beside=_beside(teller, found) if station else (),
        reports=_reports(visit, station.id, span) if station else (),
        station=station,
        ways=directions.to_station(station) if station else (),
        reasons=silencing.REASONS,
        lengths=silencing.lengths(visit, row.where.zone),
        may_silence=visit.may("silence", row.where.place),
    )


def _said(visit: Visit, found: Alert, zone: str) -> str:
    """What was just done, and until when it is silent all the same."""
    silence = silencing.holding(visit, found) if "said" in visit.query else None
    return visit.said(time=visit.when(silence.until_ms, zone)) if silence else visit.said()


def _timeline(visit: Visit, teller: Teller, found: Alert) -> list[Told]:
    lines: list[Line] = visit.staff.ledger.timeline(found.id)
    return [Told(line.at_ms, _what(line), teller.person(line.by), line.text) for line in lines]


def _what(line: Line) -> str:
    """What has happened; whoever resolves an alert only says that it is mended."""
    return "marked" if line.what == "resolved" and line.by else line.what


def _readings(visit: Visit, found: Alert, span: Span) -> _Readings:
    """No drawings where the readings cannot be read now: all the rest of the page can."""
    known = visit.staff.live.registered().get(found.subject.id)
    thresholds = known.thresholds if known else Thresholds()
    try:
        rolled = _rolled(visit, found, span)
        drawn = drawings(found, visit.staff.store, thresholds, span, visit.text, rolled=rolled)
    except sqlite3.Error as error:
        log.warning("readings_unreadable alert=%s error=%s", found.id, error)
        return _Readings(None, pruned=False)
    return _Readings(drawn, pruned=rolled is not None)


def _rolled(visit: Visit, found: Alert, span: Span) -> Rolled | None:
    """What the roll-ups say of the span; None where whole readings do."""
    store, station = visit.staff.store, found.subject.id
    if not store.pruned_hours(station, span.from_ms, span.to_ms):
        return None
    rollups = Rollups.open_reader(visit.staff.settings.rollups_db)
    long, from_ms = LongHistory(store, rollups), -(-span.from_ms // QUARTER_MS) * QUARTER_MS
    return lambda quantity: long.history(station, quantity, from_ms, span.to_ms, QUARTER_MS)


def _beside(teller: Teller, found: Alert) -> list[Row]:
    """What else is wrong at the station, the worst first."""
    others = [
        each
        for each in teller.standing.values()
        if each.active and each.subject[:2] == found.subject[:2] and each.id != found.id
    ]
    return [teller.row(each) for each in sorted(others, key=worst)[:_MOST_BESIDE]]


def _reports(visit: Visit, station: str, span: Span) -> Sequence[Report] | None:
    """What riders said of the station in those days; None where it cannot be read."""
    if visit.staff.reports is None:
        return None
    try:
        kept = visit.staff.reports.all(done=True, stations={station})
    except ReportsError as error:
        log.warning("reports_unreadable error=%s", error)
        return None
    near = (span.from_ms - DAY_MS, span.to_ms + DAY_MS)
    return [report for report in kept if near[0] <= report.at_ms < near[1]][:_MOST_REPORTS]
