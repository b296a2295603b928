"""The rider's pages: all networks, and a network's stations. Complete without scripts.

What stands in the HTML is what stands in the API; scripts only keep it fresh. A hand-made address with odd
parameters gives the list, not an error; only an unknown network or station is a 404, which offers the list.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from server.model import Network
from server.state import StationState
from server.web import networks, public, wishes
from server.web.api import Ready, refusal
from server.web.bodies import Bodies, Body
from server.web.order import Choice, Listed, choose, page_of
from server.web.query import BadQueryError
from server.web.render import Renderer, View, answer_page
from server.web.shapes import AccessFact, ComfortFact, CrowdingFact, Name, StationSummary
from server.web.spoken import spoken
from server.web.text import Text

PAGE_ROWS: Final = 30
"""Stations in one page's HTML; the rest is reached by district and page, or through the API."""
_STRINGS: Final = (
    "list.", "near.", "view.", "map.", "fact.", "lack.", "arrival.", "way.", "said.", "district.all",
    "station.amenities.none",
)  # fmt: skip
_LONGEST_SEARCH: Final = 80


@dataclass(frozen=True, slots=True)
class Card:
    """A station in the list; ``said`` for those who listen, ``offers``: amenities, ``why``: what it lacks."""

    row: StationSummary
    said: str
    offers: str
    why: str


_BLANK: Final = Card(
    StationSummary(
        id="",
        freshness="none",
        access=AccessFact("unknown"),
        crowding=CrowdingFact("unknown", "no_live_data"),
        comfort=ComfortFact("unknown", "no_live_data"),
        network="",
        name=Name(""),
    ),
    "",
    "",
    "",
)
"""What scripts make new cards of."""


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
        members, now_ms = self._live.states(network.id), self._renderer.now_ms()
        text = Text(view.language, now_ms)
        listed = choose(members, choice, now_ms, network.thresholds)
        shown, page, pages = page_of(listed, choice.page, PAGE_ROWS)
        cards = [_card(text, each, network.time_zone) for each in shown]
        return self._renderer.page(
            "network.html",
            view,
            network=networks.summary(self._live, network),
            cards=cards,
            blank=_BLANK,
            nearest=_card(text, listed[0], network.time_zone) if listed and listed[0].lacks else None,
            choice=choice,
            wishes=[(wish, wishes.toggled(choice.wishes, wish)) for wish in wishes.WISHES],
            found=len(listed),
            page=page,
            pages=pages,
            simulated=network.simulated or (bool(members) and all(state.simulated for state in members)),
            script=self._script(view, network, choice, members),
            zone=network.time_zone,
        )

    def _script(
        self, view: View, network: Network, choice: Choice, members: Sequence[StationState]
    ) -> dict[str, Any]:
        """What the list's scripts need: how amenities are called in this network and in this language."""
        text = Text(view.language, self._renderer.now_ms())
        words = {word for state in members for word in state.station.amenities}
        return self._renderer.setup(view, network, choice.district, _STRINGS) | {
            "lang": view.chosen or "",
            "amenities": {word: text.amenity(word) for word in sorted(words) if text.amenity(word) != word},
        }

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
        view = renderer.view(request, "district", "q", "want", "page")
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


def _card(text: Text, listed: Listed, zone: str) -> Card:
    row = public.summary(listed.state)
    when = text.moment(row.measured_at, zone) if row.measured_at else ""
    amenities = text.amenities(row.amenities)
    if row.freshness in public.SILENT and not amenities:
        amenities = (text("station.amenities.none"),)
    notes = [text(f"lack.{reason}") for reason in listed.lacks]
    told = [text.notice(notice, zone) for notice in text.nearest(row.notices)]
    offers, why = text("list.separator").join(amenities), text("sentence.separator").join(notes)
    return Card(row, spoken(text, row, when, amenities, [*notes, *told]), offers, why)


def _choice(request: Request) -> Choice:
    given = request.query_params
    page = given.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    search = given.get("q", "").strip()[:_LONGEST_SEARCH]
    return Choice(given.get("district", ""), search, wishes.parse(given.get("want", "")), max(1, number))
