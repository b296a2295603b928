"""The tables of ``reports.db``, and how an older file is brought up to date."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, Table, Text

SCHEMA_VERSION: Final = 2

Kind = Literal["closed", "temperature", "crowded", "socket", "cabinet", "facility", "information", "other"]
"""closed: though said to be open; temperature: too hot or cold; information: what is told here is wrong."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Work = Literal["taken", "released", "noted", "done", "reopened", "linked", "unlinked"]
"""What staff do with a report; ``linked``: to an alert that says the same."""
WORKS: Final[tuple[Work, ...]] = get_args(Work)

METADATA: Final = MetaData()
REPORTS: Final = Table(
    "reports",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("station", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("done_ms", Integer),
    Column("taken_by", Text, nullable=False, server_default=""),
    Column("taken_ms", Integer),
    Column("alert", Text, nullable=False, server_default=""),
    Index("reports_of_station", "station", "done_ms"),
    sqlite_autoincrement=True,
)
WORK: Final = Table(
    "work",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("report", Integer, ForeignKey("reports.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at_ms", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("text", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        at_ms: when it came in; ``done_ms``: when staff closed it, None while it is open.
        taken_by: login of whoever has it in hand, "" for nobody; ``taken_ms``: since when.
        alert: id of the alert that says the same, "" for none.
    """

    id: int
    station: str
    kind: Kind
    note: str
    at_ms: int
    done_ms: int | None
    taken_by: str = ""
    taken_ms: int | None = None
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing done with a report, by whose login; the text of ``linked`` is the alert's id."""

    at_ms: int
    by: str
    what: Work
    text: str


def make_tables(connection: Connection) -> None:
    """All tables, as they are now."""
    METADATA.create_all(connection)


def _add_work(connection: Connection) -> None:
    for column in ("taken_by TEXT DEFAULT '' NOT NULL", "taken_ms INTEGER", "alert TEXT DEFAULT '' NOT NULL"):
        connection.exec_driver_sql(f"ALTER TABLE reports ADD COLUMN {column}")
    WORK.create(connection)


CHANGES: Final = (_add_work,)
"""``CHANGES[n]`` leads from schema n + 1 to n + 2. Released ones are never edited."""
