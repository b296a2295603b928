"""The rider's pages: all networks, and a network's stations. Complete without scripts.

What stands in the HTML is what stands in the API; scripts only keep it fresh. A hand-made address with odd
parameters gives the list, not an error; only an unknown network or station is a 404, which offers the list.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from server.model import Network, StationState
from server.web import networks, public
from server.web.api import Ready, refusal
from server.web.bodies import Bodies, Body
from server.web.order import order
from server.web.query import BadQueryError
from server.web.render import Renderer, View, answer_page

PAGE_ROWS: Final = 30
"""Stations in one page's HTML; the rest is reached by district and page, or through the API."""
_LONGEST_SEARCH: Final = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of a network's stations are wanted: a district, a piece of a name, a page."""

    district: str
    search: str
    page: int

    def fits(self, state: StationState) -> bool:
        """Whether a station is wanted."""
        if self.district and networks.district(state) != self.district:
            return False
        station = state.station
        names = (station.name_zh, station.name_en, *station.aliases, *station.region)
        return not self.search or any(self.search.casefold() in name.casefold() for name in names)


class Pages:
    """The lists: networks, and the stations of one."""

    def __init__(self, live: networks.Live, bodies: Bodies, renderer: Renderer) -> None:
        self._live, self._bodies, self._renderer = live, bodies, renderer

    def home(self, view: View) -> Body:
        """All networks with their four counts."""
        return self._kept(view, "home", None, lambda: self._list(view, "home.html"))

    def network(self, view: View, network_id: str, choice: Choice) -> Body:
        """A network's stations, best first.

        Raises:
            BadQueryError: when there is no such network.
        """
        network = self._live.networks().get(network_id)
        if network is None:
            raise BadQueryError("network", "one of the list", 404)
        if choice.search:
            return self._network(view, network, choice)
        return self._kept(view, choice, network_id, lambda: self._network(view, network, choice))

    def missing(self, view: View) -> Body:
        """The 404 page, with the list of networks."""
        return self._list(view, "error.html")

    def _network(self, view: View, network: Network, choice: Choice) -> Body:
        members = self._live.states(network.id)
        wanted = sorted(filter(choice.fits, members), key=order)
        pages = max(1, -(-len(wanted) // PAGE_ROWS))
        page = min(choice.page, pages)
        shown = wanted[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        return self._renderer.page(
            "network.html",
            view,
            network=networks.summary(self._live, network),
            rows=[public.summary(state) for state in shown],
            choice=choice,
            found=len(wanted),
            page=page,
            pages=pages,
            simulated=network.simulated or (bool(members) and all(state.simulated for state in members)),
            script=self._renderer.setup(view, network, choice.district),
            zone=network.time_zone,
        )

    def _list(self, view: View, template: str) -> Body:
        rows = networks.summaries(self._live)
        simulated = bool(rows) and all(network.simulated for network in self._live.networks().values())
        names = {row.id: row.name for row in rows}
        return self._renderer.page(template, view, rows=rows, names=names, simulated=simulated)

    def _kept(self, view: View, what: Hashable, network_id: str | None, build: Callable[[], Body]) -> Body:
        version = networks.version(self._live, network_id)
        return self._bodies.get((view, what, network_id), version, build)


def add_pages(app: FastAPI, pages: Pages, renderer: Renderer) -> None:
    """Add the lists, the 404 page and the assets to ``app``; they are not part of the API's document."""

    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        return answer_page(pages.home(renderer.view(request)))

    @app.get("/n/{network_id}", include_in_schema=False)
    async def network(request: Request, network_id: str) -> Response:
        view = renderer.view(request, "district", "q", "page")
        try:
            return answer_page(pages.network(view, network_id, _choice(request)))
        except BadQueryError:
            return missing_page(pages, view)

    @app.exception_handler(404)
    async def missing(request: Request, _error: Exception) -> Response:
        """A person gets the page with the list; a program gets JSON."""
        if "text/html" in request.headers.get("accept", ""):
            return missing_page(pages, renderer.view(request))
        return refusal(404, "there is nothing at this address")

    @app.get("/static/{version}/{name:path}", include_in_schema=False)
    async def static(version: str, name: str) -> Response:
        body = renderer.assets.get(name) if version == renderer.assets.version else None
        return Ready(body) if body else Response(status_code=404)


def missing_page(pages: Pages, view: View) -> Response:
    """The 404 page as an answer."""
    return HTMLResponse(pages.missing(view).plain, 404, {"cache-control": "no-store"})


def _choice(request: Request) -> Choice:
    given = request.query_params
    page = given.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    return Choice(given.get("district", ""), given.get("q", "").strip()[:_LONGEST_SEARCH], max(1, number))
