"""What a message says: in Chinese or English, from alerts to a title, some lines and a link. Pure."""

import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES, Alert, Bundle, Subject
from server.model import Network, Station
from server.notify.model import Message, Refused
from server.notify.words.harmless import harmless
from server.state import StationState
from server.web.public import iso
from server.web.shapes import Name
from server.web.spans import span
from server.web.text import Text

MOST_ITEMS: Final = 12
"""Alerts named in one message: as many as fit the smallest (WeCom) with usual names; the title counts all."""
MOST_TALLIES: Final = 4
ALERTS_PATH: Final = "/staff/alerts"


@dataclass(frozen=True, slots=True)
class Words:
    """One language, the names of things, and where the console is.

    Attributes:
        public_url: address that staff reach, with scheme and without a slash at its end.
        zone: time zone for what belongs to no network.
        label: what stands on the part of a station, "" where nothing is known to.
    """

    text: Text
    stations: Mapping[str, Station]
    networks: Mapping[str, Network]
    public_url: str
    zone: str = "Asia/Shanghai"
    label: Callable[[Subject], str] = lambda _: ""

    def place(self, subject: Subject) -> str:
        """The name of a station, a network with its district, or the server."""
        if subject.scope == "server":
            return self.text("notify.server")
        if subject.scope == "station" and subject.id in self.stations:
            station = self.stations[subject.id]
            return harmless(self.text.name(Name(station.name_zh, station.name_en)))
        if subject.scope == "network" and subject.id in self.networks:
            return self._joined(harmless(subject.unit), self._network(subject.id))
        return harmless(subject.id)

    def around(self, subject: Subject) -> str:
        """District and network of a station; "" for anything else."""
        station = self.stations.get(subject.id) if subject.scope == "station" else None
        if station is None:
            return ""
        return self._joined(self.district(subject), self._network(station.network))

    def unit(self, subject: Subject) -> str:
        """The part that it is about, where the place does not say it."""
        if subject[:2] == ("server", "store"):
            return subject.unit  # a file's name, to be typed as it is
        return "" if subject.scope == "network" else harmless(self.label(subject) or subject.unit)

    def district(self, subject: Subject) -> str:
        """Of a station, whose name may be another's elsewhere; "" for anything else."""
        station = self.stations.get(subject.id) if subject.scope == "station" else None
        return harmless(station.region[0]) if station and station.region else ""

    def moment(self, subject: Subject, at_ms: int) -> str:
        """Clock time where the subject is."""
        station = self.stations.get(subject.id) if subject.scope == "station" else None
        network = self.networks.get(station.network if station else subject.id)
        return self.text.moment(iso(at_ms), network.time_zone if network else self.zone)

    def _network(self, network_id: str) -> str:
        network = self.networks.get(network_id)
        return harmless(self.text.name(Name(network.name_zh, network.name_en)) if network else network_id)

    @staticmethod
    def _joined(*names: str) -> str:
        return " · ".join(dict.fromkeys(filter(None, names)))


def of_bundle(bundle: Bundle, message_id: str, words: Words) -> Message:
    """The message of a bundle: one alert in full, or many in short.

    Raises:
        ValueError: the bundle is empty.
    """
    alerts = (*bundle.firing, *bundle.flapping, *bundle.resolved)
    if not alerts:
        raise ValueError("a bundle without alerts says nothing")
    one = len(alerts) == 1
    what = _one(alerts[0], words) if one else _many(alerts, words)
    lines = [*(_full(alerts[0], words) if one else _short(bundle, words))]
    if bundle.standing:
        lines.append(words.text("notify.standing", count=words.text.number(bundle.standing)))
    return Message(
        message_id,
        f"alerts.{bundle.why}",
        words.text("notify.title", head=words.text(f"notify.head.{_head(bundle)}"), what=what),
        tuple(lines),
        words.public_url + ALERTS_PATH + (f"/{alerts[0].id}" if one else ""),
        words.text("notify.open" if one else "notify.open.many"),
        {"alerts": [_data(alert) for alert in alerts], "standing": bundle.standing},
    )


def trial(message_id: str, words: Words, by: str = "") -> Message:
    """A message to see whether it arrives: asked for by a person, or ("") the monthly one."""
    text = words.text
    told = text("notify.test.by", by=harmless(by)) if by else text("notify.test.monthly")
    title = text("notify.title", head=text("notify.head.test"), what=text("notify.test.title"))
    # Not to the channels: who reads this may be no admin.
    link = words.public_url + ALERTS_PATH
    return Message(message_id, "test", title, (told,), link, text("notify.open.many"))


def refusal(refused: Refused, text: Text) -> str:
    """What became of a refused message, for staff: in words, with what the target itself said."""
    said = text(f"notify.refused.{refused.reason}")
    return f"{said} [{refused.detail}]" if refused.detail else said


def _head(bundle: Bundle) -> str:
    """What stands first: the worst that is so now, unless how it is told matters more."""
    now = (*bundle.firing, *bundle.flapping)
    if not now:
        return _over(bundle.resolved)
    worst = min((alert.severity for alert in now), key=SEVERITIES.index)
    if worst == "safety" or bundle.why in ("new", "more"):
        return worst if bundle.firing else "flapping"
    return bundle.why


_ENDS: Final = ("resolved", "ended", "marked")


def _end(alert: Alert) -> str:
    """How it is over: a reading says so, it was taken away, or somebody has said that it is mended."""
    return "ended" if alert.withdrawn else "marked" if alert.unconfirmed else "resolved"


