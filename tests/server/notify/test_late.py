"""What is left to tell of a bundle when it can leave at last."""

from dataclasses import replace

import pytest

from server.alerts.model import Alert, Bundle
from server.notify.model import Refused
from server.notify.outbox.retry import hopeless, next_ms, pause_ms
from server.notify.words.late import Rest, remarks, rest
from server.web.text import Text
from tests.support.mailroom import NOW_MS, alert, over

A, B = alert(1), alert(2, "too_hot")
SMOKE = alert(3, "cabinet_smoke")
AGAIN = replace(A, fired_ms=NOW_MS + 1, version=3)
BACK = replace(AGAIN, version=9)
TAKEN = replace(A, state="in_progress", by="tian", version=2)
CLOSED = replace(over(A), state="closed", version=5)
NEW = Bundle("w", "new", (A,))
END = Bundle("w", "more", resolved=(over(A),))

CASES: list[tuple[Bundle, tuple[Alert, ...], set[str], Bundle | None, str]] = [
    (NEW, (), set(), NEW, "nothing is known since"),
    (NEW, (A,), set(), NEW, "it still is so"),
    (NEW, (replace(A, state="pending", version=0),), set(), NEW, "known from before it fired"),
    (NEW, (over(A),), set(), None, "over, and never told"),
    (NEW, (CLOSED,), set(), None, "closed, and never told"),
    (NEW, (over(A),), {A.id}, None, "over; its end comes in a message of its own"),
    (NEW, (AGAIN,), set(), replace(NEW, firing=(AGAIN,)), "it went and came back"),
    (NEW, (TAKEN,), set(), replace(NEW, firing=(TAKEN,)), "somebody has it"),
    (Bundle("w", "new", (A, B)), (over(A),), set(), Bundle("w", "new", (B,)), "one of two is over"),
    (Bundle("w", "new", (A,), standing=4), (over(A),), set(), None, "nothing new beside what stands"),
    (Bundle("w", "more", flapping=(A,)), (over(A),), set(), None, "flapped, and is quiet"),
    (Bundle("w", "new", (SMOKE,)), (over(SMOKE),), set(), Bundle("w", "new", resolved=(over(SMOKE),)),
     "safety is told even when it is over"),
    (Bundle("w", "repeat", (SMOKE,)), (over(SMOKE),), {SMOKE.id}, None, "they know of it; its end will come"),
    (END, (over(A),), {A.id}, END, "they believe that it stands"),
    (END, (), {A.id}, END, "nothing is known since"),
    (END, (over(A),), set(), None, "they never heard of it"),
    (END, (BACK,), {A.id}, None, "it has come back: no false resolved"),
    (Bundle("w", "escalated", (A,)), (A,), {A.id}, None, "they were told when it could not be delivered"),
    (Bundle("w", "repeat", (A,)), (A,), {A.id}, Bundle("w", "repeat", (A,)), "still so after hours"),
]  # fmt: skip


@pytest.mark.parametrize(("bundle", "now", "believed", "left", "why"), CASES)
def test_what_is_left(
    bundle: Bundle, now: tuple[Alert, ...], believed: set[str], left: Bundle | None, why: str
) -> None:
    told = dict.fromkeys(believed, NOW_MS - 1)
    assert rest(bundle, {each.id: each for each in now}, told, NOW_MS).bundle == left, why


def test_what_was_told_since_it_was_made_is_not_told_again() -> None:
    """A channel was away for a day: the first message tells how it is now, and six repeats wait behind it."""
    repeat = Bundle("w", "repeat", (A, B))
    assert rest(repeat, {}, {A.id: NOW_MS}, NOW_MS).bundle == replace(repeat, firing=(B,))
    assert rest(replace(repeat, resolved=END.resolved), {}, {A.id: NOW_MS, B.id: NOW_MS}, NOW_MS).bundle == (
        Bundle("w", "repeat", resolved=END.resolved)
    ), "but its end is"


def test_who_stands_in_is_not_told_what_they_know() -> None:
    told = {A.id: NOW_MS - 1}
    assert rest(NEW, {}, told, NOW_MS, stands_in=True).bundle is None
    both = Bundle("w", "new", (A, B))
    assert rest(both, {}, told, NOW_MS, stands_in=True).bundle == Bundle("w", "new", (B,))


def test_a_late_message_says_so_and_who_has_it_in_hand() -> None:
    left = rest(NEW, {A.id: TAKEN}, {}, NOW_MS)
    assert left.hands == ("tian",)
    text = Text("zh", NOW_MS)
    assert remarks(text, left, 4 * 60_000) == ("已有人处理：tian",)
    assert remarks(text, left, 47 * 60_000, "田 @all") == (
        "本该由「田 ＠all」收到，但没能送到，请代为处理。",
        "这条消息迟到 47 分钟：之前发不出去。",
        "已有人处理：tian",
    )
    assert remarks(text, Rest(END), 0, "田") == (), "nothing to take over"


def test_who_had_it_in_hand_before_is_no_news() -> None:
    before = replace(A, state="acknowledged", by="tian")
    assert rest(Bundle("w", "repeat", (before,)), {}, {}, NOW_MS).hands == ()


def test_pauses_grow_and_urgent_ones_stay_short() -> None:
    assert [pause_ms(tries, "warning") // 1000 for tries in (1, 2, 3, 6, 7, 99)] == [5, 10, 20, 160, 300, 300]
    assert [pause_ms(tries, "safety") // 1000 for tries in (1, 3, 4, 99)] == [5, 20, 30, 30]


@pytest.mark.parametrize(
    ("refused", "wait_s", "lost", "why"),
    [
        (Refused("temporary", "unreachable"), 5, False, "a bad moment"),
        (Refused("later", "rate_limited", retry_after_s=60), 60, False, "as long as it wants"),
        (Refused("later", "rate_limited", retry_after_s=1), 5, False, "but not at once"),
        (Refused("setup", "keyword"), None, False, "when somebody has mended it"),
        (Refused("setup", "too_long"), None, True, "this message will never do"),
        (Refused("temporary", "content"), 5, False, "not for sure"),
    ],
)
def test_when_it_is_tried_again(refused: Refused, wait_s: int | None, lost: bool, why: str) -> None:
    expected = None if wait_s is None else NOW_MS + 1000 * wait_s
    assert next_ms(refused, 1, "critical", NOW_MS) == expected, why
    assert hopeless(refused) is lost, why
