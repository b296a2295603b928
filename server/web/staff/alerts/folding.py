"""Which alerts share a line of the list. Pure.

Many stations of one district or network with the same trouble are one line: most likely it has one cause.
What remains of one station is one line too, as one person rides there once. Safety always stands alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.alerts.model import Alert
from server.web.staff.alerts.rows import Where

FOLD: Final = 4
"""Alerts of one kind at so many stations of one district are one line."""
FOLD_WIDE: Final = 6
"""Those at so many stations of one network are one line, where none of them is critical."""

_Find = Callable[[Alert], Where]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: an alert, many of one kind in one district or network, or many of one station.

    Attributes:
        alerts: one, or the many, in the order of the list.
        under: what they stand for.
        network, district: where all of one kind are, ``district`` "" for several.
        station: id of the station that all of the many are of, "" otherwise.
    """

    alerts: tuple[Alert, ...]
    under: tuple[Alert, ...] = ()
    network: str = ""
    district: str = ""
    station: str = ""

    @property
    def first(self) -> Alert:
        """The one, or the first of the many."""
        return self.alerts[0]


def folded(
    alerts: Sequence[Alert],
    where: _Find,
    under: Mapping[str, Sequence[Alert]],
    *,
    kinds: bool,
    stations: bool,
) -> list[Entry]:
    """Lines in the order of ``alerts``; many stand where the first of them is.

    Args:
        under: by id, what an alert stands for; it never stands among others of its kind.
        kinds, stations: whether those of one kind, and those of one station, share a line.
    """
    of_kinds: list[Entry] = []
    if kinds:
        foldable = [alert for alert in alerts if _of_station(alert) and alert.id not in under]
        grouped = _by(foldable, lambda each: (each.severity, where(each).network, each.kind))
        of_kinds = [entry for group in grouped for entry in _of_kind(group, where)]
    taken = {alert.id for entry in of_kinds for alert in entry.alerts}
    entries = [*of_kinds, *_rest([each for each in alerts if each.id not in taken], under, stations=stations)]
    order = {alert.id: number for number, alert in enumerate(alerts)}
    return sorted(entries, key=lambda entry: order[entry.first.id])


def _of_station(alert: Alert) -> bool:
    return alert.subject.scope == "station" and not alert.safety


def _by(alerts: Iterable[Alert], key: Callable[[Alert], object]) -> list[list[Alert]]:
    groups: dict[object, list[Alert]] = {}
    for alert in alerts:
        groups.setdefault(key(alert), []).append(alert)
    return list(groups.values())


def _of_kind(group: Sequence[Alert], where: _Find) -> list[Entry]:
    """Of one kind in a network: one line of it, or one of each district that has many; none of the others."""
    network, districts = where(group[0]).network, _by(group, lambda alert: where(alert).district)
    if len(districts) > 1 and _stations(group) >= FOLD_WIDE and group[0].severity != "critical":
        return [Entry(tuple(group), network=network)]
    return [
        Entry(tuple(alerts), network=network, district=where(alerts[0]).district)
        for alerts in districts
        if _stations(alerts) >= FOLD
    ]


def _stations(alerts: Iterable[Alert]) -> int:
    return len({alert.subject.id for alert in alerts})


def _rest(
    alerts: Iterable[Alert], under: Mapping[str, Sequence[Alert]], *, stations: bool
) -> Iterable[Entry]:
    """Those of one station together, all others each on its own; with what they stand for."""
    for group in _by(
        alerts, lambda alert: alert.subject[:2] if stations and _of_station(alert) else alert.id
    ):
        below = tuple(each for alert in group for each in under.get(alert.id, ()))
        yield Entry(tuple(group), below, station=group[0].subject.id if len(group) > 1 else "")
