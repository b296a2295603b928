"""Networks and stations, as the operator has declared them: ``registry.db``.

Commands write it while the server runs, so it keeps a rollback journal (a write-ahead log that several
processes write can be corrupted by SQLite before 3.51.3); the server notices by ``PRAGMA data_version``.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, literal_column, select, update
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, IntegrityError

from server.model import Network, Standard, Station, Thresholds
from server.registry_schema import NETWORKS, SCHEMA_VERSION, STATIONS, bring_up, readable, version_of

_Row = dict[str, Any]
_Noun = TypeVar("_Noun", Network, Station)


class RegistryError(Exception):
    """The registry cannot be opened or written; the message says why."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a put has done."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.unchanged} unchanged"


class Registry:
    """All networks and stations. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watch = engine.connect()
        self._watch_lock = threading.Lock()
        self._seen = self._data_version()

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open ``path``, and make it where it does not exist; ``read_only`` changes nothing at all.

        Raises:
            RegistryError: if it cannot be read, or was written by a newer version of this program.
        """
        query = {"mode": "ro" if read_only else "rwc", "uri": "true"}
        address = URL.create("sqlite", database=f"file:{quote(str(path))}", query=query)
        # isolation_level None: transactions begin where this module says so, not where the driver guesses.
        engine = create_engine(address, connect_args={"timeout": 10, "isolation_level": None})
        event.listen(engine, "connect", _configure)
        try:
            with engine.begin() as connection:
                if not read_only:
                    _prepare(connection)
                elif _check_version(connection) == 0:
                    raise RegistryError(f"{path}: this is no registry")
        except DatabaseError as error:
            raise RegistryError(f"{path}: {error.orig}") from error
        return cls(engine)

    def close(self) -> None:
        """Close all connections."""
        self._watch.close()
        self._engine.dispose()

    def networks(self) -> Mapping[str, Network]:
        """All networks by id, in the order in which they were first put."""
        with self._engine.connect() as connection:
            return _read(connection, NETWORKS, _network)

    def stations(self) -> Mapping[str, Station]:
        """All stations by id, in the order in which they were first put."""
        with self._engine.connect() as connection:
            return _read(connection, STATIONS, _station)

    def put_networks(self, networks: Sequence[Network]) -> Changes:
        """Add or change networks by id, all or none.

        Raises:
            RegistryError: if a parent does not exist.
        """
        return self._put(NETWORKS, _network, networks)

    def put_stations(self, stations: Sequence[Station]) -> Changes:
        """Add or change stations by id, all or none.

        Raises:
            RegistryError: if a network does not exist.
        """
        return self._put(STATIONS, _station, stations)

    def set_alert_limits(self, noun: Network | Station, limits: Mapping[str, float]) -> Mapping[str, float]:
        """Other numbers that alerts are raised by; of ``noun`` only the id counts, all else stays.

        Returns:
            Those that it had; when they are the same nothing is written.

        Raises:
            RegistryError: there is no such network or station, or it cannot be written.
        """
        table = NETWORKS if isinstance(noun, Network) else STATIONS
        here = table.c.id == noun.id
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                found = connection.execute(select(table.c.alert_limits).where(here)).one_or_none()
                if found is not None and (found.alert_limits or {}) != limits:
                    connection.execute(update(table).where(here).values(alert_limits=dict(limits)))
        except DatabaseError as error:
            raise RegistryError(f"{table.name}: {error.orig}") from error
        if found is None:
            raise RegistryError(f"no {table.name.removesuffix('s')} {noun.id!r} is registered")
        return found.alert_limits or {}

    def remove_station(self, station_id: str) -> None:
        """Remove one; its readings stay in the store.

        Raises:
            RegistryError: there is no such station.
        """
        self._remove(STATIONS, station_id)

    def remove_network(self, network_id: str) -> None:
        """Remove one that has neither stations nor networks inside it.

        Raises:
            RegistryError: it has, or there is no such network.
        """
        self._remove(NETWORKS, network_id)

    def changed(self) -> bool:
        """Whether anything was written since the last call (since opening, for the first)."""
        with self._watch_lock:
            version = self._data_version()
            changed, self._seen = version != self._seen, version
            return changed

    def _data_version(self) -> int:
        return int(self._watch.exec_driver_sql("PRAGMA data_version").scalar_one())

    def _put(self, table: Table, build: Callable[[_Row], _Noun], nouns: Sequence[_Noun]) -> Changes:
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                before = _read(connection, table, build)
                changed = [noun for noun in nouns if before.get(noun.id) != noun]
                if changed:
                    connection.execute(_upsert(table), [asdict(noun) for noun in changed])
        except DatabaseError as error:
            raise RegistryError(f"{table.name}: {error.orig}") from error
        new = sum(noun.id not in before for noun in changed)
        return Changes(new, len(changed) - new, len(nouns) - len(changed))

    def _remove(self, table: Table, noun_id: str) -> None:
        what = f"{table.name.removesuffix('s')} {noun_id!r}"
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                gone = connection.execute(table.delete().where(table.c.id == noun_id)).rowcount
        except IntegrityError as error:
            raise RegistryError(f"{what} still has stations or networks inside it") from error
        except DatabaseError as error:
            raise RegistryError(f"{table.name}: {error.orig}") from error
        if not gone:
            raise RegistryError(f"no {what} is registered")


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")


def _check_version(connection: Connection) -> int:
    version = version_of(connection)
    if version > SCHEMA_VERSION:
        raise RegistryError(
            f"the registry has schema {version}, this program knows {SCHEMA_VERSION}: use a newer program"
        )
    return version


def _prepare(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    _check_version(connection)
    bring_up(connection)


def _read(connection: Connection, table: Table, build: Callable[[_Row], _Noun]) -> dict[str, _Noun]:
    wanted = select(*readable(table, version_of(connection))).order_by(literal_column("rowid"))
    return {row["id"]: build({**row}) for row in connection.execute(wanted).mappings()}


def _upsert(table: Table) -> Insert:
    statement = insert(table)
    columns = {column.name: statement.excluded[column.name] for column in table.c if column.name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=columns)


def _network(row: _Row) -> Network:
    standards = tuple(Standard(each["name"], tuple(each["items"])) for each in row["standards"])
    summer, winter = tuple(row["summer"]), tuple(row["winter"])
    return Network(
        **{
            **row,
            "standards": standards,
            "summer": summer,
            "winter": winter,
            "thresholds": Thresholds(**row["thresholds"]),
            "alert_limits": row["alert_limits"] or {},
        }
    )


def _station(row: _Row) -> Station:
    lists = {name: tuple(row[name]) for name in ("aliases", "region", "amenities")}
    own = row["thresholds"]
    thresholds = Thresholds(**own) if own else None
    return Station(**{**row, **lists, "thresholds": thresholds, "alert_limits": row["alert_limits"] or {}})
