"""The tables of notifications in ``desk.db``, and their values as JSON."""

from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text

from server.desk import Part

_METADATA: Final = MetaData()

CHANNELS: Final = Table(
    "channels",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("changed_ms", Integer, nullable=False),
    Column("by", Text, nullable=False),
)

RECEIVERS: Final = Table(
    "receivers",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False, index=True),
    Column("language", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("takes", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("quiet", Text, nullable=False),
    Column("tested", Text, nullable=False),
    Column("changed_ms", Integer, nullable=False),
    Column("by", Text, nullable=False),
)
"""``tested``: month (``2026-07``) of the last monthly self-test."""

BOOK: Final = Table(
    "book",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)
"""One row: what everybody has been told (:class:`server.notify.receivers.grouping.Book`)."""

OUTBOX: Final = Table(
    "outbox",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("message", Text, nullable=False, unique=True),
    Column("receiver", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("bundle", Text),
    Column("made_ms", Integer, nullable=False),
    Column("due_ms", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("escalated_ms", Integer),
    Column("done_ms", Integer),
    Column("channel", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("outbox_by_state", "state", "made_ms"),
    sqlite_autoincrement=True,
)
"""``path``: receivers for whom this one stands in, the first one first; ``channel``, ``title``, ``reason``,
``detail``: of the last try; ``bundle`` goes when the row is done, the rest stays as history."""

TOLD: Final = Table(
    "told",
    _METADATA,
    Column("receiver", Text, primary_key=True),
    Column("alert", Text, primary_key=True),
    Column("at_ms", Integer, nullable=False),
)
"""Alerts that a receiver believes to stand: it got a message of them, and none that they are over."""

STAND_INS: Final = Table(
    "stand_ins",
    _METADATA,
    Column("first", Text, primary_key=True),
    Column("alert", Text, primary_key=True),
    Column("second", Text, primary_key=True),
    Column("at_ms", Integer, nullable=False),
)
"""Who was to be told of an alert in a receiver's stead, and so has to hear of its end."""

HEALTH: Final = Table(
    "channel_health",
    _METADATA,
    Column("channel", Text, primary_key=True),
    Column("failing_since_ms", Integer),
    Column("failures", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("closed_until_ms", Integer, nullable=False),
    Column("tried_ms", Integer),
    Column("sent_ms", Integer),
)

ATTEMPTS: Final = Table(
    "bot_attempts",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("bot", Text, nullable=False),
    Column("at_ms", Integer, nullable=False),
)
"""Of the last minutes, noted before each: so a restart does not begin a fresh minute."""

PART: Final = Part("notify", _METADATA)

_T = TypeVar("_T")


def to_json(value: Any) -> str:
    """A value of plain dataclasses as text."""
    return msgspec.json.encode(value).decode()


def from_json(text: str, kind: type[_T]) -> _T:
    """The value in ``text``.

    Raises:
        msgspec.ValidationError: it is not of ``kind``.
    """
    return msgspec.json.decode(text, type=kind)
