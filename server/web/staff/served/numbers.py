"""``/staff/served-numbers``: service numbers and events that staff write down, beside what is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, get_args

from fastapi import Response

from server.accounts.roles import Place, place_of
from server.model import Qualifier
from server.served.gather import today_of
from server.served.model import Number, NumberKind
from server.served.numbers import MOST_TEXT, Kept, NumberError, Numbers
from server.served.periods import PeriodError, a_day
from server.web.shapes import Name
from server.web.staff import choosing
from server.web.staff.gate import Gate
from server.web.staff.names import displays
from server.web.staff.places import Registered
from server.web.staff.served.choice import value_of
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/served-numbers"
MOST_SHOWN: Final = 200
_DIGITS: Final = 9
QUALIFIERS: Final[tuple[Qualifier, ...]] = get_args(Qualifier)


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they stand in the form; days as ``2026-07-01``, an empty last day is the first."""

    kind: str = "count"
    place: str = ""
    station: str = ""
    first: str = ""
    last: str = ""
    count: str = ""
    qualifier: str = ""
    events: str = "1"
    title: str = ""
    note: str = ""

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> "Filled":
        """As it was sent."""
        return cls(**{name: form.get(name, "").strip() for name in asdict(cls())})

    @classmethod
    def of(cls, kept: Kept) -> "Filled":
        """A number as it is."""
        number = kept.number
        return cls(
            number.kind, value_of(Place(number.network, number.district)), number.station,
            number.first.isoformat(), number.last.isoformat(), str(number.count), number.qualifier,
            str(number.events or 1), number.title, number.note,
        )  # fmt: skip

    def number(self, network: str, district: str, station: str) -> Number:
        """What it says.

        Raises:
            NumberError: a day or a number cannot be read.
        """
        kind: NumberKind = "event" if self.kind == "event" else "count"
        first = _day("first", self.first)
        last = _day("last", self.last) if self.last else first
        qualifier = next((each for each in QUALIFIERS if each == self.qualifier), None)
        if qualifier is None or self.kind not in ("count", "event"):
            raise NumberError("kind" if qualifier is not None else "qualifier", "kind")
        events = _whole("events", self.events or "1") if kind == "event" else 0
        count = _whole("count", self.count)
        return Number(
            kind, network, district, station, first, last, count, qualifier, events, self.title, self.note
        )  # fmt: skip


def add_served_numbers(gate: Gate) -> None:
    """Add the pages: all may look, managers write."""
    gate.page(PATH, "look")(numbers)
    gate.form(PATH, "enter_counts")(add)
    gate.page(f"{PATH}/{{number_id}}", "look")(one)
    gate.form(f"{PATH}/{{number_id}}", "enter_counts")(change)
    gate.form(f"{PATH}/{{number_id}}/remove", "enter_counts")(remove)


def numbers(visit: Visit) -> Response:
    """The form for a new one, and what was written last."""
    return _page(visit, Filled(place=visit.query.get("place", ""), first=_today(visit).isoformat()))


def add(visit: Visit) -> Response:
    """Write one down."""
    filled = Filled.sent(visit.form)
    try:
        network, district, station = _aim(visit, filled)
        visit.require("enter_counts", _place(visit, network, district, station))
        number = filled.number(network, district, station)
        Numbers(visit.staff.desk).add(
            number, visit.user.name, today=_today(visit, network), now_ms=visit.now_ms
        )
    except NumberError as error:
        return _page(visit, filled, error)
    return visit.back(PATH, "staff.done.number_added", place=filled.place)


def one(visit: Visit) -> Response:
    """One of them, to change or to take out."""
    kept = _known(visit)
    return _form(visit, kept, Filled.of(kept))


def change(visit: Visit) -> Response:
    """Have it say something else; its place stays."""
    kept = _known(visit)
    old, filled = kept.number, Filled.sent(visit.form)
    visit.require("enter_counts", _place(visit, old.network, old.district, old.station))
    try:
        number = filled.number(old.network, old.district, old.station)
        Numbers(visit.staff.desk).change(
            kept.id, _version(visit), number, visit.user.name,
            today=_today(visit, old.network), now_ms=visit.now_ms,
        )  # fmt: skip
    except NumberError as error:
        return _refused(visit, error) or _form(visit, kept, filled, error)
    return visit.back(PATH, "staff.done.number_changed")


def remove(visit: Visit) -> Response:
    """Take it out of all reports."""
    kept = _known(visit)
    old = kept.number
    visit.require("enter_counts", _place(visit, old.network, old.district, old.station))
    try:
        Numbers(visit.staff.desk).remove(kept.id, _version(visit), visit.user.name, visit.now_ms)
    except NumberError as error:
        raise Refused(409, f"staff.served.wrong.{error.reason}") from error
    return visit.back(PATH, "staff.done.number_removed")


