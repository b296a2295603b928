"""``/staff/served``: service counts as a page to read and to print, as CSV, XLSX and JSON."""

import io
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from fastapi import Response

from server.served.columns import columns, levels
from server.served.gather import ScopeError, Sources, gather, scoped, today_of
from server.served.held import Held, held, nearest, usual
from server.served.model import LEVELS, Level, Line, Report, Scope
from server.served.numbers import Numbers
from server.served.periods import Period
from server.served.sheets import write_xlsx
from server.served.tables import as_json, shown, write_csv
from server.served.words import about, changed, headline, notes, place, sentence, share, span, tenths, until
from server.web.staff.gate import Gate
from server.web.staff.served.bars import Bar, bars
from server.web.staff.served.choice import (
    KINDS,
    Choice,
    Filled,
    WrongPeriod,
    asked_scope,
    choices_with,
    chosen,
    place_value,
)
from server.web.staff.visit import MISSING, NO_STORE, Refused, Visit
from server.web.text import Text

log = logging.getLogger(__name__)

PATH: Final = "/staff/served"
MOST_LINES: Final = 100
"""Of a table on the page, those with the most visits; the files have all."""
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DRAWN: Final = 62
"""Days that can be told apart as bars on a phone; more are drawn as weeks or months."""


def add_served(gate: Gate) -> None:
    """Add the page and its files; everybody sees their own places."""
    gate.page(PATH, "look")(page)
    gate.page(f"{PATH}.csv", "look")(as_csv)
    gate.page(f"{PATH}.xlsx", "look")(as_xlsx)
    gate.page(f"{PATH}.json", "look")(as_json_file)


def page(visit: Visit) -> Response:
    """The report; with a wrong period the form once more, with what was typed and why not."""
    scope = asked_scope(visit)
    if scope is None:
        return visit.page("staff/served.html", filled=None)
    known = _held(visit, scope)
    try:
        choice = chosen(visit, scope, lambda: known)
    except WrongPeriod as wrong:
        return _asked_anew(visit, scope, known, wrong)
    made, text = _made(visit, choice), visit.text
    return visit.page(
        "staff/served.html",
        **_asking(visit, choice, known),
        filled=Filled.of(choice),
        made=made,
        where=place(text, made),
        when=span(text, made.period),
        sentences={language: sentence(Text(language, visit.now_ms), made) for language in ("zh", "en")},
        short=headline(text, made),
        until=until(text, made),
        notes=list(notes(text, made)),
        nearest=_nearest(visit, choice) if made.total.visits is None else None,
        share=share,
        about=about,
        changed=changed,
        tenths=tenths,
        compared=span(text, made.compared) if made.compared else "",
        tables=[_table(made, text, level) for level in levels(made)[1:]],
        times=_times(made, text),
        hours=_hours(made, text),
        zone=made.network.time_zone,
    )


def _asked_anew(visit: Visit, scope: Scope, known: Held | None, wrong: WrongPeriod) -> Response:
    """The form as it was filled in, with an error beside its field."""
    today = today_of(visit.staff.live.networks()[scope.network], visit.now_ms)
    choice = Choice(scope, usual("month", today, known), place_value(scope))
    return visit.page(
        "staff/served.html",
        wrong.status,
        **_asking(visit, choice, known, {wrong.field: wrong.key}),
        filled=Filled.typed(visit, choice.chosen),
        made=None,
        values=wrong.values,
        reason=wrong.key,
    )


