"""Whose turn it is on a line."""

from edge.sensors.modbus_turns import PENALTY_MS, REST_MS, Turn, next_turn

S = 1000


def turn(due_ms: int, failures: int = 0) -> Turn:
    made = Turn(5 * S)
    made.due_ms = due_ms
    for _ in range(failures):
        made.done(due_ms, well=False)
    made.due_ms = due_ms
    return made


def test_nobody_is_asked_before_it_is_time() -> None:
    assert next_turn([turn(10 * S), turn(12 * S)], 7 * S) == (None, 3 * S)
    assert next_turn([], 0) == (None, None)


def test_the_one_that_waited_longest_is_next() -> None:
    late, later = turn(3 * S), turn(4 * S)
    assert next_turn([later, late], 5 * S) == (late, None)


def test_those_that_answer_go_before_those_that_do_not() -> None:
    """Thirty dead devices that cost a second each do not hold up the living."""
    dead, alive = [turn(1 * S, failures=1) for _ in range(30)], turn(5 * S)
    assert next_turn([*dead, alive], 6 * S)[0] is alive


def test_a_dead_one_is_not_forgotten_on_a_busy_line() -> None:
    dead, alive = turn(1 * S, failures=1), turn(2 * S + PENALTY_MS)
    assert next_turn([alive, dead], 3 * S + PENALTY_MS)[0] is dead


def test_it_keeps_to_its_grid() -> None:
    one = turn(10 * S)
    one.done(10_300, well=True)
    assert one.due_ms == 15 * S


def test_after_a_hold_up_it_does_not_catch_up() -> None:
    one = turn(10 * S)
    one.done(100 * S, well=True)
    assert one.due_ms == 105 * S


def test_three_failures_come_at_the_usual_pace_then_it_rests_longer_and_longer() -> None:
    one, now, rests = Turn(5 * S), 0, []
    for _ in range(7):
        one.done(now, well=False)
        assert one.due_ms is not None
        rests.append(one.due_ms - now)
        now = one.due_ms
    assert rests == [5 * S, 5 * S, 10 * S, 20 * S, REST_MS, REST_MS, REST_MS]
    one.done(now, well=True)
    assert (one.due_ms, one.failing) == (now + 5 * S, False)


def test_who_is_asked_rarely_anyway_is_not_asked_more_often_when_it_fails() -> None:
    one = Turn(600 * S)
    for _ in range(5):
        one.due_ms = 0
        one.done(0, well=False)
    assert one.due_ms == 600 * S
