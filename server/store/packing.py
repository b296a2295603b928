"""Doors, presence, sockets, cabinets and faults as a flat list of values, and the list's compact bytes.

A :class:`Layout` says which unit and field each position belongs to. It is written once, and a
snapshot holds only values: whole (``[layout, value, …]``) or changed (``[position, value, …]``), as
MessagePack. Numbers that are exact in tenths are written as whole tenths, instants as their distance
to the snapshot's own, words as their place in the contract's list: the bytes shrink, the values come
back exactly.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, count
from operator import attrgetter, ne
from typing import Any, Final, get_args

import msgspec

from contract.messages import (
    Battery,
    Cabinet,
    Charge,
    Door,
    Fault,
    Presence,
    Slot,
    SlotDoor,
    Snapshot,
    Socket,
    SocketState,
)

Values = list[Any]

POWER_DECIMALS: Final = 3
"""Of a sum of watts: milliwatts, finer than any meter, so that adding leaves no trace."""

# The order of the words is what is stored: the contract may append to them, never reorder.
_SOCKET_STATES: Final = get_args(SocketState)
_BATTERIES: Final = get_args(Battery)
_CHARGES: Final = get_args(Charge)
_SLOT_DOORS: Final = get_args(SlotDoor)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

Code = Callable[[Any, int], Any]
Coding = tuple[Code, Code]
"""How a value is written and read back, given the snapshot's at_ms."""


def _plain(value: Any, _at_ms: int) -> Any:
    return value


def _write_number(value: float | None, _at_ms: int) -> float | int | None:
    if value is None:
        return None
    tenths = round(value * 10)
    return tenths if tenths / 10 == value else value


def _read_number(value: float | None, _at_ms: int) -> float | None:
    return value / 10 if isinstance(value, int) else value


def _write_instant(value: int | None, at_ms: int) -> int | None:
    return None if value is None else at_ms - value


def _read_rows(rows: list[Any], _at_ms: int) -> tuple[Any, ...]:
    return tuple(tuple(row) if isinstance(row, list) else row for row in rows)


def _word(words: tuple[str, ...]) -> Coding:
    numbers = {word: number for number, word in enumerate(words)}
    return (lambda word, _: numbers[word]), (lambda number, _: words[number])


_PLAIN: Final[Coding] = (_plain, _plain)
_NUMBER: Final[Coding] = (_write_number, _read_number)
_INSTANT: Final[Coding] = (_write_instant, _write_instant)
_ROWS: Final[Coding] = (_plain, _read_rows)
_SOCKET_STATE, _BATTERY, _CHARGE, _SLOT_DOOR = map(_word, (_SOCKET_STATES, _BATTERIES, _CHARGES, _SLOT_DOORS))

_DOOR_FIELDS: Final = (_PLAIN,) * 5
_PRESENCE_FIELDS: Final = (_INSTANT, _PLAIN)
_SOCKET_FIELDS: Final = (_SOCKET_STATE, _INSTANT, _NUMBER)
_CABINET_FIELDS: Final = (_PLAIN, _PLAIN, _NUMBER, _PLAIN)
_SLOT_FIELDS: Final = (_BATTERY, _CHARGE, _SLOT_DOOR, _PLAIN, _NUMBER, _NUMBER, _ROWS)

# The same fields by name. Every message of every station is taken apart here: reading them in one call
# for a unit takes a third of the time of naming them one by one.
_of_door: Final = attrgetter("in_total", "out_total", "blocked", "open", "locked")
_of_presence: Final = attrgetter("motion_at_ms", "ok")
_of_socket: Final = attrgetter("state", "since_ms", "power_w")
_of_cabinet: Final = attrgetter("online", "mains_ok", "temperature_c", "smoke")
_of_slot: Final = attrgetter("battery", "charge", "door", "enabled", "soc_pct", "temperature_c", "alarms")
_of_fault: Final = attrgetter("sensor", "code", "since_ms")
_id: Final = attrgetter("id")
_id_and_kind: Final = attrgetter("id", "kind")
_number: Final = attrgetter("n")


@dataclass(frozen=True)
class Layout:
    """The units of a snapshot, in its own order.

    Attributes:
        sockets: id and kind of each; cabinets: id of each with the numbers of its slots.
    """

    doors: tuple[str, ...] = ()
    presence: bool = False
    sockets: tuple[tuple[str, str], ...] = ()
    cabinets: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @staticmethod
    def of(snapshot: Snapshot) -> "Layout":
        """The layout of one snapshot."""
        return Layout(
            tuple(map(_id, snapshot.doors)),
            snapshot.presence is not None,
            tuple(map(_id_and_kind, snapshot.sockets)),
            tuple((cabinet.id, tuple(map(_number, cabinet.slots))) for cabinet in snapshot.cabinets),
        )

    def body(self) -> str:
        """As text, the same for equal layouts."""
        return json.dumps([self.doors, self.presence, self.sockets, self.cabinets], separators=(",", ":"))

    @staticmethod
    def parse(body: str | bytes) -> "Layout":
        """The inverse of :meth:`body`."""
        doors, presence, sockets, cabinets = json.loads(body)
        return Layout(
            tuple(doors),
            presence,
            tuple((name, kind) for name, kind in sockets),
            tuple((name, tuple(slots)) for name, slots in cabinets),
        )

    @cached_property
    def codings(self) -> tuple[Coding, ...]:
        """How each position is written; the last is the list of faults."""
        cabinets = sum((_CABINET_FIELDS + _SLOT_FIELDS * len(slots) for _, slots in self.cabinets), ())
        presence = _PRESENCE_FIELDS if self.presence else ()
        doors, sockets = _DOOR_FIELDS * len(self.doors), _SOCKET_FIELDS * len(self.sockets)
        return doors + presence + sockets + cabinets + (_ROWS,)

    @cached_property
    def first_presence(self) -> int:
        """Position behind the last door's fields."""
        return len(self.doors) * len(_DOOR_FIELDS)

    @cached_property
    def first_socket(self) -> int:
        """Position of the first socket's state."""
        return self.first_presence + self.presence * len(_PRESENCE_FIELDS)

    @cached_property
    def first_cabinet(self) -> int:
        """Position of the first cabinet's ``online``."""
        return self.first_socket + len(self.sockets) * len(_SOCKET_FIELDS)


