"""``waystation report reach``: for how much of the demand an open station is near, hour by hour."""

import csv
import io
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from server.cli import console, fail, problems, registry
from server.model import Network, family
from server.registry import Registry
from server.served import demand as demand_file
from server.served import demand_words
from server.served.gather import today_of
from server.served.periods import PeriodError, a_day
from server.served.reach import MOST_MIN, Hour, Reach, ReachError, next_day, percent, reach
from server.web.text import Text

MOST_PROBLEMS = 20
_ENGLISH = Text("en", 0)
_DAYS = ("workday", "weekend", "holiday")


class Datum(StrEnum):
    """What coordinates are given by."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Format(StrEnum):
    """What the result is written as; json has each point, too."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def circle(
    context: typer.Context,
    *,
    demand: Annotated[Path, typer.Option(metavar="CSV", help="lon, lat and perhaps weight, by name.")],
    network: Annotated[str, typer.Option(metavar="ID", help="Its stations, and of those inside it.")],
    minutes: Annotated[int, typer.Option(min=1, max=MOST_MIN, help="Of riding.")] = 15,
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="Only this one.")] = None,
    day: Annotated[
        str, typer.Option(help="workday, weekend, holiday, or a day such as 2026-07-01.")
    ] = "workday",
    datum: Annotated[Datum, typer.Option(help="Amap and Tencent: gcj02, Baidu: bd09.")] = Datum.WGS84,
    format: Annotated[Format, typer.Option()] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Else to the terminal.")] = None,
) -> None:
    """Work out the 15-minute circle: the share of the demand that can ride to an open station in time."""
    given = _demand(demand, datum)
    with closing(registry(context)) as opened:
        found = _reach(opened, network, minutes, day, given.points)
    hours = [each for each in found.hours() if hour in (None, each.hour)]
    if format is Format.TABLE:
        if output is not None:
            fail(f"{output}: as what? add --format csv or json", 2)
        _print(found, hours)
        _tell(console, given, found)
        return
    _tell(problems, given, found)
    whole = _object(found, hours) | {"columns": _columns(given)}
    written = _csv(found, hours) if format is Format.CSV else json.dumps(whole) + "\n"
    try:
        if output is None:
            sys.stdout.buffer.write(written.encode())
        else:
            output.write_bytes(written.encode())
    except OSError as error:
        fail(f"{output}: {error.strerror or error}")


def _demand(file: Path, datum: Datum) -> demand_file.Demand:
    try:
        return demand_file.read(demand_file.decoded(file.read_bytes()), datum.value)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}")
    except demand_file.DemandError as failed:
        told = [demand_words.problem(_ENGLISH, each) for each in failed.problems]
        said = [f"{file.name}: {each.where}{each.found}. {each.advice}" for each in told]
        more = [f"… {len(said) - MOST_PROBLEMS} more"] if len(said) > MOST_PROBLEMS else []
        fail("\n".join([*said[:MOST_PROBLEMS], *more]))


def _tell(where: Console, given: demand_file.Demand, found: Reach) -> None:
    """Which columns were used, and what lies far away; beside what is written as a file it goes to stderr."""
    for sentence in demand_words.columns(_ENGLISH, given.columns):
        where.print(sentence, markup=False)
    for sentence in demand_words.far(_ENGLISH, found.astray):
        where.print(sentence, markup=False, style="yellow")


def _reach(
    opened: Registry, network_id: str, minutes: int, day: str, points: Sequence[demand_file.Point]
) -> Reach:
    networks, stations = opened.networks(), opened.stations()
    network = networks.get(network_id)
    if network is None:
        fail(f"no network {network_id!r}; there are: {', '.join(networks) or 'none'}", 2)
    inside = family(networks, network_id)
    zones = {id_: each.time_zone for id_, each in networks.items()}
    here = [station for station in stations.values() if station.network in inside]
    return reach(
        points, here, _day(day, network), minutes=minutes, zones=zones, thresholds=network.thresholds
    )


def _day(text: str, network: Network) -> date:
    try:
        if text in _DAYS:
            today = today_of(network, time.time_ns() // 1_000_000)
            return next_day(text, today, network.time_zone)  # type: ignore[arg-type]  # one of the kinds
        return a_day(text)
    except ReachError as error:
        fail(str(error))
    except PeriodError as error:
        fail(f"--day: {', '.join(_DAYS)}, or {error}", 2)


def _print(found: Reach, hours: list[Hour]) -> None:
    console.print(
        f"{len(found.points):,} points, {found.stations:,} stations, {found.day} ({found.kind}); "
        f"{found.minutes} min are {found.metres / 1000:.1f} km in a straight line"
    )
    names = ("hour", "in reach", "unknown hours", "out of reach")
    table = Table(*(Column(name, justify="right") for name in names), box=None, padding=(0, 3, 0, 0))
    for each in hours:
        parts = (each.served, each.unknown, each.unserved)
        table.add_row(f"{each.hour:02}:00", *(percent(part, found.weight) for part in parts))
    console.print(table)
    if found.unposted:
        console.print(f"{found.unposted:,} stations post no hours", style="yellow")
    if found.unplaced:
        console.print(f"{found.unplaced:,} stations without coordinates are left out", style="yellow")


def _csv(found: Reach, hours: list[Hour]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(("day", "hour", "in_reach", "unknown_hours", "out_of_reach", "weight"))
    for each in hours:
        parts = (each.served, each.unknown, each.unserved)
        writer.writerow(
            (found.day, each.hour, *(f"{part / found.weight:.4f}" for part in parts), f"{found.weight:g}")
        )
    return "\ufeff" + written.getvalue()


def _columns(given: demand_file.Demand) -> dict[str, Any]:
    told = given.columns
    return {"used": told.used, "passed_over": told.passed, "perhaps_weights": told.maybe}


def _far(found: Reach) -> dict[str, Any] | None:
    told = found.astray
    if told is None or not told.far:
        return None
    return {
        "metres": round(told.limit_m),
        "points": told.far,
        "farthest": {"metres": round(told.farthest_m), "line": told.line},
        "near_if_swapped": told.swapped,
    }


def _object(found: Reach, hours: list[Hour]) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "kind": found.kind,
        "minutes": found.minutes,
        "metres": round(found.metres),
        "weight": found.weight,
        "stations": {"placed": found.stations, "unplaced": found.unplaced, "without_hours": found.unposted},
        "far": _far(found),
        "hours": [
            {"hour": each.hour, "in_reach": each.served, "unknown_hours": each.unknown,
             "out_of_reach": each.unserved}
            for each in hours
        ],
        "points": [
            {"lat": point.lat, "lon": point.lon, "weight": point.weight, "open_hours": opened,
             "unknown_hours": unknown}
            for point, opened, unknown in zip(found.points, found.opened, found.unknown, strict=True)
        ],
    }  # fmt: skip
