"""``/staff/notices``: what staff tell riders, now and planned; with works, their alerts are silenced too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fastapi import Response

from server import board
from server.accounts.roles import Place, User, place_of
from server.alerts.model import Place as Whereabouts
from server.board import Posting
from server.model import Station, family
from server.notices import MOST_TEXT, NoticeError, Notices
from server.web.public import notice
from server.web.shapes import Name
from server.web.staff import choosing
from server.web.staff.gate import Gate
from server.web.staff.names import displays
from server.web.staff.places import Registered
from server.web.staff.riders import notice_form
from server.web.staff.riders.notice_form import ACCESS, MOST_FOUND, USUAL, Filled
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/notices"
NEW: Final = f"{PATH}/new"


@dataclass(frozen=True, slots=True)
class Row:
    """A notice in the list.

    Attributes:
        said: as riders read it.
        stations: how many it is for.
        who, ender: display names of whoever wrote and ended it.
    """

    posting: Posting
    place: str
    said: str
    stations: int
    zone: str
    who: str
    ender: str


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a notice is to hold; ``found``: the stations that a piece of a name fits, if it is not clear."""

    network: str = ""
    district: str = ""
    station: str = ""
    wrong: str = ""
    found: tuple[Station, ...] = ()


def add_notices(gate: Gate) -> None:
    """Add the pages: all may look, managers write."""
    gate.page(PATH, "look")(notices)
    gate.page(NEW, "inform_riders")(blank)
    gate.form(NEW, "inform_riders")(add)
    gate.page(f"{PATH}/{{notice_id}}", "look")(one)
    gate.form(f"{PATH}/{{notice_id}}", "inform_riders")(change)
    gate.form(f"{PATH}/{{notice_id}}/end", "inform_riders")(end)


def notices(visit: Visit) -> Response:
    """What runs, what is planned, and what is over."""
    kept, where, people = Notices(visit.staff.desk), _whereabouts(visit), displays(visit)
    rows = [_row(visit, each, where, people) for each in kept.standing(visit.now_ms) if concerns(visit, each)]
    return visit.page(
        "staff/notices.html",
        running=[row for row in rows if row.posting.from_ms <= visit.now_ms],
        planned=[row for row in rows if row.posting.from_ms > visit.now_ms],
        past=[_row(visit, each, [], people) for each in kept.past(visit.now_ms) if concerns(visit, each)],
        may=visit.may("inform_riders") or any(visit.may("inform_riders", each) for each in visit.user.places),
    )


def blank(visit: Visit) -> Response:
    """The form for a new one, with a place or a usual notice filled in where the address names them."""
    given = visit.query
    filled = Filled(place=given.get("place", ""), station=given.get("station", ""))
    zone = visit.zone(filled.place.partition("/")[0])
    state = visit.staff.live.state(filled.station)
    if state is not None:
        zone = visit.zone(state.station.network)
    return _form(visit, filled.usual(given.get("template", ""), visit.now_ms, zone), zone)


def add(visit: Visit) -> Response:
    """Put one up."""
    filled = Filled.sent(visit.form)
    aim = _aim(visit, filled)
    zone = visit.zone(aim.network)
    if aim.wrong:
        return _form(visit, filled, zone, {"place": aim.wrong}, found=aim.found)
    visit.require("inform_riders", _place(visit, aim.network, aim.district, aim.station))
    filled = replace(filled, station=aim.station)
    draft = filled.draft(aim.network, aim.district, aim.station, None, zone)
    try:
        Notices(visit.staff.desk).add(draft, visit.user.name, visit.now_ms)
    except NoticeError as error:
        return _form(visit, filled, zone, _wrong(error))
    return visit.back(PATH, "staff.done.notice_added")


def one(visit: Visit) -> Response:
    """One notice; who may changes it here."""
    posting = _known(visit)
    zone = visit.zone(posting.network)
    return _form(visit, Filled.of(posting, zone), zone, posting=posting)


def change(visit: Visit) -> Response:
    """Have it say something else."""
    posting = _known(visit)
    visit.require("inform_riders", _place(visit, posting.network, posting.district, posting.station))
    filled, zone = Filled.sent(visit.form), visit.zone(posting.network)
    draft = filled.draft(posting.network, posting.district, posting.station, posting, zone)
    version = visit.form.get("version", "")
    try:
        Notices(visit.staff.desk).change(
            posting.id,
            int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0,
            draft,
            visit.user.name,
            visit.now_ms,
        )
    except NoticeError as error:
        if error.field == "form":
            raise Refused(409, f"staff.notices.wrong.{error.reason}") from error
        return _form(visit, filled, zone, _wrong(error), posting=posting)
    return visit.back(PATH, "staff.done.notice_changed")


def end(visit: Visit) -> Response:
    """Take it down, or call it off."""
    posting = _known(visit)
    visit.require("inform_riders", _place(visit, posting.network, posting.district, posting.station))
    if not Notices(visit.staff.desk).end(posting.id, visit.user.name, visit.now_ms):
        raise Refused(409, "staff.notices.wrong.over")
    return visit.back(PATH, "staff.done.notice_ended")


