"""The life of an alert: as tables, and against a simple model on any findings, deeds and restarts."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.alerts.lifecycle import (
    CLOSE_MS,
    FORGET_MS,
    GRACE_MS,
    HOUR_MS,
    MOST_COMMENT,
    WORD_MS,
    Action,
    NotPossibleError,
    Uptime,
    act,
    advance,
    alert_id,
    withdraw,
)
from server.alerts.model import Alert, Change, Finding, Kind, Moment, Severity, State, Subject, Truth

MIN = 60_000
START = 1_753_400_000_000
SUBJECT = Subject("station", "s1")
HOT = Kind("too_hot", "warning", for_ms=10 * MIN, clear_ms=5 * MIN)
AT_ONCE = Kind("data_lost", "critical")
SMOKE = Kind("cabinet_smoke", "safety", clear_ms=MIN)
BROKER = Kind("broker_down", "critical", "server", for_ms=MIN, clear_ms=MIN)
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


@pytest.mark.parametrize(
    ("words", "state", "told", "why"),
    [
        ("F", None, [], "nothing is wrong"),
        ("?", None, [], "nothing is known"),
        ("T", "pending", [], "it has just begun"),
        ("T" * 10, "pending", [], "nine minutes are not ten"),
        ("T" * 11, "firing", [(10, "fired")], "ten minutes"),
        ("T" * 10 + "FT", "pending", [], "false once: it begins anew"),
        ("T" * 10 + "F", None, [], "and was never told"),
        ("T" * 6 + "?" * 30 + "T" * 4, "pending", [], "half an hour unknown: six minutes and three"),
        ("T" * 6 + "?" * 30 + "T" * 5, "firing", [(40, "fired")], "the tenth known minute"),
        ("T" * 20 + "?" * 60, "firing", [(10, "fired")], "unknown resolves nothing"),
        ("T" * 11 + "?" * 600, "firing", [(10, "fired")], "however long it lasts"),
        ("T" * 9 + "?" * 5, "pending", [], "unknown fires nothing either"),
        ("T" * 9 + "?" * 62, None, [], "after an hour without a word it was another matter"),
        ("T" * 11 + "F" * 5, "firing", [(10, "fired")], "four minutes well are not five"),
        ("T" * 11 + "F" * 6, "resolved", [(10, "fired"), (16, "resolved")], "five minutes well"),
        ("T" * 11 + "FFFTFFF", "firing", [(10, "fired")], "wrong in between"),
        (
            "T" * 11 + "FFF???FFF",
            "resolved",
            [(10, "fired"), (19, "resolved")],
            "three known minutes well, and two: the pause is not counted",
        ),
        (
            "T" * 11 + "F" * 6 + "T" * 9 + "?" * 62 + "T" * 9,
            "resolved",
            [(10, "fired"), (16, "resolved")],
            "what was measured more than an hour before does not count",
        ),
        ("T" * 11 + "F" * 4 + "?" * 62 + "F" * 4, "firing", [(10, "fired")], "nor towards its end"),
        (
            "T" * 11 + "F" * 6 + "T" * 11,
            "firing",
            [(10, "fired"), (16, "resolved"), (27, "refired")],
            "it came back: the same alert",
        ),
        (
            "T" * 11 + "F" * 6 + "T" * 9 + "F",
            "resolved",
            [(10, "fired"), (16, "resolved")],
            "it did not quite come back",
        ),
    ],
)
def test_by_itself(words: str, state: State | None, told: list[tuple[int, str]], why: str) -> None:
    watch = Watch().see(words)
    assert (watch.state, watch.told) == (state, told), why


@pytest.mark.parametrize(
    ("kind", "words", "told", "why"),
    [
        (
            HOT,
            "TTTTT" + "-" * 600 + "TTTTTT" + "TTTTT",
            [],
            "five minutes before the stop, four after the grace",
        ),
        (
            HOT,
            "TTTTT" + "-" * 600 + "TTTTTT" + "TTTTTTT",
            [(616, "fired")],
            "five and five: ten hours of downtime and the grace do not count",
        ),
        (HOT, "T" * 11 + "-" * 60 + "F" * 6, [(10, "fired")], "well, but in the grace: not believed yet"),
        (
            HOT,
            "T" * 11 + "-" * 60 + "F" * 12,
            [(10, "fired"), (82, "resolved")],
            "five minutes well after the grace",
        ),
        (HOT, "T" * 11 + "FFF" + "-" * 60 + "?" * 30, [(10, "fired")], "half resolved is not resolved"),
        (HOT, "T" * 11 + "-" * 3000 + "T" * 60, [(10, "fired")], "told before, and not told again"),
        (SMOKE, "F-T", [(2, "fired")], "smoke is believed at once, also after a start"),
        (BROKER, "F-TT", [(3, "fired")], "the server knows itself: no grace"),
        (AT_ONCE, "F-TTTTTT", [], "a station is heard with its next try: six minutes of grace"),
        (AT_ONCE, "F-TTTTTTT", [(8, "fired")], "then at once"),
    ],
)
def test_restart(kind: Kind, words: str, told: list[tuple[int, str]], why: str) -> None:
    assert Watch(kind).see(words).told == told, why


def firing() -> Watch:
    return Watch().see("T", 11)


def test_acknowledged_holds_until_it_clears_and_then_re_arms() -> None:
    watch = firing().do("acknowledge").see("T", 600).see("?", 600).see("T", 600)
    assert watch.state == "acknowledged"
    assert watch.alert
    assert watch.alert.by == "lin"
    assert [what for _, what in watch.told] == ["fired", "acknowledged"]
    watch.see("F", 6).see("T", 11)
    assert [what for _, what in watch.told[2:]] == ["resolved", "refired"]
    assert (watch.state, watch.alert.by) == ("firing", "")


def test_acknowledged_survives_a_restart() -> None:
    watch = firing().do("acknowledge").see("-", 60).see("T", 60)
    assert watch.state == "acknowledged"
    assert len(watch.told) == 2


@pytest.mark.parametrize(
    ("before", "action", "state", "why"),
    [
        ("", "acknowledge", "acknowledged", "seen"),
        ("", "take", "in_progress", "taken at once"),
        ("acknowledge", "take", "in_progress", "seen, then taken"),
        ("take", "take", "in_progress", "taken over by another"),
        ("", "resolve", "resolved", "mended"),
        ("acknowledge", "resolve", "resolved", "mended"),
        ("take", "resolve", "resolved", "mended"),
        ("resolve", "close", "closed", "done with"),
        ("", "close", None, "what is wrong cannot be closed, only resolved"),
        ("take", "acknowledge", None, "whoever took it has seen it"),
        ("acknowledge", "acknowledge", None, "once"),
        ("resolve", "take", None, "there is nothing to do any more"),
        ("resolve", "acknowledge", None, "it is over"),
        ("resolve", "resolve", None, "once"),
    ],
)
def test_people(before: str, action: Action, state: State | None, why: str) -> None:
    watch = firing()
    deeds: dict[str, Action] = {name: name for name in ("acknowledge", "take", "resolve")}
    if before:
        watch.do(deeds[before], "wang")
    then = watch.alert
    assert then
    if state is None:
        with pytest.raises(NotPossibleError):
            watch.do(action)
        assert watch.alert is then, why
    else:
        watch.do(action)
        assert watch.alert
        assert (watch.state, watch.alert.by, watch.alert.version) == (state, "lin", then.version + 1), why


@pytest.mark.parametrize("action", ["acknowledge", "take", "comment", "resolve", "close"])
def test_nobody_does_anything_to_what_was_never_told(action: Action) -> None:
    with pytest.raises(NotPossibleError):
        Watch().see("T").do(action, text="too early")


@pytest.mark.parametrize(
    ("text", "kept", "why"),
    [
        ("filter cleaned", "filter cleaned", "as written"),
        (" 滤网已清洗 \n", "滤网已清洗", "without blanks around it"),
        ("x" * MOST_COMMENT, "x" * MOST_COMMENT, "as long as may be"),
        ("x" * (MOST_COMMENT + 1), None, "too long"),
        ("x" * 70 * 1024, None, "far too long"),
        (" \n", None, "empty"),
    ],
)
def test_comments(text: str, kept: str | None, why: str) -> None:
    watch = firing().do("take", "wang")
    if kept is None:
        with pytest.raises(NotPossibleError):
            watch.do("comment", text=text)
        return
    change = watch.do("comment", text=text).changes[-1]
    assert (change.what, change.by, change.text) == ("commented", "lin", kept), why
    assert (change.alert.state, change.alert.by) == ("in_progress", "wang"), "who comments does not take it"


def test_a_person_s_word_stands_against_older_readings() -> None:
    watch = Watch(AT_ONCE).see("T").do("resolve").see("T", WORD_MS // MIN)
    assert watch.state == "resolved"
    assert watch.see("T").told == [(0, "fired"), (1, "resolved"), (6, "refired")]


def test_smoke_contradicts_a_person_at_once() -> None:
    assert Watch(SMOKE).see("T").do("resolve").see("T").told[-1] == (1, "refired")


def test_a_person_s_word_that_was_confirmed_delays_nothing() -> None:
    assert Watch(AT_ONCE).see("T").do("resolve").see("FT").told[-1] == (2, "refired")


def test_what_a_person_closed_comes_back_as_another_alert() -> None:
    watch = firing()
    first = watch.alert
    watch.do("resolve").do("close").see("T", 15)
    assert (watch.state, watch.told[-1]) == ("pending", (11, "closed"))
    watch.see("T")
    assert first
    assert watch.alert
    assert watch.told[-1] == (26, "fired"), "the word's five minutes, and ten"
    assert watch.alert.id != first.id


def test_resolved_closes_after_a_day() -> None:
    watch = firing().see("F", 6)
    watch.see("F", CLOSE_MS // MIN - 1)
    assert watch.state == "resolved"
    assert watch.see("F").state == "closed"
    assert watch.see("F", 10).told[-1] == (16 + CLOSE_MS // MIN, "closed")


def test_resolved_closes_although_the_clock_was_years_ahead_then() -> None:
    watch = firing().see("F", 6)
    assert watch.alert
    watch.alert = replace(watch.alert, resolved_ms=watch.now.now_ms + 50 * 365 * CLOSE_MS)
    assert watch.see("F").state == "closed"


@pytest.mark.parametrize(
    ("words", "state", "whats", "why"),
    [
        ("T", None, [], "pending: nobody was told"),
        ("T" * 11, "closed", ["fired", "closed"], "firing"),
        ("T" * 11 + "F" * 6, "closed", ["fired", "resolved", "closed"], "resolved"),
    ],
)
def test_withdrawn(words: str, state: State | None, whats: list[str], why: str) -> None:
    watch = Watch().see(words)
    assert watch.alert
    alert, changes = withdraw(watch.alert, watch.now)
    assert (alert.state if alert else None) == state, why
    assert [change.what for change in [*watch.changes, *changes]] == whats
    assert alert is None or withdraw(alert, watch.now) == (alert, ())


def most_in_an_hour(watch: Watch) -> int:
    minutes = [minute for minute, _ in watch.told]
    return max(sum(end - 60 < minute <= end for minute in minutes) for end in minutes)


def test_flapping_is_held() -> None:
    watch = Watch(AT_ONCE).see("TF", 12 * 60)
    assert watch.told == [(0, "fired"), (1, "resolved"), (2, "refired"), (3, "held_flapping")]
    assert watch.see("F", 60).told[-1] == (12 * 120 + 59, "resolved"), "away for an hour"
    assert watch.see("T").told[-1][1] == "refired"


@pytest.mark.parametrize("every", [2, 7, 15, 20, 29, 31, 45])
def test_flapping_is_told_four_times_an_hour_at_most(every: int) -> None:
    watch = Watch(AT_ONCE).see("T" * (every // 2) + "F" * (every - every // 2), 48 * 60 // every)
    assert 1 <= most_in_an_hour(watch) <= 4
    assert len(watch.told) >= 2


def test_flapping_that_somebody_has_in_hand_is_not_lost_to_them() -> None:
    watch = Watch(AT_ONCE).see("TFT").do("take").see("FT", 30)
    assert (watch.state, watch.told[-1][1]) == ("in_progress", "held_flapping")


def test_closing_it_is_no_way_to_be_told_more_often() -> None:
    watch = Watch(replace(HOT, for_ms=2 * MIN, clear_ms=0)).see("TTTF").do("close").see("TTF").see("TTTF", 30)
    assert most_in_an_hour(watch) <= 4 + 1, "and the closing itself"


def test_safety_is_never_held() -> None:
    watch = Watch(SMOKE).see("TFF", 20)
    assert [what for _, what in watch.told].count("refired") == 19


def test_the_same_object_when_nothing_happened() -> None:
    watch = firing()
    before = watch.alert
    assert watch.see("TTT").alert is before, "so that nothing has to be stored"


def test_one_alert_per_subject_and_kind() -> None:
    watch = firing().see("F", 6).see("T", 30).see("FT", 30)
    assert {change.alert.id for change in watch.changes} == {alert_id("too_hot", SUBJECT, START)}


def test_what_was_measured_when_it_fired() -> None:
    alert = firing().alert
    assert alert
    assert (alert.since_ms, alert.fired_ms) == (START, START + 10 * MIN)
    assert (alert.measured_ms, alert.values) == (START + 10 * MIN, {"temperature_c": 31.5})


@pytest.mark.parametrize("jump", [-50 * 365 * 24 * 60, -60, 60, 50 * 365 * 24 * 60])
def test_a_wall_clock_that_jumps_neither_fires_nor_resolves(jump: int) -> None:
    watch = Watch().see("T", 5)
    watch.uptime = replace(watch.uptime, started_mono_ms=watch.uptime.started_mono_ms + jump * MIN)
    watch.minute += jump
    assert watch.see("T", 5).told == []
    assert watch.see("TF").state == "firing"


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
