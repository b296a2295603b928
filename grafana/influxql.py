"""Queries in InfluxQL, as InfluxDB 2 answers them over its mapping and InfluxDB 1.6 to 1.8 by themselves.

Grafana puts ``${name:regex}`` and ``${__from}``, ``${__to}`` (ms) in before it sends a query on, and its
back end ``$timeFilter`` and ``$__interval`` then. Names of districts are whatever somebody typed: they come
in as ``:regex`` only, which escapes them.

A time condition of an outer query would hold for its subqueries too, so only the innermost ones have one.
"""

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

ZONE: Final = "Asia/Shanghai"
"""Days and hours begin by this clock, in queries and on the axes."""
SOURCE: Final = DataSourceRef(type_val="influxdb", uid="waystation")
"""As ``provisioning/datasources/waystation.yaml`` names it."""

NETWORK: Final = '"network" =~ /^${network:regex}$/'
STATION: Final = '"station" =~ /^${station:regex}$/'
FRESH: Final = "time > ${__to}ms - 5m AND time <= ${__to}ms"
"""Whatever beginning an address asks for: older data does not become new by it."""
NOW: Final = "time > ${__to}ms - 10m AND time <= ${__to}ms"
"""So old may a station's facts be: with 10 minutes it is offline (``docs/status.md``)."""
LATE_HEALTH: Final = "time > ${__to}ms - 25m AND time <= ${__to}ms"
"""Agents say every ten minutes how they are; one of them may be lost."""
WEEK: Final = "time > ${__to}ms - 7d AND time <= ${__to}ms"
"""A station silent for longer is no longer looked for."""


class Target(Builder[Dataquery], Dataquery):
    """One query of a panel.

    Args:
        query: InfluxQL.
        alias: name of each series, ``$tag_district`` in it; None: one table with the tags as columns.
    """

    def __init__(self, query: str, alias: str | None = None, ref: str = "A") -> None:
        self.query, self.alias, self.ref = query, alias, ref

    def build(self) -> Dataquery:
        """Itself."""
        return self

    def to_json(self) -> dict[str, object]:
        """As Grafana's InfluxDB data source keeps it."""
        series = {"alias": self.alias} if self.alias else {}
        form = "time_series" if self.alias else "table"
        return {
            "datasource": SOURCE,
            "query": self.query,
            "rawQuery": True,
            "refId": self.ref,
            "resultFormat": form,
            **series,
        }


def targets(*queries: str, alias: str | None = None) -> list[Target]:
    """Several queries of a panel: A, B, …"""
    return [Target(query, alias, chr(ord("A") + number)) for number, query in enumerate(queries)]


def latest(fields: str, measurement: str, where: str, by: str = '"station"', when: str = NOW) -> str:
    """The last value of each field of ``fields``, for each group; names stay as they are."""
    chosen = ", ".join(f'last("{field}") AS "{field}"' for field in fields.split())
    return f'SELECT {chosen} FROM "{measurement}" WHERE {where} AND {when} GROUP BY {by}'


def visits(where: str, by: str) -> str:
    """Visits in the dashboard's range by ``by``, from the totals, as whole numbers.

    The total at the end less the total before the beginning; where there is none within a week before, less
    the first one in the range. A station that is silent all the time adds nothing. Late rows change the
    totals from their time on, so they are counted where they belong.
    """
    before = "time >= ${__from}ms - 7d AND time < ${__from}ms"
    until = "time >= ${__from}ms - 7d AND time <= ${__to}ms"
    terms = [("last", "1", until), ("first", "-1", until), ("last", "-1", before), ("first", "1", before)]
    parts = ", ".join(
        f'(SELECT {pick}("visits") * {sign} AS v FROM "occupancy" WHERE {where} AND {when}'
        ' GROUP BY "network", "district", "station")'
        for pick, sign, when in terms
    )
    return f'SELECT sum(v) AS "visits" FROM {parts}' + (f" GROUP BY {by}" if by else "")


def visits_by_hour(where: str, by: str) -> str:
    """Visits of each hour, each at the time at which a snapshot told of it.

    From the totals at the ends of the hours, an order of magnitude faster than from each snapshot. What came
    in the very first hour of a station, or after a day of silence, has no total before it and is left out
    here. Begins a day before the range, so that the range's first hour has one; that day is left of the axis.
    Not with ``fill(previous)``: InfluxDB 1.6 then gives each hour to the outer query in pieces.
    """
    since = "time >= ${__from}ms - 1d AND time <= ${__to}ms"
    steps = (
        f'SELECT non_negative_difference(last("visits")) AS v FROM "occupancy" WHERE {where} AND {since}'
        ' GROUP BY time(1h), "network", "district", "station" fill(none)'
    )
    groups = f", {by}" if by else ""
    return f"SELECT sum(v) FROM ({steps}) WHERE {since} GROUP BY time(1h){groups} fill(none) tz('{ZONE}')"


def silent(where: str) -> str:
    """Stations heard of within a week, but not within 5 minutes: where they are, and 0 as ``n``."""
    fields = 'last("lat") AS "lat", last("lon") AS "lon", last("name") AS "name"'
    known = f'SELECT {fields}, last("access_code") * 0 AS n FROM "status" WHERE {where} AND {WEEK}'
    heard = f'SELECT count("access_code") AS n FROM "status" WHERE {where} AND {FRESH}'
    groups = 'GROUP BY "station", "district"'
    all_of_them = (
        f'SELECT sum(n) AS n, last("lat") AS "lat", last("lon") AS "lon", last("name") AS "name"'
        f" FROM ({known} {groups}), ({heard} {groups}) {groups}"
    )
    return f'SELECT "name", "lat", "lon", n FROM ({all_of_them}) WHERE n = 0 {groups}'
