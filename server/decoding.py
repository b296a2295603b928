"""Payloads into messages, many times faster than the contract's codec and just as strict.

msgspec builds the contract's own dataclasses; what it refuses is read once more by the codec, whose
error names the field. A batch is opened without reading its snapshots, so that a bad one never costs
the others.
"""

from typing import Annotated, Final, TypeVar

import msgspec

from contract import ContractError, codec
from contract.messages import BOOT_ID, STREAM, Snapshot, Telemetry
from contract.quantities import check

_T = TypeVar("_T")
_UNREADABLE: Final = (ContractError, msgspec.DecodeError, RecursionError)


class RefusedError(Exception):
    """A message or snapshot that is not taken.

    Attributes:
        reason: short code, as in the ack.
        detail: the field, its value and what was expected.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Envelope(msgspec.Struct):
    """:class:`Telemetry` with its snapshots unread."""

    boot_id: str
    sent_mono_ms: int
    snapshots: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        if not BOOT_ID.fullmatch(self.boot_id):
            raise ContractError("boot_id", self.boot_id, f"text like {BOOT_ID.pattern}")
        check("sent_mono_ms", self.sent_mono_ms)


class _Identity(msgspec.Struct):
    stream: str
    seq: int


_decode_envelope: Final = msgspec.json.Decoder(Envelope).decode
_decode_snapshot: Final = msgspec.json.Decoder(Snapshot).decode
_decode_identity: Final = msgspec.json.Decoder(_Identity).decode


def envelope(payload: bytes) -> Envelope:
    """Open a batch of telemetry.

    Raises:
        RefusedError: ``oversize``, ``malformed`` or ``impossible``.
    """
    _check_size(payload)
    try:
        codec.check_payload(payload)
        return _decode_envelope(payload)
    except _UNREADABLE as error:
        raise _refusal(Telemetry, payload, error) from None


def snapshot(raw: msgspec.Raw) -> Snapshot:
    """Read one snapshot of a batch.

    Raises:
        RefusedError: ``malformed`` or ``impossible``.
    """
    try:
        return _decode_snapshot(raw)
    except _UNREADABLE as error:
        raise _refusal(Snapshot, bytes(raw), error) from None


def message(kind: type[_T], payload: bytes) -> _T:
    """Read a message that is not telemetry.

    Raises:
        RefusedError: ``oversize`` or ``malformed``.
    """
    _check_size(payload)
    try:
        return codec.decode(kind, payload)
    except ContractError as error:
        raise RefusedError("malformed", str(error)) from None


def identity(raw: bytes) -> tuple[str, int] | None:
    """Stream and number of a snapshot that may be wrong in every other field."""
    try:
        named = _decode_identity(raw)
        check("seq", named.seq)
    except _UNREADABLE:
        return None
    return (named.stream, named.seq) if STREAM.fullmatch(named.stream) else None


def _check_size(payload: bytes) -> None:
    if len(payload) > codec.MAX_PAYLOAD:
        raise RefusedError("oversize", f"{len(payload)} bytes, expected at most {codec.MAX_PAYLOAD}")


def _refusal(kind: type[object], payload: bytes, error: Exception) -> RefusedError:
    """Right JSON of the right types with a value that cannot be is impossible, all else malformed."""
    reason = "impossible" if isinstance(error.__cause__, ContractError) else "malformed"
    try:
        codec.decode(kind, payload)
    except ContractError as precise:
        return RefusedError(reason, str(precise))
    return RefusedError(reason, str(error))
