"""Whatever arrives, the codec answers with a message or with ContractError, and keeps what it was given."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import ContractError
from contract.codec import MAX_PAYLOAD, check_payload, decode, encode
from contract.messages import Ack, Cabinet, Climate, Info, Snapshot, Status, Telemetry
from tests.support.corpus import MALFORMED, ODD, as_bytes, snapshot, telemetry
from tests.support.strategies import messages

KINDS = [Telemetry, Ack, Status, Info]


@given(st.sampled_from(KINDS).flatmap(messages))
def test_a_message_comes_back_as_it_was(message: Any) -> None:
    assert decode(type(message), encode(message)) == message


@given(st.sampled_from(KINDS).flatmap(messages))
def test_nothing_that_was_not_measured_travels(message: Any) -> None:
    for container in _containers(json.loads(encode(message))):
        children = container.values() if isinstance(container, dict) else container
        assert None not in children
        assert [] not in children


@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_any_bytes_give_a_message_or_a_contract_error(kind: type[Any], payload: bytes) -> None:
    _message_or_refusal(kind, payload)


JSON_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(KINDS), JSON_TREES)
def test_any_json_gives_a_message_or_a_contract_error(kind: type[Any], tree: object) -> None:
    _message_or_refusal(kind, json.dumps(tree).encode())


@given(messages(Telemetry), st.data())
def test_a_damaged_message_gives_a_message_or_a_contract_error(message: Telemetry, data: Any) -> None:
    payload = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 5))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    _message_or_refusal(Telemetry, bytes(payload))


@given(messages(Telemetry), JSON_TREES, st.data())
def test_a_field_replaced_by_anything_gives_a_message_or_a_contract_error(
    message: Telemetry, anything: object, data: Any
) -> None:
    tree = json.loads(encode(message))
    node = data.draw(st.sampled_from(_containers(tree)))
    node[data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))] = anything
    _message_or_refusal(Telemetry, json.dumps(tree).encode())


def _containers(tree: Any) -> list[Any]:
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    found = [tree] if children else []
    return found + [inner for child in children for inner in _containers(child)]


def _message_or_refusal(kind: type[Any], payload: bytes) -> None:
    try:
        answer = decode(kind, payload)
    except ContractError as error:
        answer = error
    assert isinstance(answer, kind | ContractError)
    if isinstance(answer, ContractError):
        assert str(answer).isprintable()
        assert len(answer.value) <= 80


@pytest.mark.parametrize("reason", MALFORMED)
def test_the_malformed_corpus_is_refused(reason: str) -> None:
    with pytest.raises(ContractError):
        decode(Telemetry, MALFORMED[reason])


@pytest.mark.parametrize("reason", ODD)
def test_what_only_looks_wrong_is_accepted(reason: str) -> None:
    assert decode(Telemetry, ODD[reason]).snapshots[0].seq == 1


@pytest.mark.parametrize(
    ("payload", "field", "value", "expected"),
    [
        (as_bytes(telemetry(snapshot(clock="maybe"))), "snapshots[0].clock", "'maybe'", "one of synced"),
        (as_bytes(telemetry(snapshot(seq="1"))), "snapshots[0].seq", "'1'", "a whole number"),
        (
            as_bytes(telemetry(snapshot(), snapshot(2, climate={"at_ms": 1, "temperature_c": 130}))),
            "snapshots[1].climate.temperature_c",
            "130.0",
            "a number from -40 to 125 °C",
        ),
        (
            as_bytes(telemetry(snapshot(doors=[{"id": "main", "in_total": 1}]))),
            "snapshots[0].doors[0].out_total",
            "None",
            "the field is missing",
        ),
        (as_bytes(telemetry(snapshot(doors={"id": 1}))), "snapshots[0].doors", "{'id': 1}", "a list"),
        (MALFORMED["10^30 as a count"], "snapshots[0].seq", "a huge integer", "a whole number"),
        (b"[]", "", "[]", "an object (Telemetry)"),
        (b"{", "", "b'{'", "JSON"),
        (b"\xff", "", "b'\\xff'", "UTF-8"),
    ],
)
def test_an_error_names_field_value_and_what_was_expected(
    payload: bytes, field: str, value: str, expected: str
) -> None:
    with pytest.raises(ContractError) as caught:
        decode(Telemetry, payload)
    assert (caught.value.field, caught.value.value) == (field, value)
    assert expected in caught.value.expected
    assert str(caught.value) == f"{field or 'message'}: got {value}, expected {caught.value.expected}"


def test_a_repeated_name_counts_by_its_last_value() -> None:
    assert decode(Telemetry, ODD["a field given twice, both right"]).snapshots[0].seq == 1


def test_a_cabinet_whose_slots_are_not_known_comes_back() -> None:
    message = Telemetry("00000000", 0, (_one(cabinets=(Cabinet("c1", online=False),)),))
    assert decode(Telemetry, encode(message)) == message


def test_a_message_above_the_limit_is_not_sent() -> None:
    batch = tuple(_one(seq, climate=Climate(at_ms=1, temperature_c=20.5)) for seq in range(1, 400))
    with pytest.raises(ContractError, match=f"at most {MAX_PAYLOAD} bytes"):
        encode(Telemetry("00000000", 0, batch))


def test_a_payload_check_needs_no_parser() -> None:
    check_payload(b"x" * MAX_PAYLOAD)
    for payload in (b"x" * (MAX_PAYLOAD + 1), b"[{" * 2049, b'"\xc3"'):
        with pytest.raises(ContractError):
            check_payload(payload)


def _one(seq: int = 1, **fields: Any) -> Snapshot:
    return Snapshot(
        stream="0" * 16, seq=seq, at_ms=1, mono_ms=1, boot_id="00000000", clock="synced", **fields
    )
