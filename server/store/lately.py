"""The last hours of a station, thinned in the file: what rules over time need when the server starts."""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from contract.messages import Health
from server.store import healths
from server.store.chains import HOUR_MS
from server.store.history import RECEIVED, station_no

_AIR: Final = (
    "WITH air AS (SELECT at_ms - climate_ago_ms AS at, temperature_c AS c, humidity_pct AS pct FROM snapshot"
    " WHERE station = :no AND at_ms > :since AND flags & :received = 0 AND temperature_c IS NOT NULL) "
)
_MINUTES: Final = _AIR + "SELECT min(at), c FROM air GROUP BY at / 60000 ORDER BY 1"  # noqa: S608 # constants
_STEPS: Final = _AIR + (  # noqa: S608 # constants
    "SELECT at, by_c, by_pct FROM (SELECT at, at - lag(at) OVER walk AS gap,"
    " abs(c - lag(c) OVER walk) AS by_c, abs(pct - lag(pct) OVER walk) AS by_pct"
    " FROM air WINDOW walk AS (ORDER BY at))"
    " WHERE at > :after AND gap > 0 AND gap <= :gap AND (by_c >= :by_c OR ifnull(by_pct, 0) >= :by_pct)"
    " ORDER BY at"
)
_SAME: Final = _AIR + (  # noqa: S608 # constants
    "SELECT max(at) FROM (SELECT at, at - lag(at) OVER (ORDER BY at) AS gap FROM air)"
    " WHERE gap IS NULL OR gap > :gap"
)
_NEWEST: Final = (
    "SELECT at_ms - climate_ago_ms, temperature_c, humidity_pct FROM snapshot"
    " WHERE station = :no AND flags & :received = 0 AND temperature_c IS NOT NULL"
    " ORDER BY at_ms DESC LIMIT 1"
)
_OTHER: Final = (
    "SELECT at_ms FROM snapshot WHERE station = :no AND at_ms > :since AND flags & :received = 0"
    " AND temperature_c IS NOT NULL AND (temperature_c IS NOT :c OR humidity_pct IS NOT :pct)"
    " ORDER BY at_ms DESC LIMIT 1"
)


Asked = dict[str, int | None]
"""Parameters of a query: the station's number, ``flags`` to leave out, times."""


class Air(NamedTuple):
    """A reading of the air: °C, and percent of relative humidity where that is measured."""

    at_ms: int
    temperature_c: float
    humidity_pct: float | None


class Spans(NamedTuple):
    """What of the last hours is worth telling.

    Attributes:
        flat_ms: so far back equal readings are followed.
        days_ms: so far back the counts of the doors are told.
        step_c, step_pct, step_ms: a step is so much or more, between two readings no further apart than this.
    """

    flat_ms: int
    days_ms: int
    step_c: float
    step_pct: float
    step_ms: int


class Lately(NamedTuple):
    """What a station has said in the last hours.

    Attributes:
        newest: the newest reading of the air.
        same_since_ms: since when the readings have been the same as the newest, without a gap of an hour.
        minutes: of the last half hour, a minute's first temperature, with its time.
        steps: of the last hour, (time, by how many °C, by how many percent).
        healths: of the last hour and a half: the machine's reports, oldest first.
        crossed: at the end of each kept hour (time, visits, exits), both ever; oldest first.
    """

    newest: Air | None
    same_since_ms: int
    minutes: list[tuple[int, float]]
    steps: list[tuple[int, float, float | None]]
    healths: list[tuple[int, Health]]
    crossed: list[tuple[int, int, int]]


def lately(connection: sqlite3.Connection, station_id: str, now_ms: int, spans: Spans) -> Lately:
    """See :meth:`server.store.reader.Reader.lately`."""
    own = {"no": station_no(connection, station_id), "received": RECEIVED}
    row = connection.execute(_NEWEST, own).fetchone()
    newest = Air(*row) if row else None
    said = list(healths.healths(connection, station_id, now_ms - 3 * HOUR_MS // 2, now_ms + HOUR_MS))
    crossed = list(_crossed(connection, own, now_ms - spans.days_ms))
    if newest is None or newest.at_ms < now_ms - HOUR_MS:
        return Lately(newest, newest.at_ms if newest else 0, [], [], said, crossed)
    hour_ago = now_ms - HOUR_MS
    steps = {"gap": spans.step_ms, "by_c": spans.step_c, "by_pct": spans.step_pct, "after": hour_ago}
    return Lately(
        newest,
        _same_since(connection, own | {"since": now_ms - spans.flat_ms}, newest),
        connection.execute(_MINUTES, own | {"since": now_ms - HOUR_MS // 2 - 1}).fetchall(),
        connection.execute(_STEPS, own | {"since": hour_ago - spans.step_ms} | steps).fetchall(),
        said,
        crossed,
    )


def _same_since(connection: sqlite3.Connection, since: Asked, newest: Air) -> int:
    same = {"c": newest.temperature_c, "pct": newest.humidity_pct}
    other = connection.execute(_OTHER, since | same).fetchone()
    asked = since | {"gap": HOUR_MS} | ({"since": other[0]} if other else {})
    found = connection.execute(_SAME, asked).fetchone()[0]
    return newest.at_ms if found is None else int(found)


def _crossed(connection: sqlite3.Connection, own: Asked, since_ms: int) -> Iterator[tuple[int, int, int]]:
    rows = connection.execute(
        "SELECT json_extract(body, '$.at_ms'), json_extract(body, '$.visits'), json_extract(body, '$.exits')"
        " FROM occupancy WHERE station = :no AND hour >= :hour AND json_valid(body) ORDER BY hour",
        own | {"hour": since_ms // HOUR_MS},
    )
    for at_ms, visits, exits in rows:
        if at_ms is not None:
            yield at_ms, visits or 0, exits or 0
