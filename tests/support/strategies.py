"""hypothesis strategies for every message of the contract, read from its dataclasses and quantities."""

import re
import types
from dataclasses import fields, is_dataclass
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from contract.messages import BOOT_ID, CODE, STREAM, UNIT_ID, Ack
from contract.quantities import MAX_INT, QUANTITIES

_LABEL: Final = st.text(max_size=80).filter(str.isprintable)
_TEXTS: Final[dict[str, re.Pattern[str]]] = {
    "stream": STREAM,
    "boot_id": BOOT_ID,
    "id": UNIT_ID,
    "sensor": UNIT_ID,
    "code": CODE,
    "kind": CODE,
    "alarms": CODE,
    "doors": UNIT_ID,
}
_KEYS: Final = {"slots": "n", "faults": "sensor"}
"""The field that must be distinct among the entries of a list, where it is not ``id``."""


def messages(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any valid message of ``kind``, optional fields sometimes left out."""
    if kind is Ack:
        return _acks()
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _value(field.name, hints[field.name]) for field in fields(kind)})


def _acks() -> st.SearchStrategy[Ack]:
    streams = st.from_regex(STREAM, fullmatch=True)
    seqs = st.integers(1, MAX_INT)
    ranges = st.tuples(streams, seqs, seqs).map(lambda r: (r[0], min(r[1:]), max(r[1:])))
    refusals = st.tuples(streams, seqs, st.from_regex(CODE, fullmatch=True))
    return st.builds(
        Ack,
        committed=st.lists(ranges, max_size=4).map(tuple),
        refused=st.lists(refusals, max_size=4).map(tuple),
    )


def _value(name: str, hint: Any) -> st.SearchStrategy[Any]:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return st.none() | _value(name, get_args(hint)[0])
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin is tuple:
        return _entries(name, get_args(hint)[0])
    if is_dataclass(hint) and isinstance(hint, type):
        return messages(hint)
    if hint is bool:
        return st.booleans()
    return _text(name) if hint is str else _number(name)


def _entries(name: str, item: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    def key(entry: Any) -> Any:
        return entry if isinstance(entry, str) else getattr(entry, _KEYS.get(name, "id"))

    unique = None if name == "snapshots" else key
    at_least = 1 if name == "snapshots" else 0
    return st.lists(_value(name, item), min_size=at_least, max_size=3, unique_by=unique).map(tuple)


def _text(name: str) -> st.SearchStrategy[str]:
    return st.from_regex(_TEXTS[name], fullmatch=True) if name in _TEXTS else _LABEL


def _number(name: str) -> st.SearchStrategy[float]:
    quantity = QUANTITIES[name]
    if quantity.whole:
        return st.integers(int(quantity.low), int(quantity.high))
    return st.floats(quantity.low, quantity.high)
