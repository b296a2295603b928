"""The life of an alert, as tables."""

from dataclasses import replace

import pytest

from server.alerts.lifecycle import (
    CLOSE_MS,
    MOST_COMMENT,
    WORD_MS,
    Action,
    NotPossibleError,
    alert_id,
    withdraw,
)
from server.alerts.model import Kind, State
from tests.support.watch import HOT, MIN, START, SUBJECT, Watch

AT_ONCE = Kind("data_lost", "critical")
SMOKE = Kind("cabinet_smoke", "safety", clear_ms=MIN)
BROKER = Kind("broker_down", "critical", "server", for_ms=MIN, clear_ms=MIN)


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
