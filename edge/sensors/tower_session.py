"""One connection to a cabinet: bytes in, answers out, and when it must end (pure).

A cabinet's id is no secret, so whoever knows one can speak as that cabinet; who may reach the port at all is
the listener's matter. Of two connections with the same id the newer wins: a cabinet that lost its line dials
again long before the old connection is known to be dead.
"""

from dataclasses import dataclass, field
from typing import Final

from edge.sensors.tower_frames import FRAME_BYTES, FrameError, Framer, Message, answer, decode, encode
from edge.sensors.tower_memory import TowerMemory

LOGIN_MS: Final = 10_000
"""For the login after the connection stands; a modem with bad reception takes some seconds."""

FRAME_MS: Final = 30_000
"""For the rest of a frame that has begun."""

BAD_FRAMES: Final = 8
"""In a row, from a cabinet that has logged in: one may be garbled."""

FRAMES_A_SECOND: Final = 100
"""A cabinet sends one in some seconds, and a full report slot by slot at once."""

STRANGERS: Final = 8
"""Refused ids that are remembered."""

_REPLACED: Final = "a newer connection of this cabinet"


class EndError(Exception):
    """This connection is to be closed.

    Attributes:
        reason: why, in words.
        answers: what is to be sent before.
    """

    def __init__(self, reason: str, answers: bytes = b"") -> None:
        self.reason = reason
        self.answers = answers
        super().__init__(reason)


@dataclass(slots=True)
class Guests:
    """The cabinets that may log in at one port, and who is there.

    Attributes:
        memories: by the cabinet's id.
        present: the connection of each that is logged in.
        left_ms: when the last connection of each ended.
        strangers: ids that were refused lately, with where they came from, the newest last.
    """

    memories: dict[str, TowerMemory] = field(default_factory=dict)
    present: dict[str, "Session"] = field(default_factory=dict)
    left_ms: dict[str, int] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)

    def refuse(self, name: str, peer: str) -> None:
        """Note a stranger."""
        self.strangers.pop(name, None)
        self.strangers[name] = peer
        while len(self.strangers) > STRANGERS:
            del self.strangers[next(iter(self.strangers))]


class Session:
    """One connection.

    Attributes:
        peer: where it comes from.
        cabinet: its id, once it has logged in.
        urgent: set when a message told of a new danger; whoever reads it takes it back.
    """

    def __init__(self, guests: Guests, peer: str, mono_ms: int) -> None:
        self.peer = peer
        self.cabinet = ""
        self.urgent = False
        self._guests = guests
        self._framer = Framer()
        self._since_ms = mono_ms
        self._begun_ms: int | None = None
        self._bad = 0
        self._second = 0, 0

    def receive(self, data: bytes, mono_ms: int) -> bytes:
        """Take what came in; returns what is to be sent.

        Raises:
            EndError: the connection must be closed.
        """
        self._framer.feed(data)
        answers = b""
        try:
            for frame in self._framer.frames():
                self._count(mono_ms)
                answers += self._frame(frame, mono_ms)
                self._begun_ms = None
        except FrameError as error:
            raise EndError(str(error), answers) from None
        except EndError as error:
            raise EndError(error.reason, answers + error.answers) from None
        if not self._framer.pending:
            self._begun_ms = None
        elif self._begun_ms is None:
            self._begun_ms = mono_ms
        return answers

    def overdue(self, mono_ms: int) -> str:
        """Why the connection has to end although nothing came; "" while all is well."""
        if not self.cabinet:
            return "no login" if mono_ms - self._since_ms > LOGIN_MS else ""
        if self._guests.present.get(self.cabinet) is not self:
            return _REPLACED
        half = self._begun_ms is not None and mono_ms - self._begun_ms > FRAME_MS
        return "half a frame" if half else ""

    def ended(self, mono_ms: int) -> None:
        """The connection is gone. An older one of the same cabinet changes nothing."""
        if self.cabinet and self._guests.present.get(self.cabinet) is self:
            del self._guests.present[self.cabinet]
            self._guests.left_ms[self.cabinet] = mono_ms
            self._guests.memories[self.cabinet].lost(mono_ms)

    def _count(self, mono_ms: int) -> None:
        second, count = self._second
        count = count + 1 if second == mono_ms // 1000 else 1
        self._second = mono_ms // 1000, count
        if count > FRAMES_A_SECOND:
            raise FrameError(f"more than {FRAMES_A_SECOND} frames in a second")

    def _frame(self, frame: bytes, mono_ms: int) -> bytes:
        if not frame.strip():
            return b""
        try:
            message = decode(frame)
        except FrameError:
            self._bad += 1
            if not self.cabinet or self._bad >= BAD_FRAMES:
                raise
            return b""
        self._bad = 0
        return self._message(message, mono_ms)

    def _message(self, message: Message, mono_ms: int) -> bytes:
        if message.kind == "login":
            self._log_in(message)
        elif message.cabinet != self.cabinet or not self.cabinet:
            raise EndError("speaks without a login", self._answer(message, accepted=False))
        elif self._guests.present.get(self.cabinet) is not self:
            raise EndError(_REPLACED)
        self.urgent = self._guests.memories[self.cabinet].take(message, mono_ms) or self.urgent
        return b"" if message.kind == "other" else self._answer(message, accepted=True)

    def _log_in(self, message: Message) -> None:
        name = message.cabinet
        if name not in self._guests.memories or self.cabinet not in ("", name):
            self._guests.refuse(name, self.peer)
            raise EndError(f"unknown cabinet {name}", self._answer(message, accepted=False))
        self.cabinet = name
        self._guests.present[name] = self
        self._framer.limit = FRAME_BYTES

    def _answer(self, message: Message, *, accepted: bool) -> bytes:
        return encode(answer(message, accepted), self._framer.framing or "line")
