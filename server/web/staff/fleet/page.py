"""``/staff/fleet``: how the machines in the stations are, by place; as a table for other programs too."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from server.accounts.roles import Place
from server.alerts.kinds import AlertThresholds
from server.cells import harmless
from server.model import Network, family
from server.web.public import iso
from server.web.shapes import Name
from server.web.staff.fleet.rows import (
    SORTS,
    STATES,
    TROUBLES,
    Choice,
    Heard,
    Limits,
    Row,
    Sort,
    chosen,
    few_wrong,
    page_of,
    row_of,
    states,
    troubles,
    versions,
)
from server.web.staff.gate import Gate
from server.web.staff.names import network_names, worded
from server.web.staff.visit import NO_STORE, Visit

MOST_UNKNOWN: Final = 20
_LONGEST: Final = 80
_LIMITS: Final = Limits(
    AlertThresholds().backlog_rows, AlertThresholds().disk_free_pct, AlertThresholds().pi_hot_c
)
_COLUMNS: Final = (
    "station", "name", "network", "district", "state", "measured_at", "link", "agent_version",
    "outbox_rows", "dropped_total", "health_at", "troubles",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sum:
    """How many stations of a place are in each state."""

    name: str
    link: Mapping[str, object]
    counts: Mapping[str, int]


def add_fleet(gate: Gate) -> None:
    """Add the fleet's pages."""
    gate.page("/staff/fleet", "look")(fleet)
    gate.page("/staff/fleet.csv", "look")(table)


def fleet(visit: Visit) -> Response:
    """The page."""
    rows, choice, names = rows_of(visit), _choice(visit), network_names(visit)
    found = chosen(rows, choice, _family(visit, choice))
    placed = chosen(rows, Choice(choice.network, choice.district), _family(visit, choice))
    shown, page, pages = page_of(found, choice.page)
    pipeline = visit.staff.pipeline
    unknown = sorted(pipeline.unknown_stations.copy().items(), key=lambda pair: (-pair[1], pair[0]))
    return visit.page(
        "staff/fleet.html",
        choice=choice,
        rows=shown,
        found=len(found),
        page=page,
        pages=pages,
        names=names,
        options=_options(visit, _of_network(visit, rows, choice)),
        sums=_sums(visit, rows, choice, names),
        states=states(placed),
        troubles=troubles(placed),
        wrong=() if choice.narrowed else few_wrong(found),
        versions=versions(placed),
        state_words=STATES,
        server=pipeline if visit.sees(None) else None,
        influx_minutes=pipeline.influx.behind_ms(visit.staff.now_ms()) // 60_000 if pipeline.influx else 0,
        refusals=sorted(pipeline.refused.copy().items(), key=lambda pair: -pair[1]),
        unknown=unknown[:MOST_UNKNOWN],
        more_unknown=max(0, len(unknown) - MOST_UNKNOWN),
        zone=visit.zone(choice.network),
        zones={id_: network.time_zone for id_, network in visit.staff.live.networks().items()},
    )


def table(visit: Visit) -> Response:
    """The same as CSV, with what was chosen; all pages of it. No cell is a formula to a spreadsheet."""
    choice = _choice(visit)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(_COLUMNS)
    for row in chosen(rows_of(visit), choice, _family(visit, choice)):
        writer.writerow([harmless(cell) for cell in _cells(row)])
    headers = {
        "cache-control": NO_STORE,
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="fleet.csv"',
    }
    # With a byte order mark: without it Excel takes Chinese for another encoding.
    return Response(written.getvalue().encode("utf-8-sig"), 200, headers)


def _cells(row: Row) -> tuple[str, ...]:
    times = (iso(at_ms) if at_ms is not None else "" for at_ms in (row.at_ms, row.health_ms))
    backlog, lost = ("" if number is None else str(number) for number in (row.backlog, row.lost))
    place, measured, said = row.place, next(times), next(times)
    first = (row.id, row.name, place.network, place.district, row.state, measured, row.link, row.version)
    return (*first, backlog, lost, said, " ".join(row.troubles))


def rows_of(visit: Visit) -> list[Row]:
    """All stations that whoever asks may look at."""
    live, text = visit.staff.live, visit.text
    seen: dict[Place, bool] = {}
    rows = []
    for station_id, registered in live.registered().items():
        state = live.state(station_id)
        if state is None:
            continue
        station = registered.station
        heard = Heard(
            live.newest(station_id), live.health(station_id), live.info(station_id), live.link(station_id)
        )
        row = row_of(state, text.name(Name(station.name_zh, station.name_en)), heard, _LIMITS)
        if row.place not in seen:
            seen[row.place] = visit.sees(row.place)
        if seen[row.place]:
            rows.append(row)
    return rows


def _choice(visit: Visit) -> Choice:
    """What the address says; what cannot be stands for all."""
    given = {name: value[:_LONGEST] for name, value in visit.query.items()}
    sort: Sort = next((each for each in SORTS if each == given.get("sort")), "worst")
    page = given.get("page", "1")
    return Choice(
        network=given.get("network", "") if given.get("network") in visit.staff.live.networks() else "",
        district=given.get("district", ""),
        state=given.get("state", "") if given.get("state") in STATES else "",
        trouble=given.get("trouble", "") if given.get("trouble") in TROUBLES else "",
        version=given.get("version", ""),
        search=given.get("q", "").strip(),
        sort=sort,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def _options(visit: Visit, rows: list[Row]) -> dict[str, list[tuple[str, str]]]:
    """What there is to choose, each value with its word."""
    districts = sorted({row.place.district for row in rows} - {""})
    return {
        "districts": [(district, district) for district in districts],
        "states": worded(visit, "staff.fleet.state", STATES),
        "troubles": worded(visit, "staff.fleet.trouble", TROUBLES),
        "sorts": worded(visit, "staff.fleet.sort", SORTS),
    }


def _family(visit: Visit, choice: Choice) -> frozenset[str] | None:
    return frozenset(family(visit.staff.live.networks(), choice.network)) if choice.network else None


def _of_network(visit: Visit, rows: list[Row], choice: Choice) -> list[Row]:
    return chosen(rows, Choice(choice.network), _family(visit, choice))


def _sums(visit: Visit, rows: list[Row], choice: Choice, names: Mapping[str, str]) -> list[Sum]:
    """By network; of the one that is chosen, and where there is but one, by district."""
    networks: Mapping[str, Network] = visit.staff.live.networks()
    present = {row.place.network for row in rows}
    if not choice.network and len(present) > 1:
        theirs = {id_: frozenset(family(networks, id_)) for id_ in networks}
        return [
            Sum(names[id_], {"network": id_}, states(row for row in rows if row.place.network in theirs[id_]))
            for id_ in networks
            if present & theirs[id_]
        ]
    network = choice.network or next(iter(present), "")
    inside = _of_network(visit, rows, choice)
    districts = sorted({row.place.district for row in inside})
    return [
        Sum(
            district or visit.text("staff.fleet.no_district"),
            {"network": network, "district": district} if district else {"network": network},
            states(row for row in inside if row.place.district == district),
        )
        for district in districts
    ]