def _page(visit: Visit, filled: Filled, wrong: NumberError | None = None) -> Response:
    kept = [each for each in Numbers(visit.staff.desk).newest(MOST_SHOWN) if _sees(visit, each.number)]
    places = tuple(_choices(visit))
    return visit.page(
        "staff/served_numbers.html",
        400 if wrong else 200,
        filled=filled,
        wrong=_wrong(wrong),
        places=places,
        rows=[(each, _name(visit, each.number)) for each in kept],
        people=displays(visit),
        qualifiers=QUALIFIERS,
        most=MOST_TEXT,
        today=_today(visit),
        may=bool(places),
        zone=visit.zone(),
    )


def _form(visit: Visit, kept: Kept, filled: Filled, wrong: NumberError | None = None) -> Response:
    number = kept.number
    return visit.page(
        "staff/served_number.html",
        400 if wrong else 200,
        kept=kept,
        filled=filled,
        wrong=_wrong(wrong),
        name=_name(visit, number),
        who=displays(visit).get(kept.by, kept.by),
        qualifiers=QUALIFIERS,
        most=MOST_TEXT,
        today=_today(visit, number.network),
        may=visit.may("enter_counts", _place(visit, number.network, number.district, number.station)),
        zone=visit.zone(number.network),
    )


def _refused(visit: Visit, error: NumberError) -> Response | None:
    """What concerns the whole of it is a page of its own."""
    return visit.refuse(409, f"staff.served.wrong.{error.reason}") if error.field == "form" else None


def _choices(visit: Visit) -> Iterator[tuple[str, str]]:
    """Networks and districts that the person may enter numbers of."""
    registered = Registered.of(visit)
    for network_id, names in registered.districts.items():
        for place in (Place(network_id), *(Place(network_id, name) for name in names)):
            if visit.may("enter_counts", place):
                yield value_of(place), registered.named(visit.text, place)


def _aim(visit: Visit, filled: Filled) -> tuple[str, str, str]:
    """Network, district and station of a form.

    Raises:
        NumberError: there is no such place, or it is not the person's.
    """
    if not filled.station:
        if filled.place not in dict(_choices(visit)):
            raise NumberError("place", "place")
        network, _, district = filled.place.partition("/")
        return network, district, ""
    theirs = [
        each.station
        for each in visit.staff.live.registered().values()
        if visit.may("enter_counts", place_of(each.station))
    ]
    found = choosing.matching(filled.station, theirs)
    if len(found) != 1:
        raise NumberError("station", "place")
    place = place_of(found[0])
    return place.network, place.district, found[0].id


def _known(visit: Visit) -> Kept:
    """The number of the address.

    Raises:
        Refused: 404, there is none, or not for who asks.
    """
    text = visit.path["number_id"]
    number_id = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    kept = Numbers(visit.staff.desk).find(number_id)
    if kept is None or not _sees(visit, kept.number):
        raise Refused(404, MISSING)
    return kept


def _sees(visit: Visit, number: Number) -> bool:
    return visit.sees(_place(visit, number.network, number.district, number.station))


def _place(visit: Visit, network: str, district: str, station: str) -> Place:
    """Where it has to be allowed; a station that has moved counts where it is now."""
    state = visit.staff.live.state(station) if station else None
    return place_of(state.station) if state else Place(network, district)


def _name(visit: Visit, number: Number) -> str:
    state = visit.staff.live.state(number.station) if number.station else None
    if state is not None:
        return visit.text.name(Name(state.station.name_zh, state.station.name_en))
    return number.station or Registered.of(visit).named(visit.text, Place(number.network, number.district))


def _today(visit: Visit, network_id: str = "") -> date:
    networks = visit.staff.live.networks()
    network = networks.get(network_id) or next(iter(networks.values()), None)
    if network is None:
        raise Refused(404, MISSING)
    return today_of(network, visit.now_ms)


def _version(visit: Visit) -> int:
    text = visit.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _wrong(error: NumberError | None) -> dict[str, str]:
    """By field of the form."""
    return {error.field: f"staff.served.wrong.{error.reason}"} if error else {}


def _day(field: str, text: str) -> date:
    try:
        return a_day(text)
    except PeriodError as error:
        raise NumberError(field, "unread") from error


def _whole(field: str, text: str) -> int:
    plain = text.replace(",", "").replace("，", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= _DIGITS):
        raise NumberError(field, "events" if field == "events" else "count")
    return int(plain)
