"""Quantities in buckets of time, out of columns, units and the totals of doors."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from server.model import Thresholds
from server.status import slot_word
from server.store import Bucket, Quantity, packing
from server.store.counting import balances, checkpoint, increment
from server.store.damage import UNREADABLE
from server.store.history import RECEIVED, Seen, seen, station_no

_COLUMNS: Final = frozenset({"temperature_c", "humidity_pct", "co2_ppm"})


def history(
    connection: sqlite3.Connection,
    station_id: str,
    quantity: Quantity,
    *,
    from_ms: int,
    to_ms: int,
    step_ms: int,
    thresholds: Thresholds,
) -> list[Bucket]:
    """A quantity's values with ``from_ms <= at_ms < to_ms``, in steps counted from ``from_ms``."""
    span = (connection, station_id, from_ms, to_ms)
    if quantity in ("visits", "exits"):
        return _buckets(_crossings(*span, quantity), from_ms, step_ms)
    if quantity == "occupancy":
        return _buckets(_people(*span), from_ms, step_ms)
    if quantity in _COLUMNS:
        return _buckets(_column(*span, quantity), from_ms, step_ms)
    return _buckets(_measures(seen(*span), quantity, thresholds), from_ms, step_ms)


def _column(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, column: Quantity
) -> Iterator[tuple[int, float]]:
    return connection.execute(
        f"SELECT at_ms, {column} FROM snapshot WHERE station = ? AND at_ms >= ? AND at_ms < ?"  # noqa: S608 # one of _COLUMNS
        f" AND flags & ? = 0 AND {column} IS NOT NULL ORDER BY at_ms, seq",
        (station_no(connection, station_id), from_ms, to_ms, RECEIVED),
    )


def _measures(
    rows: Iterable[Seen], quantity: Quantity, thresholds: Thresholds
) -> Iterator[tuple[int, float]]:
    for each in rows:
        with suppress(*UNREADABLE):
            value = _measure(each, quantity, thresholds)
            if value is not None:
                yield each.at_ms, value


def _measure(each: Seen, quantity: Quantity, thresholds: Thresholds) -> float | None:
    if quantity == "batteries_charged":
        cabinets = packing.cabinets_of(each.layout, each.values)
        slots = [slot for cabinet in cabinets if cabinet.online for slot in cabinet.slots]
        return sum(slot_word(slot, thresholds) == "charged" for slot in slots) if cabinets else None
    free, power_w = packing.sockets_sum(each.layout, each.values)
    return free if quantity == "sockets_free" else power_w


def crossed_before(
    connection: sqlite3.Connection, station_id: str, quantity: Quantity, before_ms: int
) -> int:
    """``visits`` or ``exits`` since the station's first snapshot, up to ``before_ms``."""
    state = checkpoint(connection, station_id, before_ms)
    if state is None:
        return round(sum(count for _, count in _crossings(connection, station_id, 0, before_ms, quantity)))
    since = _crossings(connection, station_id, state.at_ms + 1, before_ms, quantity)
    return round(sum(count for _, count in since)) + (state.visits if quantity == "visits" else state.exits)


def _crossings(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int, quantity: Quantity
) -> Iterator[tuple[int, float]]:
    state = checkpoint(connection, station_id, from_ms)
    side = 0 if quantity == "visits" else 1
    totals = {name: pair[side] for name, *pair in state.totals} if state else {}
    for each in seen(connection, station_id, state.at_ms + 1 if state else 0, to_ms):
        crossed = 0
        for door in each.doors:
            total = (door.in_total, door.out_total)[side]
            crossed += increment(totals.get(door.id), total)
            totals[door.id] = total
        if each.at_ms >= from_ms and totals:
            yield each.at_ms, crossed


def _people(
    connection: sqlite3.Connection, station_id: str, from_ms: int, to_ms: int
) -> Iterator[tuple[int, float]]:
    state = checkpoint(connection, station_id, from_ms)
    since_ms = state.at_ms if state else 0
    corrections = connection.execute(
        "SELECT at_ms, after FROM correction WHERE station = ? AND at_ms > ? ORDER BY at_ms",
        (station_no(connection, station_id), since_ms),
    )
    rows = ((each.at_ms, each.doors) for each in seen(connection, station_id, since_ms + 1, to_ms))
    return ((at_ms, people) for at_ms, people in balances(state, corrections, rows) if at_ms >= from_ms)


def _buckets(values: Iterable[tuple[int, float]], from_ms: int, step_ms: int) -> list[Bucket]:
    buckets: list[Bucket] = []
    steps: dict[int, list[float]] = {}
    for at_ms, value in values:
        steps.setdefault((at_ms - from_ms) // step_ms, []).append(value)
    for step, found in steps.items():
        at_ms = from_ms + step * step_ms
        buckets.append(Bucket(at_ms, len(found), sum(found), min(found), max(found), found[-1]))
    return buckets
