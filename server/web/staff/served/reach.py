"""``/staff/served-reach``: the 15-minute circle of a network for points of demand that somebody brings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args

from fastapi import Response

from server.accounts.roles import Place
from server.hours import DayKind
from server.model import Datum, Network, family
from server.served import demand, demand_words
from server.served.demand_columns import Columns
from server.served.gather import today_of
from server.served.periods import PeriodError, a_day
from server.served.reach import MOST_MIN, Reach, ReachError, next_day, percent, reach
from server.web.front import LARGE_REQUEST
from server.web.front import REACH as PATH
from server.web.shapes import Name
from server.web.staff.gate import Gate
from server.web.staff.visit import MISSING, Refused, Visit

USUAL_MIN: Final = "15"
USUAL_HOUR: Final = "12"
MOST_PROBLEMS: Final = 10
DAYS: Final[tuple[DayKind, ...]] = get_args(DayKind)


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they stand in the form; ``day`` is a kind of day or a date."""

    network: str = ""
    minutes: str = USUAL_MIN
    hour: str = USUAL_HOUR
    day: str = "workday"
    datum: str = "wgs84"
    demand: str = ""

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> "Filled":
        """As it was sent."""
        usual = cls()
        names = ("network", "minutes", "hour", "day", "datum")
        short = {name: form.get(name, "").strip() or getattr(usual, name) for name in names}
        return cls(**short, demand=form.get("demand", ""))


class _WrongError(Exception):
    """A field that cannot be taken, with the key of the string that says why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.key = field, f"staff.reach.wrong.{reason}"
        super().__init__(reason)


def add_reach(gate: Gate) -> None:
    """Add the page; it keeps nothing of what is sent."""
    gate.page(PATH, "look")(blank)
    gate.form(PATH, "look", most=LARGE_REQUEST)(worked_out)


def blank(visit: Visit) -> Response:
    """The form."""
    return _page(visit, Filled(network=next(iter(_networks(visit)), "")))


def worked_out(visit: Visit) -> Response:
    """The table by hour, and the points for the map."""
    filled = Filled.sent(visit.form)
    network = _networks(visit).get(filled.network)
    if network is None:
        raise Refused(404, MISSING)
    try:
        hour = _number(filled.hour, "hour", 0, 23)
        found, columns = _reach(visit, filled, network)
    except _WrongError as error:
        return _page(visit, filled, wrong={error.field: error.key})
    except demand.DemandError as failed:
        wrong = {"demand": "staff.reach.wrong.demand"}
        return _page(visit, filled, wrong=wrong, problems=failed.problems)
    return _page(visit, filled, found=found, columns=columns, hour=hour)


def _reach(visit: Visit, filled: Filled, network: Network) -> tuple[Reach, Columns]:
    minutes = _number(filled.minutes, "minutes", 1, MOST_MIN)
    datum = next((each for each in get_args(Datum) if each == filled.datum), None)
    if datum is None:
        raise _WrongError("datum", "datum")
    day = _day(visit, filled, network)
    given = demand.read(filled.demand, datum)
    live = visit.staff.live
    inside = family(live.networks(), network.id)
    stations = [each.station for each in live.registered().values() if each.station.network in inside]
    zones = {id_: each.time_zone for id_, each in live.networks().items()}
    found = reach(given.points, stations, day, minutes=minutes, zones=zones, thresholds=network.thresholds)
    return found, given.columns


def _networks(visit: Visit) -> dict[str, Network]:
    """All, those first that somebody sees whole: where stations are and when they open is public."""
    networks = visit.staff.live.networks()
    return dict(sorted(networks.items(), key=lambda each: not visit.sees(Place(each[0]))))


def _page(
    visit: Visit,
    filled: Filled,
    *,
    wrong: Mapping[str, str] | None = None,
    problems: Sequence[demand.Problem] = (),
    found: Reach | None = None,
    columns: Columns | None = None,
    hour: int = 12,
) -> Response:
    networks = _networks(visit)
    network = networks.get(filled.network)
    return visit.page(
        "staff/reach.html",
        400 if wrong else 200,
        filled=filled,
        wrong=wrong or {},
        problems=[demand_words.problem(visit.text, each) for each in problems[:MOST_PROBLEMS]],
        more=max(0, len(problems) - MOST_PROBLEMS),
        networks={id_: visit.text.name(Name(each.name_zh, each.name_en)) for id_, each in networks.items()},
        days=DAYS,
        most=MOST_MIN,
        found=found,
        far=list(demand_words.far(visit.text, found.astray)) if found else [],
        columns=" ".join(demand_words.columns(visit.text, columns)) if columns else "",
        hour=hour,
        hours=list(found.hours()) if found else [],
        percent=percent,
        network=network,
        script=_script(visit, network, found, hour) if found and network else None,
    )


def _script(visit: Visit, network: Network, found: Reach, hour: int) -> dict[str, object]:
    """What the map is drawn from: strings, tiles, points with their state, stations."""
    setup = visit.renderer.setup(visit.view, network, also=("map.", "staff.reach.map."))
    live = visit.staff.live
    inside = family(live.networks(), network.id)
    stations = [
        {"lat": each.station.lat, "lon": each.station.lon, "region": each.station.region[:1],
         "name": visit.text.name(Name(each.station.name_zh, each.station.name_en)),
         "kind": _kind(found.posted[each.station.id], hour)}
        for each in live.registered().values()
        if each.station.network in inside and each.station.id in found.posted
    ]  # fmt: skip
    kept = ("base", "zone", "looks", "map", "strings")
    return {name: setup[name] for name in kept} | {
        "points": list(_states(found, hour)),
        "stations": stations,
        "metres": round(found.metres),
        "frame": _corners(found),
    }


def _corners(found: Reach) -> list[tuple[float, float]]:
    """South-west and north-east of what the map shows at first."""
    assert found.astray is not None
    frame = found.astray.frame
    return [(frame.south, frame.west), (frame.north, frame.east)]


def _states(found: Reach, hour: int) -> Iterator[tuple[float, float, int]]:
    """Each point with 2: an open station is near, 1: only one of unknown hours, 0: none."""
    for point, *bits in zip(found.points, found.opened, found.unknown, strict=True):
        yield round(point.lat, 5), round(point.lon, 5), _kind(bits, hour)


def _kind(bits: Sequence[int], hour: int) -> int:
    """Of the hours open and the hours unknown: 2 for open at that hour, 1 for unknown, 0 for closed."""
    opened, unknown = (each >> hour & 1 for each in bits)
    return 2 if opened else unknown


def _number(text: str, field: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 3 and least <= int(text) <= most:
        return int(text)
    raise _WrongError(field, field)


def _day(visit: Visit, filled: Filled, network: Network) -> date:
    try:
        for kind in DAYS:
            if kind == filled.day:
                return next_day(kind, today_of(network, visit.now_ms), network.time_zone)
        return a_day(filled.day)
    except (ReachError, PeriodError) as error:
        raise _WrongError("day", "day") from error
