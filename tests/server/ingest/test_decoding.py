"""The quick reading of a snapshot against the contract's codec: the same is taken, the same is refused."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import ContractError, codec
from contract.messages import Info, Slot, Snapshot, Socket
from server.ingest import decoding
from server.ingest.decoding import RefusedError
from tests.support.corpus import as_bytes, snapshot
from tests.support.strategies import messages


def _quickly(raw: bytes) -> bytes | None:
    """As encoded again, None when it is refused."""
    try:
        return codec.encode(decoding.snapshot(msgspec.Raw(raw)))
    except RefusedError:
        return None


def _by_contract(raw: bytes) -> bytes | None:
    try:
        return codec.encode(codec.decode(Snapshot, raw))
    except ContractError:
        return None


@settings(deadline=None)
@given(messages(Snapshot))
def test_it_reads_what_the_contract_reads(made: Snapshot) -> None:
    raw = codec.encode(made)
    assert _quickly(raw) == _by_contract(raw) == raw


SOCKET = {"id": "a1", "kind": "usb", "state": "free", "since_ms": 1, "power_w": 4.5}
SLOT = {
    "n": 1,
    "battery": "present",
    "charge": "full",
    "door": "closed",
    "enabled": True,
    "soc_pct": 50.0,
    "temperature_c": 31.0,
    "alarms": ["hot"],
}
VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 1, 999, 1000, 2**53 - 1, 2**53, 1.0, 10_000, 10_000.1, 125.1, -40.1]),
    st.sampled_from(
        ["", "a1", "a1\n", "A1", "a" * 33, "free", "\ud800", "full", [], ["hot", "hot"], ["Hot"], [1]]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)


@settings(deadline=None)
@given(st.sampled_from([*SOCKET, *(f"slot {name}" for name in SLOT)]), VALUES, st.booleans())
def test_both_agree_on_a_unit_with_any_value(field: str, value: Any, twice: bool) -> None:
    socket, slot = dict(SOCKET), dict(SLOT)
    place, name = (slot, field[5:]) if field.startswith("slot ") else (socket, field)
    place[name] = value
    slots = [slot, SLOT] if twice else [slot]
    cabinet = {"id": "c1", "online": True, "slots": slots}
    raw = json.dumps(snapshot(1, 1, sockets=[socket], cabinets=[cabinet])).encode()
    assert _quickly(raw) == _by_contract(raw)


@settings(deadline=None)
@given(messages(Snapshot), st.data())
def test_both_agree_on_damaged_bytes(made: Snapshot, data: Any) -> None:
    raw = bytearray(codec.encode(made))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + 1] = data.draw(st.sampled_from([b"", b'"', b"0", b".", b"e", b"-", b"{", b"]", b"A"]))
    if json_is(bytes(raw)):  # what holds no JSON is refused with its envelope
        assert _quickly(bytes(raw)) == _by_contract(bytes(raw))


def json_is(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"sockets": [SOCKET | {"power_w": -1}]}, "impossible"),
        ({"sockets": [SOCKET | {"id": "A1"}]}, "impossible"),
        ({"sockets": [SOCKET, SOCKET]}, "impossible"),
        ({"sockets": [SOCKET | {"power_w": "1"}]}, "malformed"),
        ({"cabinets": [{"id": "c1", "online": True, "slots": [SLOT | {"n": 0}]}]}, "impossible"),
        ({"cabinets": [{"id": "c1", "online": True, "slots": [SLOT | {"alarms": ["Hot"]}]}]}, "impossible"),
        ({"cabinets": [{"id": "c1", "online": True, "slots": [SLOT | {"battery": "half"}]}]}, "malformed"),
    ],
)
def test_a_refusal_says_whether_it_is_malformed_or_impossible(part: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        decoding.snapshot(msgspec.Raw(as_bytes(snapshot(1, 1, **part))))
    assert refused.value.reason == reason


def test_units_are_the_contracts_own() -> None:
    cabinet = {"id": "c1", "online": True, "slots": [SLOT]}
    read = decoding.snapshot(msgspec.Raw(as_bytes(snapshot(1, 1, sockets=[SOCKET], cabinets=[cabinet]))))
    assert isinstance(read.sockets[0], Socket)
    assert isinstance(read.cabinets[0].slots[0], Slot)


@settings(deadline=None)
@given(messages(Info))
def test_other_messages_are_read_as_the_contract_reads_them(made: Info) -> None:
    assert decoding.message(Info, codec.encode(made)) == made


def test_other_messages_that_are_wrong_are_malformed() -> None:
    with pytest.raises(RefusedError, match="sample_s") as refused:
        decoding.message(Info, b'{"agent_version":"1","sample_s":0,"heartbeat_s":30}')
    assert refused.value.reason == "malformed"
