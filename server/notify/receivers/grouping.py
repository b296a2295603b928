"""Who is told what, when, and in how few messages. Pure.

:func:`plan` looks at all alerts as they are, compares with what each receiver has been told, and gives the
bundles that are due. It is asked every few seconds, and what it returns is stored together: the bundles as
rows of the outbox, the book as what was told. So a crash in between tells nothing twice and forgets nothing.

What comes within 30 seconds of the first goes in one bundle per receiver, kind and district; more of the same
waits for 5 minutes after it, and what is still wrong and in nobody's hands is repeated after 4 hours. Who
gets three bundles within ten minutes gets what follows as one, 5 minutes apart. Safety is told at once and
alone.

Waiting and repeating are measured in counted time, so downtime neither hurries nor repeats anything.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from server.alerts.model import SEVERITIES, Alert, Bundle, Moment, Place, Subject
from server.notify.receivers.model import Receiver, receivers_of

MIN_MS: Final = 60_000
WAIT_MS: Final = 30_000
INTERVAL_MS: Final = 5 * MIN_MS
REPEAT_MS: Final = 240 * MIN_MS
ESCALATE_MS: Final = 10 * MIN_MS
"""So long nobody has taken a safety or critical alert, and the second receiver is told."""
STORM_MS: Final = 10 * MIN_MS
MOST_SINGLE: Final = 3
"""From so many messages within :data:`STORM_MS` on, all that is due goes in one, :data:`INTERVAL_MS` apart:
at most four in any ten minutes."""

_SAFETY, _CRITICAL = SEVERITIES[:2]

Word = Literal["", "before", "firing", "flapping"]
"""What a receiver knows of an alert; ``before``: that it came once, but not that it has come back."""
News = Literal["firing", "flapping", "resolved"]


class GroupKey(NamedTuple):
    """What goes together. ``alert`` is the id of a safety alert, which has a group of its own."""

    receiver: str
    network: str
    district: str
    kind: str
    alert: str = ""
    escalated: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What a receiver knows of one alert; times counted.

    Attributes:
        fired_ms: which of its comings this is about.
        seen_ms: since when it is theirs.
        told: what they were told last, at ``told_ms``.
    """

    alert: str
    fired_ms: int | None
    seen_ms: int
    told: Word = ""
    told_ms: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that are told together; times counted.

    Attributes:
        news_ms: since when there is something to tell, None: there is nothing.
        sent_ms: when its last bundle was made, None: there was none.
    """

    key: GroupKey
    entries: tuple[Entry, ...] = ()
    news_ms: int | None = None
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """What everybody has been told; all that must be stored between two plans.

    Attributes:
        sent: when each receiver was sent messages in the last ten minutes, but for safety; counted.
    """

    groups: tuple[Group, ...] = ()
    sent: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a plan looks at.

    Attributes:
        alerts: by id: all that are active, and resolved ones (closed ones too while they are in the book).
        muted: ids of alerts that are silenced or hidden by others at present.
    """

    alerts: Mapping[str, Alert]
    places: Mapping[Subject, Place]
    receivers: Mapping[str, Receiver]
    muted: Collection[str]
    at: Moment


def plan(book: Book, scene: Scene) -> tuple[Book, tuple[Bundle, ...]]:
    """The bundles that are due, worst first, and the book in which they count as told."""
    old = {group.key: group for group in book.groups}
    known = _known(book)
    groups = {
        key: _looked_at(old.get(key, Group(key)), theirs, known, scene)
        for key, theirs in _assigned(book, scene).items()
    }
    since_ms = scene.at.counted_ms - STORM_MS
    sent = {who: tuple(each for each in times if each > since_ms) for who, times in book.sent.items()}
    bundles: list[Bundle] = []
    for batch in _batches(groups.values(), sent, scene):
        bundles.append(_bundle(batch, scene))
        groups.update((group.key, _sent(group, scene)) for group in batch)
    bundles.sort(key=_worst)
    left = tuple(group for group in groups.values() if group.entries)
    return Book(left, {who: times for who, times in sent.items() if times}), tuple(bundles)


