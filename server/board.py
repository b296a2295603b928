"""What staff tell riders, by station: notices as they were written, and which stations they are for. Pure.

Of several that say whether riders can get in, the one for the narrowest place decides: a station's own, its
district's, its network's. Of the same place it is a closure before an opening, then the one that ends last.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from server import status
from server.alerts.model import Place
from server.alerts.silences import Matcher
from server.hours import Timetable
from server.model import Network, Station
from server.state import Notice, Posted

NoticeAccess = Literal["", "open", "closed", "locked"]
MOST_OUTLOOKS: Final = 4_096
"""Looks ahead that are remembered."""
_STRICT: Final[tuple[NoticeAccess, ...]] = ("locked", "closed", "open", "")


@dataclass(frozen=True, slots=True)
class Posting:
    """A notice as staff wrote it.

    Attributes:
        network, district, station: of all of a network with those inside it, of a district there (the first
            level of the region), or of one station of the network.
        access: whether riders can get in meanwhile; "": words only.
        from_ms, until_ms: when it holds; it ends by itself.
        zh, en: what riders read; ``en`` may be "".
        works: closed for works, so the places' alerts are silenced meanwhile.
        by: who wrote it or changed it last.
        version: counts up with every change.
        ended_ms: when it was ended early or called off.
    """

    id: int
    network: str
    district: str
    station: str
    access: NoticeAccess
    from_ms: int
    until_ms: int
    zh: str
    en: str
    works: bool
    by: str
    made_ms: int
    version: int = 1
    ended_ms: int | None = None
    ended_by: str = ""

    @property
    def notice(self) -> Notice:
        """As a station shows it."""
        return Notice(
            self.access, self.from_ms, self.until_ms, str(self.id), self.zh, self.en, works=self.works
        )

    def over(self, now_ms: int) -> bool:
        """Whether it has ended, by itself or early."""
        return self.ended_ms is not None or self.until_ms <= now_ms


def place(network: str, district: str, station: str) -> Matcher:
    """Where a notice holds, as silences name it."""
    if station:
        return Matcher(networks=(network,), stations=(station,))
    return Matcher(networks=(network,), districts=(district,) if district else ())


class Board:
    """The notices of every station. Used by the thread that writes the live state."""

    def __init__(self) -> None:
        self._postings: tuple[Posting, ...] = ()
        self._places: dict[str, Place] = {}
        self._notices: dict[str, tuple[Notice, ...]] = {}
        self._outlooks: dict[tuple[object, ...], Posted] = {}

    def place(self, stations: Iterable[Station], networks: Mapping[str, Network]) -> None:
        """Take over which stations there are."""
        self._places = {each.id: Place.of_station(each, networks) for each in stations}
        self._put_up()

    def post(self, postings: Sequence[Posting]) -> set[str]:
        """Take over which notices there are; the stations that have others now."""
        if tuple(postings) == self._postings:
            return set()
        before, self._postings = self._notices, tuple(postings)
        self._put_up()
        ids = before.keys() | self._notices.keys()
        return {id_ for id_ in ids if before.get(id_) != self._notices.get(id_)}

    def of(self, station_id: str) -> tuple[Notice, ...]:
        """A station's notices, the one that decides before the others first."""
        return self._notices.get(station_id, ())

    def posted(self, station_id: str, timetable: Timetable, now_ms: int) -> Posted:
        """The hours of now, with the next change as the notices make it.

        Looking ahead costs milliseconds, and stations with the same hours and notices look alike.
        """
        posted, notices = timetable.at(now_ms), self.of(station_id)
        if not notices:
            return posted
        key = (timetable, posted, notices, status.deciding(notices, now_ms))
        known = self._outlooks.get(key)
        if known is None or (known.changes_at_ms is not None and known.changes_at_ms <= now_ms):
            if len(self._outlooks) >= MOST_OUTLOOKS:
                self._outlooks.clear()
            known = self._outlooks[key] = status.outlook(posted, notices, now_ms, timetable.at)
        return known

    def _put_up(self) -> None:
        self._outlooks.clear()
        own: dict[str, list[Posting]] = {}
        for posting in self._postings:
            own.setdefault(posting.station, []).append(posting)
        wide: dict[Place, tuple[Notice, ...]] = {}
        self._notices = {}
        for station_id, where in self._places.items():
            area = replace(where, station="")  # a city has thousands of stations and a few dozen of these
            if area not in wide:
                wide[area] = _ranked(own.get("", ()), area)
            if notices := _ranked(own.get(station_id, ()), where) + wide[area]:
                self._notices[station_id] = notices


def _ranked(postings: Iterable[Posting], where: Place) -> tuple[Notice, ...]:
    """Those that hold there, the one that decides before the others first."""
    here = [each for each in postings if place(each.network, each.district, each.station).covers(where)]
    return tuple(each.notice for each in sorted(here, key=lambda posting: _rank(posting, where)))


def _rank(posting: Posting, place: Place) -> tuple[int, ...]:
    """The narrowest place first, there what keeps riders from a way in vain, then what ends last."""
    width = 0 if posting.station else 1 if posting.district else 2
    level = place.networks.index(posting.network)
    return (width, level, _STRICT.index(posting.access), -posting.until_ms, posting.id)
