"""Station and server read with different parsers: they must accept and refuse the same payloads.

The server decodes with msgspec into the contract's own dataclasses, which is many times faster; the
contract's codec needs only the standard library.
"""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import ContractError
from contract.codec import check_payload, decode, encode
from contract.messages import Ack, Info, Status, Telemetry
from tests.support.corpus import MALFORMED, ODD, as_bytes, telemetry
from tests.support.strategies import messages

DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Telemetry, Ack, Status, Info)
}


def _by_msgspec(kind: type[Any], payload: bytes) -> Any:
    try:
        check_payload(payload)
        return DECODERS[kind].decode(payload)
    except (ContractError, msgspec.DecodeError, RecursionError):
        return None


def _by_contract(kind: type[Any], payload: bytes) -> Any:
    try:
        return decode(kind, payload)
    except ContractError:
        return None


@pytest.mark.parametrize("reason", MALFORMED)
def test_both_refuse_the_malformed_corpus(reason: str) -> None:
    assert _by_contract(Telemetry, MALFORMED[reason]) is None
    assert _by_msgspec(Telemetry, MALFORMED[reason]) is None


@pytest.mark.parametrize("reason", ODD)
def test_both_read_the_same_from_what_only_looks_wrong(reason: str) -> None:
    message = _by_msgspec(Telemetry, ODD[reason])
    assert message is not None
    assert message == _by_contract(Telemetry, ODD[reason])


@given(st.sampled_from(list(DECODERS)).flatmap(messages))
def test_both_read_the_same_message(message: Any) -> None:
    payload = encode(message)
    assert _by_msgspec(type(message), payload) == _by_contract(type(message), payload) == message


@given(messages(Telemetry), st.data())
def test_both_agree_on_damaged_bytes(message: Telemetry, data: Any) -> None:
    payload = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"\\", b'"', b"\xff", b"\x00", b"0", b".", b"e", b"-", b"{", b"]"])
        )
        payload[at : at + 1] = piece
    assert _by_msgspec(Telemetry, bytes(payload)) == _by_contract(Telemetry, bytes(payload))


VALUES = st.one_of(
    st.sampled_from(
        [
            "null",
            "true",
            "1",
            "-0",
            "1.0",
            "1e2",
            "1E400",
            "NaN",
            "9" * 20,
            "9" * 500,
            '"1"',
            '"\\ud800"',
            '""',
        ]
    ),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=8).map(json.dumps),
    st.sampled_from(["[]", "{}", "[1]", '{"id":"a"}', "[[1,2],{}]", "[" * 60 + "]" * 60]),
)


@given(st.data(), VALUES)
def test_both_agree_on_a_field_replaced_by_anything(data: Any, value: str) -> None:
    tree = telemetry()
    snapshot = tree["snapshots"][0]
    place = data.draw(
        st.sampled_from([tree, snapshot, snapshot["climate"], snapshot["doors"][0], snapshot["sockets"][0]])
    )
    place[data.draw(st.sampled_from([*place, "unknown"]))] = "@"
    payload = as_bytes(tree).replace(b'"@"', value.encode("utf-8", "surrogatepass"))
    assert _by_msgspec(Telemetry, payload) == _by_contract(Telemetry, payload)
