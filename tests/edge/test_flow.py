"""What may be sent now: the newest at once, the backlog behind it, and little into silence."""

from collections.abc import Sequence
from random import SystemRandom

from edge.flow import (
    ALONE_TRIES,
    ANSWER_MS,
    BATCH_BYTES,
    BATCH_MS,
    FIRST_BYTES,
    MAX_UNANSWERED,
    QUICK_MS,
    QUIET_MS,
    Flow,
)
from edge.outbox import Row


class Highest(SystemRandom):
    """No jitter: every pause has its full length."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def row(id_: int, size: int = 100) -> Row:
    return Row(id_, "0" * 16, id_, b"x" * size)


def rows(first: int, last: int, size: int = 100) -> list[Row]:
    return [row(id_, size) for id_ in range(first, last + 1)]


def flowing(now: int = 0) -> Flow:
    """A connection on which somebody has just answered."""
    flow = Flow(Highest())
    flow.connected()
    flow.sent_newest(now, row(1))
    flow.answered(now, [1])
    return flow


def test_on_a_new_connection_only_the_newest_goes_until_somebody_answers() -> None:
    flow = Flow(Highest())
    flow.connected()
    assert flow.may_send_newest(0, 9)
    flow.sent_newest(0, row(9))
    assert not flow.may_send_newest(0, 9), "once is enough"
    assert flow.may_send_newest(0, 10), "the next one is newer"
    assert not flow.may_send_backlog(5000)
    flow.answered(5000, [9])
    assert flow.may_send_backlog(5000)


def test_an_answer_about_rows_long_gone_is_an_answer() -> None:
    flow = Flow(Highest())
    flow.connected()
    flow.answered(0, [])
    assert flow.may_send_backlog(0)


def test_the_backlog_keeps_its_pace() -> None:
    flow = flowing()
    flow.sent_backlog(1000, rows(2, 5))
    assert not flow.may_send_backlog(1000 + BATCH_MS - 1)
    assert flow.may_send_backlog(1000 + BATCH_MS)


def fill(flow: Flow, now: int, id_: int) -> int:
    """Send as much backlog as may be sent, in batches as big as they may be; returns the next id."""
    while flow.may_send_backlog(now):
        flow.sent_backlog(now, [row(id_, flow.batch_bytes)])
        id_, now = id_ + 1, now + BATCH_MS
    return id_


def test_quick_answers_let_ever_more_travel_up_to_a_bound() -> None:
    flow, now, id_ = flowing(), 0, 2
    assert flow.batch_bytes == FIRST_BYTES, "a lone heartbeat says nothing about a batch"
    for _ in range(10):
        id_ = fill(flow, now, id_)
        now += QUICK_MS
        flow.answered(now, list(flow.on_their_way))
    assert flow.batch_bytes == BATCH_BYTES
    id_ = fill(flow, now, id_)
    assert len(flow.on_their_way) == MAX_UNANSWERED // BATCH_BYTES
    assert not flow.may_send_newest(now, id_), "full to the bound, even the newest waits its turn"


def test_late_answers_let_ever_less_travel() -> None:
    flow, now, id_ = flowing(), 0, 2
    for _ in range(20):
        id_ = fill(flow, now, id_)
        flow.answered(now + 100, list(flow.on_their_way))
    for _ in range(20):
        id_ = fill(flow, now, id_)
        now += QUICK_MS + BATCH_MS * 10 + 1
        flow.answered(now, list(flow.on_their_way))
    assert flow.batch_bytes == FIRST_BYTES, "but never less than this"
    id_ = fill(flow, now, id_)
    assert len(flow.on_their_way) == 1


def test_a_late_answer_about_rows_given_up_says_nothing_about_the_link() -> None:
    flow = flowing()
    before = flow.batch_bytes
    flow.answered(10 * QUICK_MS, [77])
    assert flow.batch_bytes >= before


def test_a_row_that_will_not_be_sent_takes_no_room() -> None:
    flow = flowing()
    flow.sent_newest(0, row(2, MAX_UNANSWERED))
    assert not flow.may_send_newest(0, 3)
    flow.taken_back([2])
    assert flow.may_send_newest(0, 3)


def test_silence_leaves_only_rare_questions() -> None:
    flow = Flow(Highest())
    flow.connected()
    flow.sent_newest(0, row(1))
    flow.delivered(0, [1])
    flow.check(ANSWER_MS - 1)
    assert not flow.quiet
    now = ANSWER_MS
    flow.check(now)
    assert flow.quiet
    assert not flow.may_send_newest(now, 2)
    for id_, pause in enumerate([*QUIET_MS, QUIET_MS[-1]], 2):
        assert not flow.may_send_newest(now + pause - 1, id_)
        now += pause
        assert flow.may_send_newest(now, id_), f"question {id_} after {pause} ms"
        flow.sent_newest(now, row(id_))
        flow.delivered(now, [id_])
        flow.check(now)
        assert not flow.may_send_backlog(now)


def test_questions_are_spread_at_random() -> None:
    def first_question() -> int:
        flow = Flow(SystemRandom())
        flow.connected()
        flow.unheard(0)
        return next(now for now in range(0, 31_000, 10) if flow.may_send_newest(now, 1))

    moments = {first_question() for _ in range(50)}
    assert len(moments) > 20
    assert QUIET_MS[0] // 2 <= min(moments) <= max(moments) <= QUIET_MS[0] + 10


def test_the_first_answer_ends_the_silence_and_what_was_sent_gets_its_time_again() -> None:
    flow = Flow(Highest())
    flow.connected()
    flow.sent_newest(0, row(1))
    flow.delivered(0, [1])
    flow.check(ANSWER_MS)
    flow.sent_newest(60_000, row(2))
    flow.answered(70_000, [2])
    assert not flow.quiet
    assert flow.may_send_backlog(70_000)
    flow.check(70_000 + ANSWER_MS - 1)
    assert list(flow.on_their_way) == [1], "its answer may be on its way"
    flow.answered(70_001, [])
    flow.check(70_000 + ANSWER_MS)
    assert not flow.on_their_way, "now it may go again"


def test_a_broker_that_says_nobody_listens_is_believed_at_once() -> None:
    flow = flowing()
    flow.sent_newest(1000, row(2))
    flow.unheard(1000)
    assert flow.quiet
    flow.unheard(1001)
    assert flow.may_send_newest(1000 + QUIET_MS[0], 2), "said twice, waited once"


def give_up(flow: Flow, batch: Sequence[Row], now: int) -> int:
    """The batch goes without an answer while another row is answered; returns the time after."""
    flow.sent_backlog(now, batch)
    flow.delivered(now, [row.id for row in batch])
    flow.sent_newest(now + 1, row(10_000 + now))
    flow.answered(now + 2, [10_000 + now])
    flow.check(now + ANSWER_MS)
    return now + ANSWER_MS


def test_a_row_unanswered_while_others_are_goes_again_and_after_three_times_alone() -> None:
    flow, now, batch = flowing(), 0, rows(2, 4)
    for attempt in range(ALONE_TRIES):
        assert flow.cut(batch) == batch, f"attempt {attempt + 1} together"
        now = give_up(flow, batch, now)
        assert not flow.on_their_way, "free to go again"
        assert not flow.quiet, "somebody listens"
    assert flow.cut(batch) == [row(2)], "alone"
    assert flow.cut([row(8), *batch]) == [row(8)], "good rows before it travel without it"
    flow.answered(now, [2, 3, 4])
    assert flow.cut(batch) == batch, "an answer forgets it"


def test_a_lost_connection_frees_what_was_on_its_way() -> None:
    flow = flowing()
    flow.sent_backlog(0, rows(2, 4))
    flow.connected()
    assert not flow.on_their_way
    assert flow.may_send_newest(0, 4), "again first, over the new connection"
    assert not flow.may_send_backlog(0)


def test_connections_cut_in_mid_flow_do_not_make_rows_lonely() -> None:
    flow, batch = flowing(), rows(2, 4)
    for _ in range(ALONE_TRIES + 1):
        flow.sent_backlog(10, batch)
        flow.delivered(10, [2, 3, 4])
        flow.connected()
    assert flow.cut(batch) == batch, "nobody else was answered either"


def test_on_a_slow_link_the_time_for_an_answer_begins_at_the_broker() -> None:
    flow = flowing()
    flow.sent_backlog(0, rows(2, 3))
    flow.check(10 * ANSWER_MS)
    assert list(flow.on_their_way) == [2, 3], "still on the wire"
    assert not flow.quiet
    flow.delivered(10 * ANSWER_MS, [2, 3])
    flow.check(11 * ANSWER_MS)
    assert flow.quiet
