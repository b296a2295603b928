"""Notices and planned closures that staff write for riders, kept in ``desk.db``.

Each change leaves a row in the audit log in the same transaction, and so does the silence of a closure for
works. Riders read a notice from the next second on: the thread that writes the live state looks whether the
file has changed, and waits for nobody while it does.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal, Protocol

from sqlalchemy import Boolean, Column, Connection, Index, Integer, MetaData, Select, Table, Text, select
from sqlalchemy.exc import DatabaseError

from server import notes
from server.accounts import audit
from server.alerts.ledger import Ledger, silence_id
from server.alerts.silences import Maintenance, Silence
from server.board import Posting, place
from server.desk import Desk, DeskError, Part
from server.state import AccessValue

log = logging.getLogger(__name__)

MOST_TEXT: Final = 120
"""Characters of a notice in one language: two lines of a phone, one of a screen at a door."""
LONGEST_MS: Final = 366 * 86_400_000
"""A notice ends within a year, and begins within one: what is for ever belongs into the opening hours."""
MOST_STANDING: Final = 500
"""Notices that run or are planned; more than riders could read and staff look after."""

_METADATA: Final = MetaData()
_NOTICES: Final = Table(
    "notices",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("network", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("from_ms", Integer, nullable=False),
    Column("until_ms", Integer, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("works", Boolean, nullable=False),
    # Of the silence that goes with works.
    Column("silence", Text),
    Column("by", Text, nullable=False),
    Column("made_ms", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ended_ms", Integer),
    Column("ended_by", Text, nullable=False),
    Index("notices_by_end", "until_ms"),
    sqlite_autoincrement=True,
)
PART: Final = Part("notices", _METADATA)

Wrong = Literal[
    "unread", "empty", "long", "access", "order", "past", "far", "works", "many", "changed", "over"
]


class NoticeError(ValueError):
    """A notice that cannot be: a ``field`` of the draft, and the ``reason``, by which a page says why."""

    def __init__(self, field: str, reason: Wrong) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as somebody wants it; see :class:`server.board.Posting`. Below zero: no moment at all."""

    network: str
    district: str = ""
    station: str = ""
    access: str = ""
    from_ms: int = 0
    until_ms: int = 0
    zh: str = ""
    en: str = ""
    works: bool = False


class Shown(Protocol):
    """Where riders read from, as :class:`server.live.Live`."""

    def set_notices(self, postings: Sequence[Posting]) -> None:
        """Take in all notices."""


class Notices:
    """The notices' part of the desk. Safe to use from several threads, :meth:`show` from one.

    All but :meth:`show` raise DeskError when the file cannot be read or written.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._ledger = desk, Ledger(desk)
        self._aside: Connection | None = None
        self._seen: int | None = None
        self._trouble = ""

    def close(self) -> None:
        """End what :meth:`show` has opened; from its thread, or when that is over."""
        if self._aside is not None:
            self._aside.close()
            self._aside = None

    def standing(self, now_ms: int) -> list[Posting]:
        """Those that run or are planned, what begins first is first."""
        with self._desk.reading() as connection:
            return _read(connection, _standing(now_ms))

    def past(self, now_ms: int, most: int = 50) -> list[Posting]:
        """Those that are over, the one that ended last first."""
        over = _NOTICES.c.ended_ms.is_not(None) | (_NOTICES.c.until_ms <= now_ms)
        wanted = select(_NOTICES).where(over).order_by(_NOTICES.c.until_ms.desc(), _NOTICES.c.id.desc())
        with self._desk.reading() as connection:
            return _read(connection, wanted.limit(most))

    def find(self, notice_id: int) -> Posting | None:
        """A notice, over or not."""
        with self._desk.reading() as connection:
            return _find(connection, notice_id)

    def of_silence(self, silence: str) -> Posting | None:
        """The notice that a silence for works belongs to, by the silence's id."""
        with self._desk.reading() as connection:
            found = _read(connection, select(_NOTICES).where(_NOTICES.c.silence == silence))
        return next(iter(found), None)

    def add(self, draft: Draft, by: str, now_ms: int) -> Posting:
        """Put up a notice, from now on or planned.

        Raises:
            NoticeError: it cannot be.
        """
        checked = check(draft, now_ms)
        with self._desk.writing() as connection:
            if len(_read(connection, _standing(now_ms))) >= MOST_STANDING:
                raise NoticeError("form", "many")
            row = asdict(checked) | {
                "by": by,
                "made_ms": now_ms,
                "version": 1,
                "ended_by": "",
                "silence": self._silenced(connection, checked, by, now_ms),
            }
            (notice_id,) = connection.execute(_NOTICES.insert(), row).inserted_primary_key or (0,)
            audit.record(connection, now_ms, by, "notice.added", str(notice_id), **_told(checked))
            return _needed(connection, notice_id)

    def change(self, notice_id: int, version: int, draft: Draft, by: str, now_ms: int) -> Posting:
        """Have it say something else from now on; its place stays.

        Raises:
            NoticeError: it cannot be, is over, or somebody has changed it since ``version``.
        """
        with self._desk.writing() as connection:
            before = _find(connection, notice_id)
            if before is None or before.over(now_ms):
                raise NoticeError("form", "over")
            if before.version != version:
                raise NoticeError("form", "changed")
            same = replace(draft, network=before.network, district=before.district, station=before.station)
            checked = check(same, now_ms, begun_ms=before.from_ms)
            self._unsilence(connection, notice_id, by, now_ms)
            row = asdict(checked) | {
                "by": by,
                "version": version + 1,
                "silence": self._silenced(connection, checked, by, now_ms),
            }
            connection.execute(_NOTICES.update().where(_NOTICES.c.id == notice_id).values(row))
            audit.record(connection, now_ms, by, "notice.changed", str(notice_id), **_told(checked))
            return _needed(connection, notice_id)

    def end(self, notice_id: int, by: str, now_ms: int) -> bool:
        """Take it down, or call off a planned one; False when it is over already."""
        with self._desk.writing() as connection:
            before = _find(connection, notice_id)
            if before is None or before.over(now_ms):
                return False
            self._unsilence(connection, notice_id, by, now_ms)
            ended = {"ended_ms": now_ms, "ended_by": by}
            connection.execute(_NOTICES.update().where(_NOTICES.c.id == notice_id).values(ended))
            audit.record(connection, now_ms, by, "notice.ended", str(notice_id))
            return True

    def show(self, live: Shown, now_ms: int) -> None:
        """Hand all notices to ``live`` when the file has changed; what cannot be read now is read later."""
        try:
            if self._aside is None:
                self._aside = self._desk.aside()
            version = int(self._aside.exec_driver_sql("PRAGMA data_version").scalar_one())
            if version != self._seen:
                live.set_notices(_read(self._aside, _standing(now_ms)))
                self._seen = version
            self._trouble = ""
        except (DatabaseError, DeskError, ValueError) as error:
            said = str(error.orig if isinstance(error, DatabaseError) else error)
            if said != self._trouble:
                log.warning("notices_unread error=%s", said)
            self._trouble = said

    def _silenced(self, connection: Connection, draft: Draft, by: str, now_ms: int) -> str | None:
        """The id of the silence that goes with works; None for anything else."""
        if not draft.works:
            return None
        matcher = place(draft.network, draft.district, draft.station)
        silence = Silence(silence_id(), matcher, draft.from_ms, draft.until_ms, by, draft.zh)
        access: AccessValue = "locked" if draft.access == "locked" else "closed"
        self._ledger.add_silence(Maintenance(silence, access), by, now_ms, connection=connection)
        return silence.id

    def _unsilence(self, connection: Connection, notice_id: int, by: str, now_ms: int) -> None:
        silence = connection.scalar(select(_NOTICES.c.silence).where(_NOTICES.c.id == notice_id))
        if silence is not None:
            self._ledger.end_silence(silence, by, now_ms, connection=connection)


