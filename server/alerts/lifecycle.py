"""The life of one alert: pending, firing, in somebody's hands, resolved, closed. Pure.

:func:`advance` takes an alert and the newest finding about it and gives the alert as it is now, with what has
happened to it; :func:`act` does the same for what a person does. When nothing has changed the very same alert
comes back, so only what is another object has to be stored. There is at most one alert of a kind about a
subject: whoever keeps them looks them up by ``(alert.kind, alert.subject)``.

What nobody knows changes nothing: ``unknown`` stops the timers, and only a measured "false" resolves. Timers
run on counted time, in which the server's downtime does not occur.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal

from server.alerts.model import Alert, Change, Finding, Kind, Moment, State, Subject, Timer, Truth, What

GRACE_MS: Final = 6 * 60_000
"""So long after a start nothing is believed of stations: they try again up to 5 minutes apart while nobody
acknowledges, and then need a moment to be heard."""
HOUR_MS: Final = 3_600_000
MOST_TOLD: Final = 4
"""A flapping alert is told so often within an hour; held back, it has to be away for one to resolve."""
FORGET_MS: Final = HOUR_MS
"""When nothing is known for longer than this, or than the kind's own times, a timer forgets what it counted:
what is measured then is another matter. A pending alert, never told, is dropped."""
CLOSE_MS: Final = 24 * HOUR_MS
"""A resolved alert closes by itself after a day; until then what comes back is the same alert."""
WORD_MS: Final = 5 * 60_000
"""A person's "resolved" is not contradicted for so long: until then older readings count as fresh.
Safety does not wait for that."""
MOST_COMMENT: Final = 2_000
"""Characters of a comment."""

Action = Literal["acknowledge", "take", "comment", "resolve", "close"]
Outcome = tuple[Alert | None, tuple[Change, ...]]

_ACTIONS: Final[dict[Action, tuple[What, State | None, frozenset[State]]]] = {
    "acknowledge": ("acknowledged", "acknowledged", frozenset({"firing"})),
    "take": ("taken", "in_progress", frozenset({"firing", "acknowledged", "in_progress"})),
    "comment": (
        "commented",
        None,
        frozenset({"firing", "acknowledged", "in_progress", "resolved", "closed"}),
    ),
    "resolve": ("resolved", "resolved", frozenset({"firing", "acknowledged", "in_progress"})),
    "close": ("closed", "closed", frozenset({"resolved"})),
}
"""What becomes of the alert (None: its state stays), and in which states it can be done."""


class NotPossibleError(ValueError):
    """This cannot be done to an alert in this state, or not with this text."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long the server has been up, over all its starts.

    Attributes:
        before_ms: counted time before this start, as last stored.
        started_mono_ms: the monotonic clock at this start.
    """

    before_ms: int
    started_mono_ms: int

    def at(self, now_ms: int, mono_ms: int) -> Moment:
        """This moment."""
        up_ms = mono_ms - self.started_mono_ms
        return Moment(now_ms, self.before_ms + up_ms, up_ms)


def alert_id(kind: str, subject: Subject, since_ms: int) -> str:
    """16 hex digits; the same again when a crash makes it necessary to think the same again."""
    return hashlib.sha256(repr((kind, tuple(subject), since_ms)).encode()).hexdigest()[:16]


def advance(alert: Alert | None, finding: Finding, kind: Kind, at: Moment) -> Outcome:
    """The alert about the finding's subject, given what is found now, and what has happened to it.

    Args:
        alert: the newest of this kind and subject; None when there is none.

    Returns:
        None for an alert: nothing is wrong and nothing was ever told; a pending one is to be deleted.
    """
    truth = _believed(finding, kind, at)
    if alert is None:
        return _begun(finding, kind, at, Timer(), ()) if truth == "true" else (None, ())
    timer = _turned(alert, truth, kind, at.counted_ms)
    if (timer, truth) != (alert.timer, alert.truth):
        alert = replace(alert, timer=timer, truth=truth)
    if alert.state == "pending":
        return _while_pending(alert, finding, kind, at)
    if alert.state == "resolved":
        return _while_resolved(alert, finding, kind, at)
    if alert.state == "closed":
        return _begun(finding, kind, at, timer, _told(alert, at)) if truth == "true" else (alert, ())
    return _while_active(alert, finding, kind, at)


def act(alert: Alert, action: Action, by: str, at: Moment, text: str = "") -> tuple[Alert, Change]:
    """What a person does with an alert.

    Whoever acknowledges or takes an alert has it until it resolves; when it comes back it is nobody's.

    Args:
        text: of a comment.

    Raises:
        NotPossibleError: the alert's state does not allow it, or a comment is empty or too long.
    """
    what, state, allowed = _ACTIONS[action]
    if alert.state not in allowed:
        raise NotPossibleError(f"{action}: the alert is {alert.state}")
    text = text.strip()
    if action == "comment" and not 0 < len(text) <= MOST_COMMENT:
        raise NotPossibleError(f"comment of {len(text)} characters: from 1 to {MOST_COMMENT}")
    after = replace(alert, version=alert.version + 1)
    if state:
        after = replace(after, state=state, by=by)
    if action == "resolve":
        after = replace(
            after,
            resolved_ms=at.now_ms,
            flapping=False,
            told_ms=(*_told(alert, at), at.counted_ms),
            timer=Timer(held_ms=0 if alert.safety else -WORD_MS, mark_ms=at.counted_ms),
        )
    return after, Change(after, what, at.now_ms, by, text)


def carry_out(
    alert: Alert, action: Action, by: str, at: Moment, text: str = ""
) -> tuple[Alert, tuple[Change, ...]]:
    """As :func:`act`; what a person says along with something else is a comment before it."""
    if action == "comment" or not text.strip():
        after, change = act(alert, action, by, at, text)
        return after, (change,)
    commented, said = act(alert, "comment", by, at, text)
    after, done = act(commented, action, by, at)
    return after, (said, done)


def take_up(alert: Alert, by: str, at: Moment) -> Outcome:
    """As :func:`act` to take it, where nobody works on it; what is somebody's or over stays what it is."""
    if not alert.free:
        return alert, ()
    after, change = act(alert, "take", by, at)
    return after, (change,)


