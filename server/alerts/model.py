"""The nouns of alerts: what may be wrong, with what, who has it in hand, and what staff are told.

Values only. Who makes them: :mod:`server.alerts.rules` the findings, :mod:`server.alerts.lifecycle` the
alerts and their changes, :mod:`server.notify.receivers.grouping` the bundles. All are plain enough to be
stored as JSON and read back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Self

from server.model import Network, Station

Severity = Literal["safety", "critical", "warning", "info"]
"""Worst first. ``safety``: people may be hurt; it is never silenced, inhibited, grouped or put off."""
SEVERITIES: Final[tuple[Severity, ...]] = ("safety", "critical", "warning", "info")
Truth = Literal["true", "false", "unknown"]
"""``unknown``: nobody knows at present; it changes nothing and stops every clock."""
Scope = Literal["station", "network", "server"]
State = Literal["pending", "firing", "acknowledged", "in_progress", "resolved", "closed"]
ACTIVE: Final[tuple[State, ...]] = ("firing", "acknowledged", "in_progress")
"""Wrong at present, and told."""


class Moment(NamedTuple):
    """Now, by three clocks, all in ms.

    Attributes:
        now_ms: the wall clock; it may jump.
        counted_ms: how long the server has ever been up; it neither jumps nor counts downtime.
        up_ms: how long it has been up since this start.
    """

    now_ms: int
    counted_ms: int
    up_ms: int


class Subject(NamedTuple):
    """What an alert is about.

    Attributes:
        id: a station's or a network's; of the server: its part (``broker``), or "" for all of it.
        unit: the part of a station: a socket, door or sensor, a cabinet (``c1``), its slot (``c1/3``); of a
            network: a district; "" for the whole.
    """

    scope: Scope
    id: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be wrong, and how long until it is believed.

    Attributes:
        for_ms: so long it must be true before it fires, 0: at once.
        clear_ms: so long it must be false before it resolves.
        schedule: ``open``: judged only in posted opening hours, outside them it is unknown.
        inhibited_by: codes of the kinds that, when active for the same place, say it already.
    """

    code: str
    severity: Severity
    scope: Scope = "station"
    for_ms: int = 0
    clear_ms: int = 0
    schedule: Literal["always", "open"] = "always"
    inhibited_by: tuple[str, ...] = ()

    @property
    def safety(self) -> bool:
        """People may be hurt."""
        return self.severity == "safety"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's word on one subject, now.

    Attributes:
        kind: code of the kind.
        at_ms: when it was measured, by the station's clock.
        values: what was measured, by names that the texts know (``temperature_c``, ``limit_c``).
    """

    kind: str
    subject: Subject
    truth: Truth
    at_ms: int
    values: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timer:
    """A stopwatch that counts only while the server is up and knows; ms of counted time.

    Attributes:
        held_ms: counted before the present run or pause; below zero: to be waited first.
        mark_ms: when the present run or pause began, -1: it was never started, or starts over.
    """

    running: bool = False
    held_ms: int = 0
    mark_ms: int = -1

    def elapsed_ms(self, counted_ms: int) -> int:
        """All that was counted until ``counted_ms``."""
        return self.held_ms + (max(0, counted_ms - self.mark_ms) if self.running else 0)


@dataclass(frozen=True, slots=True)
class Alert:
    """One trouble with one subject, from its first sign until it is closed. Immutable.

    Attributes:
        id: 16 hex digits, the same whenever it is made from the same kind, subject and ``since_ms``.
        kind: code of the kind; ``severity``: the kind's.
        since_ms: when the first sign of it came; ``fired_ms``: when it fired last; ``resolved_ms``: when it
            resolved last, None while it is not resolved.
        measured_ms, values: of the finding that fired or resolved it last.
        truth: the newest word on it; ``unknown`` says that it stands as it was when last heard of.
        by: who has acknowledged, taken, resolved or closed it; "" for nobody or the server itself.
        flapping: it came and went too often; it now counts as active until it has been away for an hour.
        told_ms: when in the last hour it came, went or was held, in counted time.
        timer: how long it has been true (pending, resolved, closed) or false (active) without a break.
        version: counts up with every :class:`Change`; a form that shows an older one can be refused.
    """

    id: str
    kind: str
    severity: Severity
    subject: Subject
    state: State
    since_ms: int
    fired_ms: int | None = None
    resolved_ms: int | None = None
    measured_ms: int = 0
    values: Mapping[str, float | str] = field(default_factory=dict)
    truth: Truth = "true"
    by: str = ""
    flapping: bool = False
    told_ms: tuple[int, ...] = ()
    timer: Timer = Timer()
    version: int = 0

    @property
    def safety(self) -> bool:
        """People may be hurt."""
        return self.severity == "safety"

    @property
    def active(self) -> bool:
        """Wrong at present, and told."""
        return self.state in ACTIVE

    @property
    def free(self) -> bool:
        """Wrong at present, and nobody works on it, though somebody may know of it."""
        return self.active and self.state != "in_progress"

    @property
    def withdrawn(self) -> bool:
        """What it was about went while it was active: it has ended, and nobody says that it is well."""
        return self.state == "closed" and self.resolved_ms is None

    @property
    def unconfirmed(self) -> bool:
        """Somebody has said that it is mended, and no reading has said so yet."""
        return self.state == "resolved" and bool(self.by) and self.truth != "false"


What = Literal[
    "fired",
    "refired",
    "held_flapping",
    "resolved",
    "acknowledged",
    "taken",
    "commented",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to an alert: a line of its timeline, and of the audit log.

    Attributes:
        alert: as it is afterwards.
        by: the person's login; "" when it happened by itself.
        text: of a comment.
    """

    alert: Alert
    what: What
    at_ms: int
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject is, for matchers, routes and limits of roles.

    Attributes:
        networks: the network and those it is inside of, the innermost first; none for the server.
        district: first part of the region, "" for none.
        station: id, "" for a network or the server.
    """

    networks: tuple[str, ...] = ()
    district: str = ""
    station: str = ""

    @classmethod
    def of_network(cls, network_id: str, networks: Mapping[str, Network], district: str = "") -> Self:
        """The place of a network or one of its districts; a ring of parents ends where it began."""
        chain = [network_id]
        while (network := networks.get(chain[-1])) and network.parent and network.parent not in chain:
            chain.append(network.parent)
        return cls(tuple(chain), district)

    @classmethod
    def of_station(cls, station: Station, networks: Mapping[str, Network]) -> Self:
        """The place of a station."""
        network = cls.of_network(station.network, networks)
        return cls(network.networks, station.region[0] if station.region else "", station.id)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one message to one receiver tells; a safety alert is always alone in its own.

    Attributes:
        why: ``new``: told for the first time; ``more``: something came to it or went; ``repeat``: still
            so after hours; ``escalated``: nobody has taken it, so it goes to the second channel.
        firing, flapping, resolved: alerts by what is told of them, worst and oldest first. ``flapping`` came
            and went too often and are told again only when they have been away for an hour. ``resolved``
            are over: well again, or :attr:`~Alert.withdrawn`.
        standing: how many more the receiver has been told of before in the same groups, and still are so.
    """

    receiver: str
    why: Literal["new", "more", "repeat", "escalated"]
    firing: tuple[Alert, ...] = ()
    flapping: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()
    standing: int = 0