def check(draft: Draft, now_ms: int, begun_ms: int | None = None) -> Draft:
    """The draft as it is kept: plain words, no beginning in the past but the one that it had, ``begun_ms``.

    Raises:
        NoticeError: it cannot be.
    """
    zh, en = notes.plain(draft.zh), notes.plain(draft.en)
    from_ms = draft.from_ms if draft.from_ms == begun_ms else max(draft.from_ms, now_ms)
    wrong: tuple[tuple[bool, str, Wrong], ...] = (
        (not zh, "zh", "empty"),
        (len(zh) > MOST_TEXT, "zh", "long"),
        (len(en) > MOST_TEXT, "en", "long"),
        (draft.access not in ("", "open", "closed", "locked"), "access", "access"),
        (draft.works and draft.access not in ("closed", "locked"), "works", "works"),
        (draft.from_ms < 0, "from", "unread"),
        (draft.until_ms <= 0, "until", "unread"),
        (draft.until_ms <= now_ms, "until", "past"),
        (draft.until_ms <= from_ms, "until", "order"),
        (from_ms - now_ms > LONGEST_MS, "from", "far"),
        (draft.until_ms - max(from_ms, now_ms) > LONGEST_MS, "until", "far"),
    )
    for true, field, reason in wrong:
        if true:
            raise NoticeError(field, reason)
    return replace(draft, zh=zh, en=en, from_ms=from_ms)


def _standing(now_ms: int) -> Select[tuple[object, ...]]:
    stands = _NOTICES.c.ended_ms.is_(None) & (_NOTICES.c.until_ms > now_ms)
    return select(_NOTICES).where(stands).order_by(_NOTICES.c.from_ms, _NOTICES.c.id)


def _read(connection: Connection, wanted: Select[tuple[object, ...]]) -> list[Posting]:
    return [_posting({**row}) for row in connection.execute(wanted).mappings()]


def _posting(row: dict[str, object]) -> Posting:
    return Posting(**{name: value for name, value in row.items() if name != "silence"})  # type: ignore[arg-type]  # columns are named as fields


def _find(connection: Connection, notice_id: int) -> Posting | None:
    return next(iter(_read(connection, select(_NOTICES).where(_NOTICES.c.id == notice_id))), None)


def _needed(connection: Connection, notice_id: int) -> Posting:
    found = _find(connection, notice_id)
    assert found is not None
    return found


def _told(draft: Draft) -> dict[str, object]:
    """For the audit log: what has been said of it."""
    return {name: value for name, value in asdict(draft).items() if value not in ("", False)}
