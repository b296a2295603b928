"""Which alert hides which, so that one trouble is one message. Pure.

A kind names the kinds that say it already (:attr:`server.alerts.model.Kind.inhibited_by`): the broker is
down, so all stations are; the district is, so each of its stations is; the station is, so what was last heard
of its sockets is nothing to go there for. Nothing hides safety.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from server.alerts.model import Alert, Kind, Place, Subject

LINGER_MS: Final = 6 * 60_000
"""What hid many stations goes on hiding them for so long after it resolved: stations try again up to 5
minutes apart, so until then they are silent only because of what was just mended."""

_SERVER: Final = Subject("server", "")


def hidden(
    alerts: Iterable[Alert], places: Mapping[Subject, Place], kinds: Mapping[str, Kind], now_ms: int
) -> dict[str, str]:
    """Ids of active alerts that need not be told, each with the id of the alert that says it already.

    Args:
        alerts: active and lately resolved ones.
        places: of the subjects; one without a place is hidden by nothing of its network.
    """
    alerts = list(alerts)
    sources = {(alert.kind, _covered(alert.subject)): alert.id for alert in alerts if _hides(alert, now_ms)}
    hiding = {
        alert.id: _source(alert, places.get(alert.subject, Place()), sources, kinds)
        for alert in alerts
        if alert.active and not alert.safety
    }
    return {hidden_id: source for hidden_id, source in hiding.items() if source}


def _hides(alert: Alert, now_ms: int) -> bool:
    # One that resolved while the clock was ahead must not hide until that day.
    if alert.active or alert.subject.scope == "station" or alert.state != "resolved":
        return alert.active
    return alert.resolved_ms is not None and abs(now_ms - alert.resolved_ms) < LINGER_MS


def _covered(subject: Subject) -> Subject:
    """A part of the server that is down concerns all, whichever part it is."""
    return _SERVER if subject.scope == "server" else subject


def _source(
    alert: Alert, place: Place, sources: Mapping[tuple[str, Subject], str], kinds: Mapping[str, Kind]
) -> str | None:
    kind = kinds.get(alert.kind)
    keys = ((code, part) for code in (kind.inhibited_by if kind else ()) for part in _wider(alert, place))
    found = (sources[key] for key in keys if key in sources)
    return next((source for source in found if source != alert.id), None)


def _wider(alert: Alert, place: Place) -> list[Subject]:
    """All that the subject is part of, the widest first: server, networks, districts, station, cabinet."""
    parts = [_SERVER, *(Subject("network", network) for network in reversed(place.networks))]
    if place.district:
        parts += [Subject("network", network, place.district) for network in place.networks]
    if alert.subject.scope == "station":
        units = ("", alert.subject.unit.partition("/")[0], alert.subject.unit)
        parts += [Subject("station", alert.subject.id, unit) for unit in dict.fromkeys(units)]
    return parts
