"""Beam events as people and things make them, and what the counter makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.doors import BLOCKED_MS, DEBOUNCE_MS, Beam, DoorCounter

Edge = tuple[int, Beam, bool]

LONG_MS = 10 * DEBOUNCE_MS


def play(counter: DoorCounter, edges: list[Edge]) -> int:
    """Feed edges, let the last one settle, and return the crossings."""
    crossings = sum(counter.feed(*edge) for edge in edges)
    return crossings + counter.settle(edges[-1][0] + DEBOUNCE_MS if edges else 0)


def path(beams: str, start_ms: int = 1000, step_ms: int = LONG_MS) -> list[Edge]:
    """Edges from a word: a capital breaks a beam, a small letter clears it, one step apart."""
    upper: dict[str, Beam] = {"A": "A", "B": "B"}
    return [(start_ms + i * step_ms, upper[c.upper()], c.isupper()) for i, c in enumerate(beams)]


WALKS = [
    ("ABab", 1, 0, "outer, both, inner, none: somebody came in"),
    ("BAba", 0, 1, "the same path backwards: somebody went out"),
    ("ABba", 0, 0, "as far as both beams and back: turned round in the doorway"),
    ("BAab", 0, 0, "turned round from the inside"),
    ("Aa", 0, 0, "an arm reached in through the outer beam"),
    ("AaBb", 0, 0, "one beam after the other, never both: two things, or a beam too far away"),
    ("ABbBab", 1, 0, "lingered on the inner edge, then came in"),
    ("ABbBbBba", 0, 0, "lingered on the inner edge, then went back"),
    ("ABaAab", 1, 0, "stepped back a little, then came in"),
    ("ABabABab", 2, 0, "two people, one behind the other"),
    ("ABabBAba", 1, 1, "one in, one out"),
    ("AABab", 1, 0, "a level told twice is one level"),
    ("ABa", 0, 0, "still standing in the inner beam"),
]


@pytest.mark.parametrize(("beams", "came_in", "went_out", "reason"), WALKS, ids=[row[3] for row in WALKS])
def test_walks(beams: str, came_in: int, went_out: int, reason: str) -> None:
    counter = DoorCounter()
    assert play(counter, path(beams)) == came_in - went_out, reason
    assert (counter.in_total, counter.out_total) == (came_in, went_out), reason


def test_totals_go_on_from_those_handed_in() -> None:
    counter = DoorCounter(100, 90)
    play(counter, path("ABabBAba"))
    assert (counter.in_total, counter.out_total) == (101, 91)


def test_never_corrects_itself() -> None:
    """More people may leave by this door than came in by it: the room has another."""
    counter = DoorCounter()
    play(counter, path("BAba" * 3))
    assert (counter.in_total, counter.out_total) == (0, 3)


def test_a_bounce_while_a_beam_breaks_is_one_break() -> None:
    edges: list[Edge] = [
        (1000, "A", True),
        (1005, "A", False),
        (1010, "A", True),
        *path("B", 1400),
        *path("ab", 1600),
    ]
    counter = DoorCounter()
    assert play(counter, edges) == 1


def test_edges_settle_in_their_own_order_when_asked_late() -> None:
    """The sampler asks once in a while; what happened in between is told apart by its times."""
    counter = DoorCounter()
    assert sum(counter.feed(*edge) for edge in path("ABa")) == 0
    counter.feed(5000, "B", False)
    assert counter.settle(60_000) == 1


def test_a_time_that_goes_back_counts_as_no_time() -> None:
    counter = DoorCounter()
    counter.feed(2000, "A", True)
    counter.feed(1000, "A", False)
    assert not counter.blocked(2000 + BLOCKED_MS)


class TestBlocked:
    def test_after_a_while_and_until_the_door_is_free(self) -> None:
        counter = DoorCounter()
        play(counter, path("A", 1000))
        assert not counter.blocked(1000 + BLOCKED_MS - 1)
        assert counter.blocked(1000 + BLOCKED_MS)
        play(counter, [(100_000, "A", False)])
        assert not counter.blocked(200_000)

    def test_a_parcel_that_is_pushed_through_later_is_nobody(self) -> None:
        counter = DoorCounter()
        play(counter, path("AB", 1000))
        assert play(counter, path("ab", 1000 + 2 * BLOCKED_MS)) == 0

    def test_afterwards_people_count_again(self) -> None:
        counter = DoorCounter()
        play(counter, [(1000, "A", True), (90_000, "A", False)])
        assert play(counter, path("ABab", 100_000)) == 1

    def test_lingering_for_less_counts(self) -> None:
        counter = DoorCounter()
        play(counter, path("AB", 1000))
        assert play(counter, path("ab", 1000 + BLOCKED_MS // 2)) == 1


class TestAtTheStart:
    def test_what_stands_in_the_door_is_not_counted(self) -> None:
        """Where it came from, nobody saw."""
        counter = DoorCounter(mono_ms=1000, broken=["A"])
        assert play(counter, path("Bab", 2000)) == 0
        assert play(counter, path("ABab", 9000)) == 1

    def test_a_dead_beam_is_blocked_only_after_a_while(self) -> None:
        counter = DoorCounter(mono_ms=500_000, broken=["A", "B"])
        assert not counter.blocked(500_000)
        assert counter.blocked(500_000 + BLOCKED_MS)


BEAMS = st.sampled_from(["A", "B"])
EDGES = st.lists(st.tuples(st.integers(0, 2000), BEAMS, st.booleans()), max_size=60)
STEPS = st.integers(DEBOUNCE_MS, BLOCKED_MS // 20)


def timed(gaps: list[tuple[int, Beam, bool]]) -> list[Edge]:
    now, edges = 0, []
    for gap, beam, broken in gaps:
        now += gap
        edges.append((now, beam, broken))
    return edges


@given(EDGES)
def test_any_edges_only_ever_add_one_at_a_time(gaps: list[tuple[int, Beam, bool]]) -> None:
    counter = DoorCounter(7, 5)
    before = (counter.in_total, counter.out_total)
    for edge in timed(gaps):
        crossed = counter.feed(*edge)
        after = (counter.in_total, counter.out_total)
        assert after[0] >= before[0]
        assert after[1] >= before[1]
        assert crossed == (after[0] - before[0]) - (after[1] - before[1])
        assert sum(after) - sum(before) <= 2, "at most one person leaves each beam at a time"
        before = after


@given(st.lists(st.sampled_from(["ABab", "BAba", "ABba", "BAab", "Aa", "Bb"]), max_size=12), STEPS)
def test_every_full_path_counts_once_and_no_other(walks: list[str], step_ms: int) -> None:
    counter = DoorCounter()
    play(counter, path("".join(walks), step_ms=step_ms))
    assert counter.in_total == walks.count("ABab")
    assert counter.out_total == walks.count("BAba")


@given(
    st.lists(st.sampled_from(["ABab", "BAba", "ABba"]), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, DEBOUNCE_MS - 1), BEAMS), max_size=20),
)
def test_bounces_shorter_than_the_debounce_never_matter(
    walks: list[str], bounces: list[tuple[int, int, Beam]]
) -> None:
    """Each bounce flips a beam for less than the debounce, between two steps of the walk."""
    edges = path("".join(walks), step_ms=LONG_MS)
    noisy = list(edges)
    for place, length, beam in bounces:
        at_ms = 1000 + place * LONG_MS + 2 * DEBOUNCE_MS
        level = next((broken for t, b, broken in reversed(edges) if b == beam and t <= at_ms), False)
        if not any(t == at_ms for t, _, _ in noisy):
            noisy += [(at_ms, beam, not level), (at_ms + length, beam, level)]
    plain, shaken = DoorCounter(), DoorCounter()
    play(plain, edges)
    play(shaken, sorted(noisy, key=lambda edge: edge[0]))
    assert (shaken.in_total, shaken.out_total) == (plain.in_total, plain.out_total)
