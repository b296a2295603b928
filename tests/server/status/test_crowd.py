"""Crowding, as tables; the reason stands beside each row."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import status
from server.model import Thresholds
from server.state import Crowding, CrowdingValue

MIN = 60_000
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
T = Thresholds()


def crowding(
    people: int | None, places: int | None = 20, before: Crowding | None = None, **more: int
) -> Crowding:
    facts = {"now_ms": NOW, "at_ms": NOW} | more
    return status.crowding(people, places, before, facts["now_ms"], T, at_ms=facts["at_ms"])


@pytest.mark.parametrize(
    ("people", "word", "why"),
    [
        (0, "quiet", "nobody"),
        (9, "quiet", "45 % of the places"),
        (10, "busy", "half of the places"),
        (15, "busy", "75 %"),
        (16, "crowded", "80 %"),
        (19, "crowded", "one place is left"),
        (20, "full", "none is left"),
        (31, "full", "more people than places"),
    ],
)
def test_crowding_by_share_of_places(people: int, word: CrowdingValue, why: str) -> None:
    told = crowding(people)
    assert (told.value, told.reason, told.people, told.places, told.at_ms) == (
        word,
        "places",
        people,
        20,
        NOW,
    ), why


@pytest.mark.parametrize(
    ("people", "places", "at_ms", "reason", "why"),
    [
        (3, None, NOW, "no_places", "the operator has given no number of places; never from the area"),
        (None, 20, NOW, "no_count", "no counted door"),
        (3, 20, NOW - 11 * MIN, "offline", "nothing is known any more"),
    ],
)
def test_crowding_is_unknown(
    people: int | None, places: int | None, at_ms: int, reason: str, why: str
) -> None:
    told = crowding(people, places, at_ms=at_ms)
    assert (told.value, told.reason) == ("unknown", reason), why


def test_crowding_of_a_station_without_live_data() -> None:
    told = status.crowding(None, 20, None, NOW, T, at_ms=None)
    assert told == Crowding("unknown", None, 20, reason="no_live_data")


def test_an_offline_station_tells_no_number_of_people() -> None:
    assert crowding(7, at_ms=NOW - 11 * MIN).people is None


def test_a_stale_crowding_keeps_its_word_and_its_time() -> None:
    told = crowding(7, at_ms=NOW - 7 * MIN)
    assert (told.value, told.at_ms) == ("quiet", NOW - 7 * MIN)


@pytest.mark.parametrize(
    ("steps", "words", "why"),
    [
        ([(0, 15), (0, 16), (0, 20)], ["busy", "crowded", "full"], "worse is told at once"),
        ([(0, 16), (0, 15), (4, 15)], ["crowded"] * 3, "75 % is not 5 points below 80 %"),
        (
            [(0, 16), (0, 14), (2.9, 14), (3, 14)],
            ["crowded", "crowded", "crowded", "busy"],
            "better is held back for three minutes",
        ),
        (
            [(0, 16), (0, 14), (2, 16), (3, 14), (5, 14), (6, 14)],
            ["crowded"] * 5 + ["busy"],
            "the hold begins again when it was worse in between",
        ),
        (
            [(0, 20), (0, 17), (2.9, 2), (3, 2), (5.9, 2), (6, 2)],
            ["full", "full", "full", "crowded", "crowded", "quiet"],
            "what comes after the hold is the worst of the hold, then the next hold runs",
        ),
        (
            [(0, 20), (0, 2), (2, 17), (3, 17)],
            ["full", "full", "full", "crowded"],
            "it has been better than full for the whole hold",
        ),
        ([(0, 20), (1, 2), (2, 20), (2, 21)], ["full"] * 4, "a worse moment ends the hold"),
    ],
)
def test_crowding_over_time(steps: list[tuple[float, int]], words: list[CrowdingValue], why: str) -> None:
    told: list[Crowding] = []
    for minutes, people in steps:
        now_ms = NOW + round(minutes * MIN)
        told.append(crowding(people, before=told[-1] if told else None, now_ms=now_ms, at_ms=now_ms))
    assert [each.value for each in told] == words, why


def test_a_held_word_says_that_it_is_held() -> None:
    assert crowding(14, before=crowding(16)).reason == "held"


def test_after_an_outage_nothing_is_held_back() -> None:
    offline = crowding(20, at_ms=NOW - 11 * MIN)
    assert crowding(2, before=offline).value == "quiet"


RANK = ("quiet", "busy", "crowded", "full")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 30)), min_size=1, max_size=40))
def test_never_told_better_than_the_worst_of_the_last_three_minutes(steps: list[tuple[int, int]]) -> None:
    """Whatever comes: the word is at least as bad as now, and a better one was true for the whole hold."""
    told: Crowding | None = None
    now_ms, seen = NOW, []
    for seconds, people in steps:
        now_ms += seconds * 1000
        before = told.value if told else None
        told = crowding(people, before=told, now_ms=now_ms, at_ms=now_ms)
        true = crowding(people).value
        seen.append((now_ms, true))
        assert RANK.index(told.value) >= RANK.index(true)
        if before and RANK.index(told.value) < RANK.index(before):
            held = [word for at, word in seen if at > now_ms - T.crowding_hold_ms]
            assert all(RANK.index(word) <= RANK.index(told.value) for word in held)