def _asking(
    visit: Visit,
    choice: Choice,
    known: Held | None,
    wrong: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What every state of the page has around its form."""
    today = today_of(visit.staff.live.networks()[choice.scope.network], visit.now_ms)
    return {
        "choice": choice,
        "places": tuple(choices_with(visit, choice)),
        "kinds": KINDS,
        "wrong": wrong or {},
        "ahead": choice.period.after().first > today,
        "known": known,
        "known_span": span(visit.text, Period("range", known.first, known.last)) if known else "",
        "month_names": {month: span(visit.text, month) for month in known.months} if known else {},
    }


def _nearest(visit: Visit, choice: Choice) -> tuple[Period, str] | None:
    """Where there is data, with its name, for somebody who looks at a period without."""
    with _reading():
        found = nearest(sources(visit).rollups, _stations(visit, choice.scope), choice.period)
    return (found, span(visit.text, found)) if found else None


def as_csv(visit: Visit) -> Response:
    """All lines, or those of one ``level``."""
    wanted = visit.query.get("level", "")
    if wanted and wanted not in LEVELS:
        raise Refused(404, MISSING)
    made, written = _made(visit, _needed(visit)), io.StringIO(newline="")
    write_csv(made, visit.text, written, [each for each in LEVELS if wanted in ("", each)])
    return _file(made, "csv", "text/csv; charset=utf-8", written.getvalue().encode())


def as_xlsx(visit: Visit) -> Response:
    """The workbook."""
    made, written = _made(visit, _needed(visit)), io.BytesIO()
    write_xlsx(made, visit.text, written)
    return _file(made, "xlsx", _XLSX, written.getvalue())


def as_json_file(visit: Visit) -> Response:
    """The same for programs that are signed in."""
    made = _made(visit, _needed(visit))
    body = json.dumps(as_json(made, visit.text), ensure_ascii=False).encode()
    return Response(body, 200, {"cache-control": NO_STORE}, "application/json")


def sources(visit: Visit) -> Sources:
    """What reports are made from here."""
    live, rollups = visit.staff.live, visit.staff.rollups
    if rollups is None:
        raise Refused(503, "staff.served.unread")
    stations = {id_: each.station for id_, each in live.registered().items()}
    return Sources(live.networks(), stations, rollups, Numbers(visit.staff.desk))


def _needed(visit: Visit) -> Choice:
    scope = asked_scope(visit)
    if scope is None:
        raise Refused(404, MISSING)
    return chosen(visit, scope, lambda: _held(visit, scope))


def _made(visit: Visit, choice: Choice) -> Report:
    with _reading():
        return gather(choice.scope, choice.period, sources(visit), visit.now_ms)


def _held(visit: Visit, scope: Scope) -> Held | None:
    """For which days there is data."""
    today = today_of(visit.staff.live.networks()[scope.network], visit.now_ms)
    with _reading():
        return held(sources(visit).rollups, _stations(visit, scope), today)


def _stations(visit: Visit, scope: Scope) -> list[str]:
    there = sources(visit)
    return [station.id for station in scoped(scope, there.networks, there.stations)]


@contextmanager
def _reading() -> Iterator[None]:
    """What goes wrong is told as a page: no such place, or a file that cannot be read."""
    try:
        yield
    except ScopeError as error:
        raise Refused(404, MISSING) from error
    except sqlite3.Error as error:
        log.warning("rollups_unread error=%s", error)
        raise Refused(503, "staff.served.unread") from error


def _file(made: Report, kind: str, media: str, body: bytes) -> Response:
    """To be saved, by a name that says what it is; of letters that every system takes."""
    where = "-".join(part for part in (made.scope.network, made.scope.station) if part)
    headers = {
        "cache-control": NO_STORE,
        "content-disposition": f'attachment; filename="served-{where}-{made.period}.{kind}"',
    }
    return Response(body, 200, headers, media)


def _table(made: Report, text: Text, level: Level) -> dict[str, object]:
    """A table of a level: heads, rows of lines with their cells, and how many were left out."""
    lines = [line for line in made.lines() if line.level == level]
    kept = lines
    if level == "station" and len(lines) > MOST_LINES:
        kept = sorted(lines, key=lambda line: -(line.visits or 0))[:MOST_LINES]
    chosen_columns = [
        each
        for each in columns(level)
        if each.key not in ("first", "last", "key")
        and (level, each.key) != ("station", "counted")
        and (each.key in ("name", "visits") or any(each.value(line, text) is not None for line in kept))
    ]
    rows = [(line, [shown(each, each.value(line, text), text) for each in chosen_columns]) for line in kept]
    return {"level": level, "columns": chosen_columns, "rows": rows, "left": len(lines) - len(kept)}


def _times(made: Report, text: Text) -> tuple[str, list[Bar]]:
    """The finest steps that can be told apart, and which ones they are."""
    for level in ("day", "week", "month"):
        lines = [line for line in made.times if line.level == level]
        if 0 < len(lines) <= _DRAWN:
            name = _namer(text)
            return level, bars([(name(line), _short(line), line.visits) for line in lines])
    return "day", []


def _namer(text: Text) -> Callable[[Line], str]:
    name = columns("day")[0]
    return lambda line: str(name.value(line, text))


def _short(line: Line) -> str:
    return str(line.first.month) if line.level == "month" else f"{line.first.month}/{line.first.day}"


def _hours(made: Report, text: Text) -> list[Bar]:
    """Of the day; none without data."""
    if made.total.visits is None:
        return []
    return bars([(text("served.hour", hour=hour), str(hour), count) for hour, count in enumerate(made.hours)])
