"""Which alerts stand in the list, and in what order: worst first, then by place. Pure.

What another alert says already stands below it; many of one kind in one district are one line. So a city
that is offline is a page of some lines and not of thousands.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES, Alert, Severity
from server.web.staff.alert_rows import Where

PER_PAGE: Final = 40
"""Lines of one page."""
FOLD: Final = 6
"""So many alerts of one kind in one district are one line."""
MOST_INSIDE: Final = 8
"""Of what a line stands for, so many are named below it; the rest is behind a link."""

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
class Entry:
    """One line: an alert with what it stands for, or many of one kind in one district.

    Attributes:
        alerts: one, or the many.
        under: what the one alert stands for.
    """

    alerts: tuple[Alert, ...]
    under: tuple[Alert, ...] = ()

    @property
    def first(self) -> Alert:
        """The one, or the oldest of the many."""
        return self.alerts[0]


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
    entries = _entries(sorted(told, key=lambda alert: _order(alert, where(alert))), where, under, asked)
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
    """The server first, then network by network, whole districts before their stations."""
    wide = {"server": 0, "network": 1, "station": 2}[alert.subject.scope]
    place = ("", "", 0, "") if where.place is None else (where.network, where.district, wide, where.name)
    return SEVERITIES.index(alert.severity), *place, alert.subject, alert.since_ms, alert.id


def _entries(
    alerts: Sequence[Alert],
    where: Callable[[Alert], Where],
    under: Mapping[str, Sequence[Alert]],
    asked: Wanted,
) -> list[Entry]:
    """Lines in the order of ``alerts``; many of a kind stand where the first of them is."""
    groups: dict[tuple[object, ...], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault(_group(alert, where(alert), under, asked), []).append(alert)
    entries: list[Entry] = []
    for key, group in groups.items():
        if key[0] == "many" and len(group) >= FOLD:
            entries.append(Entry(tuple(sorted(group, key=lambda alert: alert.since_ms))))
        else:
            entries += [Entry((alert,), tuple(under.get(alert.id, ()))) for alert in group]
    order = {alert.id: number for number, alert in enumerate(alerts)}
    return sorted(entries, key=lambda entry: min(order[alert.id] for alert in entry.alerts))


def _group(
    alert: Alert, where: Where, under: Mapping[str, Sequence[Alert]], asked: Wanted
) -> tuple[object, ...]:
    """What alerts that are one line have in common; safety and what stands for others is always alone."""
    alone = alert.safety or alert.id in under or alert.subject.scope != "station"
    asked_for = bool(asked.kind and asked.place) or bool(asked.under) or bool(asked.station)
    if alone or asked_for:
        return "one", alert.id
    return "many", alert.severity, where.network, where.district, alert.kind
