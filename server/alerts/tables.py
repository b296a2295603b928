"""The tables of alerts in ``desk.db``.

What is asked for by is a column; the rest of an alert, and of a silence what it matches, is JSON.
"""

from typing import Final

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, Table, Text

from server.desk import Part

_METADATA: Final = MetaData()

ALERTS: Final = Table(
    "alerts",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Null until it is closed.
    Column("closed_ms", Integer),
    # The newest counted time in it.
    Column("counted_ms", Integer, nullable=False),
    Column("body", Text, nullable=False),
    # Beside the body: whole numbers stay whole, and what JSON has no word for (infinity) comes back too.
    Column("measured", Text, nullable=False),
    Index("alerts_by_closing", "closed_ms"),
    Index("alerts_of_subject", "scope", "subject"),
)

TIMELINE: Final = Table(
    "timeline",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("alert", Text, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at_ms", Integer, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
)

SILENCES: Final = Table(
    "silences",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("matcher", Text, nullable=False),
    Column("from_ms", Integer, nullable=False),
    # As it was planned, also when it was ended before.
    Column("until_ms", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # Of a usual reason, else empty.
    Column("preset", Text, nullable=False, server_default=""),
    # Of maintenance only.
    Column("access", Text),
    Column("ended_ms", Integer),
    Column("ended_by", Text),
    Index("silences_by_end", "until_ms"),
)

UPTIME: Final = Table(
    "uptime",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("counted_ms", Integer, nullable=False),
)


def _add_presets(connection: Connection) -> None:
    """Version 2; before it usual reasons were stored in words."""
    connection.exec_driver_sql("ALTER TABLE silences ADD COLUMN preset TEXT DEFAULT '' NOT NULL")


PART: Final = Part("alerts", _METADATA, (_add_presets,))