def concerns(visit: Visit, posting: Posting) -> bool:
    """Whether somebody may read it here: it holds where they may look, or around their own places."""
    return visit.sees(_place(visit, posting.network, posting.district, posting.station)) or any(
        _around(visit, visit.user, posting)
    )


def _around(visit: Visit, user: User, posting: Posting) -> Iterator[bool]:
    """Of each of the person's places, whether the notice is for all of it."""
    networks = visit.staff.live.networks()
    for place in user.places if not posting.station else ():
        inside = place.network in family(networks, posting.network)
        yield inside and posting.district in ("", place.district)


def _form(
    visit: Visit,
    filled: Filled,
    zone: str,
    wrong: dict[str, str] | None = None,
    *,
    posting: Posting | None = None,
    found: tuple[Station, ...] = (),
) -> Response:
    """The form; ``wrong``: by field what is not taken, as the key of its string."""
    place = _place(visit, posting.network, posting.district, posting.station) if posting else None
    return visit.page(
        "staff/notice.html",
        400 if wrong else 200,
        filled=filled,
        posting=posting,
        row=_row(visit, posting, _whereabouts(visit), displays(visit)) if posting else None,
        over=posting is not None and posting.over(visit.now_ms),
        may=visit.may("inform_riders", place) if posting else True,
        wrong=wrong or {},
        found=found,
        places=() if posting else tuple(_choices(visit)),
        access=ACCESS,
        usual=USUAL,
        most=MOST_TEXT,
        zone=zone,
        latest=notice_form.latest(visit.now_ms, zone),
    )


def _choices(visit: Visit) -> Iterator[tuple[str, str]]:
    """Networks and districts of which the person may tell riders."""
    registered = Registered.of(visit)
    for network_id, names in registered.districts.items():
        for place in (Place(network_id), *(Place(network_id, name) for name in names)):
            if visit.may("inform_riders", place):
                value = f"{place.network}/{place.district}" if place.district else place.network
                yield value, registered.named(visit.text, place)


def _aim(visit: Visit, filled: Filled) -> Aim:
    """Where it is to hold, or why that cannot be told."""
    network, _, district = filled.place.partition("/")
    if filled.station.strip():
        return _one_station(visit, filled, network, district)
    if filled.place not in dict(_choices(visit)):
        return Aim(wrong="staff.notices.wrong.place")
    return Aim(network, district)


def _one_station(visit: Visit, filled: Filled, network: str, district: str) -> Aim:
    stations = [
        each.station
        for each in visit.staff.live.registered().values()
        if visit.may("inform_riders", place_of(each.station))
    ]
    inside = board.place(network, district, "") if network else board.place("", "", "")
    networks = visit.staff.live.networks()
    here = [each for each in stations if not network or inside.covers(Whereabouts.of_station(each, networks))]
    fitting = choosing.matching(filled.station, here)
    found = [each for each in fitting if each.id == filled.pick] or fitting
    if not found:
        return Aim(network, wrong="staff.notices.wrong.station")
    if len(found) > 1:
        return Aim(network, wrong="staff.notices.wrong.several", found=tuple(found[:MOST_FOUND]))
    return Aim(found[0].network, "", found[0].id)


def _place(visit: Visit, network: str, district: str, station: str) -> Place:
    """Where it has to be allowed; a station that is gone counts as its network."""
    state = visit.staff.live.state(station) if station else None
    return place_of(state.station) if state else Place(network, district)


def _known(visit: Visit) -> Posting:
    """The notice of the address.

    Raises:
        Refused: 404, there is none, or not for who asks.
    """
    text = visit.path["notice_id"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    posting = Notices(visit.staff.desk).find(number)
    if posting is None or not concerns(visit, posting):
        raise Refused(404, MISSING)
    return posting


def _row(visit: Visit, posting: Posting, where: list[Whereabouts], people: Mapping[str, str]) -> Row:
    zone = visit.zone(posting.network)
    matcher = board.place(posting.network, posting.district, posting.station)
    said = visit.text.notice(notice(posting.notice), zone)
    who, ender = (people.get(name, name) for name in (posting.by, posting.ended_by))
    return Row(posting, _name(visit, posting), said, sum(map(matcher.covers, where)), zone, who, ender)


def _whereabouts(visit: Visit) -> list[Whereabouts]:
    """Of all stations."""
    live = visit.staff.live
    return [Whereabouts.of_station(each.station, live.networks()) for each in live.registered().values()]


def _name(visit: Visit, posting: Posting) -> str:
    state = visit.staff.live.state(posting.station) if posting.station else None
    if state is not None:
        return visit.text.name(Name(state.station.name_zh, state.station.name_en))
    return posting.station or Registered.of(visit).named(visit.text, Place(posting.network, posting.district))


def _wrong(error: NoticeError) -> dict[str, str]:
    """By field of the form; a beginning or an end that cannot be read is no time at all."""
    fields = {"from": "start", "until": "end"}
    return {fields.get(error.field, error.field): f"staff.notices.wrong.{error.reason}"}