def _over(alerts: tuple[Alert, ...]) -> str:
    """What is true of all of them together."""
    ends = {_end(alert) for alert in alerts}
    return "ended" if "ended" in ends else "marked" if ends == {"marked"} else "resolved"


def _one(alert: Alert, words: Words) -> str:
    return words.text("notify.what", kind=kind_of(alert, words.text), place=words.place(alert.subject))


def _many(alerts: tuple[Alert, ...], words: Words) -> str:
    """How many, and the commonest kinds of them."""
    counts = Counter(kind_of(alert, words.text) for alert in alerts).most_common(MOST_TALLIES)
    kinds = [words.text("notify.tally", kind=kind, count=words.text.number(count)) for kind, count in counts]
    listed = words.text("list.separator").join(kinds)
    return words.text("notify.many", count=words.text.number(len(alerts)), kinds=listed)


def _full(alert: Alert, words: Words) -> Iterator[str]:
    text, subject = words.text, alert.subject
    if around := words.around(subject):
        yield text("notify.where", place=around)
    files = alert.kind == "store_damaged"
    if unit := words.unit(subject):
        yield text("notify.file" if files else "notify.unit", unit=unit)
    if detail := detail_of(alert, words.text):
        yield text("notify.problem" if files else "notify.measured", detail=detail)
    yield text("notify.since", time=words.moment(subject, alert.since_ms))
    if alert.kind == "station_offline" and alert.active and alert.measured_ms:
        yield text("notify.last", time=words.moment(subject, alert.measured_ms))
    if alert.withdrawn:
        yield text("notify.ended")
        return
    if alert.resolved_ms is not None and not alert.active:
        key = "notify.marked" if alert.unconfirmed else "notify.until"
        yield text(key, time=words.moment(subject, alert.resolved_ms))
        return
    if alert.truth == "unknown":
        yield text("notify.unknown")
    if alert.kind in KINDS:
        yield text("notify.todo", todo=text(f"notify.todo.{alert.kind}"))


def _short(bundle: Bundle, words: Words) -> Iterator[str]:
    """A line for each of the first, under what is told of them."""
    left = MOST_ITEMS
    for section, alerts in (
        ("firing", bundle.firing),
        ("flapping", bundle.flapping),
        *((how, tuple(alert for alert in bundle.resolved if _end(alert) == how)) for how in _ENDS),
    ):
        if alerts and left:
            yield words.text(f"notify.section.{section}")
            yield from (f"· {_item(alert, words)}" for alert in alerts[:left])
            left -= min(left, len(alerts))
    total = len(bundle.firing) + len(bundle.flapping) + len(bundle.resolved)
    if total > MOST_ITEMS:
        yield words.text("notify.rest", count=words.text.number(total - MOST_ITEMS))


def _item(alert: Alert, words: Words) -> str:
    subject = alert.subject
    place = " ".join(filter(None, (words.district(subject), words.place(subject), words.unit(subject))))
    detail = detail_of(alert, words.text)
    key = "notify.item" if detail else "notify.item.bare"
    blanks = {"detail": detail} if detail else {}
    return words.text(key, kind=kind_of(alert, words.text), place=place, **blanks)


def kind_of(alert: Alert, text: Text) -> str:
    """What is wrong, in a few words."""
    return text(f"notify.kind.{alert.kind}") if alert.kind in KINDS else harmless(alert.kind)


def detail_of(alert: Alert, text: Text) -> str:
    """What was measured or is wrong, "" for kinds that measure nothing and where a value is missing."""
    name = ".".join(filter(None, (alert.kind, str(alert.values.get("problem", "")))))
    key = f"notify.detail.{name}"
    template = text.known("notify.detail", name)
    if template == name:
        return ""
    said = {name: _value(value, text) for name, value in alert.values.items()} | _lasting(alert, text)
    wanted = blanks(template)
    return text(key, **{name: said[name] for name in wanted}) if wanted <= said.keys() else ""


def _lasting(alert: Alert, text: Text) -> dict[str, str]:
    """For how long nothing was heard: until now, not until it was noticed; of what is over nothing."""
    if not (alert.active and alert.measured_ms):
        return {}
    return {"span": span(text, text.now_ms - alert.measured_ms)}


def label_of(state: StationState | None, unit: str) -> str:
    """What stands on a socket or a cabinet of the station, of a slot with its number; "" for other parts."""
    first, _, slot = unit.partition("/")
    if state is None:
        return ""
    labels = {each.id: each.label for each in state.socket_list} | {
        each.id: each.label for each in state.cabinets
    }
    label = labels.get(first, "")
    return f"{label}/{slot}" if label and slot else label


def blanks(template: str) -> set[str]:
    """Names of the values that a string has room for."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _value(value: float | str, text: Text) -> str:
    if isinstance(value, str):
        return harmless(value)
    return text.number(round(value, 1)) if isfinite(value) else "?"


def _data(alert: Alert) -> dict[str, object]:
    """An alert for programs: codes and ids as they are, moments in ISO 8601."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "severity": alert.severity,
        "state": alert.state,
        "scope": alert.subject.scope,
        "subject": alert.subject.id,
        "unit": alert.subject.unit,
        "since": iso(alert.since_ms),
        "measured_at": iso(alert.measured_ms),
        "values": dict(_finite(alert.values.items())),
    }


def _finite(values: Iterable[tuple[str, float | str]]) -> Iterator[tuple[str, float | str]]:
    """Without numbers that JSON does not know."""
    return ((name, value) for name, value in values if isinstance(value, str) or isfinite(value))
