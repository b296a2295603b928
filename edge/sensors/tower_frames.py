"""Frames and messages of the China Tower protocol for swap cabinets, which many makers speak (pure).

A frame is one JSON object, closed by a line feed or led by its length in four bytes, high byte first. Which
of both a cabinet uses shows at its first byte: ``{``, or a zero, because no frame is as long as 16 MiB. Two
generations are on the market: numbered attributes with a door's number beside (100, 300, 400), and lists of
named ones for cabinet, slots and batteries (110, 310, 410). Both become :class:`Fact`.

Whoever reaches the port may send anything. What is wrong raises :class:`FrameError` and nothing else, and no
more than one frame is ever held.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

LOGIN_BYTES: Final = 4096
"""A frame from somebody who has not logged in; a login is some 200 bytes."""

FRAME_BYTES: Final = 128 * 1024
"""A frame from a cabinet: twelve slots with forty attributes each are 25 KiB."""

MAX_TEXT: Final = 64
"""Ids, numbers and values: longer ones are no sign of a cabinet."""

_HEADER: Final = 4
_MOST_ENTRIES: Final = 8192
_BLANK: Final = b" \t\r\n"
_KINDS: Final[Mapping[int, "Kind"]] = {
    100: "login",
    110: "login",
    300: "report",
    310: "report",
    400: "alarm",
    410: "alarm",
}
_LISTS: Final = ("cabList", "boxList", "batList")

Kind = Literal["login", "report", "alarm", "other"]
Framing = Literal["line", "length"]


class FrameError(Exception):
    """Bytes that are no frame of this protocol, or a frame that is no message of it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute as it was reported.

    Attributes:
        slot: number of the slot; 0 when it is the cabinet's.
        signal: number or name of the attribute.
        text: its value; several are joined by commas.
    """

    slot: int
    signal: str
    text: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that began or ended; ``fact.text`` is its description, in some dialects its code."""

    fact: Fact
    active: bool


@dataclass(frozen=True, slots=True)
class Message:
    """What a cabinet said. ``number`` is repeated in the answer; a time in it is the cabinet's word only."""

    kind: Kind
    type: int
    cabinet: str
    number: int | str
    full: bool = False
    facts: tuple[Fact, ...] = ()
    alarms: tuple[Alarm, ...] = ()


class Framer:
    """Cuts a stream of bytes into frames.

    Attributes:
        framing: as found at the first byte, None before it.
        limit: the longest frame that is taken, in bytes; may grow between two frames.
    """

    def __init__(self, limit: int = LOGIN_BYTES) -> None:
        self.framing: Framing | None = None
        self.limit = limit
        self._buffer = bytearray()
        self._searched = 0

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun and not ended."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what was received; then ask for :meth:`frames` before the next."""
        self._buffer += data

    def frames(self) -> Iterator[bytes]:
        """The whole frames so far.

        Raises:
            FrameError: a frame is too long, or these are no frames; nothing can follow.
        """
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> bytes | None:
        if self.framing != "length":
            self._skip_blanks()
        if not self._buffer:
            return None
        if self.framing is None:
            self.framing = _framing(self._buffer[0])
        return self._line() if self.framing == "line" else self._counted()

    def _skip_blanks(self) -> None:
        if not self._searched:
            blanks = len(self._buffer) - len(self._buffer.lstrip(_BLANK))
            del self._buffer[:blanks]

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        self._check(len(self._buffer) if end < 0 else end)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        self._searched = 0
        return self._take(end, 1)

    def _counted(self) -> bytes | None:
        if len(self._buffer) < _HEADER:
            return None
        length = int.from_bytes(self._buffer[:_HEADER], "big")
        self._check(length)
        if len(self._buffer) < _HEADER + length:
            return None
        del self._buffer[:_HEADER]
        return self._take(length, 0)

    def _check(self, length: int) -> None:
        if length > self.limit:
            raise FrameError(f"a frame of more than {self.limit} bytes")

    def _take(self, length: int, closing: int) -> bytes:
        frame = bytes(self._buffer[:length])
        del self._buffer[: length + closing]
        return frame


