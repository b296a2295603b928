"""What is wrong now, and what was of late: ``/staff/alerts``."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from fastapi import Response

from server.alerts.model import SEVERITIES, Alert
from server.notify.words.texts import kind_of
from server.web.staff.alerts import listing
from server.web.staff.alerts.folding import Entry
from server.web.staff.alerts.listing import PER_PAGE, Listing, Wanted, fits, roots
from server.web.staff.alerts.rows import Row, Teller
from server.web.staff.alerts.taking import Hands, hands_of
from server.web.staff.gate import Gate, Visit
from server.web.staff.messages.receivers import nobodys

LIST: Final = "/staff/alerts"
PAST_MS: Final = 7 * 86_400_000
"""So long what is over stands in the list; the station's own page has it for longer."""
_MOST_PAST: Final = 1_000
_MOST_INSIDE: Final = 8
"""Of what a line stands for, so many are named below it; the rest is behind a link."""
_AT_ONCE: Final = 3
"""Of one station's alerts, so many stand there at once; ..."""
_MOST_OF_STATION: Final = 20
"""... and so many with those that open with a tap; the rest is behind a link."""
_LATELY: Final = 5
"""Of what is over, so much stands below what is wrong."""


@dataclass(frozen=True, slots=True)
class Inside:
    """Alerts that are told below a line, as far as they are named there.

    Attributes:
        count: how many they are; ``rest``: whether some are not named.
        link: parameters of the list of all of them.
    """

    rows: tuple[Row, ...]
    count: int
    rest: bool
    link: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """What the template draws: one alert, many of one kind in one place, or many of one station.

    Attributes:
        row: of the one, or of the first of the many.
        many: those of one kind, or of one station; None for one alert.
        around: names of where all of the many of one kind are.
        at_once: those of one station that stand there at once; the others of ``many`` open with a tap.
        hands: whose those of one station are; None for others.
        under: what one alert stands for, or those of one station; None for nothing.
    """

    row: Row
    many: Inside | None = None
    around: tuple[str, ...] = ()
    at_once: tuple[Row, ...] = ()
    hands: Hands | None = None
    under: Inside | None = None


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
    row, under = teller.row(entry.first), _under(entry, teller, asked)
    if entry.station:
        link = asked.link(station=entry.station, severity="", under="")
        many = _inside(entry.alerts, teller, _MOST_OF_STATION, link)
        at_once, later = many.rows[:_AT_ONCE], many.rows[_AT_ONCE:]
        hands = hands_of(entry.alerts, teller)
        return Line(row, replace(many, rows=later), at_once=at_once, hands=hands, under=under)
    if len(entry.alerts) > 1:
        place = f"{entry.network}/{entry.district}" if entry.district else entry.network
        link = asked.link(place=place, kind=entry.first.kind, severity="")
        around = (teller.network(entry.network), entry.district)
        return Line(row, _inside(entry.alerts, teller, _MOST_INSIDE, link), tuple(filter(None, around)))
    return Line(row, under=under)


def _under(entry: Entry, teller: Teller, asked: Wanted) -> Inside | None:
    if not entry.under:
        return None
    link = asked.link(station=entry.station) if entry.station else asked.link(under=entry.first.id)
    return _inside(entry.under, teller, _MOST_INSIDE, link)


def _inside(alerts: Sequence[Alert], teller: Teller, most: int, link: dict[str, str]) -> Inside:
    return Inside(tuple(map(teller.row, alerts[:most])), len(alerts), len(alerts) > most, link)


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
