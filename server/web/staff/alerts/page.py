"""What is wrong now, and what was of late: ``/staff/alerts``."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import Response

from server.alerts.model import SEVERITIES, Alert
from server.notify.words.texts import kind_of
from server.web.staff.alerts import listing
from server.web.staff.alerts.listing import MOST_INSIDE, PER_PAGE, Entry, Listing, Wanted, fits, roots
from server.web.staff.alerts.rows import Row, Teller
from server.web.staff.gate import Gate, Visit
from server.web.staff.messages.receivers import nobodys

LIST: Final = "/staff/alerts"
PAST_MS: Final = 7 * 86_400_000
"""So long what is over stands in the list; the station's own page has it for longer."""
_MOST_PAST: Final = 1_000
_LATELY: Final = 5
"""Of what is over, so much stands below what is wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the template draws: one alert, or many of one kind in one place.

    Attributes:
        around: names of where all of the many are.
        count: how many of the many, 0 for one alert; ``rest``: how many of them are not named.
        link: parameters of the list of all of them.
    """

    row: Row
    rows: tuple[Row, ...]
    around: tuple[str, ...]
    count: int
    rest: int
    link: dict[str, str]


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose in a filter."""

    value: str
    label: str
    count: int


def add_alerts(gate: Gate) -> None:
    """Add the list."""
    gate.page(LIST, "look")(alerts)


def alerts(visit: Visit) -> Response:
    """What is wrong now, worst first; or what is over, newest first."""
    teller, asked = Teller(visit), listing.wanted(visit.query)
    active = teller.seen(alert for alert in teller.standing.values() if alert.active)
    past = asked.show == "past"
    ended = _over(visit, teller) if past or not asked.narrowed else []
    over, listed = _fitting(visit, teller, ended, asked), ended if past else active
    groups = None if past else _listing(visit, teller, active, asked)
    first = (asked.page - 1) * PER_PAGE if past else 0
    return visit.page(
        "staff/alerts.html",
        asked=asked,
        listing=groups,
        unheard=len(teller.seen(nobodys(visit))),
        settling_min=-(-visit.staff.engine.settling_ms // 60_000),
        doubtful=len(teller.seen(alert for alert in teller.standing.values() if alert.state == "pending")),
        sections=_sections(groups, teller, asked) if groups else (),
        cause=_cause(teller, asked),
        teller=teller,
        places=_options(listed, teller, _place),
        kinds=_options(listed, teller, _kind),
        over=[teller.row(alert) for alert in over[first : first + (PER_PAGE if past else _LATELY)]],
        pages=max(1, -(-len(over) // PER_PAGE)) if past else groups.pages if groups else 1,
        severities=SEVERITIES,
        here=LIST,
        back=f"{LIST}?{urlencode(asked.link(page=asked.page))}",
    )


def _cause(teller: Teller, asked: Wanted) -> Alert | None:
    """The alert of which all that it stands for is asked, if the reader may look at it."""
    found = teller.standing.get(asked.under)
    return found if found is not None and teller.seen([found]) else None


def _listing(visit: Visit, teller: Teller, active: Sequence[Alert], asked: Wanted) -> Listing:
    fitting = _fitting(visit, teller, active, asked)
    if asked.under:
        below = roots(teller.hidden, (alert.id for alert in active))
        fitting = [alert for alert in fitting if below.get(alert.id) == asked.under]
    return listing.listed(
        fitting,
        lambda alert: teller.where(alert.subject),
        asked,
        hidden=teller.hidden,
        silenced=teller.silenced,
    )


def _fitting(visit: Visit, teller: Teller, alerts: Sequence[Alert], asked: Wanted) -> list[Alert]:
    login = visit.user.name
    return [alert for alert in alerts if fits(alert, teller.where(alert.subject), asked, login)]


def _sections(listing: Listing, teller: Teller, asked: Wanted) -> list[tuple[str, list[Line]]]:
    return [
        (severity, [_line(entry, teller, asked) for entry in entries])
        for severity, entries in listing.sections
        if entries
    ]


def _line(entry: Entry, teller: Teller, asked: Wanted) -> Line:
    first, inside = entry.first, entry.under or entry.alerts[1:]
    many = len(entry.alerts) > 1
    shown = (entry.alerts if many else entry.under)[:MOST_INSIDE]
    place = f"{entry.network}/{entry.district}" if entry.district else entry.network
    link = asked.link(place=place, kind=first.kind, severity="") if many else asked.link(under=first.id)
    count = len(entry.alerts) if many else len(entry.under)
    return Line(
        row=teller.row(first, hidden=0 if many else len(inside)),
        rows=tuple(teller.row(alert) for alert in shown),
        around=(teller.network(entry.network), entry.district)
        if entry.district
        else (teller.network(entry.network),),
        count=len(entry.alerts) if many else 0,
        rest=max(0, count - len(shown)),
        link=link,
    )


def _over(visit: Visit, teller: Teller) -> list[Alert]:
    """What has resolved or was closed in the last days, the newest first."""
    since_ms = visit.now_ms - PAST_MS
    resolved = teller.seen(alert for alert in teller.standing.values() if alert.state == "resolved")
    closed = visit.staff.ledger.recent(
        since_ms, _MOST_PAST, sees=lambda subject: visit.sees(teller.where(subject).place)
    )
    found = (alert for alert in (*resolved, *closed) if alert.fired_ms is not None)
    return sorted(found, key=lambda alert: alert.resolved_ms or alert.since_ms, reverse=True)


def _options(
    alerts: Sequence[Alert], teller: Teller, told: Callable[[Alert, Teller], tuple[str, str]]
) -> list[Option]:
    counts = Counter(told(alert, teller) for alert in alerts)
    found = (Option(value, label, count) for (value, label), count in counts.items() if value)
    return sorted(found, key=lambda option: option.label)


def _place(alert: Alert, teller: Teller) -> tuple[str, str]:
    where = teller.where(alert.subject)
    if not where.network:
        return "", ""
    network = teller.network(where.network)
    if not where.district:
        return where.network, network
    return f"{where.network}/{where.district}", f"{network} · {where.district}"


def _kind(alert: Alert, teller: Teller) -> tuple[str, str]:
    return alert.kind, kind_of(alert, teller.text)