def _assigned(book: Book, scene: Scene) -> dict[GroupKey, list[Alert]]:
    """Every alert in the groups of all whose it is; one that is over, of all who were told of it."""
    told = _told(book)
    second: dict[str, list[str]] = {}
    for alert_id, receiver in dict.fromkeys(_escalated(book, scene)):
        second.setdefault(alert_id, []).append(receiver)
    assigned: dict[GroupKey, list[Alert]] = {}
    for alert in scene.alerts.values():
        place = scene.places.get(alert.subject, Place())
        first: Iterable[str] = told.get(alert.id, ())
        if alert.active:
            first = receivers_of(alert, place, scene.receivers.values())
        keys = [_key(alert, place, receiver) for receiver in first if receiver in scene.receivers]
        keys += [
            _key(alert, place, receiver)._replace(escalated=True)
            for receiver in second.get(alert.id, ())
            if receiver not in first
        ]
        for key in keys:
            assigned.setdefault(key, []).append(alert)
    return assigned


def _told(book: Book) -> dict[str, list[str]]:
    """By alert, whose it was when it was looked at last: they hear of its end, wherever its place is now."""
    told: dict[str, list[str]] = {}
    for group in book.groups:
        for entry in group.entries:
            if not group.key.escalated:
                told.setdefault(entry.alert, []).append(group.key.receiver)
    return told


def _key(alert: Alert, place: Place, receiver: str) -> GroupKey:
    network = place.networks[0] if place.networks else ""
    return GroupKey(receiver, network, place.district, alert.kind, alert.id if alert.safety else "")


def _escalated(book: Book, scene: Scene) -> Iterator[tuple[str, str]]:
    """Alerts with the second receivers that have been told of them, or are to be now."""
    for group in book.groups:
        first = scene.receivers.get(group.key.receiver)
        second = first.second if first else ""
        for entry in group.entries:
            alert = scene.alerts.get(entry.alert)
            if not alert or alert.fired_ms != entry.fired_ms:
                continue
            if group.key.escalated and group.key.receiver in scene.receivers:
                yield alert.id, group.key.receiver
            elif second in scene.receivers and _left_lying(alert, entry, scene):
                yield alert.id, second


def _left_lying(alert: Alert, entry: Entry, scene: Scene) -> bool:
    return (
        alert.severity in (_SAFETY, _CRITICAL)
        and _tellable(alert, scene)
        and scene.at.counted_ms - entry.seen_ms >= ESCALATE_MS
    )


def _tellable(alert: Alert, scene: Scene) -> bool:
    """In nobody's hands, not muted, and still known to be so; a safety alert whatever is known since."""
    if alert.state != "firing" or alert.safety:
        return alert.state == "firing"
    return alert.truth != "unknown" and alert.id not in scene.muted


def _known(book: Book) -> dict[tuple[str, bool, str], Entry]:
    """What is known of each alert, by whom and whether in the first's stead: in whichever group it was, as a
    station may move to another district or network."""
    return {
        (group.key.receiver, group.key.escalated, entry.alert): entry
        for group in book.groups
        for entry in group.entries
    }


def _looked_at(
    group: Group, alerts: Iterable[Alert], known: Mapping[tuple[str, bool, str], Entry], scene: Scene
) -> Group:
    """The group with its alerts as they are now; what was never told and is over or muted is dropped."""
    now_ms, entries = scene.at.counted_ms, []
    for alert in alerts:
        before = known.get((group.key.receiver, group.key.escalated, alert.id))
        entry = before or Entry(alert.id, alert.fired_ms, now_ms)
        if alert.active and alert.fired_ms != entry.fired_ms:
            told: Word = "before" if entry.told else ""
            entry = replace(entry, fired_ms=alert.fired_ms, seen_ms=now_ms, told=told)
        if entry.told or (alert.active and (alert.safety or alert.id not in scene.muted)):
            entries.append(entry)
    told_ms = max((entry.told_ms for entry in entries if entry.told), default=None)
    sent_ms = told_ms if group.sent_ms is None else group.sent_ms
    group = replace(group, entries=tuple(entries), sent_ms=sent_ms)
    if not any(_news(entry, scene) or _clearing(entry, scene) for entry in entries):
        return replace(group, news_ms=None)
    return group if group.news_ms is not None else replace(group, news_ms=now_ms)


