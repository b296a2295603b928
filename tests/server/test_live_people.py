"""The count of people in the live state: the same whatever order readings come in, and after a restart."""

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import (
    Door,
    Health,
    Info,
    Presence,
    Snapshot,
    Socket,
    SocketInfo,
)
from server.live import Live
from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.sqlite import Store
from tests.support.living import NOW, SETTLED, assembled, degrees, shown, snapshot, take


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture
def live(store: Store) -> Live:
    return assembled(store)


# --- the count of people does not depend on the order of arrival --------------------------------------


@st.composite
def days(draw: st.DrawFn) -> list[Snapshot]:
    """Some hours of a room: crossings, silences, restarts of the totals, with and without motion."""
    rows, at_ms, came, left = [], NOW - 14 * HOUR_MS, 5, 5
    for seq in range(1, draw(st.integers(2, 25))):
        at_ms += draw(st.sampled_from([1, 30_000, 240_000, 2_000_000, 5_000_000]))
        if draw(st.integers(0, 9)) == 0:
            came = left = 0
        came, left = came + draw(st.integers(0, 2)), left + draw(st.integers(0, 2))
        motion = draw(st.sampled_from([None, at_ms, at_ms - 60_000]))
        rows.append(snapshot(seq, at_ms, doors=(Door("d", came, left),), presence=Presence(motion)))
    return rows


def outcome(live: Live, store: Store, at_ms: int) -> tuple[object, ...]:
    """What is true at ``at_ms``, once every backlog has settled.

    Without the crowding's word: it may rightly depend on the word that was told before.
    """
    live.settle(NOW + SETTLED)
    live.recompute(at_ms)
    state = live.state("canteen")
    assert state is not None
    people, estimated = state.crowding.people, state.crowding.estimated
    corrections = store.corrections("canteen", 0, 2**53)
    return state.at_ms, state.freshness, state.access, state.comfort, people, estimated, corrections


@settings(deadline=None, max_examples=60)
@given(days(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_order_and_repetition_gives_the_same_state(
    rows: Sequence[Snapshot], chance: random.Random, size: int
) -> None:
    last_ms = rows[-1].at_ms if rows else NOW
    with tempfile.TemporaryDirectory() as folder:
        straight = Store.open(Path(folder) / "a.db")
        first = assembled(straight)
        take(first, straight, *rows)
        expected = outcome(first, straight, last_ms)

        mixed = Store.open(Path(folder) / "b.db")
        second = assembled(mixed)
        shuffled = list(rows)
        chance.shuffle(shuffled)
        for start in range(0, len(shuffled), size):
            take(second, mixed, *shuffled[start : start + size])
            if chance.random() < 0.3:
                second.settle(NOW + SETTLED)
        assert outcome(second, mixed, last_ms) == expected

        restarted = assembled(mixed)
        restarted.rebuild(last_ms)
        assert outcome(restarted, mixed, last_ms) == expected
        straight.close()
        mixed.close()


def test_a_backlog_waits_until_it_has_come_to_rest(live: Live, store: Store) -> None:
    take(live, store, snapshot(3, NOW, doors=(Door("d", 7, 3),)))
    take(live, store, snapshot(1, NOW - 60_000, doors=(Door("d", 2, 2),)))
    live.settle(NOW + 1_000)
    assert shown(live).crowding.people == 0
    live.settle(NOW + 2_000)
    assert shown(live).crowding.people == 4


def test_a_backlog_that_does_not_rest_is_folded_all_the_same(live: Live, store: Store) -> None:
    take(live, store, snapshot(9, NOW, doors=(Door("d", 7, 3),)))
    late = snapshot(1, NOW - 60_000, doors=(Door("d", 2, 2),))
    store.commit([Accepted("canteen", late, NOW, "measured", 0)])
    for now_ms in range(NOW, NOW + 31_000, 1_000):
        live.apply("canteen", late, now_ms)
        live.settle(now_ms)
    assert shown(live).crowding.people == 4


# --- after a restart --------------------------------------------------------------------------------


def test_a_restart_tells_the_same(live: Live, store: Store) -> None:
    sockets = (Socket("a1", "usb", "charging", NOW - 5_000, 12.5),)
    doors = [(Door("d", came, 1),) for came in (1, 4, 6)]
    take(
        live,
        store,
        *(
            snapshot(
                n, NOW - HOUR_MS * (3 - n), climate=degrees(26.0, NOW - 1_000), doors=each, sockets=sockets
            )
            for n, each in enumerate(doors, 1)
        ),
    )
    store.commit((), (), {"canteen": Info("1", 1, 30, sockets=(SocketInfo("a1", "usb", "左一"),))})
    live.set_info("canteen", store.infos()["canteen"])
    before = shown(live)
    live.settle(NOW)
    restarted = assembled(store)
    restarted.rebuild(NOW)
    after = restarted.state("canteen")
    assert after is not None
    assert replace(after, version=0) == replace(before, version=0)
    assert after.crowding.people == 5


def test_what_was_committed_can_be_followed(live: Live) -> None:
    first, second = snapshot(1, NOW), snapshot(2, NOW + 1_000)
    live.apply("canteen", second, NOW)
    live.apply("canteen", first, NOW)
    live.apply("canteen", snapshot(3, NOW + 2_000), NOW, "received")
    assert list(live.tap) == [("canteen", second), ("canteen", first)], "as they came, dated ones only"
    assert live.newest("canteen") is second
    assert live.newest("silent") is None


def test_the_newest_word_on_a_machine_is_kept(live: Live, store: Store) -> None:
    old, new = (
        replace(snapshot(seq, NOW + seq), health=Health(outbox_rows=seq, dropped_total=0, uptime_s=1))
        for seq in (1, 2)
    )
    for each in (new, old, snapshot(3, NOW + 3)):
        store.commit([Accepted("canteen", each, NOW, "measured", each.seq)])
        live.apply("canteen", each, NOW)
    assert live.health("canteen") == (NOW + 2, new.health)
    again = assembled(store)
    again.rebuild(NOW)
    assert again.health("canteen") == (NOW + 2, new.health), "after a start too"
    assert live.health("silent") is None
