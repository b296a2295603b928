"""What the server's own files say beside its figures: which stations are silent, what was refused last."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.markup import escape
from rich.table import Column, Table

from contract import ContractError, topics
from server.model import Network, Station
from server.registry import Registry, RegistryError
from server.settings import Settings
from server.store import DeadLetter
from server.store.reader import Reader
from server.store.schema import NewerStoreError

MOST_SILENT: Final = 20
MOST_REFUSED: Final = 10
LETTERS: Final = 1000
"""The newest refused messages that are looked through."""


@dataclass(frozen=True, slots=True)
class Silent:
    """An instrumented station that is offline; ``for_ms`` is None when it was never heard."""

    station: Station
    for_ms: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The newest refused message of a topic for a reason, and how many like it were looked through."""

    letter: DeadLetter
    count: int


class RecordsError(Exception):
    """The files cannot be read here; the message says why and where to go."""


def read(chosen: Settings) -> tuple[list[Silent], list[Refused]]:
    """Silent stations, those silent for the shortest time first, and the newest refusals. Changes nothing.

    Raises:
        RecordsError: the files are not here, or not for this user.
    """
    reader = Reader(chosen.readings_db)
    try:
        with closing(Registry.open(chosen.registry_db, read_only=True)) as opened:
            networks, stations = opened.networks(), opened.stations()
        newest = {name: stored.snapshot.at_ms for name, stored in reader.newest().items()}
        letters = reader.dead_letters(LETTERS)
    except (RegistryError, NewerStoreError, sqlite3.Error, OSError) as error:
        raise RecordsError(
            f"who is silent and what was refused is not told: {chosen.data_dir.absolute()} cannot be read "
            f"({error}); type this on the server, as its user"
        ) from error
    return silent(networks, stations, newest, time.time_ns() // 1_000_000), refused(letters)


def silent(
    networks: Mapping[str, Network],
    stations: Mapping[str, Station],
    newest_ms: Mapping[str, int],
    now_ms: int,
) -> list[Silent]:
    """The instrumented stations whose newest reading is older than their ``offline_ms``, or is none."""
    found = []
    for station in stations.values():
        limits = station.thresholds or networks[station.network].thresholds
        at_ms = newest_ms.get(station.id)
        if station.instrumented and (at_ms is None or now_ms - at_ms >= limits.offline_ms):
            found.append(Silent(station, None if at_ms is None else now_ms - at_ms))
    return sorted(found, key=lambda each: (each.for_ms is None, each.for_ms or 0))


def refused(letters: Iterable[DeadLetter]) -> list[Refused]:
    """One for each topic and reason, the newest first; ``letters`` come newest first."""
    kinds: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in letters:
        kinds.setdefault((letter.topic, letter.reason), []).append(letter)
    return [Refused(alike[0], len(alike)) for alike in kinds.values()]


def tables(silents: list[Silent], refusals: list[Refused]) -> Iterator[Table]:
    """What there is to show, each bounded."""
    if silents:
        never = sum(each.for_ms is None for each in silents)
        title = f"{len(silents) - never} offline, {never} never heard"
        table = _table(
            title, Column("for"), *(Column(name, overflow="fold") for name in ("name", "district"))
        )
        for each in silents[:MOST_SILENT]:
            names = each.station.name_zh, "".join(each.station.region[:1])
            table.add_row(each.station.id, duration(each.for_ms), *map(escape, names))
        yield _with_rest(table, len(silents) - MOST_SILENT)
    if refusals:
        columns = "reason", "times", "last", "detail"
        table = _table("newest refused", *(Column(name, overflow="fold") for name in columns))
        for one in refusals[:MOST_REFUSED]:
            table.add_row(*_cells(one))
        yield _with_rest(table, len(refusals) - MOST_REFUSED)


def _table(title: str, *columns: Column) -> Table:
    first = Column(title, no_wrap=True, style="bold")
    return Table(first, *columns, box=None, pad_edge=False, padding=(0, 3, 0, 0))


def _with_rest(table: Table, more: int) -> Table:
    if more > 0:
        table.add_row(f"… {more:,} more")
    return table


def _cells(one: Refused) -> tuple[str, ...]:
    letter = one.letter
    at = datetime.fromtimestamp(letter.received_ms / 1000).astimezone()
    detail = "".join(char if char.isprintable() else "?" for char in letter.detail)
    return (
        escape(sender(letter.topic)),
        letter.reason,
        f"{one.count:,}",
        f"{at:%Y-%m-%d %H:%M}",
        escape(detail),
    )


def sender(topic: str) -> str:
    """The station of ``topic``; else the topic itself, shortened and fit to print."""
    try:
        return topics.parse(topic)[0]
    except ContractError:
        text = ascii(topic)[1:-1]
        return text if len(text) <= 40 else f"{text[:37]}..."


def duration(ms: int | None) -> str:
    """In the largest unit of which there are two."""
    if ms is None:
        return "never"
    minutes = ms // 60_000
    for unit, size in (("days", 24 * 60), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"
