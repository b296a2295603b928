"""Alerts of a city as the console lists them, without a console."""

from collections.abc import Mapping, Sequence

from server.accounts.roles import Place
from server.alerts.kinds import KINDS
from server.alerts.lifecycle import alert_id
from server.alerts.model import Alert, State, Subject
from server.web.staff.alerts.listing import Listing, Wanted, fits, listed
from server.web.staff.alerts.rows import Where

NOW = 1_800_000_000_000


def alert(kind: str, subject: Subject, since_ms: int = NOW, by: str = "", state: State = "firing") -> Alert:
    """One that began at a moment."""
    return Alert(
        alert_id(kind, subject, since_ms), kind, KINDS[kind].severity, subject, state, since_ms, by=by
    )


def station(number: int, district: int = 0) -> Subject:
    """A station of a district."""
    return Subject("station", f"s{district}-{number:04}")


def district(number: int = 0) -> Subject:
    """A district of the only network."""
    return Subject("network", "city", f"d{number}")


def where(each: Alert) -> Where:
    """Where it is: a station's district is in its id."""
    scope, id_, unit = each.subject
    if scope == "server":
        return Where(None, "", "", "server", (), "UTC")
    here = unit if scope == "network" else f"d{id_[1]}"
    return Where(Place("city", here), "city", here, id_, ("city", here), "UTC")


def of(
    alerts: Sequence[Alert],
    asked: Wanted = Wanted(),  # noqa: B008  # frozen
    hidden: Mapping[str, str] | None = None,
    silenced: Sequence[Alert] = (),
) -> Listing:
    """The first page of what is asked for."""
    fitting = [each for each in alerts if fits(each, where(each), asked, "me")]
    return listed(fitting, where, asked, hidden=hidden or {}, silenced=[each.id for each in silenced])


def lines(found: Listing) -> list[tuple[str, int, int]]:
    """The kind of each line, how many it is, and how many it stands for."""
    return [
        (entry.first.kind, len(entry.alerts), len(entry.under))
        for _, entries in found.sections
        for entry in entries
    ]
