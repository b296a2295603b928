"""The screen at a station's door: this room now, in type to be read across a street, and where else to go.

The page is whole as it comes; its script only exchanges it for a newer one, so that a screen may stand for
months and every word on it is the server's.
"""

from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from server.model import Network
from server.state import StationState
from server.web import networks, past, public
from server.web.api import History
from server.web.bodies import Body
from server.web.pages import Pages, missing_page
from server.web.query import STEPS, BadQueryError
from server.web.render import Renderer, View, answer_page
from server.web.station_page import Around, far, lack, posted_hours
from server.web.text import Text
from server.web.week import week

NEIGHBOURS: Final = 3
"""Stations to go to instead: what fits on the screen."""
_DAY_MS: Final = STEPS["1d"]


def visits_today(store: History, station_id: str, zone: ZoneInfo, now_ms: int) -> int:
    """Visits since local midnight as the public is told of them, in threes (see :mod:`server.web.past`)."""
    midnight_ms = past.grid_ms(now_ms, _DAY_MS, zone)
    before = store.crossed_before(station_id, "visits", midnight_ms)
    quarters = store.history(station_id, "visits", midnight_ms, midnight_ms + _DAY_MS, past.QUARTER_MS)
    steps = past.crossings(quarters, before, midnight_ms, _DAY_MS, now_ms)
    return round(sum(step.value or 0 for step in steps))


class DoorScreen:
    """Renders the screen of one station; ``around`` as for :class:`server.web.station_page.StationPage`."""

    def __init__(
        self, live: networks.Live, store: History, renderer: Renderer, around: Around | None = None
    ) -> None:
        self._live, self._store, self._renderer, self._around = live, store, renderer, around

    async def render(self, view: View, station_id: str) -> Body:
        """The screen of one station.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        network = self._live.networks().get(state.station.network) if state else None
        if state is None or network is None:
            raise BadQueryError("station", "one of the list", 404)
        now_ms, zone = self._renderer.now_ms(), network.time_zone
        text = Text(view.language, now_ms)
        posted = posted_hours(state, network)
        return self._renderer.page(
            "door.html",
            view,
            row=public.summary(state),
            visits=await run_in_threadpool(visits_today, self._store, station_id, ZoneInfo(zone), now_ms),
            week=week(posted, zone, now_ms, text) if posted else None,
            lack=lack(state),
            neighbours=self._neighbours(network, state, now_ms, text),
            script=self._renderer.setup(view, network, networks.district(state)),
            now=public.iso(now_ms),
            zone=zone,
        )

    def _neighbours(
        self, network: Network, state: StationState, now_ms: int, text: Text
    ) -> list[dict[str, Any]]:
        if self._around is None or state.station.lat is None:
            return []
        found = self._around(self._live, network, state, NEIGHBOURS, now_ms)
        return [{"row": public.summary(other), "far": far(metres, text)} for other, _, metres in found]


def add_door(app: FastAPI, screen: DoorScreen, pages: Pages, renderer: Renderer) -> None:
    """Add ``/door/<id>`` to ``app``."""

    @app.get("/door/{station_id}", include_in_schema=False)
    async def door(request: Request, station_id: str) -> Response:
        view = renderer.view(request)
        try:
            return answer_page(await screen.render(view, station_id))
        except BadQueryError:
            return missing_page(pages, view)
