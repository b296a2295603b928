"""Sockets, slots and cabinets, as tables; the reason stands beside each row."""

from dataclasses import replace

import pytest

from contract.messages import Cabinet, CabinetInfo, Slot, Socket, SocketInfo
from contract.messages import SocketState as SocketWord
from server import status
from server.model import Thresholds
from server.state import SlotWord, SocketCounts

MIN = 60_000
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
T = Thresholds()


INFOS = (SocketInfo("s1", "ac", "1"), SocketInfo("s2", "usb", "2"))


@pytest.mark.parametrize(
    ("state", "counts", "why"),
    [
        ("free", SocketCounts(2, free=1, unknown=1, at_ms=NOW), "nothing is plugged in"),
        ("charging", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "somebody charges"),
        ("full", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "full, but still plugged in"),
        ("in_use", SocketCounts(2, occupied=1, unknown=1, at_ms=NOW), "a contact says that it is in use"),
        ("off", SocketCounts(2, faulty=1, unknown=1, at_ms=NOW), "switched off: nobody can charge"),
        ("fault", SocketCounts(2, faulty=1, unknown=1, at_ms=NOW), "broken"),
        ("unknown", SocketCounts(2, unknown=2, at_ms=NOW), "a silent meter is never free"),
    ],
)
def test_sockets(state: SocketWord, counts: SocketCounts, why: str) -> None:
    told, states = status.sockets([Socket("s1", "ac", state, NOW)], INFOS, NOW, T, at_ms=NOW)
    assert told == counts, why
    assert [each.state for each in states] == [state, "unknown"], "one that says nothing is unknown"


def test_sockets_of_an_offline_station_are_unknown() -> None:
    at_ms = NOW - 11 * MIN
    counts, states = status.sockets([Socket("s1", "ac", "free", at_ms)], INFOS, NOW, T, at_ms=at_ms)
    assert counts == SocketCounts(2, 0, 0, 0, 2, at_ms)
    assert [each.since_ms for each in states] == [None, None]


def test_a_stale_socket_keeps_its_word() -> None:
    at_ms = NOW - 9 * MIN
    counts, _ = status.sockets([Socket("s1", "ac", "free", at_ms)], INFOS, NOW, T, at_ms=at_ms)
    assert counts.free == 1


def test_a_socket_that_was_not_announced_counts_too() -> None:
    counts, states = status.sockets([Socket("s9", "ac", "free", NOW)], INFOS, NOW, T, at_ms=NOW)
    assert (counts.total, counts.free) == (3, 1)
    assert [each.id for each in states] == ["s1", "s2", "s9"]


GOOD = Slot(1, "present", "full", "closed", True, 100, 25)


@pytest.mark.parametrize(
    ("slot", "word", "why"),
    [
        (GOOD, "charged", "full and nothing is wrong"),
        (replace(GOOD, charge="idle", soc_pct=95), "charged", "95 % are full by the operator's policy"),
        (replace(GOOD, charge="idle", soc_pct=94.9), "present", "not full, not charging"),
        (replace(GOOD, charge="charging", soc_pct=40), "charging", "charging"),
        (replace(GOOD, charge="limited", soc_pct=40), "charging", "charging at less power"),
        (replace(GOOD, charge="idle", soc_pct=None), "present", "a battery of unknown charge"),
        (Slot(1, "absent", door="closed", enabled=True), "empty", "a spent battery can be returned here"),
        (Slot(1, "absent", soc_pct=100), "empty", "the reading of a battery that has left"),
        (Slot(1, "unknown"), "unknown", "nothing is known of it"),
        (Slot(1, "unknown", charge="full"), "charged", "what is full is there"),
        (replace(GOOD, enabled=False), "disabled", "locked by the operator comes before full"),
        (Slot(1, "absent", enabled=False), "disabled", "locked by the operator comes before empty"),
        (replace(GOOD, door="open", enabled=False), "open", "an open door comes before disabled"),
        (replace(GOOD, charge="fault", door="open"), "faulty", "a fault comes before an open door"),
        (replace(GOOD, alarms=("over_voltage",)), "faulty", "any alarm is a fault"),
        (replace(GOOD, temperature_c=60), "faulty", "60 °C are too hot"),
        (replace(GOOD, temperature_c=59.9), "charged", "warm, as batteries are"),
    ],
)
def test_slot(slot: Slot, word: SlotWord, why: str) -> None:
    (cabinet,) = status.cabinets([Cabinet("c", True, (slot,))], [], NOW, T, at_ms=NOW)
    assert cabinet.slots == ((1, word),), why
    counted = {"charged": cabinet.charged, "empty": cabinet.empty, "faulty": cabinet.faulty}
    assert counted == {each: int(each == word) for each in counted}, "each is counted as what it shows"


@pytest.mark.parametrize(
    ("cabinet", "at_ms", "words", "why"),
    [
        (Cabinet("c", False, (GOOD,)), NOW, ["offline"], "an offline cabinet comes before all else"),
        (Cabinet("c", True, (GOOD,)), NOW - 11 * MIN, ["offline"], "the station itself is offline"),
        (Cabinet("c", True, (GOOD,)), NOW - 9 * MIN, ["charged"], "stale, told with its age"),
        (Cabinet("c", True, (GOOD,), smoke=True), NOW, ["faulty"], "nobody opens a smoking cabinet"),
        (None, NOW, ["offline"] * 3, "announced, and says nothing"),
    ],
)
def test_cabinet(cabinet: Cabinet | None, at_ms: int, words: list[SlotWord], why: str) -> None:
    infos = [CabinetInfo("c", 3, "东侧", 60)]
    (told,) = status.cabinets([cabinet] if cabinet else [], infos, NOW, T, at_ms=at_ms)
    assert [word for _, word in told.slots] == words, why
    assert told.online == ("offline" not in words)
    assert (told.label, told.voltage_v, told.at_ms) == ("东侧", 60, at_ms)
