"""Messages to JSON bytes and back.

``None`` and empty lists are left out when encoding. Decoding ignores unknown fields (so that v1 can
grow) and refuses everything else that is missing, of the wrong type or impossible.
"""

import json
import math
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from contract.errors import ContractError

MAX_PAYLOAD: Final = 32 * 1024
"""Bytes of one message, both ways (the broker's own limit is a little above)."""

MAX_BRACKETS: Final = 4096
"""Objects and lists in one message, so that no payload can exhaust the parser's stack."""

_MAX_DIGITS: Final = 400

T = TypeVar("T")


def encode(message: object) -> bytes:
    """A message as compact JSON in UTF-8.

    Raises:
        ContractError: if the encoded message is larger than :data:`MAX_PAYLOAD`.
    """
    payload = json.dumps(
        message, default=_measured, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
    _check_size(payload)
    return payload


def decode(kind: type[T], payload: bytes) -> T:
    """A message of type ``kind`` from JSON bytes.

    Raises:
        ContractError: naming the field, its value and what was expected.
    """
    check_payload(payload)
    result: T = _build(kind, _parse(payload), "")
    return result


def check_payload(payload: bytes) -> None:
    """What is true of every message, whichever parser reads it: bounded in size, and UTF-8.

    A faster decoder (the server's) calls this first; it then accepts and refuses what :func:`decode`
    does.

    Raises:
        ContractError: if it is too large, has too many brackets or is not UTF-8.
    """
    _check_size(payload)
    _check_brackets(payload)
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise ContractError("", payload[:40], "UTF-8") from error


def _measured(message: object) -> dict[str, Any]:
    """The fields of a message, without what was not measured."""
    kind: Any = type(message)
    pairs = ((name, getattr(message, name)) for name in _names(kind))
    return {name: value for name, value in pairs if value is not None and value != ()}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _check_size(payload: bytes) -> None:
    if len(payload) > MAX_PAYLOAD:
        raise ContractError("", f"{len(payload)} bytes", f"at most {MAX_PAYLOAD} bytes")


def _check_brackets(payload: bytes) -> None:
    if len(payload) <= MAX_BRACKETS:
        return
    # Brackets inside strings count too: cheaper than parsing, and no real message comes near.
    count = payload.count(b"[") + payload.count(b"{")
    if count > MAX_BRACKETS:
        raise ContractError("", f"{count} brackets", f"at most {MAX_BRACKETS} brackets")


def _parse(payload: bytes) -> Any:
    """JSON as scalars, lists, and a tuple of (name, value) for an object.

    So a repeated name is still there to be checked each time; the last one counts.
    """
    try:
        tree = json.loads(
            payload.decode(),
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
            object_pairs_hook=tuple,
        )
        if b"\\u" in payload:
            json.dumps(tree, ensure_ascii=False).encode()
    except ContractError:
        raise
    except UnicodeEncodeError as error:
        raise ContractError("", payload[:40], "text without lone surrogates") from error
    except (ValueError, RecursionError) as error:
        raise ContractError("", payload[:40], f"JSON ({error})") from error
    return tree


def _refuse_constant(name: str) -> None:
    raise ContractError("", name, "a finite number")


def _parse_int(digits: str) -> float:
    # int() raises above 4,300 digits; an unknown field may hold them, no known one can.
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


Builder = Callable[[Any, str], Any]


def _build(kind: Any, tree: Any, path: str) -> Any:
    return _builder(kind)(tree, path)


@cache
def _builder(kind: Any) -> Builder:
    if is_dataclass(kind):
        return _message_builder(kind)
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin = get_origin(kind)
    if origin is Literal:
        return _literal_builder(get_args(kind))
    if origin in (Union, types.UnionType):
        return _optional_builder(kind)
    if origin is tuple:
        return _tuple_builder(get_args(kind))
    raise TypeError(f"the contract has no rule for {kind}")


def _message_builder(kind: Any) -> Builder:
    hints = get_type_hints(kind)
    required = [field.name for field in fields(kind) if field.default is MISSING]

    def build(tree: Any, path: str) -> Any:
        if not isinstance(tree, tuple):
            raise _wrong(path, tree, f"an object ({kind.__name__})")
        values = {name: _build(hints[name], item, _join(path, name)) for name, item in tree if name in hints}
        for name in required:
            if name not in values:
                raise ContractError(_join(path, name), None, "a value (the field is missing)")
        try:
            return kind(**values)
        except ContractError as error:
            raise error.below(path) from None

    return build


def _wrong(path: str, tree: Any, expected: str) -> ContractError:
    return ContractError(path, dict(tree) if isinstance(tree, tuple) else tree, expected)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _text(tree: Any, path: str) -> str:
    if not isinstance(tree, str):
        raise _wrong(path, tree, "text")
    return tree


def _boolean(tree: Any, path: str) -> bool:
    if not isinstance(tree, bool):
        raise _wrong(path, tree, "true or false")
    return tree


def _integer(tree: Any, path: str) -> int:
    if not isinstance(tree, int) or isinstance(tree, bool):
        raise _wrong(path, tree, "a whole number")
    return tree


def _number(tree: Any, path: str) -> float:
    if not isinstance(tree, (int, float)) or isinstance(tree, bool):
        raise _wrong(path, tree, "a number")
    try:
        number = float(tree)
    except OverflowError:
        raise _wrong(path, tree, "a finite number") from None
    if not math.isfinite(number):
        raise _wrong(path, tree, "a finite number")
    return number


_SCALARS: Final[dict[Any, Builder]] = {str: _text, bool: _boolean, int: _integer, float: _number}


def _literal_builder(allowed: tuple[str, ...]) -> Builder:
    def build(tree: Any, path: str) -> Any:
        if not isinstance(tree, str) or tree not in allowed:
            raise _wrong(path, tree, f"one of {', '.join(allowed)}")
        return tree

    return build


def _optional_builder(kind: Any) -> Builder:
    inner = _builder(next(part for part in get_args(kind) if part is not types.NoneType))

    def build(tree: Any, path: str) -> Any:
        return None if tree is None else inner(tree, path)

    return build


def _tuple_builder(parts: tuple[Any, ...]) -> Builder:
    if parts[-1] is Ellipsis:
        item = _builder(parts[0])

        def build_list(tree: Any, path: str) -> Any:
            if not isinstance(tree, list):
                raise _wrong(path, tree, "a list")
            return tuple(item(entry, f"{path}[{i}]") for i, entry in enumerate(tree))

        return build_list

    builders = [_builder(part) for part in parts]

    def build_row(tree: Any, path: str) -> Any:
        if not isinstance(tree, list) or len(tree) != len(builders):
            raise _wrong(path, tree, f"a list of {len(builders)}")
        pairs = enumerate(zip(builders, tree, strict=True))
        return tuple(build(entry, f"{path}[{i}]") for i, (build, entry) in pairs)

    return build_row
