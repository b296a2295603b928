"""The life of an alert against a simple model, on any findings, deeds and restarts."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.alerts.lifecycle import (
    CLOSE_MS,
    FORGET_MS,
    GRACE_MS,
    HOUR_MS,
    WORD_MS,
    Action,
    NotPossibleError,
    Uptime,
    act,
    advance,
)
from server.alerts.model import Alert, Finding, Kind, Moment, Severity, State, Truth
from tests.support.watch import MIN, START, SUBJECT, WORDS, stored


class Life(RuleBasedStateMachine):
    """An alert beside a model that remembers all findings of its state and adds up the time between them."""

    alert: Alert | None = None

    @initialize(
        for_min=st.sampled_from([0, 2, 10]),
        clear_min=st.sampled_from([0, 3]),
        severity=st.sampled_from(["safety", "warning"]),
        scope=st.sampled_from(["station", "server"]),
    )
    def begin(self, for_min: int, clear_min: int, severity: Severity, scope: str) -> None:
        self.kind = Kind(
            "k", severity, "server" if scope == "server" else "station", for_min * MIN, clear_min * MIN
        )
        self.now_ms, self.mono_ms, self.counted_ms = START, 0, 0
        self.uptime = Uptime(0, 0)
        self.state: State | None = None
        self.spans: list[list[object]] = []
        self.flapping = self.by_hand = False
        self.told: list[tuple[int, str, bool]] = []
        self.changes = 0
        self.resolved_ms = 0

    def pass_time(self, minutes: int) -> None:
        self.now_ms += minutes * MIN
        self.mono_ms += minutes * MIN
        self.counted_ms += minutes * MIN
        if self.spans:
            self.spans[-1][1] = self.ms(self.spans[-1]) + minutes * MIN

    @staticmethod
    def ms(span: list[object]) -> int:
        assert isinstance(span[1], int)
        return span[1]

    def known(self, word: Truth, against: Truth) -> int:
        """Time that it was ``word``, since it was ``against``."""
        total = unknown = 0
        for span in self.spans:
            if span[0] == against or (span[0] == "unknown" and unknown > self.forget_ms):
                total = 0
            total += self.ms(span) if span[0] == word else 0
            unknown = unknown + self.ms(span) if span[0] == "unknown" else 0
        return total

    def unknown(self) -> int:
        """Time since anything was known, until the newest finding."""
        total = 0
        for span in self.spans[:-1]:
            total = total + self.ms(span) if span[0] == "unknown" else 0
        return total if self.spans[-1][0] == "unknown" else 0

    def recent(self) -> int:
        """How often it was told in the last hour."""
        return sum(told > self.counted_ms - HOUR_MS for told, _, _ in self.told)

    @property
    def forget_ms(self) -> int:
        return max(FORGET_MS, self.kind.for_ms, self.kind.clear_ms)

    def at(self) -> Moment:
        return self.uptime.at(self.now_ms, self.mono_ms)

    @rule(minutes=st.sampled_from([0, 1, 1, 2, 5, 61]), truth=st.sampled_from(list(WORDS.values())))
    def judge(self, minutes: int, truth: Truth) -> None:
        self.step(minutes, truth)

    @rule(truths=st.lists(st.sampled_from(list(WORDS.values())), min_size=5, max_size=40))
    def flap(self, truths: list[Truth]) -> None:
        for truth in truths:
            self.step(1, truth)

    @rule()
    def a_day_well(self) -> None:
        for _ in range(25):
            self.step(60, "false")

    def step(self, minutes: int, truth: Truth) -> None:
        self.pass_time(minutes)
        at = self.at()
        finding = Finding("k", SUBJECT, truth, self.now_ms)
        self.alert, changes = advance(stored(self.alert), finding, self.kind, at)
        if at.up_ms < GRACE_MS and self.kind.scope == "station" and not self.kind.safety:
            truth = "unknown"
        expected = self.expect(truth)
        assert [change.what for change in changes] == expected
        assert all(change.alert == self.alert for change in changes[-1:])
        self.changes = (
            expected.count("fired")
            if self.state == "firing" and "fired" in expected
            else (self.changes + len(expected))
        )
        self.told += [(self.counted_ms, what, False) for what in expected if what != "closed"]

    def expect(self, truth: Truth) -> list[str]:
        if self.state is None and truth != "true":
            return []
        if self.state is None:
            self.enter("pending", truth)
        else:
            self.spans.append([truth, 0])
        if self.state == "closed" and truth == "true":
            self.state = "pending"
        if self.by_hand and (truth == "false" or self.unknown() > self.forget_ms):
            self.by_hand = False
        return self.expect_in_state(truth)

    def expect_in_state(self, truth: Truth) -> list[str]:
        extra = WORD_MS if self.by_hand and not self.kind.safety else 0
        long_true = truth == "true" and self.known("true", "false") >= self.kind.for_ms + extra
        if self.state == "pending":
            never = all(span[0] != "true" for span in self.spans)
            if truth == "false" or never or self.unknown() > self.forget_ms:
                self.enter("pending" if self.recent() else None, truth)
                return []
            if long_true:
                self.enter("firing", truth)
                return ["fired"]
        elif self.state == "resolved":
            if long_true:
                self.enter("firing", truth)
                return ["refired"]
            if truth != "true" and abs(self.now_ms - self.resolved_ms) >= CLOSE_MS:
                self.state = "closed"
                return ["closed"]
        elif self.state != "closed":
            return self.expect_well(truth)
        return []

    def expect_well(self, truth: Truth) -> list[str]:
        needed = max(self.kind.clear_ms, HOUR_MS if self.flapping else 0)
        if truth != "false" or self.known("false", "true") < needed:
            return []
        if self.recent() > 1 and not self.flapping and not self.kind.safety:
            self.flapping = True
            self.spans = [["false", 0]]
            return ["held_flapping"]
        self.enter("resolved", truth)
        return ["resolved"]

    def enter(self, state: State | None, truth: Truth) -> None:
        self.state = state
        self.spans = [[truth, 0]]
        self.by_hand = self.flapping = False
        if state == "resolved":
            self.resolved_ms = self.now_ms

    @rule(down=st.sampled_from([1, 10, 1000]))
    def restart(self, down: int) -> None:
        """Killed: all that is left is what was stored, and a monotonic clock that begins anew."""
        self.alert = stored(self.alert)
        self.now_ms += down * MIN
        self.mono_ms = 17
        self.uptime = Uptime(self.counted_ms, 17)

    @precondition(lambda self: self.alert and self.alert.active)
    @rule(action=st.sampled_from(["acknowledge", "take", "comment", "resolve"]))
    def person(self, action: Action) -> None:
        assert self.alert
        before = self.alert
        try:
            self.alert, change = act(before, action, "lin", self.at(), "text")
        except NotPossibleError:
            assert action == "acknowledge"
            assert before.state != "firing"
            return
        self.changes += 1
        if action == "resolve":
            self.enter("resolved", "unknown")
            self.by_hand = True
            self.told.append((self.counted_ms, change.what, True))
        elif action != "comment":
            self.state = self.alert.state

    @precondition(lambda self: self.state == "resolved")
    @rule()
    def close(self) -> None:
        assert self.alert
        self.alert, _ = act(self.alert, "close", "lin", self.at())
        self.state = "closed"
        self.changes += 1

    @invariant()
    def is_as_expected(self) -> None:
        assert (self.alert.state if self.alert else None) == self.state
        if self.alert:
            assert self.alert.version == (self.changes if self.state != "pending" else 0)
            assert self.alert.flapping == self.flapping

    @invariant()
    def comes_and_goes_in_turn(self) -> None:
        words = [what.removeprefix("re") for _, what, _ in self.told if what != "held_flapping"]
        assert words == [("fired", "solved")[n % 2] for n in range(len(words))]

    @invariant()
    def is_told_four_times_an_hour_at_most(self) -> None:
        if self.kind.safety or any(by_hand for _, _, by_hand in self.told):
            return
        ends = [counted for counted, _, _ in self.told]
        assert all(sum(end - HOUR_MS < told <= end for told in ends) <= 4 for end in ends)


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
