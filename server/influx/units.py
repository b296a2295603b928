"""Sockets and cabinets of one station: their lines when they change, and what they come to. Pure.

A snapshot repeats every unit, and most of them are as before: only those whose values differ are worded anew.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from contract.messages import Slot
from server.influx import points
from server.influx.places import Place
from server.influx.points import Sums
from server.model import Thresholds
from server.status import slot_word
from server.store.packing import Layout, Values

_SOCKET, _CABINET, _SLOT = 3, 4, 7
"""Values of each, as :mod:`server.store.packing` lays them out."""
_USELESS: Final = frozenset({"fault", "off"})

Unit = tuple[str, str]
"""Measurement and id."""


class _Part(NamedTuple):
    """Where a unit's values are; ``cabinet``: those of the cabinet that a slot is in."""

    unit: Unit
    values: slice
    cabinet: slice | None = None
    n: int = 0


class _Said(NamedTuple):
    """What a unit last said: its values (a slot's with its cabinet's), its word, its fields as written."""

    values: Values
    word: str
    fields: str


class _Block(NamedTuple):
    """Units whose values stand together: all sockets, or a cabinet with its slots."""

    values: slice
    parts: tuple[_Part, ...]


@lru_cache(maxsize=4096)
def _blocks(layout: Layout) -> tuple[_Block, ...]:
    starts = range(layout.first_socket, layout.first_cabinet, _SOCKET)
    sockets = [
        _Part(("sockets", name), slice(start, start + _SOCKET))
        for start, (name, _) in zip(starts, layout.sockets, strict=True)
    ]
    blocks = [_Block(slice(layout.first_socket, layout.first_cabinet), tuple(sockets))]
    position = layout.first_cabinet
    for name, numbers in layout.cabinets:
        begin, position = position, position + _CABINET
        cabinet = slice(begin, position)
        parts = [_Part(("cabinets", name), cabinet)]
        for n in numbers:
            parts.append(_Part(("cabinets", f"{name}/{n}"), slice(position, position + _SLOT), cabinet, n))
            position += _SLOT
        blocks.append(_Block(slice(begin, position), tuple(parts)))
    return tuple(blocks)


class Units:
    """What was last said of every unit.

    Attributes:
        sums: what they come to.
    """

    def __init__(self) -> None:
        self.sums = Sums()
        self._layout: Layout | None = None
        self._place: Place | None = None
        self._values: Values = []
        self._said: dict[Unit, _Said] = {}
        self._changed: list[Unit] = []

    def take(self, layout: Layout, values: Values, place: Place) -> None:
        """Go on to the next snapshot."""
        self._changed = []
        same = place is self._place and (layout is self._layout or layout == self._layout)
        if same and values is self._values:
            return
        faults_before = len(self._values[-1]) if self._values else 0
        if not same:
            self._layout, self._place = layout, place
            units = {part.unit for block in _blocks(layout) for part in block.parts}
            self._said = {unit: said for unit, said in self._said.items() if unit in units}
        before, self._values = self._values, values
        another_sum = not same or len(values[-1]) != faults_before
        for block in _blocks(layout):
            if not same or values[block.values] != before[block.values]:
                for part in block.parts:
                    another_sum |= self._take(part, values, place.limits, anew=not same)
        if another_sum:
            self.sums = _sums(self._said, layout, place, len(values[-1]))

    def _take(self, part: _Part, values: Values, limits: Thresholds, *, anew: bool) -> bool:
        """Go on to a unit's next values; whether it has another word now."""
        own = values[part.values]
        if part.cabinet is not None:
            own += values[part.cabinet]
        before = self._said.get(part.unit)
        if before is not None and before.values == own and not anew:
            return False
        word, fields = _worded(part, own, limits)
        self._said[part.unit] = _Said(own, word, fields)
        if before is None or before.fields != fields:
            self._changed.append(part.unit)
        return before is None or before.word != word

    def lines(self, where: str, at_ms: int, *, whole: bool) -> list[str]:
        """The lines of the units that changed, or of all of them."""
        units: Iterable[Unit] = self._said if whole else self._changed
        return [points.unit(unit[0], where, unit[1], self._said[unit].fields, at_ms) for unit in units]


def _worded(part: _Part, own: list[Any], limits: Thresholds) -> tuple[str, str]:
    """The unit's word and its fields."""
    if part.unit[0] == "sockets":
        state, _, power_w = own
        return state, points.socket(state, power_w)
    if part.cabinet is None:
        return ("online" if own[0] else "offline"), points.cabinet(*own)
    online, _, _, smoke = own[_SLOT:]
    slot = Slot(part.n, *own[:_SLOT])
    word = "offline" if not online else "faulty" if smoke else slot_word(slot, limits)
    return word, points.slot(word, slot.soc_pct, slot.temperature_c)


def _sums(said: dict[Unit, _Said], layout: Layout, place: Place, faults: int) -> Sums:
    sockets = [each.word for (measurement, _), each in said.items() if measurement == "sockets"]
    cabinets = [each.word for (measurement, _), each in said.items() if measurement == "cabinets"]
    broken = sum(word in _USELESS for word in sockets) + cabinets.count("faulty")
    silent = sum(said["cabinets", name].word == "offline" for name, _ in layout.cabinets)
    return Sums(
        sockets.count("free"),
        len(place.sockets | {name for name, _ in layout.sockets}),
        cabinets.count("charged"),
        sum((place.slots | {name: len(slots) for name, slots in layout.cabinets}).values()),
        faults + broken + silent,
    )
