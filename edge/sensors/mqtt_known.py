"""What is known of a device that says only what has changed: its words laid over one another. Pure.

Each value keeps the moment at which it was last said, and is forgotten when that is too long ago, when the
device leaves, and when it says something that cannot be.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from edge.clock import Instant
from edge.sensors.values import NO_ALARM, Value, unit_of


class Said(NamedTuple):
    """One value that a message holds.

    Attributes:
        slot: of a cabinet; 0 for the device as a whole.
        name: of :mod:`edge.sensors.values`; ``alarm`` may have a part behind a colon, for several of them.
        raw: as it was said, for people.
        value: what it means; None when the device says that it does not know, or says nonsense.
    """

    slot: int
    name: str
    raw: str
    value: Value


Heard = Literal["online", "offline"] | Sequence[Said]
"""That the device is there or has left, or what it says."""

SWITCHED_OFF: Final = "switched off"
NOT_UNDERSTOOD: Final = "not understood"
_JSON_WORDS: Final = {True: "true", False: "false", None: "null"}
UNSAID: Final = ("null", SWITCHED_OFF)
"""Raw words that say: this is not known now. They are no error."""


class Missing(NamedTuple):
    """A value that messages on ``topic`` should hold at ``path``."""

    slot: int
    name: str
    topic: str
    path: str

    @property
    def label(self) -> str:
        """For people."""
        return _label(self.slot, self.name)


class Talk(Protocol):
    """How one kind of device speaks. It has no state.

    Attributes:
        topics: what to listen to.
        measures: the one of them on which its measurements come.
        others: where devices like it speak, to name those that are there when it is not.
        expects: of a map, every value and where it should stand.
        changes_only: a word on anything proves that what it leaves out is still as it was.
    """

    topics: Sequence[str]
    measures: str
    others: Sequence[str]
    expects: Sequence[Missing]
    changes_only: bool

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> Heard:
        """What a message means; nothing at all for what is not understood."""


@dataclass(frozen=True, slots=True)
class Snap:
    """All that holds at ``at``: a :class:`edge.sensors.device_parts.Fact`."""

    at: Instant
    values: Mapping[tuple[int, str], Value]

    def of(self, slot: int) -> Mapping[str, Value]:
        """Values of a slot by name."""
        return {name: value for (number, name), value in self.values.items() if number == slot}

    def alarms(self, slot: int) -> tuple[str, ...]:
        """Codes of what is wrong, each once."""
        told = (value for name, value in self.of(slot).items() if name.partition(":")[0] == "alarm")
        return tuple(sorted({str(code) for code in told if code not in (None, NO_ALARM)}))


class Known:
    """The overlay.

    Attributes:
        online: what the device or its broker last said of its being there; None before that.
    """

    def __init__(self, *, silent_ms: int, changes_only: bool) -> None:
        self.online: bool | None = None
        self._silent_ms = silent_ms
        self._changes_only = changes_only
        self._values: dict[tuple[int, str], tuple[Said, int]] = {}

    def hear(self, heard: Heard, mono_ms: int) -> None:
        """Lay what was heard over what is known."""
        if isinstance(heard, str):
            self.online = heard == "online"
            if not self.online:
                self._values.clear()
            return
        if heard:
            # Whoever speaks is there, whatever an older word says.
            self.online = True
        if heard and self._changes_only:
            self._values = {key: (said, mono_ms) for key, (said, _) in self._values.items()}
        self._values.update({(said.slot, said.name): (said, mono_ms) for said in heard})

    def forget(self) -> None:
        """Words may have been missed."""
        self._values.clear()

    def at(self, now: Instant) -> Snap | None:
        """What holds now; None when that is nothing."""
        self._values = {
            key: (said, mono_ms)
            for key, (said, mono_ms) in self._values.items()
            if now.mono_ms - mono_ms <= self._silent_ms
        }
        values = {key: said.value for key, (said, _) in self._values.items() if said.value is not None}
        return Snap(now, values) if values else None

    @property
    def said(self) -> Collection[tuple[int, str]]:
        """Slot and name of all that was said, understood or not."""
        return self._values.keys()

    def explain(self) -> list[tuple[str, str, str]]:
        """Value by value: what it is, raw, meaning."""
        return [_shown(said) for _, (said, _) in sorted(self._values.items())]


def _shown(said: Said) -> tuple[str, str, str]:
    unknown = "not known" if said.raw in UNSAID else NOT_UNDERSTOOD
    meaning = unknown if said.value is None else f"{said.value} {unit_of(said.name)}".rstrip()
    return _label(said.slot, said.name), said.raw, meaning


def _label(slot: int, name: str) -> str:
    kind, _, part = name.partition(":")  # a map's alarms are told apart by numbers of ours
    return f"{f'slot {slot} ' if slot else ''}{kind if part.isdecimal() else name}"


def written(found: object) -> str:
    """As JSON writes it; text without its quotes."""
    if found is None or isinstance(found, bool):
        return _JSON_WORDS[found]
    return str(found)


def parse(payload: bytes) -> object:
    """JSON, or None for what is none: broken, in another encoding, nested without end, with NaN in it."""
    try:
        return json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(word: str) -> None:
    raise ValueError(word)


def number(value: object, low: float, high: float) -> float | None:
    """A number from ``low`` to ``high``, also as text, as many gateways write it; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and low <= found <= high else None
