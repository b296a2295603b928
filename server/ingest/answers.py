"""What each station is told of its snapshots: ranges that are committed, numbers that are refused. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contract.messages import Ack, CommittedRange, Refusal
from server.store import Accepted, DeadLetter

MAX_ACK_ENTRIES: Final = 250
"""Ranges and refusals in one ack, so that it stays below the contract's size."""

_encode: Final = msgspec.json.Encoder().encode

Answer = tuple[str, Ack]
"""A station, and what it is to be told."""


def answers(kept: Iterable[Accepted], refused: Iterable[tuple[str, DeadLetter]]) -> list[Answer]:
    """One ack per station, or several where one would be too long.

    ``refused`` are stations with what was refused of them; what has no identity cannot be named.
    """
    streams: dict[str, dict[str, set[int]]] = {}
    refusals: dict[str, list[Refusal]] = {}
    for one in kept:
        streams.setdefault(one.station_id, {}).setdefault(one.snapshot.stream, set()).add(one.snapshot.seq)
    for station, letter in refused:
        if letter.stream is not None and letter.seq is not None:
            refusals.setdefault(station, []).append((letter.stream, letter.seq, letter.reason))
    return [
        (station, ack)
        for station in dict.fromkeys([*streams, *refusals])
        for ack in _acks(_committed(streams.get(station, {})), refusals.get(station, []))
    ]


def encoded(ack: Ack) -> bytes:
    """The bytes that the contract's codec makes of it, in a fraction of the time."""
    parts = {"committed": ack.committed, "refused": ack.refused}
    return _encode({name: entries for name, entries in parts.items() if entries})


def _committed(streams: dict[str, set[int]]) -> list[CommittedRange]:
    return [(stream, *ends) for stream, numbers in streams.items() for ends in _ranges(sorted(numbers))]


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    first = numbers[0]
    for number, following in zip(numbers, [*numbers[1:], 0], strict=True):
        if following != number + 1:
            yield first, number
            first = following


def _acks(committed: list[CommittedRange], refused: list[Refusal]) -> Iterator[Ack]:
    size = MAX_ACK_ENTRIES
    for start in range(0, max(len(committed), len(refused)), size):
        yield Ack(tuple(committed[start : start + size]), tuple(refused[start : start + size]))
