"""``/staff/reports``: what riders report, as work: whose it is, what was done, which alert says the same."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from fastapi import Response

from server.accounts.roles import Place, place_of
from server.alerts.model import Alert
from server.model import family
from server.reports.reports import (
    KINDS,
    NotPossibleError,
    Report,
    Reports,
    ReportsError,
    UnknownReportError,
    Work,
)
from server.web.shapes import Name
from server.web.staff.alerts.rows import newest_of
from server.web.staff.alerts.words import unit_of
from server.web.staff.gate import Gate, Refused
from server.web.staff.names import displays, network_names, worded
from server.web.staff.visit import MISSING, Visit

log = logging.getLogger(__name__)

_T = TypeVar("_T")
PAGE_ROWS: Final = 40
Show = Literal["open", "free", "mine", "done"]
SHOWS: Final[tuple[Show, ...]] = ("open", "free", "mine", "done")
Sort = Literal["oldest", "newest", "place"]
SORTS: Final[tuple[Sort, ...]] = ("oldest", "newest", "place")
_ACTS: Final[tuple[tuple[str, Work], ...]] = (
    ("take", "taken"),
    ("release", "released"),
    ("note", "noted"),
    ("done", "done"),
    ("reopen", "reopened"),
    ("link", "linked"),
    ("unlink", "unlinked"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A report with where it is; ``station``: its name, or its id where the registry has it no more."""

    report: Report
    station: str
    known: bool
    network: str
    district: str
    zone: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see; "" stands for all."""

    network: str = ""
    district: str = ""
    kind: str = ""
    station: str = ""
    show: Show = "open"
    sort: Sort = "oldest"
    page: int = 1

    def parameters(self, **other: object) -> dict[str, object]:
        """As in an address, with ``other`` in the place of what is chosen."""
        show = "" if self.show == "open" else self.show
        sort = "" if self.sort == "oldest" else self.sort
        mine = {"network": self.network, "district": self.district, "kind": self.kind}
        return {**mine, "station": self.station, "show": show, "sort": sort, **other}


def add_reports(gate: Gate) -> None:
    """Add the list, a report's page and what is done there."""
    gate.page("/staff/reports", "look")(listed)
    gate.page("/staff/reports/{report_id}", "look")(one)
    for name, what in _ACTS:
        gate.form(f"/staff/reports/{{report_id}}/{name}", "handle_reports")(_act(what))


def at_station(visit: Visit, station_id: str, *, done: bool = False) -> list[Report]:
    """The reports about one station, the newest first; none where they cannot be read."""
    try:
        return _file(visit).all(done=done, stations=[station_id])
    except (ReportsError, Refused) as error:
        log.warning("reports_not_read station=%s error=%s", station_id, error)
        return []


