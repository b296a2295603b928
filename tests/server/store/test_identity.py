"""Sets of sequence numbers as ranges."""

import sqlite3
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.store.identity import Committed, Ranges
from server.store.schema import MIGRATIONS


@given(st.lists(st.integers(1, 60), unique=True))
def test_a_set_of_numbers_in_any_order(numbers: list[int]) -> None:
    ranges = Ranges()
    for number in numbers:
        assert number not in ranges
        ranges.add(number)
        assert number in ranges
    assert [n for n in range(70) if n in ranges] == sorted(numbers)
    pairs = ranges.pairs()
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(pairs))


@given(st.lists(st.lists(st.integers(1, 40), max_size=8), max_size=6))
def test_what_is_saved_is_what_is_known(batches: list[list[int]]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(MIGRATIONS[0])
    committed = Committed(connection)
    known: set[int] = set()
    for batch in batches:
        for number in set(batch) - known:
            committed.add(5, number)
        known |= set(batch)
        committed.save()
        rows = connection.execute("SELECT first, last FROM committed ORDER BY first").fetchall()
        assert {n for first, last in rows for n in range(first, last + 1)} == known
        assert rows == committed.of(5).pairs() == Committed(connection).of(5).pairs()
    connection.close()
