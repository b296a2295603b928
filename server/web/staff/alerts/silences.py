"""What is silenced now and what will be, by whom and until when; ``/staff/silences``."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from server.accounts.roles import Place, place_of
from server.alerts.kinds import KINDS
from server.alerts.ledger import Wish
from server.alerts.model import SEVERITIES
from server.alerts.silences import Maintenance, Matcher, Silence
from server.notices import Notices
from server.web.shapes import Name
from server.web.staff.alerts import silencing
from server.web.staff.alerts.rows import Teller
from server.web.staff.alerts.words import reason_of
from server.web.staff.gate import Gate, Refused, Visit
from server.web.staff.visit import MISSING

log = logging.getLogger(__name__)

PAGE: Final = "/staff/silences"
MOST_PAST: Final = 10
_SILENCEABLE: Final = tuple(severity for severity in SEVERITIES if severity != "safety")
_KINDS: Final = tuple(kind for kind in KINDS.values() if not kind.safety)


@dataclass(frozen=True, slots=True)
class Told:
    """A silence in words.

    Attributes:
        about: what is meant, one part each; empty never.
        why: the reason, in the reader's language where it is a usual one.
        works: it goes with planned works, of which riders are told; it ends with their notice, whose id
            ``notice`` is, None where that is gone.
        ended_ms: when it ended early or ran out, None while it runs or is planned.
    """

    silence: Silence
    about: tuple[str, ...]
    who: str
    why: str
    zone: str
    works: bool
    runs: bool
    may_end: bool
    notice: int | None = None
    ended_ms: int | None = None
    ender: str = ""


def add_silences(gate: Gate) -> None:
    """Add the page and its forms."""
    gate.page(PAGE, "look")(silences)
    gate.form(PAGE, "silence")(add)
    gate.form(PAGE + "/{silence_id}/end", "silence")(end)


def silences(visit: Visit) -> Response:
    """The page."""
    teller, ledger = Teller(visit), visit.staff.ledger
    told = [_told(visit, teller, wish) for wish in ledger.silences(visit.now_ms) if _seen(visit, wish)]
    past = [
        _told(visit, teller, ended.wish, ended.at_ms, ended.by)
        for ended in ledger.past_silences(visit.now_ms)
        if _seen(visit, ended.wish)
    ]
    return visit.page(
        "staff/silences.html",
        running=[each for each in told if each.runs],
        planned=[each for each in told if not each.runs],
        past=past[:MOST_PAST],
        places=list(_choices(visit, teller)),
        everywhere=visit.may("silence", None),
        station=visit.query.get("station", "")[:80],
        kinds=sorted(_KINDS, key=lambda kind: visit.text(f"notify.kind.{kind.code}")),
        severities=_SILENCEABLE,
        lengths=silencing.lengths(visit, visit.zone(), longer=True),
        reasons=silencing.REASONS,
        most_days=silencing.MOST_MS // 86_400_000,
    )


def add(visit: Visit) -> Response:
    """Silence what the form says."""
    matcher = _matcher(visit)
    wheres = list(silencing.places(visit, matcher))
    for place in wheres:
        visit.require("silence", place)
    zone = visit.zone(wheres[0].network if wheres and wheres[0] else "")
    made = silencing.made(visit, matcher, zone)
    visit.staff.ledger.add_silence(made, visit.user.name, visit.now_ms)
    log.info("silence_added silence=%s by=%s", made.id, visit.user.name)
    return visit.back(PAGE, "staff.done.silenced")


def end(visit: Visit) -> Response:
    """End one early, or call it off."""
    wish = visit.staff.ledger.find_silence(visit.path["silence_id"])
    if wish is None or not _seen(visit, wish):
        raise Refused(404, MISSING)
    for place in silencing.places(visit, _silence(wish).matcher):
        visit.require("silence", place)
    if isinstance(wish, Maintenance):
        raise Refused(409, "staff.silence.refused.works")
    if not visit.staff.ledger.end_silence(_silence(wish).id, visit.user.name, visit.now_ms):
        raise Refused(409, "staff.silence.refused.over")
    log.info("silence_ended silence=%s by=%s", _silence(wish).id, visit.user.name)
    return visit.back(PAGE, "staff.done.unsilenced")


def _silence(wish: Wish) -> Silence:
    return wish.silence if isinstance(wish, Maintenance) else wish


def _seen(visit: Visit, wish: Wish) -> bool:
    """One of no place concerns everybody; others whoever sees one of their places."""
    matcher = _silence(wish).matcher
    if not (matcher.networks or matcher.stations):
        return True
    return any(visit.sees(place) for place in silencing.places(visit, matcher))


def _told(visit: Visit, teller: Teller, wish: Wish, ended_ms: int | None = None, ender: str = "") -> Told:
    silence = _silence(wish)
    wheres = list(silencing.places(visit, silence.matcher))
    works = isinstance(wish, Maintenance)
    first = wheres[0] if wheres else None
    return Told(
        silence=silence,
        about=tuple(_about(visit, teller, silence.matcher)),
        who=teller.person(silence.by),
        why=reason_of(visit.text, silence.preset, silence.reason),
        zone=visit.zone(first.network if first else ""),
        works=works,
        runs=silence.holds(visit.now_ms),
        may_end=ended_ms is None and not works and all(visit.may("silence", place) for place in wheres),
        notice=_notice(visit, silence.id) if works else None,
        ended_ms=ended_ms,
        ender=teller.person(ender),
    )


def _notice(visit: Visit, silence_id: str) -> int | None:
    posting = Notices(visit.staff.desk).of_silence(silence_id)
    return posting.id if posting else None


def _about(visit: Visit, teller: Teller, matcher: Matcher) -> Iterator[str]:
    """What a matcher means, one part each."""
    text, registered = visit.text, visit.staff.live.registered()
    for station_id in matcher.stations:
        known = registered.get(station_id)
        station = known.station if known else None
        yield text.name(Name(station.name_zh, station.name_en)) if station else station_id
    networks = [teller.network(network) for network in matcher.networks]
    if networks or matcher.districts:
        yield " · ".join([text("list.separator").join(networks), *matcher.districts])
    yield from (text(f"staff.severity.{severity}") for severity in matcher.severities)
    yield from (text.known("notify.kind", kind) for kind in matcher.kinds)
    if not (matcher.kinds or matcher.severities):
        yield text("staff.silence.everything")


def _choices(visit: Visit, teller: Teller) -> Iterator[tuple[str, str]]:
    """Networks and districts where the person may silence."""
    stations = visit.staff.live.registered().values()
    found = {place_of(each.station) for each in stations}
    whole = {Place(network) for network in visit.staff.live.networks()}
    for place in sorted(found | whole, key=lambda place: (teller.network(place.network), place.district)):
        if visit.may("silence", place):
            name = teller.network(place.network)
            value = f"{place.network}/{place.district}" if place.district else place.network
            yield value, f"{name} · {place.district}" if place.district else name


def _matcher(visit: Visit) -> Matcher:
    """What the form means.

    Raises:
        Refused: 400, nothing known, nothing at all, or safety.
    """
    given = {name: visit.form.get(name, "").strip() for name in ("place", "station", "kind", "severity")}
    if given["severity"] == "safety" or (given["kind"] in KINDS and KINDS[given["kind"]].safety):
        raise Refused(400, "staff.silence.refused.safety")
    if given["severity"] not in ("", *_SILENCEABLE) or given["kind"] not in ("", *KINDS):
        raise Refused(400, "staff.refused.type")
    network, _, district = given["place"].partition("/")
    if given["place"] and network not in visit.staff.live.networks():
        raise Refused(404, MISSING)
    station = _station(visit, given["station"]) if given["station"] else ""
    found = Matcher(
        networks=(network,) if network and not station else (),
        districts=(district,) if district and not station else (),
        stations=(station,) if station else (),
        kinds=(given["kind"],) if given["kind"] else (),
        severities=(given["severity"],) if given["severity"] else (),  # type: ignore[arg-type]  # one of them
    )
    if found.everything:
        raise Refused(400, "staff.silence.refused.matcher")
    return found


def _station(visit: Visit, said: str) -> str:
    """The station of that id, or the only one that the person sees of that name.

    Raises:
        Refused: 400, there is none, or more than one.
    """
    registered = visit.staff.live.registered()
    seen = [each.station for each in registered.values() if visit.sees(place_of(each.station))]
    for station in seen:
        if station.id == said:
            return said
    named = [station.id for station in seen if said in (station.name_zh, station.name_en)]
    if len(named) != 1:
        raise Refused(400, "staff.silence.refused.station")
    return named[0]