def listed(visit: Visit) -> Response:
    """The list."""
    choice = _choice(visit)
    kept = _read(lambda: _file(visit).all(done=choice.show == "done"))
    sees = _seeing(visit)
    seen = [_item(visit, report) for report in kept if sees(report.station)]
    wanted = _wanted(visit, seen, choice)
    pages = max(1, -(-len(wanted) // PAGE_ROWS))
    page = min(choice.page, pages)
    return visit.page(
        "staff/reports.html",
        choice=choice,
        items=wanted[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        found=len(wanted),
        page=page,
        pages=pages,
        names=network_names(visit),
        districts=[(each, each) for each in sorted({item.district for item in seen} - {""})],
        kinds=worded(visit, "report.kind", KINDS),
        shows=SHOWS,
        sorts=worded(visit, "staff.reports.sort", SORTS),
        displays=displays(visit),
    )


def one(visit: Visit) -> Response:
    """A report's page."""
    return _page(visit, _report(visit))


def _page(visit: Visit, report: Report, status: int = 200, why_not: str = "") -> Response:
    item = _item(visit, report)
    alerts = [each for each in visit.staff.engine.alerts() if _is_there(each, report.station)]
    return visit.page(
        "staff/report.html",
        status,
        item=item,
        report=report,
        lines=_read(lambda: _file(visit).lines(report.id)),
        alert=visit.staff.engine.find(report.alert) if report.alert else None,
        alerts=[each for each in alerts if each.id != report.alert],
        part=lambda alert: unit_of(alert, newest_of(visit, alert.subject), visit.text).label,
        others=[each for each in at_station(visit, report.station) if each.id != report.id],
        may=visit.may("handle_reports", _place(visit, report.station)),
        displays=displays(visit),
        why_not=why_not,
        reason=why_not,
    )


def _act(what: Work) -> Callable[[Visit], Response]:
    """What is done with a report; where somebody was faster, its page as it is now, and why not."""

    def act(visit: Visit) -> Response:
        report = _report(visit)
        visit.require("handle_reports", _place(visit, report.station))
        text = _linked(visit, report) if what == "linked" else visit.words("text")
        if what == "noted" and not text:
            raise Refused(400, "staff.refused.empty")
        file, held_by = _file(visit), visit.form.get("held_by")
        try:
            file.work(report.id, what, visit.user.name, visit.now_ms, text, held_by=held_by)
        except NotPossibleError:
            return _page(visit, _report(visit), 409, "staff.refused.faster")
        except UnknownReportError as error:
            raise Refused(404, MISSING) from error
        except ReportsError as error:
            raise Refused(503, "staff.refused.reports") from error
        log.info("report_worked report=%d what=%s user=%s", report.id, what, visit.user.name)
        return visit.back(f"/staff/reports/{report.id}", f"staff.done.report.{what}")

    return act


def _linked(visit: Visit, report: Report) -> str:
    """The id of an alert about the report's own station."""
    alert = visit.staff.engine.find(visit.form.get("alert", ""))
    if alert is None or not _is_about(alert, report.station):
        raise Refused(400, "staff.refused.alert")
    return alert.id


def _is_about(alert: Alert, station_id: str) -> bool:
    return alert.subject.scope == "station" and alert.subject.id == station_id


def _is_there(alert: Alert, station_id: str) -> bool:
    return _is_about(alert, station_id) and alert.state not in ("pending", "closed")


def _report(visit: Visit) -> Report:
    """The report that an address names; 404 where it is not among the places of whoever asks."""
    number = visit.path["report_id"]
    known = number.isascii() and number.isdigit() and len(number) < 16
    report = _read(lambda: _file(visit).find(int(number))) if known else None
    if report is None:
        raise Refused(404, MISSING)
    visit.require("look", _place(visit, report.station))
    return report


def _file(visit: Visit) -> Reports:
    if visit.staff.reports is None:
        raise Refused(503, "staff.refused.reports")
    return visit.staff.reports


def _read(reading: Callable[[], _T]) -> _T:
    try:
        return reading()
    except ReportsError as error:
        raise Refused(503, "staff.refused.reports") from error


def _place(visit: Visit, station_id: str) -> Place | None:
    """Where a station is; one that the registry has no more belongs to those who are limited to no place."""
    registered = visit.staff.live.registered().get(station_id)
    return place_of(registered.station) if registered else None


def _seeing(visit: Visit) -> Callable[[str], bool]:
    """Whether reports about a station may be looked at; each place is asked for once."""
    known: dict[Place | None, bool] = {}

    def sees(station_id: str) -> bool:
        place = _place(visit, station_id)
        if place not in known:
            known[place] = visit.sees(place)
        return known[place]

    return sees


def _item(visit: Visit, report: Report) -> Item:
    registered = visit.staff.live.registered().get(report.station)
    if registered is None:
        return Item(report, report.station, False, "", "", visit.zone())
    station, place = registered.station, place_of(registered.station)
    name = visit.text.name(Name(station.name_zh, station.name_en))
    return Item(report, name, True, place.network, place.district, registered.network.time_zone)


def _choice(visit: Visit) -> Choice:
    """What the address says; what cannot be stands for all."""
    given, networks = visit.query, visit.staff.live.networks()
    page = given.get("page", "1")
    return Choice(
        network=given.get("network", "") if given.get("network") in networks else "",
        district=given.get("district", "")[:80],
        kind=given.get("kind", "") if given.get("kind") in KINDS else "",
        station=given.get("station", "")[:80],
        show=next((each for each in SHOWS if each == given.get("show")), "open"),
        sort=next((each for each in SORTS if each == given.get("sort")), "oldest"),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def _wanted(visit: Visit, items: Iterable[Item], choice: Choice) -> Sequence[Item]:
    inside = set(family(visit.staff.live.networks(), choice.network)) if choice.network else None
    found = [
        item
        for item in items
        if (inside is None or item.network in inside)
        and choice.district in ("", item.district)
        and choice.kind in ("", item.report.kind)
        and choice.station in ("", item.report.station)
        and _shows(choice.show, item.report, visit.user.name)
    ]
    if choice.sort == "place":
        return sorted(found, key=lambda item: (item.network, item.district, item.station, item.report.id))
    return sorted(found, key=lambda item: item.report.id, reverse=choice.sort == "newest")


def _shows(show: Show, report: Report, login: str) -> bool:
    if show == "done":
        return report.done_ms is not None
    whose = {"open": True, "free": not report.taken_by, "mine": report.taken_by == login}[show]
    return report.done_ms is None and whose
