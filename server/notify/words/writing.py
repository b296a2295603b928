"""From a row of the outbox to the message that leaves: its words are made at the last moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from server.alerts.model import Alert, Bundle
from server.desk import Desk
from server.notify import rows
from server.notify.model import Channel, Message
from server.notify.receivers.checks import DirectoryError
from server.notify.receivers.directory import ReceiverEntry, entries, keys
from server.notify.rows import Row
from server.notify.words import late
from server.notify.words.texts import Words, of_bundle, trial
from server.web.text import Language


@dataclass(frozen=True, slots=True)
class World:
    """What messages are made of besides the outbox; all may be called by any thread.

    Attributes:
        words: names of things in a language, at a moment (ms).
        alert: an alert as it is now, also a closed one; None for one that nobody knows.
        well: whether alerts are judged, for the dead-man ping.
        clock_ms: wall clock.
    """

    words: Callable[[Language, int], Words]
    alert: Callable[[str], Alert | None]
    well: Callable[[], bool]
    clock_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with all that sending it takes.

    Attributes:
        told: what of the row's bundle is in the message; None for a self-test.
    """

    row: Row
    channel: Channel
    message: Message
    told: Bundle | None


@dataclass(frozen=True, slots=True)
class Found:
    """A row with what the desk has for it."""

    row: Row
    receiver: ReceiverEntry
    channel: Channel
    believed: Mapping[str, int]
    meant_for: str


def find(connection: Connection, row_id: int) -> Found | None:
    """The row with its receiver as it is now; None when it does not wait any more, or nobody does."""
    row = rows.waiting(connection, row_id)
    receivers = {each.id: each for each in entries(connection)}
    receiver = receivers.get(row.receiver) if row else None
    channel = keys(connection).get(receiver.channel) if receiver else None
    if row is None or receiver is None or channel is None:
        return None
    meant_for = receivers[row.path[0]].name if row.path and row.path[0] in receivers else ""
    believed = rows.believed(connection, receiver.id)
    return Found(row, receiver, channel, believed, meant_for)


def channel_of(desk: Desk, channel_id: str) -> tuple[Channel, Language]:
    """A channel, and the language that is read there.

    Raises:
        DirectoryError: there is no such channel.
        DeskError: the desk cannot be read.
    """
    with desk.reading() as connection:
        channel = keys(connection).get(channel_id)
        read = [each.language for each in entries(connection) if each.channel == channel_id]
    if channel is None:
        raise DirectoryError("", "unknown", f"there is none of the id {channel_id[:20]!r}")
    return channel, read[0] if read else "zh"


def write(found: Found, world: World, now_ms: int) -> Letter | None:
    """The message as it is to be told now; None when nothing of it is worth telling any more."""
    row, words = found.row, world.words(found.receiver.language, now_ms)
    if row.bundle is None:
        return Letter(row, found.channel, trial(row.message, words), None)
    now = _now(row.bundle, world)
    left = late.rest(row.bundle, now, found.believed, row.made_ms, stands_in=bool(row.path))
    if left.bundle is None:
        return None
    message = of_bundle(left.bundle, row.message, words)
    remarks = late.remarks(words.text, left, now_ms - row.made_ms, found.meant_for)
    message = replace(message, lines=(*remarks, *message.lines))
    return Letter(row, found.channel, message, left.bundle)


def _now(bundle: Bundle, world: World) -> dict[str, Alert]:
    """Its alerts as they are now."""
    told = (*bundle.firing, *bundle.flapping, *bundle.resolved)
    found = {alert.id: world.alert(alert.id) for alert in told}
    return {alert_id: alert for alert_id, alert in found.items() if alert is not None}
