"""Payloads into messages, many times faster than the contract's codec and just as strict.

msgspec builds the contract's own dataclasses; what it refuses is read once more by the codec, whose
error names the field. A batch is opened without reading its snapshots, so that a bad one never costs
the others.

Sockets and slots come in dozens, so their ranges are told to msgspec (:class:`_Socket`, :class:`_Slot`),
which checks them without calling Python for each. What it refuses then is read once more as everything
else is: it may be too strict without harm, and the tests hold that it is never too lax.
"""

import re
from typing import Annotated, Final, TypeVar

import msgspec

from contract import ContractError, codec
from contract.messages import BOOT_ID, STREAM, UNIT_ID, Cabinet, Slot, Snapshot, Socket, Telemetry
from contract.quantities import QUANTITIES, check

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


def _within(quantity: str) -> msgspec.Meta:
    limits = QUANTITIES[quantity]
    return msgspec.Meta(ge=limits.low, le=limits.high)


def _like(pattern: re.Pattern[str]) -> msgspec.Meta:
    return msgspec.Meta(pattern=rf"\A(?:{pattern.pattern})\Z")


class _Socket(Socket):
    """Checked by what its fields say here, all of :meth:`Socket.__post_init__`."""

    __slots__ = ()
    id: Annotated[str, _like(UNIT_ID)]
    since_ms: Annotated[int, _within("since_ms")]
    power_w: Annotated[float, _within("power_w")] | None

    def __post_init__(self) -> None:
        pass


class _Slot(Slot):
    """The same for a slot; only the alarms of one that has some are checked as the contract does."""

    __slots__ = ()
    n: Annotated[int, _within("n")]
    soc_pct: Annotated[float, _within("soc_pct")] | None
    temperature_c: Annotated[float, _within("temperature_c")] | None

    def __post_init__(self) -> None:
        if self.alarms:
            Slot.__post_init__(self)


class _Cabinet(Cabinet):
    __slots__ = ()
    slots: tuple[_Slot, ...]


class _Snapshot(Snapshot):
    __slots__ = ()
    sockets: tuple[_Socket, ...]
    cabinets: tuple[_Cabinet, ...]


class _Identity(msgspec.Struct):
    stream: str
    seq: int


_decode: Final = msgspec.json.decode
_decode_envelope: Final = msgspec.json.Decoder(Envelope).decode
_decode_quickly: Final = msgspec.json.Decoder(_Snapshot).decode
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
        return _decode_quickly(raw)
    except _UNREADABLE:
        return _snapshot_or_why_not(raw)


def _snapshot_or_why_not(raw: msgspec.Raw) -> Snapshot:
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
        codec.check_payload(payload)
        return _decode(payload, type=kind)
    except _UNREADABLE as error:
        raise RefusedError("malformed", _refusal(kind, payload, error).detail) from None


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
