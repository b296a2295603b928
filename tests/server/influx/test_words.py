"""Every word has a number, no two the same, and the numbers that years of history are read by stay."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from contract.messages import SocketState
from server.influx import words
from server.state import AccessValue, ComfortValue, CrowdingValue, SlotWord


@pytest.mark.parametrize(
    ("codes", "values"),
    [
        (words.ACCESS, AccessValue),
        (words.CROWDING, CrowdingValue),
        (words.COMFORT, ComfortValue),
        (words.SOCKET, SocketState),
        (words.SLOT, SlotWord),
    ],
)
def test_every_word_has_a_number_of_its_own(codes: Mapping[str, int], values: Any) -> None:
    assert set(codes) == set(get_args(values))
    assert len(set(codes.values())) == len(codes)
    assert codes["unknown"] == words.UNKNOWN == max(codes.values())


def test_the_numbers_are_what_history_was_written_with() -> None:
    assert list(words.ACCESS.values()) == [0, 1, 2, 3, 9]
    assert list(words.CROWDING) == ["quiet", "busy", "crowded", "full", "unknown"]
    assert list(words.COMFORT) == ["cool", "warm", "mild", "hot", "cold", "unknown"]
    assert list(words.SOCKET) == ["free", "charging", "full", "in_use", "off", "fault", "unknown"]
    assert [*words.SLOT.values()] == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    assert [*words.SLOT][:3] == ["charged", "charging", "empty"]
