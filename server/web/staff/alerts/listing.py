"""Which alerts stand in the list, and in what order. Pure.

Worst first, then what nobody has in hand, then the oldest; place only after that. What another alert says
already stands below it; many of one kind in one place are one line, and so are those of one station
(:mod:`server.web.staff.alerts.folding`). So a city that is offline is a page of some lines and not of
thousands.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from server.alerts.kinds import KINDS
from server.alerts.model import ACTIVE, SEVERITIES, Alert, Severity
from server.web.staff.alerts.folding import Entry, folded
from server.web.staff.alerts.rows import Where

PER_PAGE: Final = 40
"""Lines of one page."""

Show = Literal["", "silenced", "past"]
"""What is wrong now, of that what is silenced, or what is over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see; "" and False leave out nothing.

    Attributes:
        place: ``network`` or ``network/district``.
        under: id of an alert: what it stands for.
    """

    severity: str = ""
    place: str = ""
    kind: str = ""
    station: str = ""
    mine: bool = False
    under: str = ""
    show: Show = ""
    page: int = 1

    def link(self, **changes: object) -> dict[str, str]:
        """Parameters of the address for this, but for ``changes``; the pages begin anew."""
        other = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # names of fields
        found = {
            name: getattr(other, name) for name in ("severity", "place", "kind", "station", "under", "show")
        }
        found |= {"mine": "1" if other.mine else "", "page": str(other.page) if other.page > 1 else ""}
        return {name: value for name, value in found.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return replace(self, show="", page=1) != Wanted()


def wanted(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what nobody knows is not asked for."""
    given = {name: query.get(name, "")[:200] for name in ("severity", "place", "kind", "station", "under")}
    if given["severity"] not in SEVERITIES:
        given["severity"] = ""
    if given["kind"] not in KINDS:
        given["kind"] = ""
    show, page = query.get("show", ""), query.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return Wanted(
        **given,
        mine=query.get("mine") == "1",
        show="silenced" if show == "silenced" else "past" if show == "past" else "",
        page=max(1, number),
    )


def fits(alert: Alert, where: Where, asked: Wanted, login: str) -> bool:
    """Whether it is among what is asked for, wherever it stands."""
    network, _, district = asked.place.partition("/")
    return (
        asked.severity in ("", alert.severity)
        and asked.kind in ("", alert.kind)
        and (not asked.station or (alert.subject.scope, alert.subject.id) == ("station", asked.station))
        and (not network or where.network == network)
        and (not district or where.district == district)
        and (not asked.mine or alert.by == login)
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list.

    Attributes:
        sections: by severity, of this page.
        counts: of all that is wrong and told, by severity.
        silenced: how many are silenced.
    """

    sections: tuple[tuple[Severity, tuple[Entry, ...]], ...]
    counts: Mapping[Severity, int]
    silenced: int
    page: int
    pages: int


def roots(hidden: Mapping[str, str], shown: Iterable[str]) -> dict[str, str]:
    """The alert of ``shown`` below which each hidden one of them stands, where its cause is among them."""
    known = set(shown)
    found = {}
    for alert_id in known & hidden.keys():
        cause, met = hidden[alert_id], {alert_id}
        while cause in known and cause in hidden and cause not in met and hidden[cause] in known:
            met.add(cause)
            cause = hidden[cause]
        if cause in known and cause != alert_id:
            found[alert_id] = cause
    return found


def listed(
    alerts: Sequence[Alert],
    where: Callable[[Alert], Where],
    asked: Wanted,
    *,
    hidden: Mapping[str, str],
    silenced: Iterable[str],
) -> Listing:
    """A page of the ``alerts``, which are all that fit and may be seen."""
    quiet = frozenset(silenced)
    below = {} if asked.under else roots(hidden, (alert.id for alert in alerts))
    tops = [alert for alert in alerts if alert.id not in below]
    told = [alert for alert in tops if (alert.id in quiet) == (asked.show == "silenced")]
    under: dict[str, list[Alert]] = {}
    for alert in alerts:
        if alert.id in below:
            under.setdefault(below[alert.id], []).append(alert)
    told.sort(key=lambda alert: _order(alert, where(alert)))
    by_name = bool(asked.under or (asked.kind and asked.place))
    entries = folded(told, where, under, kinds=not (by_name or asked.station), stations=not asked.station)
    pages = max(1, -(-len(entries) // PER_PAGE))
    page = min(asked.page, pages)
    shown = entries[(page - 1) * PER_PAGE : page * PER_PAGE]
    counts = Counter(alert.severity for alert in tops if alert.id not in quiet)
    return Listing(
        tuple(
            (severity, tuple(each for each in shown if each.first.severity == severity))
            for severity in SEVERITIES
        ),
        counts,
        sum(alert.id in quiet for alert in tops),
        page,
        pages,
    )


def _order(alert: Alert, where: Where) -> tuple[object, ...]:
    """By severity, by who has it, by age; then network by network, whole districts before their stations."""
    hand = ACTIVE.index(alert.state) if alert.state in ACTIVE else len(ACTIVE)
    wide = {"server": 0, "network": 1, "station": 2}[alert.subject.scope]
    place = ("", "", 0, "") if where.place is None else (where.network, where.district, wide, where.name)
    return SEVERITIES.index(alert.severity), hand, alert.since_ms, *place, alert.subject, alert.id
