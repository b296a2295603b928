"""A station's own page, which its QR plate opens: everything that is told of it. Complete without scripts."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response

from server import standards, status
from server.hours import HoursError, Timetable, timetable
from server.model import Network
from server.state import StationState
from server.web import bars, directions, forecast, networks, public
from server.web.bodies import Bodies, Body
from server.web.forecast import Forecasts
from server.web.pages import Pages, missing_page
from server.web.query import BadQueryError
from server.web.render import Renderer, View, answer_page
from server.web.shapes import Name
from server.web.text import Text, amenity_codes
from server.web.week import week

NEIGHBOURS: Final = 3
"""Stations told of as "nearby": enough to choose from, few enough for one screen."""
ONLY_HERE: Final = ("since.",)
"""Beginnings of strings that only this page's scripts need."""

Around = Callable[[networks.Live, Network, StationState, int, int], Sequence[tuple[StationState, float, int]]]
"""The nearest stations that fit better, each with minutes of riding and metres:
``(live, network, state, count, now_ms)``, as :func:`server.web.around.around`."""


class StationPage:
    """The page of one station: rendered once for each of its states, however many scan its plate at a time.

    What it tells of others, nearby, is up to ten seconds old.
    """

    def __init__(
        self,
        live: networks.Live,
        bodies: Bodies,
        renderer: Renderer,
        around: Around | None = None,
        forecasts: Forecasts | None = None,
    ) -> None:
        self._live, self._bodies, self._renderer = live, bodies, renderer
        self._around, self._forecasts = around, forecasts

    def render(self, view: View, station_id: str) -> Body:
        """One station.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        network = self._live.networks().get(state.station.network) if state else None
        if state is None or network is None:
            raise BadQueryError("station", "one of the list", 404)
        return self._bodies.get(("station", view, state), None, lambda: self._rendered(view, state, network))

    def _rendered(self, view: View, state: StationState, network: Network) -> Body:
        now_ms = self._renderer.now_ms()
        text = Text(view.language, now_ms)
        posted, zone = posted_hours(state, network), network.time_zone
        return self._renderer.page(
            "station.html",
            view,
            row=public.detail(state, zone),
            network=network,
            network_name=Name(network.name_zh, network.name_en),
            script=self._renderer.setup(view, network, networks.district(state), ONLY_HERE),
            zone=zone,
            week=week(posted, zone, now_ms, text, state.notices) if posted else None,
            ways=directions.to_station(state.station),
            chart=self._chart(state, posted, zone, now_ms, text),
            promises=_promises(self._live, state, network, now_ms),
            lack=lack(state),
            neighbours=self._neighbours(network, state, now_ms, text),
        )

    def _chart(
        self, state: StationState, posted: Timetable | None, zone: str, now_ms: int, text: Text
    ) -> bars.Chart | None:
        """None where there is nothing to tell from: no device, or a server that keeps no history."""
        if self._forecasts is None or not state.station.instrumented:
            return None
        today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).date()
        days = [posted.day(today - timedelta(days=ago)) for ago in (1, 0)] if posted else []
        told = forecast.told(state.station.id, self._forecasts.day(state.station.id, now_ms), True)
        return bars.chart(told, days, zone, now_ms, text)

    def _neighbours(
        self, network: Network, state: StationState, now_ms: int, text: Text
    ) -> list[dict[str, Any]]:
        if self._around is None or state.station.lat is None:
            return []
        found = self._around(self._live, network, state, NEIGHBOURS, now_ms)
        return [
            {"row": public.summary(other), "minutes": max(1, round(minutes)), "far": far(metres, text)}
            for other, minutes, metres in found
        ]


def posted_hours(state: StationState, network: Network) -> Timetable | None:
    """The posted hours; None where there are none that can be understood."""
    station = state.station
    if not station.hours:
        return None
    try:
        return timetable(station.hours, network.time_zone, station.lat, station.lon)
    except HoursError:
        return None


def _promises(live: networks.Live, state: StationState, network: Network, now_ms: int) -> dict[str, Any]:
    """The standards of a station's network, each with its items judged, and what goes beyond them."""
    known = standards.standards_of(live.networks(), network.id)
    season = status.season(network, now_ms)
    return {
        "standards": [(each.name, standards.judge(each, state, season, _code)) for each in known],
        "extras": standards.extras(known, state.station.amenities, _code) if known else (),
    }


def _code(word: str) -> str:
    return amenity_codes().get(word.strip().lower(), word.strip())


def far(metres: int, text: Text) -> str:
    """A distance as ``static/js/facts.js`` says it: tens of metres, tenths of a kilometre, kilometres."""
    if metres < 1000:
        return text("way.metres", count=max(10, (metres + 5) // 10 * 10))
    kilometres = f"{metres / 1000:.1f}" if metres < 9_950 else f"{metres / 1000:.0f}"
    return text("way.kilometres", count=kilometres.removesuffix(".0"))


def lack(state: StationState) -> str:
    """Why a rider may want to go elsewhere: ``closed``, ``full``, ``hot`` or ``cold``; "" when not."""
    if state.access.value in ("closed", "locked"):
        return "closed"
    if state.freshness != "fresh":
        return ""
    if state.crowding.value == "full":
        return "full"
    return state.comfort.value if state.comfort.value in ("hot", "cold") else ""


def add_station_page(app: FastAPI, page: StationPage, pages: Pages, renderer: Renderer) -> None:
    """Add ``/s/<id>`` to ``app``."""

    @app.get("/s/{station_id}", include_in_schema=False)
    async def station(request: Request, station_id: str) -> Response:
        view = renderer.view(request)
        try:
            return answer_page(page.render(view, station_id))
        except BadQueryError:
            return missing_page(pages, view)
