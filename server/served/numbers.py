"""Service numbers that staff enter by hand, and who came to events; a part of ``desk.db``.

They stand beside what the doors count and are never added to it. Each change leaves a row in the audit log in
the same transaction; what is removed can still be read there.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final, Literal, get_args

from sqlalchemy import Column, Connection, Index, Integer, MetaData, Select, Table, Text, select

from server import notes
from server.accounts import audit
from server.desk import Desk, Part
from server.model import Qualifier
from server.served.model import Number
from server.served.periods import FIRST_YEAR

MOST_COUNT: Final = 10_000_000
MOST_EVENTS: Final = 100_000
MOST_TEXT: Final = 120
"""Characters of a title or a note."""
LONGEST_DAYS: Final = 366
MOST_KEPT: Final = 20_000
"""Entries in all: one a day for each of fifty stations over a year."""

_METADATA: Final = MetaData()
_NUMBERS: Final = Table(
    "served_numbers",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("qualifier", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("made_ms", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index("served_numbers_by_days", "network", "first", "last"),
    sqlite_autoincrement=True,
)
PART: Final = Part("served", _METADATA)

Wrong = Literal[
    "kind", "place", "unread", "order", "long_span", "future", "count", "events", "qualifier", "long", "many",
    "changed", "gone",
]  # fmt: skip


class NumberError(ValueError):
    """A number that cannot be: a ``field`` of it, and the ``reason``, by which a page says why."""

    def __init__(self, field: str, reason: Wrong) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A number as it is kept; ``by``: login of whoever wrote it last."""

    id: int
    number: Number
    by: str
    made_ms: int
    version: int


class Numbers:
    """Their part of the desk, for several threads; DeskError where the file cannot be read or written."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def within(self, networks: Collection[str], first: date, last: date) -> list[Kept]:
        """Those of these networks that touch these days, the newest days first."""
        touching = (_NUMBERS.c.first <= last.isoformat()) & (_NUMBERS.c.last >= first.isoformat())
        wanted = select(_NUMBERS).where(_NUMBERS.c.network.in_(networks), touching)
        with self._desk.reading() as connection:
            return _read(connection, wanted.order_by(_NUMBERS.c.first.desc(), _NUMBERS.c.id.desc()))

    def newest(self, most: int) -> list[Kept]:
        """The last that were written, of all places."""
        with self._desk.reading() as connection:
            return _read(connection, select(_NUMBERS).order_by(_NUMBERS.c.id.desc()).limit(most))

    def find(self, number_id: int) -> Kept | None:
        """One of them."""
        with self._desk.reading() as connection:
            return _find(connection, number_id)

    def add(self, number: Number, by: str, *, today: date, now_ms: int) -> Kept:
        """Write one down.

        Raises:
            NumberError: it cannot be.
        """
        checked = check(number, today)
        with self._desk.writing() as connection:
            if len(connection.execute(select(_NUMBERS.c.id)).all()) >= MOST_KEPT:
                raise NumberError("form", "many")
            row = _row(checked) | {"by": by, "made_ms": now_ms, "version": 1}
            (number_id,) = connection.execute(_NUMBERS.insert(), row).inserted_primary_key or (0,)
            audit.record(connection, now_ms, by, "served.added", str(number_id), **_told(checked))
            return Kept(number_id, checked, by, now_ms, 1)

    def change(
        self, number_id: int, version: int, number: Number, by: str, *, today: date, now_ms: int
    ) -> Kept:
        """Have it say something else; its place stays.

        Raises:
            NumberError: it cannot be, is gone, or somebody has changed it since ``version``.
        """
        with self._desk.writing() as connection:
            before = _found(connection, number_id, version)
            old = before.number
            same = replace(number, network=old.network, district=old.district, station=old.station)
            checked = check(same, today)
            row = _row(checked) | {"by": by, "made_ms": now_ms, "version": version + 1}
            connection.execute(_NUMBERS.update().where(_NUMBERS.c.id == number_id).values(row))
            told = _told(checked) | {"before": _told(old)}
            audit.record(connection, now_ms, by, "served.changed", str(number_id), **told)
            return Kept(number_id, checked, by, now_ms, version + 1)

    def remove(self, number_id: int, version: int, by: str, now_ms: int) -> None:
        """Take it out of all reports; the audit log keeps what it said.

        Raises:
            NumberError: it is gone, or somebody has changed it since ``version``.
        """
        with self._desk.writing() as connection:
            before = _found(connection, number_id, version)
            connection.execute(_NUMBERS.delete().where(_NUMBERS.c.id == number_id))
            audit.record(connection, now_ms, by, "served.removed", str(number_id), **_told(before.number))


def check(number: Number, today: date) -> Number:
    """The number as it is kept: plain words, and an event at least one.

    Raises:
        NumberError: it cannot be.
    """
    plain = replace(number, title=notes.plain(number.title), note=notes.plain(number.note))
    is_event = plain.kind == "event"
    wrong: tuple[tuple[bool, str, Wrong], ...] = (
        (plain.kind not in ("count", "event"), "kind", "kind"),
        (not plain.network, "place", "place"),
        (plain.last < plain.first, "last", "order"),
        ((plain.last - plain.first).days >= LONGEST_DAYS, "last", "long_span"),
        (plain.first.year < FIRST_YEAR, "first", "unread"),
        (plain.last > today, "last", "future"),
        (not 0 <= plain.count <= MOST_COUNT, "count", "count"),
        (is_event and not 1 <= plain.events <= MOST_EVENTS, "events", "events"),
        (plain.qualifier not in get_args(Qualifier), "qualifier", "qualifier"),
        (len(plain.title) > MOST_TEXT, "title", "long"),
        (len(plain.note) > MOST_TEXT, "note", "long"),
    )
    for true, field, reason in wrong:
        if true:
            raise NumberError(field, reason)
    return plain if is_event else replace(plain, events=0)


def _row(number: Number) -> dict[str, object]:
    return asdict(number) | {"first": number.first.isoformat(), "last": number.last.isoformat()}


def _told(number: Number) -> dict[str, object]:
    """For the audit log: what it says."""
    return {name: value for name, value in _row(number).items() if value not in ("", 0) or name == "count"}


def _read(connection: Connection, wanted: Select[tuple[object, ...]]) -> list[Kept]:
    return [_kept({**row}) for row in connection.execute(wanted).mappings()]


def _kept(row: dict[str, object]) -> Kept:
    about = {name: row.pop(name) for name in ("id", "by", "made_ms", "version")}
    days = {name: date.fromisoformat(str(row.pop(name))) for name in ("first", "last")}
    return Kept(number=Number(**row, **days), **about)  # type: ignore[arg-type]  # columns are named as fields


def _find(connection: Connection, number_id: int) -> Kept | None:
    return next(iter(_read(connection, select(_NUMBERS).where(_NUMBERS.c.id == number_id))), None)


def _found(connection: Connection, number_id: int, version: int) -> Kept:
    before = _find(connection, number_id)
    if before is None:
        raise NumberError("form", "gone")
    if before.version != version:
        raise NumberError("form", "changed")
    return before
