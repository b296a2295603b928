"""What follows for messages from the alerts as they are: what is hidden, silenced, due. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from server.alerts.inhibit import hidden
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Bundle, Moment, Place, Subject
from server.alerts.silences import Silence, silenced
from server.notify.receivers.grouping import Book, Scene, plan
from server.notify.receivers.model import Receiver


@dataclass(frozen=True, slots=True)
class Outlook:
    """What follows.

    Attributes:
        hidden: ids of active alerts that need not be told, each with the id of the one that says it already.
        silenced: ids of active alerts whose messages staff do not want, each with its silence.
        book: what everybody has been told when the bundles are.
    """

    hidden: Mapping[str, str] = field(default_factory=dict)
    silenced: Mapping[str, Silence] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    bundles: tuple[Bundle, ...] = ()


def look_out(
    alerts: Mapping[str, Alert],
    where: Callable[[Subject], Place],
    *,
    silences: Sequence[Silence],
    receivers: Mapping[str, Receiver],
    before: Outlook,
    at: Moment,
) -> Outlook:
    """The outlook now, after the one ``before``.

    Args:
        alerts: by id, all but pending ones; closed ones too while they have to be told.
        where: the place of a subject.
    """
    places = {alert.subject: where(alert.subject) for alert in alerts.values()}
    standing = [alert for alert in alerts.values() if alert.state != "closed"]
    hides = hidden(standing, places, KINDS, at.now_ms)
    quiet = {
        alert.id: silence
        for alert in (standing if silences else ())
        if alert.active and (silence := silenced(alert, places[alert.subject], silences, at.now_ms))
    }
    scene = Scene(alerts, places, receivers, hides.keys() | quiet.keys(), at)
    book, bundles = plan(before.book, scene)
    return Outlook(hides, quiet, book, bundles)
