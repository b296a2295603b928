"""Alerts and the messages that follow, by a simulated clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from server.alerts.inhibit import hidden
from server.alerts.kinds import KINDS
from server.alerts.lifecycle import GRACE_MS, Action, Uptime, act, advance
from server.alerts.model import Alert, Bundle, Change, Finding, Moment, Place, Subject, Truth
from server.alerts.silences import Matcher
from server.notify.receivers.grouping import Book, Scene, plan
from server.notify.receivers.model import Receiver

S = 1_000
MIN = 60 * S
HOUR = 60 * MIN
TICK = 10 * S
NOON = round(datetime(2025, 7, 25, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
ALL = (Matcher(),)
DISTRICTS = [f"{number}区" for number in range(11)]


def station(number: int) -> Subject:
    return Subject("station", f"s{number}")


class World:
    """Findings in, bundles out, every ten seconds; the book is written down and read back each time."""

    def __init__(self, *receivers: Receiver, stations: int = 2, start_ms: int = NOON) -> None:
        self.receivers = {each.id: each for each in receivers or (Receiver("desk", ALL),)}
        self.places: dict[Subject, Place] = {
            station(n): Place(("gz",), DISTRICTS[n % 11], f"s{n}") for n in range(stations)
        }
        self.places.update({Subject("network", "gz", name): Place(("gz",), name) for name in DISTRICTS})
        self.start_ms = start_ms
        self.ms = 0
        self.uptime = Uptime(0, -GRACE_MS)
        self.truths: dict[tuple[str, Subject], Truth] = {}
        self.alerts: dict[tuple[str, Subject], Alert] = {}
        self.silenced: set[str] = set()
        self.book = Book()
        self.changes: list[Change] = []
        self.sent: list[tuple[int, Bundle]] = []

    @property
    def at(self) -> Moment:
        return self.uptime.at(self.start_ms + self.ms, self.ms)

    def say(self, kind: str, truth: Truth, *subjects: Subject) -> "World":
        self.truths.update({(kind, subject): truth for subject in subjects or [station(0)]})
        return self

    def run(self, ms: int) -> "World":
        for _ in range(ms // TICK):
            self._judge()
            self._tell()
            self.ms += TICK
        return self

    def _judge(self) -> None:
        for (code, subject), truth in self.truths.items():
            before = self.alerts.pop((code, subject), None)
            finding = Finding(code, subject, truth, self.at.now_ms)
            alert, changes = advance(before, finding, KINDS[code], self.at)
            self.changes += changes
            if alert:
                self.alerts[(code, subject)] = alert

    def _tell(self) -> None:
        alerts = {alert.id: alert for alert in self.alerts.values() if alert.state != "pending"}
        muted = self.silenced | set(hidden(alerts.values(), self.places, KINDS, self.at.now_ms))
        book = msgspec.json.decode(msgspec.json.encode(self.book), type=Book)
        self.book, bundles = plan(book, Scene(alerts, self.places, self.receivers, muted, self.at))
        self.sent += [(self.ms, bundle) for bundle in bundles]

    def act(self, action: Action, kind: str, subject: Subject | None = None) -> "World":
        key = (kind, subject or station(0))
        self.alerts[key], change = act(self.alerts[key], action, "lin", self.at)
        self.changes.append(change)
        return self

    def restart(self, down_ms: int) -> "World":
        """Killed: what was stored is left, and the stations' words are not known at first."""
        stored = msgspec.json.encode((list(self.alerts.values()), self.at.counted_ms))
        alerts, counted_ms = msgspec.json.decode(stored, type=tuple[list[Alert], int])
        self.alerts = {(alert.kind, alert.subject): alert for alert in alerts}
        self.ms += down_ms
        self.uptime = Uptime(counted_ms, self.ms)
        return self

    def told(self, receiver: str = "desk") -> list[tuple[int, str, int, int, int]]:
        """Seconds, why, and how many are firing, flapping, resolved."""
        return [
            (ms // S, bundle.why, len(bundle.firing), len(bundle.flapping), len(bundle.resolved))
            for ms, bundle in self.sent
            if bundle.receiver == receiver
        ]


def most_within(times: list[int], span_ms: int) -> int:
    return max((sum(end - span_ms < time <= end for time in times) for end in times), default=0)