def _news(entry: Entry, scene: Scene) -> News | None:
    """What the receiver does not know yet of the alert, or has not heard for hours."""
    alert = scene.alerts[entry.alert]
    if not alert.active:
        return "resolved" if alert.safety or alert.id not in scene.muted else None
    if not _tellable(alert, scene) or _clearing(entry, scene):
        return None
    word: News = "flapping" if alert.flapping else "firing"
    if entry.told == word and (alert.truth == "false" or scene.at.counted_ms - entry.told_ms < REPEAT_MS):
        return None
    return word


def _clearing(entry: Entry, scene: Scene) -> bool:
    """Not told, and just now it looks as if it were over: that is waited for, as long as it goes on."""
    alert = scene.alerts[entry.alert]
    untold = entry.told in ("", "before") and _tellable(alert, scene)
    return untold and alert.truth == "false" and not alert.flapping and not alert.safety


def _due(group: Group, scene: Scene) -> bool:
    if group.news_ms is None or not any(_news(entry, scene) for entry in group.entries):
        return False
    if group.key.alert:
        return True
    not_before = group.news_ms + (0 if group.key.escalated else WAIT_MS)
    not_before = max(not_before, 0 if group.sent_ms is None else group.sent_ms + INTERVAL_MS)
    quiet = scene.receivers[group.key.receiver].quiet
    return scene.at.counted_ms >= not_before and not (quiet and quiet.holds(scene.at.now_ms))


def _batches(groups: Iterable[Group], sent: dict[str, tuple[int, ...]], scene: Scene) -> list[list[Group]]:
    """Groups that are due, by the bundles that they go in; ``sent`` is brought up to date."""
    due: dict[str, list[Group]] = {}
    batches: list[list[Group]] = []
    for group in groups:
        if _due(group, scene) and group.key.alert:
            batches.append([group])
        elif _due(group, scene):
            due.setdefault(group.key.receiver, []).append(group)
    for receiver, theirs in due.items():
        times = sent.get(receiver, ())
        now = _few(theirs, times, scene.at.counted_ms)
        batches += now
        sent[receiver] = times + (scene.at.counted_ms,) * len(now)
    return batches


def _few(groups: list[Group], times: tuple[int, ...], now_ms: int) -> list[list[Group]]:
    """Each group in a bundle of its own, or all in one, or nothing yet: by how much was sent lately."""
    if len(times) + len(groups) <= MOST_SINGLE:
        return [[group] for group in groups]
    if len(times) < MOST_SINGLE or now_ms - times[-1] >= INTERVAL_MS:
        return [groups]
    return []


def _bundle(groups: list[Group], scene: Scene) -> Bundle:
    told: dict[News, list[Alert]] = {"firing": [], "flapping": [], "resolved": []}
    standing = 0
    for group in groups:
        for entry in group.entries:
            word = _news(entry, scene)
            if word:
                told[word].append(scene.alerts[entry.alert])
            standing += word is None and entry.told != ""
    for alerts in told.values():
        alerts.sort(key=lambda alert: (SEVERITIES.index(alert.severity), alert.since_ms, alert.id))
    firing, flapping, resolved = (tuple(alerts) for alerts in told.values())
    return Bundle(groups[0].key.receiver, _why(groups, scene), firing, flapping, resolved, standing)


def _why(groups: list[Group], scene: Scene) -> Literal["new", "more", "repeat", "escalated"]:
    if any(group.key.escalated and group.sent_ms is None for group in groups):
        return "escalated"
    if any(group.sent_ms is None for group in groups):
        return "new"
    news = ((entry.told, _news(entry, scene)) for group in groups for entry in group.entries)
    return "repeat" if all(word in (None, told) for told, word in news) else "more"


def _sent(group: Group, scene: Scene) -> Group:
    """The group after its bundle was made."""
    now_ms = scene.at.counted_ms
    entries = []
    for entry in group.entries:
        word = _news(entry, scene)
        if word in ("firing", "flapping"):
            entries.append(replace(entry, told=word, told_ms=now_ms))
        elif word is None:
            entries.append(entry)
    return replace(group, entries=tuple(entries), news_ms=None, sent_ms=now_ms)


def _worst(bundle: Bundle) -> int:
    alerts = (*bundle.firing, *bundle.flapping, *bundle.resolved)
    return min(SEVERITIES.index(alert.severity) for alert in alerts)