def _framing(first: int) -> Framing:
    if first == ord("{"):
        return "line"
    if first == 0:
        return "length"
    raise FrameError(f"begins with byte {first:#04x}")


def encode(body: Mapping[str, object], framing: Framing) -> bytes:
    """One frame."""
    text = json.dumps(body, separators=(",", ":")).encode()
    return text + b"\n" if framing == "line" else len(text).to_bytes(_HEADER, "big") + text


def answer(message: Message, accepted: bool) -> Mapping[str, object]:
    """The word that a message was taken, or not. Cabinets repeat what is not answered."""
    return {
        "msgType": message.type + 1,
        "txnNo": message.number,
        "devId": message.cabinet,
        "result": int(accepted),
    }


def decode(frame: bytes) -> Message:
    """What a frame says. An attribute that makes no sense is left out, the others are taken.

    Raises:
        FrameError: it is no message.
    """
    body = _object(frame)
    number = body.get("msgType")
    if type(number) is not int or not 0 <= number <= 9999:
        raise FrameError("no msgType")
    kind = _KINDS.get(number, "other")
    full = body.get("isFull") in (1, "1")
    facts = tuple(_facts(body)) if kind == "report" else ()
    alarms = tuple(_alarms(body)) if kind == "alarm" else ()
    return Message(kind, number, _cabinet(body), _number(body), full, facts, alarms)


def _object(frame: bytes) -> dict[str, object]:
    try:
        body = json.loads(frame.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"no JSON ({type(error).__name__})") from None
    if not isinstance(body, dict):
        raise FrameError("no JSON object")
    return body


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _cabinet(body: Mapping[str, object]) -> str:
    cabinet = _text(body.get("devId"))
    if not cabinet:
        raise FrameError("no devId")
    return cabinet


def _number(body: Mapping[str, object]) -> int | str:
    number = body.get("txnNo", 0)
    if type(number) is int and abs(number) < 2**63:
        return number
    text = _text(number)
    if text is None:
        raise FrameError("no txnNo")
    return text


def _facts(body: Mapping[str, object]) -> Iterator[Fact]:
    for entry in _entries(body, "attrList"):
        yield from _fact(entry, entry.get("id"), entry.get("value"))
    for name in _LISTS:
        for entry in _entries(body, name):
            for signal, value in entry.items():
                if signal != "doorId":
                    yield from _fact(entry, signal, value)


def _alarms(body: Mapping[str, object]) -> Iterator[Alarm]:
    for entry in _entries(body, "alarmList"):
        flag = _text(entry.get("alarmFlag"))
        if flag in ("0", "1"):
            for fact in _fact(entry, entry.get("id"), entry.get("alarmDesc"), needed=False):
                yield Alarm(fact, flag == "1")


def _entries(body: Mapping[str, object], name: str) -> Iterable[dict[str, object]]:
    entries = body.get(name) or []
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        raise FrameError(f"{name} is no list of at most {_MOST_ENTRIES}")
    return [entry for entry in entries if isinstance(entry, dict)]


def _fact(entry: Mapping[str, object], signal: object, value: object, *, needed: bool = True) -> list[Fact]:
    slot, name, text = _slot(entry.get("doorId")), _text(signal), _value(value)
    if text is None and not needed:
        text = ""
    return [Fact(slot, name, text)] if slot is not None and name and text is not None else []


def _slot(door: object) -> int | None:
    text = _text(door)
    if not text:
        return None if text is None else 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None


def _value(value: object) -> str | None:
    if not isinstance(value, list):
        return _text(value)
    texts = [_text(each) for each in value[:16]]
    return ",".join(text for text in texts if text is not None)[:MAX_TEXT]


def _text(value: object) -> str | None:
    """A JSON scalar as text: numbers as they are written, null as nothing; None for anything else."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    try:
        text = str(value).strip()
    except ValueError:  # a whole number of thousands of digits
        return None
    return text if len(text) <= MAX_TEXT and text.isprintable() else None
