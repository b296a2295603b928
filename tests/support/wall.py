"""A web with a wall: stations, counts and alerts set by hand, links and pages real."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from server.alerts.engine import Engine
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Subject
from server.live import Live
from server.occupancy import Occupancy
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import StationState
from server.walls import Walls
from server.web.build import build_web
from server.web.front import Front
from server.web.staff.services import Staff
from tests.support.console import Console, TableEngine, console
from tests.support.web import TableLive

MIN: Final = 60_000
NETWORK: Final = "taiyuan"


class CountingLive(TableLive):
    """States by hand, with visits ever by station."""

    def __init__(self) -> None:
        super().__init__()
        self.visits: dict[str, int] = {}

    def people(self, station_id: str) -> Occupancy | None:
        """The count, as if the newest crossing had been just now."""
        count = self.visits.get(station_id)
        if count is None:
            return None
        return Occupancy(time.time_ns() // 1_000_000, (("main", count, 0),), visits=count)


@dataclass
class WallSite:
    """The web, and what it is made of; ``path``: of a wall that has a link, below the address.

    Attributes:
        live, engine: what is shown; may be changed.
    """

    front: Front
    live: CountingLive
    engine: TableEngine
    staff: Staff
    made: Console
    secret: str

    @property
    def path(self) -> str:
        """Of the wall."""
        return f"/wall/{NETWORK}/{self.secret}"


@contextmanager
def wall_site(folder: Path, *states: StationState, settings: Settings | None = None) -> Iterator[WallSite]:
    """A web with these stations and one link to the wall of :data:`NETWORK`; its clock is the real one."""
    with console(folder, settings) as made:
        live = CountingLive()
        live.put(*states)
        engine = TableEngine(live.networks, cast(Live, live))
        staff = replace(
            made.services, live=cast(Live, live), engine=cast(Engine, engine), now_ms=real_ms,
        )  # fmt: skip
        secret = Walls(staff.desk).make(NETWORK, "大厅", "ada", real_ms())
        front = build_web(live, made.store, staff.settings, Pipeline(connected=True, alive=True), staff=staff)
        try:
            yield WallSite(front, live, engine, staff, made, secret)
        finally:
            front.close()


def real_ms() -> int:
    """Now."""
    return time.time_ns() // 1_000_000


def alarm(kind: str, subject: Subject | str, *, ago_ms: int = 30 * MIN, unit: str = "") -> Alert:
    """An alert of a station, or of another subject, that fires since then."""
    about = Subject("station", subject, unit) if isinstance(subject, str) else subject
    since_ms = real_ms() - ago_ms
    id_ = f"{abs(hash((kind, about))) % 16**16:016x}"
    return Alert(id_, kind, KINDS[kind].severity, about, "firing", since_ms, since_ms)
