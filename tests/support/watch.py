"""One alert, judged each minute."""

import msgspec

from server.alerts.lifecycle import (
    GRACE_MS,
    Action,
    Uptime,
    act,
    advance,
)
from server.alerts.model import Alert, Change, Finding, Kind, Moment, State, Subject, Truth

MIN = 60_000
START = 1_753_400_000_000
SUBJECT = Subject("station", "s1")
HOT = Kind("too_hot", "warning", for_ms=10 * MIN, clear_ms=5 * MIN)
WORDS: dict[str, Truth] = {"T": "true", "F": "false", "?": "unknown"}


def stored(alert: Alert | None) -> Alert | None:
    """As it is after it was written down and read back."""
    return msgspec.json.decode(msgspec.json.encode(alert), type=Alert | None)


class Watch:
    """One kind at one station, judged each minute; the server has long been up unless told otherwise."""

    def __init__(self, kind: Kind = HOT, up_ms: int = GRACE_MS) -> None:
        self.kind = kind
        self.minute = 0
        self.uptime = Uptime(0, -up_ms)
        self.alert: Alert | None = None
        self.changes: list[Change] = []

    @property
    def now(self) -> Moment:
        return self.uptime.at(START + self.minute * MIN, self.minute * MIN)

    @property
    def state(self) -> State | None:
        return self.alert.state if self.alert else None

    @property
    def told(self) -> list[tuple[int, str]]:
        return [((change.at_ms - START) // MIN, change.what) for change in self.changes]

    def judge(self, truth: Truth) -> None:
        finding = Finding(self.kind.code, SUBJECT, truth, self.now.now_ms, {"temperature_c": 31.5})
        self.alert, changes = advance(self.alert, finding, self.kind, self.now)
        self.changes += changes

    def see(self, words: str, times: int = 1) -> "Watch":
        """One finding a minute: T true, F false, ? unknown; ``-`` the server is down for that minute."""
        for word in words * times:
            if word == "-":
                self.alert = stored(self.alert)
                self.uptime = Uptime(self.now.counted_ms, (self.minute + 1) * MIN)
            else:
                self.judge(WORDS[word])
            self.minute += 1
        return self

    def do(self, action: Action, by: str = "lin", text: str = "") -> "Watch":
        assert self.alert
        self.alert, change = act(self.alert, action, by, self.now, text)
        self.changes.append(change)
        return self
