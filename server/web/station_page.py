"""A station's own page, which its QR plate opens: everything that is told of it. Complete without scripts."""

from fastapi import FastAPI, Request, Response

from server.web import networks, public
from server.web.bodies import Body
from server.web.pages import Pages, missing_page
from server.web.query import BadQueryError
from server.web.render import Renderer, View, answer_page


class StationPage:
    """Renders the page of one station from the live state."""

    def __init__(self, live: networks.Live, renderer: Renderer) -> None:
        self._live, self._renderer = live, renderer

    def render(self, view: View, station_id: str) -> Body:
        """One station.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        network = self._live.networks().get(state.station.network) if state else None
        if state is None or network is None:
            raise BadQueryError("station", "one of the list", 404)
        return self._renderer.page(
            "station.html",
            view,
            row=public.detail(state, network.time_zone),
            network=network,
            network_name=public.Name(network.name_zh, network.name_en),
            script=self._renderer.setup(view, network, networks.district(state)),
            zone=network.time_zone,
        )


def add_station_page(app: FastAPI, page: StationPage, pages: Pages, renderer: Renderer) -> None:
    """Add ``/s/<id>`` to ``app``."""

    @app.get("/s/{station_id}", include_in_schema=False)
    async def station(request: Request, station_id: str) -> Response:
        view = renderer.view(request)
        try:
            return answer_page(page.render(view, station_id))
        except BadQueryError:
            return missing_page(pages, view)
