"""The tables of ``registry.db``, and what brings older files here."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    null,
)

SCHEMA_VERSION: Final = 2

_METADATA: Final = MetaData()

NETWORKS: Final = Table(
    "networks",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    # Deferred, so that one import may bring parents and children in any order.
    Column("parent", Text, ForeignKey("networks.id", deferrable=True, initially="DEFERRED")),
    Column("declared", Integer),
    Column("declared_qualifier", Text, nullable=False),
    Column("declared_as_of", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("summer", JSON, nullable=False),
    Column("winter", JSON, nullable=False),
    Column("standards", JSON, nullable=False),
    Column("thresholds", JSON, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("alert_limits", JSON),
)

STATIONS: Final = Table(
    "stations",
    _METADATA,
    Column("id", Text, primary_key=True),
    Column("network", Text, ForeignKey("networks.id"), nullable=False, index=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("region", JSON, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("places", Integer),
    Column("area_m2", Float),
    Column("area_qualifier", Text, nullable=False),
    Column("hours", Text, nullable=False),
    Column("host_kind", Text, nullable=False),
    Column("amenities", JSON, nullable=False),
    Column("instrumented", Boolean, nullable=False),
    Column("thresholds", JSON(none_as_null=True)),
    Column("alert_limits", JSON),
)

_CHANGES: Final = (
    (
        "ALTER TABLE networks ADD COLUMN alert_limits JSON",
        "ALTER TABLE stations ADD COLUMN alert_limits JSON",
    ),
)
"""What brings an older file here: from each version to the next."""
_ADDED: Final[Mapping[str, int]] = {"alert_limits": 2}
"""Columns that files before a version do not have; such a file can be read as it is."""


def version_of(connection: Connection) -> int:
    """The schema of the file, 0: it has no tables yet."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def bring_up(connection: Connection) -> None:
    """Make the tables, or change those of an older file into these, in the caller's transaction."""
    version = version_of(connection)
    if version == 0:
        _METADATA.create_all(connection)
    for statement in chain.from_iterable(_CHANGES[version - 1 :] if version else ()):
        connection.exec_driver_sql(statement)
    if version != SCHEMA_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def readable(table: Table, version: int) -> Iterator[ColumnElement[Any]]:
    """All columns of a table; null for those that a file of this version does not have."""
    return (
        column if _ADDED.get(column.name, 1) <= version else null().label(column.name) for column in table.c
    )
