"""Stations round the clock behind a server that has a forecast for each: what a station's page can show."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from server.forecasts.pattern import Forecast, Quarter
from server.model import Standard
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import StationState
from server.web.build import build_web
from tests.support.serving import serving
from tests.support.web import TAIYUAN, TableLive, TableStore, open_state, static_state, station

QUARTER_MS = 900_000
PLACES = 16


class Told:
    """A forecast for every station: fuller from quarter to quarter, all day."""

    def day(self, _station_id: str, now_ms: int) -> Forecast | None:
        local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo("Asia/Shanghai"))
        midnight_ms = round(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
        quarters = tuple(
            Quarter(midnight_ms + n * QUARTER_MS, n / 6, n / 8, n / 5, "quiet" if n < 48 else "crowded", 5)
            for n in range(96)
        )
        return Forecast(local.date(), "workday", "workday", 5, PLACES, quarters)

    def words(self, _station_id: str, _now_ms: int) -> str | None:
        return None


def round_the_clock(number: int, now_ms: int) -> StationState:
    """Open all day but for a minute, so that the clock of the test plays no part."""
    state = open_state(replace(station(number), hours="Mo-Su 00:00-23:59"), now_ms)
    return replace(state, access=replace(state.access, changes_at_ms=None))


def stations(now_ms: int) -> TableLive:
    """Two with all that can be measured and one without a sensor, in a network with two standards."""
    standards = (Standard("十有", ("空调", "无线网")), Standard("八可", ("热可纳凉", "急可如厕", "餐可优惠")))
    table = TableLive((replace(TAIYUAN, standards=standards),))
    table.put(*(round_the_clock(number, now_ms) for number in (1, 3)), static_state(station(4)))
    return table


@contextmanager
def foretold(live: TableLive) -> Iterator[str]:
    """The address of a server with these stations."""
    pipeline = Pipeline(connected=True, alive=True)
    with serving(build_web(live, TableStore(), Settings(), pipeline, forecasts=Told())) as port:
        yield f"http://127.0.0.1:{port}"
