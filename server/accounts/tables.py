"""The tables of accounts in ``desk.db``."""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    event,
)

from server.accounts.roles import Place, User
from server.desk import Part

_METADATA: Final = MetaData()

USERS: Final = Table(
    "users",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("display", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("everywhere", Boolean, nullable=False),
    Column("places", JSON, nullable=False),
    Column("password", Text, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("disabled_ms", Integer),
    sqlite_autoincrement=True,
)

SESSIONS: Final = Table(
    "sessions",
    _METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("opened_ms", Integer, nullable=False),
    Column("seen_ms", Integer, nullable=False),
)

ATTEMPTS: Final = Table(
    "attempts",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("name_hash", LargeBinary, nullable=False),
    Column("address_hash", LargeBinary, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Index("attempts_of_name", "name_hash"),
    Index("attempts_from_address", "address_hash"),
)

AUDIT: Final = Table(
    "audit",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("at_ms", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("whom", Text, nullable=False),
    Column("values", JSON, nullable=False),
    sqlite_autoincrement=True,
)


def _only_add(_table: Table, connection: Connection, **_options: object) -> None:
    for verb in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        )


event.listen(AUDIT, "after_create", _only_add)

PART: Final = Part("accounts", _METADATA)


def user_of(row: RowMapping) -> User:
    """The person in a row that has at least the columns of a user."""
    return User(
        id=row["id"],
        name=row["name"],
        display=row["display"],
        role=row["role"],
        everywhere=row["everywhere"],
        places=tuple(Place(network, district) for network, district in row["places"]),
        created_ms=row["created_ms"],
        disabled_ms=row["disabled_ms"],
    )
