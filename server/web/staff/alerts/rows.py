"""Alerts in the words of the console: what is wrong, where, since when, who has it, why nobody is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from server.accounts.roles import Place
from server.alerts.lifecycle import Action
from server.alerts.model import SEVERITIES, Alert, State, Subject
from server.alerts.silences import Maintenance, Silence, silenced
from server.notify.words.texts import kind_of
from server.state import StationState
from server.web.shapes import Name
from server.web.staff.alerts.words import Newest, Said, Unit, reason_of, said, unit_of
from server.web.staff.names import displays
from server.web.staff.visit import Visit

POSSIBLE: Final[Mapping[State, tuple[Action, ...]]] = {
    "pending": (),
    "firing": ("acknowledge", "take", "resolve"),
    "acknowledged": ("take", "resolve"),
    "in_progress": ("take", "resolve"),
    "resolved": ("close",),
    "closed": (),
}
"""What can be done to an alert in each state, but for comments; what is done most is first."""
_SHORT: Final[tuple[Action, ...]] = ("acknowledge", "take")
"""What the list offers; the rest is on the alert's page."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where an alert is.

    Attributes:
        place: for roles; None for the server.
        name: of the station, network or district, "" for the server; ``around``: what that is inside of.
        zone: time zone.
    """

    place: Place | None
    network: str
    district: str
    name: str
    around: tuple[str, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Row:
    """One alert as a line of a list.

    Attributes:
        who: display name of whoever has it, "" for nobody; ``mine``: that is the reader.
        acts: what the reader may do to it here.
        cause: the alert that says it already, and its kind in words.
        silence: what holds its messages back; ``silencer``: display name of whoever wanted that;
            ``why``: their reason.
    """

    alert: Alert
    kind: str
    where: Where
    unit: Unit
    said: Said
    who: str
    mine: bool
    acts: tuple[Action, ...]
    cause: Alert | None = None
    cause_kind: str = ""
    silence: Silence | None = None
    silencer: str = ""
    why: str = ""

    @property
    def heading(self) -> str:
        """The kind, where a line begins with it."""
        return capital(self.kind)


class Teller:
    """Tells alerts to one reader; what is asked of the engine and of people is asked once."""

    def __init__(self, visit: Visit) -> None:
        staff = visit.staff
        self._visit, self.text = visit, visit.text
        self.standing = {alert.id: alert for alert in staff.engine.alerts()}
        self.hidden, self.silenced = staff.engine.hidden(), _silenced(visit, self.standing.values())
        self._names = displays(visit)
        self._where: dict[Subject, Where] = {}

    def person(self, login: str) -> str:
        """What others see of somebody."""
        return self._names.get(login, login)

    def holder(self, alert: Alert) -> str:
        """Who has it in hand, as the reader is told; "" for nobody."""
        return self.text("staff.hand.you") if self.mine(alert) else self.person(alert.by)

    def mine(self, alert: Alert) -> bool:
        """Whether the reader has it in hand."""
        return alert.by == self._visit.user.name

    def may_handle(self, alert: Alert) -> bool:
        """Whether the reader may do anything to it."""
        return self._visit.may("handle_alerts", self.where(alert.subject).place)

    def network(self, network_id: str) -> str:
        """The name of a network."""
        network = self._visit.staff.live.networks().get(network_id)
        return self.text.name(Name(network.name_zh, network.name_en)) if network else network_id

    def where(self, subject: Subject) -> Where:
        """Where a subject is; one whose station or network is gone is for those who look everywhere."""
        if subject not in self._where:
            self._where[subject] = self._found(subject)
        return self._where[subject]

    def seen(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Those that the reader may look at."""
        return [alert for alert in alerts if self._visit.sees(self.where(alert.subject).place)]

    def row(self, alert: Alert) -> Row:
        """An alert as a line."""
        where, newest = self.where(alert.subject), newest_of(self._visit, alert.subject)
        cause = self.standing.get(self.hidden.get(alert.id, ""))
        silence = self.silenced.get(alert.id)
        may, mine = self.may_handle(alert), self.mine(alert)
        return Row(
            alert=alert,
            kind=kind_of(alert, self.text),
            where=where,
            unit=self._unit(alert, newest),
            said=said(alert, newest, self.text),
            who=self.person(alert.by),
            mine=mine,
            acts=tuple(act for act in offered(alert, mine) if act in _SHORT) if may else (),
            cause=cause,
            cause_kind=kind_of(cause, self.text) if cause else "",
            silence=silence,
            silencer=self.person(silence.by) if silence else "",
            why=reason_of(self.text, silence.preset, silence.reason) if silence else "",
        )

    def _unit(self, alert: Alert, newest: Newest) -> Unit:
        if alert.kind == "channel_failing":
            known = {entry.id: entry.name for entry in self._visit.staff.directory.channels()}
            label = known.get(alert.subject.unit, alert.subject.unit)
            return Unit(self.text("staff.unit.channel", label=label))
        return unit_of(alert, newest, self.text)

    def _state(self, subject: Subject) -> StationState | None:
        return self._visit.staff.live.state(subject.id) if subject.scope == "station" else None

    def _found(self, subject: Subject) -> Where:
        networks = self._visit.staff.live.networks()
        if subject.scope == "server":
            return Where(None, "", "", self.text("notify.server"), (), self._visit.zone())
        state = self._state(subject)
        network = networks.get(state.station.network if state else subject.id)
        if network is None:
            return Where(None, "", "", subject.id, (), self._visit.zone())
        whole = self.network(network.id)
        if state is None:
            place, zone = Place(network.id, subject.unit), network.time_zone
            if subject.unit:
                return Where(place, network.id, subject.unit, subject.unit, (whole,), zone)
            return Where(place, network.id, "", whole, (), zone)
        station = state.station
        district = station.region[0] if station.region else ""
        name = self.text.name(Name(station.name_zh, station.name_en))
        around = (whole, district) if district else (whole,)
        return Where(Place(network.id, district), network.id, district, name, around, network.time_zone)


def _silenced(visit: Visit, standing: Iterable[Alert]) -> dict[str, Silence]:
    """By what is stored now: whoever has just silenced something need not wait for the engine to see it."""
    engine, now_ms = visit.staff.engine, visit.now_ms
    wishes = visit.staff.ledger.silences(now_ms)
    running = [wish.silence if isinstance(wish, Maintenance) else wish for wish in wishes]
    active = [alert for alert in standing if alert.active] if running else []
    found = {alert.id: silenced(alert, engine.place(alert.subject), running, now_ms) for alert in active}
    return {alert_id: silence for alert_id, silence in found.items() if silence}


def newest_of(visit: Visit, subject: Subject) -> Newest:
    """What is known now of a station; nothing of anything else."""
    live = visit.staff.live
    known = live.registered().get(subject.id) if subject.scope == "station" else None
    if known is None:
        return Newest()
    id_ = subject.id
    newest, health, info = live.newest(id_), live.health(id_), live.info(id_)
    return Newest(live.state(id_), newest, health, info, known.thresholds)


def capital(words: str) -> str:
    """With a capital, as at the beginning of a line."""
    return words[:1].upper() + words[1:]


def worst(alert: Alert) -> tuple[int, int]:
    """By which alerts are sorted that are at one place: the worst first, then the oldest."""
    return SEVERITIES.index(alert.severity), alert.since_ms


def offered(alert: Alert, mine: bool) -> tuple[Action, ...]:
    """What can be done now and would change something: whoever works on it need not take it again."""
    taken = alert.state == "in_progress" and mine
    return tuple(act for act in POSSIBLE[alert.state] if not (act == "take" and taken))
