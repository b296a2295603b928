"""``/staff/audit``: who did what, to whom and when; as a page and as a table for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Response

from server.accounts import audit
from server.accounts.audit import Entry, Wanted
from server.cells import harmless
from server.web.shapes import Name
from server.web.staff.accounts import deeds
from server.web.staff.gate import Gate
from server.web.staff.names import displays, network_names
from server.web.staff.visit import NO_STORE, Refused, Visit

PATH: Final = "/staff/audit"
ON_PAGE: Final = 50
MOST_ROWS: Final = 20_000
"""Of one table; more is asked for by days."""
_COLUMNS: Final = ("id", "at", "by", "what", "whom", "values")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it was sent: names, and days as ``2026-07-01``; "" for all."""

    person: str = ""
    what: str = ""
    first: str = ""
    last: str = ""

    def parameters(self) -> dict[str, str]:
        """For the next page and the table."""
        return {"person": self.person, "what": self.what, "from": self.first, "until": self.last}


def add_audit(gate: Gate) -> None:
    """Add the pages, for admins."""
    gate.page(PATH, "read_audit")(entries)
    gate.page(f"{PATH}.csv", "read_audit")(table)


def entries(visit: Visit) -> Response:
    """The newest first, :data:`ON_PAGE` on a page."""
    asked = _asked(visit)
    with visit.staff.desk.reading() as connection:
        found = audit.entries(connection, ON_PAGE + 1, _before(visit), _wanted(visit, asked))
        doers, done = audit.doers(connection), audit.deeds(connection)
    shown, more = found[:ON_PAGE], found[ON_PAGE:]
    names = _names(visit)
    return visit.page(
        "staff/audit.html",
        asked=asked,
        entries=shown,
        older=shown[-1].id if more else None,
        first=_before(visit) is None,
        people=_people(visit, doers),
        names=names,
        deeds=_grouped(done),
        told=deeds.told,
        whom=deeds.whom,
        zone=visit.zone(),
    )


def table(visit: Visit) -> Response:
    """The same as CSV, at most :data:`MOST_ROWS`."""
    asked = _asked(visit)
    with visit.staff.desk.reading() as connection:
        found = audit.entries(connection, MOST_ROWS, None, _wanted(visit, asked))
    headers = {
        "content-disposition": f'attachment; filename="audit-{_today(visit)}.csv"',
        "cache-control": NO_STORE,
    }
    # With a byte order mark, or Excel takes Chinese for Latin.
    return Response(as_csv(found, visit.zone()).encode("utf-8-sig"), 200, headers, "text/csv; charset=utf-8")


def as_csv(found: Iterable[Entry], zone: str) -> str:
    """Entries as a table; nothing in a cell is a formula to a spreadsheet."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(_COLUMNS)
    for entry in found:
        at = datetime.fromtimestamp(entry.at_ms / 1000, ZoneInfo(zone)).isoformat(timespec="milliseconds")
        values = json.dumps(entry.values, ensure_ascii=False, sort_keys=True)
        row = (entry.by, entry.what, entry.whom, values)
        writer.writerow((entry.id, at, *map(harmless, row)))
    return lines.getvalue()


def _asked(visit: Visit) -> Asked:
    given = visit.query
    return Asked(*(given.get(name, "").strip() for name in ("person", "what", "from", "until")))


def _wanted(visit: Visit, asked: Asked) -> Wanted:
    first, last = (_day(text) for text in (asked.first, asked.last))
    zone = ZoneInfo(visit.zone())
    after = last + timedelta(days=1) if last else None
    return Wanted(asked.person, asked.what, _ms(first, zone), _ms(after, zone))


def _day(text: str) -> date | None:
    """A day; None for none.

    Raises:
        Refused: 400, it is no day.
    """
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused(400, "staff.audit.wrong.day") from error
    if found and not 1970 < found.year < 9999:
        raise Refused(400, "staff.audit.wrong.day")
    return found


def _ms(day: date | None, zone: ZoneInfo) -> int | None:
    if day is None:
        return None
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp() * 1000)


def _before(visit: Visit) -> int | None:
    """The entry that the page before ended with.

    Raises:
        Refused: 400, it is none.
    """
    text = visit.query.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused(400, "staff.audit.wrong.page")
    return int(text)


def _grouped(deeds: list[str]) -> dict[str, list[str]]:
    """Codes by what stands before their point."""
    groups: dict[str, list[str]] = {}
    for code in deeds:
        groups.setdefault(code.partition(".")[0], []).append(code)
    return groups


def _people(visit: Visit, doers: list[str]) -> dict[str, str]:
    """Everybody to choose from, with what others see of them; who ever did something at the terminal too."""
    known = displays(visit)
    return known | {name: name for name in doers if name not in known}


def _names(visit: Visit) -> deeds.Names:
    """Names of whoever and whatever there is, by id."""
    directory, live = visit.staff.directory, visit.staff.live
    stations = {id_: each.station for id_, each in live.registered().items()}
    return deeds.Names(
        displays(visit),
        {id_: visit.text.name(Name(each.name_zh, each.name_en)) for id_, each in stations.items()},
        network_names(visit),
        {each.id: each.name for each in directory.channels()}
        | {each.id: each.name for each in directory.receivers()},
        visit.zone(),
    )


def _today(visit: Visit) -> str:
    return datetime.fromtimestamp(visit.now_ms / 1000, ZoneInfo(visit.zone())).date().isoformat()