def flatten(snapshot: Snapshot) -> Values:
    """The values of a snapshot in the order of its layout."""
    values: Values = [*chain.from_iterable(map(_of_door, snapshot.doors))]
    if snapshot.presence is not None:
        values += _of_presence(snapshot.presence)
    values += chain.from_iterable(map(_of_socket, snapshot.sockets))
    for cabinet in snapshot.cabinets:
        values += _of_cabinet(cabinet)
        values += chain.from_iterable(map(_of_slot, cabinet.slots))
    values.append(tuple(map(_of_fault, snapshot.faults)))
    return values


def doors_of(layout: Layout, values: Values) -> tuple[Door, ...]:
    """The doors among ``values``."""
    width = len(_DOOR_FIELDS)
    return tuple(Door(name, *values[i * width : (i + 1) * width]) for i, name in enumerate(layout.doors))


def presence_of(layout: Layout, values: Values) -> Presence | None:
    """The presence among ``values``, None where the station has no such sensor."""
    if not layout.presence:
        return None
    return Presence(*values[layout.first_socket - len(_PRESENCE_FIELDS) : layout.first_socket])


def sockets_of(layout: Layout, values: Values) -> tuple[Socket, ...]:
    """The sockets among ``values``."""
    starts = range(layout.first_socket, layout.first_cabinet, len(_SOCKET_FIELDS))
    return tuple(
        Socket(name, kind, *values[start : start + len(_SOCKET_FIELDS)])  # type: ignore[arg-type] # its own words
        for start, (name, kind) in zip(starts, layout.sockets, strict=True)
    )


def cabinets_of(layout: Layout, values: Values) -> tuple[Cabinet, ...]:
    """The cabinets among ``values``, with their slots."""
    position = layout.first_cabinet
    cabinets = []
    for name, numbers in layout.cabinets:
        online, mains_ok, temperature_c, smoke = values[position : position + len(_CABINET_FIELDS)]
        position += len(_CABINET_FIELDS)
        slots = []
        for n in numbers:
            slots.append(Slot(n, *values[position : position + len(_SLOT_FIELDS)]))
            position += len(_SLOT_FIELDS)
        cabinets.append(Cabinet(name, online, tuple(slots), mains_ok, temperature_c, smoke))
    return tuple(cabinets)


def sockets_sum(layout: Layout, values: Values) -> tuple[int | None, float | None]:
    """How many of the sockets are free, and what all draw, in W; None where there are none, or no meter.

    Raises:
        ValueError: a damaged value.
    """
    states, powers = (
        values[layout.first_socket + n : layout.first_cabinet : len(_SOCKET_FIELDS)] for n in (0, 2)
    )
    drawn = [power for power in powers if power is not None]
    return (states.count("free") if states else None, round(sum(drawn), POWER_DECIMALS) if drawn else None)


def slots_of(layout: Layout, values: Values) -> Iterator[tuple[bool, list[Values]]]:
    """Of each cabinet whether it is online, and the fields of each of its slots behind the number."""
    position, width = layout.first_cabinet, len(_SLOT_FIELDS)
    for _, numbers in layout.cabinets:
        first = position + len(_CABINET_FIELDS)
        online, position = values[position], first + width * len(numbers)
        yield online, [values[start : start + width] for start in range(first, position, width)]


def faults_of(values: Values) -> tuple[Fault, ...]:
    """The faults among ``values``."""
    return tuple(Fault(*fault) for fault in values[-1])


def pack_whole(layout_no: int, layout: Layout, values: Values, at_ms: int) -> bytes:
    """All values, behind the number of their layout."""
    pairs = zip(layout.codings, values, strict=True)
    return _encode([layout_no, *(write(value, at_ms) for (write, _), value in pairs)])


def pack_changes(layout: Layout, before: Values, values: Values, at_ms: int) -> bytes | None:
    """What differs from ``before`` in the same layout; None when nothing does."""
    changes: Values = []
    for position in compress(count(), map(ne, before, values)):
        changes += (position, layout.codings[position][0](values[position], at_ms))
    return _encode(changes) if changes else None


def layout_no(whole: bytes) -> int:
    """The number of the layout in front of :func:`pack_whole`'s bytes."""
    number: int = _decode(whole)[0]
    return number


def unpack_whole(layout: Layout, whole: bytes, at_ms: int) -> Values:
    """The inverse of :func:`pack_whole`."""
    pairs = zip(layout.codings, _decode(whole)[1:], strict=True)
    return [read(value, at_ms) for (_, read), value in pairs]


def apply_changes(layout: Layout, before: Values, changes: bytes | None, at_ms: int) -> Values:
    """The inverse of :func:`pack_changes`: ``before`` itself when nothing changed."""
    if changes is None:
        return before
    values = before.copy()
    pairs: Sequence[Any] = _decode(changes)
    for position, value in zip(pairs[::2], pairs[1::2], strict=True):
        values[position] = layout.codings[position][1](value, at_ms)
    return values