def is_done(alert: Alert, action: Action, by: str) -> bool:
    """Whether a person has done this already; of a comment it cannot be told by the alert."""
    state = _ACTIONS[action][1]
    return state is None or (alert.state, alert.by) == (state, by)


def withdraw(alert: Alert, at: Moment) -> Outcome:
    """The end of an alert whose station, part or kind does not exist any more."""
    if alert.state == "pending":
        return None, ()
    if alert.state == "closed":
        return alert, ()
    return _changed(alert, "closed", at, state="closed")


def _believed(finding: Finding, kind: Kind, at: Moment) -> Truth:
    if at.up_ms < GRACE_MS and kind.scope != "server" and not kind.safety:
        return "unknown"
    return finding.truth


def _turned(alert: Alert, truth: Truth, kind: Kind, counted_ms: int) -> Timer:
    """Runs while the truth is the one that counts, pauses while it is unknown, else starts over."""
    timer = alert.timer
    if truth == ("false" if alert.active else "true"):
        return timer if timer.running else Timer(True, timer.held_ms, counted_ms)
    if truth != "unknown":
        return Timer()
    if timer.running:
        return Timer(False, timer.elapsed_ms(counted_ms), counted_ms)
    too_long = counted_ms - timer.mark_ms > max(FORGET_MS, kind.for_ms, kind.clear_ms)
    return Timer() if too_long else timer


def _begun(finding: Finding, kind: Kind, at: Moment, timer: Timer, told: tuple[int, ...]) -> Outcome:
    alert = Alert(
        id=alert_id(kind.code, finding.subject, at.now_ms),
        kind=kind.code,
        severity=kind.severity,
        subject=finding.subject,
        state="pending",
        since_ms=at.now_ms,
        told_ms=told,
        timer=timer if timer.running else Timer(True, 0, at.counted_ms),
    )
    return _while_pending(alert, finding, kind, at)


def _while_pending(alert: Alert, finding: Finding, kind: Kind, at: Moment) -> Outcome:
    if alert.timer == Timer():
        # One that was closed within the hour is kept, or it would be told again as often as a new one.
        return (alert if _told(alert, at) else None), ()
    if alert.timer.running and alert.timer.elapsed_ms(at.counted_ms) >= kind.for_ms:
        return _fired(alert, "fired", finding, kind, at)
    return alert, ()


def _while_active(alert: Alert, finding: Finding, kind: Kind, at: Moment) -> Outcome:
    needed_ms = max(kind.clear_ms, HOUR_MS if alert.flapping else 0)
    if not alert.timer.running or alert.timer.elapsed_ms(at.counted_ms) < needed_ms:
        return alert, ()
    told = _told(alert, at)
    # That it resolves, comes back and is then held are three more.
    if len(told) > MOST_TOLD - 3 and not alert.flapping and not alert.safety:
        held = replace(alert, flapping=True, told_ms=told, timer=Timer(True, 0, at.counted_ms))
        return _changed(_told_again(held, at), "held_flapping", at)
    resolved = replace(
        _told_again(alert, at),
        flapping=False,
        by="",
        resolved_ms=at.now_ms,
        measured_ms=finding.at_ms,
        values=finding.values,
        timer=Timer(),
    )
    return _changed(resolved, "resolved", at, state="resolved")


def _while_resolved(alert: Alert, finding: Finding, kind: Kind, at: Moment) -> Outcome:
    if alert.timer.running and alert.timer.elapsed_ms(at.counted_ms) >= kind.for_ms:
        return _fired(alert, "refired", finding, kind, at)
    if not alert.timer.running and abs(at.now_ms - (alert.resolved_ms or 0)) >= CLOSE_MS:
        return _changed(alert, "closed", at, state="closed")
    return alert, ()


def _fired(alert: Alert, what: What, finding: Finding, kind: Kind, at: Moment) -> Outcome:
    fired = replace(
        _told_again(alert, at),
        severity=kind.severity,
        fired_ms=at.now_ms,
        resolved_ms=None,
        measured_ms=finding.at_ms,
        values=finding.values,
        by="",
        timer=Timer(),
    )
    return _changed(fired, what, at, state="firing")


def _told(alert: Alert, at: Moment) -> tuple[int, ...]:
    return tuple(told for told in alert.told_ms if told > at.counted_ms - HOUR_MS)


def _told_again(alert: Alert, at: Moment) -> Alert:
    return replace(alert, told_ms=(*_told(alert, at), at.counted_ms))


def _changed(alert: Alert, what: What, at: Moment, state: State | None = None) -> Outcome:
    after = replace(alert, state=state or alert.state, version=alert.version + 1)
    return after, (Change(after, what, at.now_ms),)
