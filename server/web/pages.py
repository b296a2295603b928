"""The rider's pages: all networks, a network's stations, one station. Complete without scripts.

What stands in the HTML is what stands in the API; scripts only keep it fresh. A hand-made address with odd
parameters gives the list, not an error; only an unknown network or station is a 404, which offers the list.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import jinja2
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from server.model import Network, StationState
from server.web import networks, public
from server.web.api import Ready, refusal
from server.web.assets import Assets
from server.web.bodies import HTML, PAGE_CACHE, Bodies, Body
from server.web.events import SILENCE_MS, Events
from server.web.order import order
from server.web.query import BadQueryError
from server.web.text import LOOKS, Language, Text, choose, strings

PAGE_ROWS: Final = 30
"""Stations in one page's HTML; the rest is reached by district and page, or through the API."""
_LONGEST_SEARCH: Final = 80
_SCRIPT_STRINGS: Final = (
    "access.", "evidence.", "crowding.", "comfort.", "freshness.", "sockets.", "batteries.", "age.", "link.",
    "day.", "weekday.", "sentence.", "socket.state.", "slot.", "cabinet.offline",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """How a page was asked for: its language and where its links lead."""

    language: Language
    chosen: str | None
    base_path: str
    path: str
    kept: tuple[tuple[str, str], ...] = ()

    def link(self, path: str, **parameters: object) -> str:
        """An address on this site that keeps a language that was chosen by hand."""
        pairs = [(name, str(value)) for name, value in parameters.items() if value not in (None, "", 1)]
        pairs += [("lang", self.chosen)] if self.chosen else []
        return f"{self.base_path}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def other_language(self) -> str:
        """The same page in the other language."""
        other = "en" if self.language == "zh" else "zh"
        return f"{self.base_path}{self.path}?{urlencode([*self.kept, ('lang', other)])}"


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
    """Renders the pages from the live state."""

    def __init__(
        self,
        live: networks.Live,
        events: Events,
        bodies: Bodies,
        *,
        base_path: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._live, self._events, self._bodies, self.assets = live, events, bodies, Assets()
        self._base_path, self._now_ms = base_path, now_ms
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def view(self, request: Request, *kept: str) -> View:
        """Language and links of a request; ``kept`` parameters survive a change of language."""
        given = request.query_params
        wanted = given.get("lang")
        language = choose(wanted, request.headers.get("accept-language", ""))
        path = request.scope["path"].removeprefix(self._base_path)
        pairs = tuple((name, given[name]) for name in kept if given.get(name))
        return View(language, language if wanted == language else None, self._base_path, path, pairs)

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

    def _network(self, view: View, network: Network, choice: Choice) -> Body:
        members = self._live.states(network.id)
        wanted = sorted(filter(choice.fits, members), key=order)
        pages = max(1, -(-len(wanted) // PAGE_ROWS))
        page = min(choice.page, pages)
        shown = wanted[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        return self._render(
            "network.html",
            view,
            network=networks.summary(self._live, network),
            rows=[public.summary(state) for state in shown],
            choice=choice,
            found=len(wanted),
            page=page,
            pages=pages,
            simulated=network.simulated or (bool(members) and all(state.simulated for state in members)),
            script=self._script(view, network, choice.district),
            zone=network.time_zone,
        )

    def station(self, view: View, station_id: str) -> Body:
        """One station.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        network = self._live.networks().get(state.station.network) if state else None
        if state is None or network is None:
            raise BadQueryError("station", "one of the list", 404)
        return self._render(
            "station.html",
            view,
            row=public.detail(state, network.time_zone),
            network=network,
            network_name=public.Name(network.name_zh, network.name_en),
            script=self._script(view, network, networks.district(state)),
            zone=network.time_zone,
        )

    def missing(self, view: View) -> Body:
        """The 404 page, with the list of networks."""
        return self._list(view, "error.html")

    def _list(self, view: View, template: str) -> Body:
        rows = networks.summaries(self._live)
        simulated = bool(rows) and all(network.simulated for network in self._live.networks().values())
        names = {row.id: row.name for row in rows}
        return self._render(template, view, rows=rows, names=names, simulated=simulated)

    def _kept(self, view: View, what: Hashable, network_id: str | None, build: Callable[[], Body]) -> Body:
        version = networks.version(self._live, network_id)
        return self._bodies.get((view, what, network_id), version, build)

    def _script(self, view: View, network: Network, district: str) -> dict[str, Any]:
        """What the page's scripts need: strings, looks, thresholds and where to listen."""
        chosen = {
            key: text for key, text in strings(view.language).items() if key.startswith(_SCRIPT_STRINGS)
        }
        return {
            "base": self._base_path,
            "network": network.id,
            "district": district,
            "event_id": self._events.last_id(network.id),
            "now": public.iso(self._now_ms()),
            "zone": network.time_zone,
            "fresh_s": network.thresholds.fresh_ms // 1000,
            "silence_ms": SILENCE_MS,
            "offline_s": network.thresholds.offline_ms // 1000,
            "looks": LOOKS,
            "strings": chosen,
        }

    def _render(self, template: str, view: View, **values: Any) -> Body:
        text = Text(view.language, self._now_ms())
        static = f"{self._base_path}/static/{self.assets.version}"
        page = self._templates.get_template(template).render(t=text, view=view, static=static, **values)
        return Body.of(page.encode(), HTML, PAGE_CACHE)


def add_pages(app: FastAPI, pages: Pages) -> None:
    """Add the pages and their assets to ``app``; they are not part of the API's document."""

    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        return _page(pages.home(pages.view(request)))

    @app.get("/n/{network_id}", include_in_schema=False)
    async def network(request: Request, network_id: str) -> Response:
        view = pages.view(request, "district", "q", "page")
        try:
            return _page(pages.network(view, network_id, _choice(request)))
        except BadQueryError:
            return _missing(pages, view)

    @app.get("/s/{station_id}", include_in_schema=False)
    async def station(request: Request, station_id: str) -> Response:
        view = pages.view(request)
        try:
            return _page(pages.station(view, station_id))
        except BadQueryError:
            return _missing(pages, view)

    @app.exception_handler(404)
    async def missing(request: Request, _error: Exception) -> Response:
        """A person gets the page with the list; a program gets JSON."""
        if "text/html" in request.headers.get("accept", ""):
            return _missing(pages, pages.view(request))
        return refusal(404, "there is nothing at this address")

    @app.get("/static/{version}/{name:path}", include_in_schema=False)
    async def static(version: str, name: str) -> Response:
        body = pages.assets.get(name) if version == pages.assets.version else None
        return Ready(body) if body else Response(status_code=404)


def _choice(request: Request) -> Choice:
    given = request.query_params
    page = given.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    return Choice(given.get("district", ""), given.get("q", "").strip()[:_LONGEST_SEARCH], max(1, number))


def _page(body: Body) -> Response:
    return Ready(body, [(b"vary", b"accept-language")])


def _missing(pages: Pages, view: View) -> Response:
    return HTMLResponse(pages.missing(view).plain, 404, {"cache-control": "no-store"})
