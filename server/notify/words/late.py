"""What is still worth telling of a bundle when it can leave at last. Pure.

A bundle is stored as things were. Until it leaves, alerts may have ended, come back, or been taken by
somebody: nobody is to be woken by what is over, or to hear "resolved" of what they never heard of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from server.alerts.model import Alert, Bundle
from server.notify.outbox.retry import LATE_MS
from server.notify.words.harmless import harmless
from server.web.text import Text


@dataclass(frozen=True, slots=True)
class Rest:
    """A bundle as it is to be told now.

    Attributes:
        bundle: None: nothing of it is worth telling any more.
        hands: who has one of its alerts in hand by now.
    """

    bundle: Bundle | None
    hands: tuple[str, ...] = ()


def rest(
    bundle: Bundle,
    now: Mapping[str, Alert],
    believed: Mapping[str, int],
    made_ms: int,
    *,
    stands_in: bool = False,
) -> Rest:
    """What is left to tell.

    An alert that is over is left out, unless it is one of safety of which the receiver has not heard: that is
    told with its end. An end is told to those who believe that the alert stands, and to nobody else. When a
    channel is back, what an older message has just told is not repeated by all that waited behind it.

    Args:
        now: alerts as they are now; what is missing is as it was.
        believed: ids of alerts that the receiver was told of and that have not been called over to them, with
            when they were told last.
        made_ms: when the bundle was made.
        stands_in: for another receiver who could not be reached; what is believed is not told a second time.
    """
    once = stands_in or bundle.why == "escalated"
    known = {alert for alert, told_ms in believed.items() if once or told_ms >= made_ms}
    firing, flapping = (
        [_newer(alert, now) for alert in alerts if alert.id not in known]
        for alerts in (bundle.firing, bundle.flapping)
    )
    ended = [alert for alert in (*firing, *flapping) if not alert.active]
    unheard = [alert for alert in ended if alert.safety and alert.id not in believed]
    resolved = [_newer(alert, now) for alert in bundle.resolved if alert.id in believed]
    left = replace(
        bundle,
        firing=tuple(alert for alert in firing if alert.active),
        flapping=tuple(alert for alert in flapping if alert.active),
        resolved=(*(alert for alert in resolved if not alert.active), *unheard),
    )
    standing = (*left.firing, *left.flapping)
    if not (standing or left.resolved):
        return Rest(None)
    was = {alert.id: alert.by for alert in (*bundle.firing, *bundle.flapping)}
    taken = (alert.by for alert in standing if alert.state != "firing" and alert.by != was[alert.id])
    return Rest(left, tuple(dict.fromkeys(filter(None, taken))))


def _newer(alert: Alert, now: Mapping[str, Alert]) -> Alert:
    """The alert as it is now; as it was where that is not known, or known from before."""
    found = now.get(alert.id)
    return found if found is not None and found.version >= alert.version else alert


def remarks(text: Text, rest: Rest, late_ms: int, meant_for: str = "") -> tuple[str, ...]:
    """Lines that come before what the message tells.

    Args:
        late_ms: age of the message.
        meant_for: name of the receiver who could not be reached, "" for none.
    """
    lines = []
    if meant_for and rest.bundle and (rest.bundle.firing or rest.bundle.flapping):
        lines.append(text("notify.stand_in", name=harmless(meant_for)))
    if late_ms >= LATE_MS:
        lines.append(text("notify.late", minutes=text.number(late_ms // 60_000)))
    if rest.hands:
        names = text("list.separator").join(map(harmless, rest.hands))
        lines.append(text("notify.in_hand", names=names))
    return tuple(lines)
