"""Acks: ranges of what is committed, numbers of what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import encode
from contract.messages import Ack, Snapshot
from server.ingest.answers import MAX_ACK_ENTRIES, answers, encoded
from server.store import Accepted, DeadLetter

STREAM = "00000000000000aa"


def kept(seq: int, station: str = "canteen") -> Accepted:
    return Accepted(station, Snapshot(STREAM, seq, 1, 1, "b0000000", "synced"), 1, "measured", 0)


def refused(seq: int | None, station: str = "canteen") -> tuple[str, DeadLetter]:
    return station, DeadLetter(1, "t", "store_error", "d", STREAM if seq else None, seq)


@given(st.lists(st.integers(1, 80)))
def test_ranges_say_exactly_what_is_kept(seqs: list[int]) -> None:
    told = answers([kept(seq) for seq in seqs], [])
    ranges = [(first, last) for _, ack in told for _, first, last in ack.committed]
    assert sorted(seq for first, last in ranges for seq in range(first, last + 1)) == sorted(set(seqs))
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))


def test_a_station_with_refusals_only_is_told_too_and_the_nameless_are_left_out() -> None:
    told = answers([kept(1)], [refused(2), refused(9, "library"), refused(None, "nowhere")])
    assert told == [
        ("canteen", Ack(((STREAM, 1, 1),), ((STREAM, 2, "store_error"),))),
        ("library", Ack((), ((STREAM, 9, "store_error"),))),
    ]


@pytest.mark.parametrize(
    "ack",
    [
        Ack(),
        Ack(((STREAM, 1, 2**53 - 1), (STREAM, 5, 7))),
        Ack((), ((STREAM, 3, "too_old"),)),
        Ack(((STREAM, 1, 1),), ((STREAM, 2, "malformed"), (STREAM, 4, "conflict"))),
    ],
    ids=["nothing", "ranges", "a refusal", "both"],
)
def test_the_bytes_are_those_of_the_contracts_codec(ack: Ack) -> None:
    assert encoded(ack) == encode(ack)


def test_the_longest_ack_fits_into_a_message() -> None:
    far = 2**53 - 2 * MAX_ACK_ENTRIES
    told = answers(
        [kept(far + 2 * n) for n in range(MAX_ACK_ENTRIES)],
        [refused(far + 2 * n + 1) for n in range(MAX_ACK_ENTRIES)],
    )
    [(_, ack)] = told
    assert len(encode(ack)) > 0
