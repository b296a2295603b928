"""A station's history as far back as anything is kept: of whole readings, and before them of roll-ups."""

from collections.abc import Iterable
from typing import Final, Protocol

from server.rollups.calendar import HOUR_MS, QUARTER_MS
from server.rollups.file import Rollups
from server.rollups.model import Quarter, Summary
from server.store import Bucket, Quantity

_CROSSED: Final = frozenset({"visits", "exits"})


class Readings(Protocol):
    """What is read of :class:`server.store.reader.Reader`."""

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """A quantity in steps counted from ``from_ms``."""

    def crossed_before(self, station_id: str, quantity: Quantity, before_ms: int) -> int:
        """Visits or exits since the station's first snapshot, up to ``before_ms``."""

    def pruned_hours(self, station_id: str, from_ms: int, to_ms: int) -> set[int]:
        """Hours since 1970 whose whole rows are pruned."""

    def people_from_ms(self) -> int:
        """From when on people can be counted from the rows, or from what pruned ones saw."""


class LongHistory:
    """Answers as the store does, with what has left the store put in from the roll-ups. From any thread."""

    def __init__(self, store: Readings, rollups: Rollups) -> None:
        self._store, self._rollups = store, rollups

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """A quantity in steps counted from ``from_ms``.

        Args:
            from_ms, step_ms: whole quarters of an hour where the roll-ups are to be told of.
        """
        gone = self._gone(station_id, quantity, from_ms, to_ms)
        if not gone or from_ms % QUARTER_MS or step_ms % QUARTER_MS:
            return self._store.history(station_id, quantity, from_ms, to_ms, step_ms)
        last_ms = min(to_ms, (max(gone) + 1) * HOUR_MS)
        old = self._rolled(station_id, quantity, from_ms, last_ms)
        new = self._store.history(station_id, quantity, from_ms, to_ms, QUARTER_MS)
        found = [each for each in old if each.at_ms // HOUR_MS in gone]
        found += [each for each in new if each.at_ms // HOUR_MS not in gone]
        return list(_joined(sorted(found, key=lambda each: each.at_ms), from_ms, step_ms))

    def crossed_before(self, station_id: str, quantity: Quantity, before_ms: int) -> int:
        """Visits or exits since the station's first snapshot, up to ``before_ms``, a whole quarter."""
        since_ms = self._store.people_from_ms()
        if before_ms >= since_ms:
            return self._store.crossed_before(station_id, quantity, before_ms)
        later = self._rolled(station_id, quantity, before_ms, since_ms)
        crossed = self._store.crossed_before(station_id, quantity, since_ms)
        return max(0, crossed - round(sum(each.total for each in later)))

    def _gone(self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int) -> set[int]:
        """Hours in which the store does not know this any more; what it knows of people stays longer."""
        if quantity not in _CROSSED and quantity != "occupancy":
            return self._store.pruned_hours(station_id, from_ms, to_ms)
        since_ms = min(to_ms, self._store.people_from_ms())
        return set(range(from_ms // HOUR_MS, since_ms // HOUR_MS))

    def _rolled(self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int) -> list[Bucket]:
        asked: Quantity = "occupancy" if quantity in _CROSSED else quantity  # there wherever doors spoke
        quarters = self._rollups.quarters(station_id, from_ms, to_ms, (asked,))
        found = ((each, each.of.get(asked)) for each in quarters)
        if quantity in _CROSSED:
            return [_crossed(each, quantity) for each, people in found if people]
        return [_summed(each.at_ms, values) for each, values in found if values]


def _crossed(quarter: Quarter, quantity: Quantity) -> Bucket:
    count = quarter.visits if quantity == "visits" else quarter.exits
    return Bucket(quarter.at_ms, 1, count, count, count, count)


def _summed(at_ms: int, of: Summary) -> Bucket:
    return Bucket(at_ms, of.count, of.mean * of.count, of.minimum, of.maximum, of.last)


def _joined(found: Iterable[Bucket], from_ms: int, step_ms: int) -> Iterable[Bucket]:
    """Quarters in longer steps."""
    steps: dict[int, Bucket] = {}
    for each in found:
        at_ms = from_ms + (each.at_ms - from_ms) // step_ms * step_ms
        before = steps.get(at_ms)
        steps[at_ms] = Bucket(
            at_ms,
            each.count + (before.count if before else 0),
            each.total + (before.total if before else 0),
            min(each.minimum, before.minimum) if before else each.minimum,
            max(each.maximum, before.maximum) if before else each.maximum,
            each.last,
        )
    return steps.values()
