"""What the points of stations need to know, read from the server's files; for commands beside the server."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from contract.messages import Info
from server.board import Board, Posting
from server.desk import Desk
from server.hours import timetable
from server.influx.places import Place
from server.live import Registered
from server.model import Network, Station
from server.notices import PART as NOTICES
from server.notices import Notices
from server.registry import Registry
from server.settings import Settings
from server.store.reader import Reader


def read(settings: Settings, now_ms: int) -> tuple[Mapping[str, Network], list[Place]]:
    """All networks by id, and the stations of them in the order of ids.

    Raises:
        RegistryError: the registry cannot be read.
        DeskError: the notices cannot be.
        sqlite3.Error: what the stations have cannot be.
    """
    with closing(Registry.open(settings.registry_db, read_only=True)) as registry:
        networks, stations = registry.networks(), registry.stations()
    infos = Reader(settings.readings_db).infos()
    return networks, places(networks, stations.values(), infos, _standing(settings.desk_db, now_ms))


def places(
    networks: Mapping[str, Network],
    stations: Iterable[Station],
    infos: Mapping[str, Info],
    postings: Iterable[Posting] = (),
) -> list[Place]:
    """The places of the stations whose network is known, in the order of ids."""
    known = sorted((each for each in stations if each.network in networks), key=lambda each: each.id)
    board = Board()
    board.place(known, networks)
    board.post(tuple(postings))
    return [Place(_registered(each, networks), board.of(each.id), infos.get(each.id)) for each in known]


def _registered(station: Station, networks: Mapping[str, Network]) -> Registered:
    network = networks[station.network]
    limits = station.thresholds or network.thresholds
    return Registered(station, network, limits, timetable("", network.time_zone))  # places make their own


def _standing(path: Path, now_ms: int) -> list[Posting]:
    if not path.exists():
        return []
    with closing(Desk.open(path, NOTICES)) as desk:
        return Notices(desk).standing(now_ms)
