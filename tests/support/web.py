"""A live state set by hand, with the interface of :class:`server.live.Live`, and stations of every kind."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from contract.messages import SocketState as SocketWord
from server.model import Network, Standard, Station
from server.state import (
    Access,
    CabinetState,
    Comfort,
    Crowding,
    SlotWord,
    SocketCounts,
    SocketState,
    StationState,
)
from server.store import Bucket, Quantity

NOON_MS = 1_782_883_200_000
"""1 July 2026, 13:20 in Taiyuan."""
HOUR_MS = 3_600_000
WORDS: tuple[SlotWord, ...] = (
    "charged",
    "charging",
    "empty",
    "present",
    "open",
    "disabled",
    "faulty",
    "offline",
)

TAIYUAN = Network(
    "taiyuan",
    "太原市",
    "Taiyuan",
    declared=2080,
    declared_qualifier="余",
    declared_as_of="2025-03",
    standards=(Standard("十有", ("空调", "饮水机")),),
    simulated=True,
)
XIAODIAN = Network("xiaodian", "小店区", "Xiaodian", parent="taiyuan", declared=120)
LIUYANG = Network("liuyang", "浏阳市", "Liuyang", declared=25)


class TableLive:
    """States by hand; every ``put`` counts the network's version up."""

    def __init__(self, networks: Iterable[Network] = (TAIYUAN, XIAODIAN, LIUYANG)) -> None:
        self._networks = {network.id: network for network in networks}
        self._states: dict[str, StationState] = {}
        self._version = 0
        self._news: Callable[[], None] = lambda: None

    def put(self, *states: StationState) -> None:
        """Set the states of some stations."""
        self._states |= {state.station.id: state for state in states}
        self._version += 1
        self._news()

    def remove(self, station_id: str) -> None:
        """Take a station off the registry."""
        del self._states[station_id]
        self._version += 1
        self._news()

    def listen(self, news: Callable[[], None]) -> None:
        """Have ``news`` called after each change."""
        self._news = news

    def networks(self) -> dict[str, Network]:
        """All networks by id."""
        return self._networks

    def state(self, station_id: str) -> StationState | None:
        """One station."""
        return self._states.get(station_id)

    def states(self, network_id: str) -> list[StationState]:
        """The stations of a network and of those inside it."""
        inside = {network_id} | {each.id for each in self._networks.values() if each.parent == network_id}
        return [state for state in self._states.values() if state.station.network in inside]

    def network_version(self, network_id: str) -> int:
        """One version for all."""
        return self._version if network_id in self._networks else 0


class TableStore:
    """A history set by hand."""

    def __init__(self, buckets: Iterable[Bucket] = ()) -> None:
        self.buckets = list(buckets)
        self.before = 0
        self.asked: list[tuple[str, Quantity, int, int, int]] = []

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """The same for every question, which is written down."""
        self.asked.append((station_id, quantity, from_ms, to_ms, step_ms))
        return self.buckets

    def crossed_before(self, _station_id: str, _quantity: Quantity, _before_ms: int) -> int:
        """As many as ``before`` says."""
        return self.before


def station(
    number: int = 1, network: str = "taiyuan", name: str = "嘉节社区暖心驿站", places: int | None = 16
) -> Station:
    """A registered station."""
    return Station(
        id=f"{network}-{number:04}",
        network=network,
        name_zh=name,
        name_en=f"Jiajie Community {number}" if number % 2 else "",
        aliases=("嘉节驿站",),
        region=(("小店区", "龙城街道"), ("迎泽区", "文庙街道"), ("万柏林区", "长风西街街道"))[number % 3],
        lat=37.8 + number / 1000,
        lon=112.5 + number / 1000,
        places=places,
        area_m2=150,
        hours="Mo-Fr 06:00-22:00; Sa,Su 08:00-20:00; PH off",
        host_kind="党群服务中心",
        amenities=("空调", "饮水机", "微波炉", "药箱", "雨伞", "洗手间"),
        instrumented=True,
    )


def cabinet(at_ms: int = NOON_MS, words: tuple[SlotWord, ...] = WORDS) -> CabinetState:
    """A cabinet with one slot of each word."""
    slots = tuple(enumerate(words, 1))
    counts = {word: words.count(word) for word in WORDS}
    return CabinetState(
        "c1", "A", 60, True, slots, counts["charged"], counts["empty"], counts["faulty"], at_ms
    )


def open_state(where: Station | None = None, at_ms: int = NOON_MS, people: int | None = 4) -> StationState:
    """Open, quiet and cool, with free sockets and charged batteries."""
    where = where or station()
    states: tuple[SocketWord, ...] = ("free", "free", "charging", "full", "in_use", "off", "fault", "unknown")
    sockets = tuple(
        SocketState(f"s{n}", f"{n}", "ac" if n % 2 else "usb", state, 12.5, at_ms - HOUR_MS)
        for n, state in enumerate(states, 1)
    )
    return StationState(
        station=where,
        freshness="fresh",
        access=Access("open", "verified", at_ms + 9 * HOUR_MS, at_ms=at_ms - 123_000),
        crowding=Crowding("quiet", people, where.places, False, at_ms, "places"),
        comfort=Comfort("cool", 26.4, 58, at_ms),
        sockets=SocketCounts(8, 2, 3, 1, 1, at_ms),
        socket_list=sockets,
        cabinets=(cabinet(at_ms),),
        at_ms=at_ms,
        simulated=True,
    )


def static_state(where: Station | None = None) -> StationState:
    """A station without a device: only its hours speak."""
    where = replace(where or station(2), instrumented=False)
    return StationState(
        where,
        "none",
        Access("open", "timetable", NOON_MS + 9 * HOUR_MS),
        Crowding("unknown", None, where.places),
        Comfort("unknown", reason="no_live_data"),
        SocketCounts(),
    )


def crowd(state: StationState, now_ms: int) -> StationState:
    """The same station, now full and hot, with one socket free and one battery less."""
    return replace(
        state,
        at_ms=now_ms,
        crowding=Crowding("full", 17, 16, False, now_ms, "places"),
        comfort=Comfort("hot", 31.2, 70, now_ms, reason="temperature"),
        sockets=SocketCounts(8, 0, 6, 1, 1, now_ms),
        socket_list=tuple(each._replace(state="charging") for each in state.socket_list),
    )
