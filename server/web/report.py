"""Report a problem: a page of two taps, complete without scripts, and the same for programs."""

from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from server import notes
from server.reports.reports import Kind
from server.state import StationState
from server.web import desk as desks
from server.web import networks
from server.web.api import refusal
from server.web.bodies import Body
from server.web.desk import Desk, Draft, RefusedError, ReportAnswer, ReportRequest
from server.web.pages import Pages, missing_page
from server.web.query import BadQueryError
from server.web.render import Renderer, View, answer_page
from server.web.shapes import Name
from server.web.text import Text

_EMPTY: Final = Draft()
_ICONS: Final[dict[Kind, str]] = {
    "closed": "door-closed",
    "temperature": "thermometer",
    "crowded": "people-3",
    "socket": "plug",
    "cabinet": "battery",
    "facility": "tap",
    "information": "info",
    "other": "more",
}


class ReportPage:
    """Renders the form, and the thanks after it."""

    def __init__(self, live: networks.Live, renderer: Renderer) -> None:
        self._live, self._renderer = live, renderer

    def state(self, station_id: str) -> StationState:
        """The station that is reported about.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        if state is None:
            raise BadQueryError("station", "an id from /api/v1/stations", 404)
        return state

    def form(self, view: View, station_id: str) -> Response:
        """The empty form."""
        return answer_page(self._render(view, station_id))

    def thanks(self, view: View, station_id: str) -> Response:
        """What a rider sees after sending."""
        return answer_page(self._render(view, station_id, sent=True))

    def refused(self, view: View, station_id: str, draft: Draft, error: RefusedError) -> Response:
        """The form as it was filled in, and what is wrong with it."""
        said = error.say(Text(view.language, self._renderer.now_ms()))
        body = self._render(view, station_id, draft=draft, refused=said)
        return HTMLResponse(body.plain, error.status, error.headers())

    def _render(
        self, view: View, station_id: str, *, draft: Draft = _EMPTY, refused: str = "", sent: bool = False
    ) -> Body:
        station = self.state(station_id).station
        return self._renderer.page(
            "report.html",
            view,
            station=station.id,
            name=Name(station.name_zh, station.name_en),
            kinds=_ICONS,
            kind=draft.kind,
            note=draft.note,
            most=notes.MOST,
            refused=refused,
            sent=sent,
        )


def add_report(app: FastAPI, live: networks.Live, desk: Desk, pages: Pages, renderer: Renderer) -> None:
    """Add ``/s/<id>/report`` to ``app``, and the same for programs to its API."""
    page = ReportPage(live, renderer)
    _add_form(app, page, pages, renderer)
    _add_sending(app, page, desk, pages, renderer)
    _add_api(app, page, desk)


def _add_form(app: FastAPI, page: ReportPage, pages: Pages, renderer: Renderer) -> None:

    @app.get("/s/{station_id}/report", include_in_schema=False)
    async def form(request: Request, station_id: str) -> Response:
        view = renderer.view(request)
        try:
            return page.form(view, station_id)
        except BadQueryError:
            return missing_page(pages, view)

    @app.get("/s/{station_id}/report/sent", include_in_schema=False)
    async def sent(request: Request, station_id: str) -> Response:
        view = renderer.view(request)
        try:
            return page.thanks(view, station_id)
        except BadQueryError:
            return missing_page(pages, view)


def _add_sending(app: FastAPI, page: ReportPage, desk: Desk, pages: Pages, renderer: Renderer) -> None:
    @app.post("/s/{station_id}/report", include_in_schema=False)
    async def send(request: Request, station_id: str) -> Response:
        view, draft = renderer.view(request), Draft()
        try:
            page.state(station_id)
            draft = desks.filled_in(await desks.read_body(request, desks.FORM))
            desks.check_sender(request)
            await desk.take(request, station_id, desks.known_kind(draft.kind), draft.note)
        except BadQueryError:
            return missing_page(pages, view)
        except RefusedError as error:
            return page.refused(view, station_id, draft, error)
        # To another address: a reload of the thanks sends nothing again.
        return RedirectResponse(view.link(f"/s/{station_id}/report/sent"), 303, {"cache-control": "no-store"})


def _add_api(app: FastAPI, page: ReportPage, desk: Desk) -> None:
    @app.post("/api/v1/stations/{station_id}/reports", tags=["reports"], **_DOCUMENTED)
    async def report(request: Request, station_id: str) -> Response:
        """Report a problem at a station to its staff; no name, no number, no login."""
        page.state(station_id)
        try:
            desks.check_sender(request)
            asked = desks.decoded(await desks.read_body(request, desks.JSON))
            answer, new = await desk.take(request, station_id, asked.kind, asked.note)
        except RefusedError as error:
            response = refusal(error.status, error.say(Text("en", 0)), error.parameter)
            response.headers.update(error.headers())
            return response
        return JSONResponse(msgspec.to_builtins(answer), 201 if new else 200, {"cache-control": "no-store"})


def _schema(kind: type) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]
    return {desks.JSON: {"schema": schema}}


_ERROR: Final = {desks.JSON: {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
_DOCUMENTED: Final[dict[str, Any]] = {
    "status_code": 201,
    "response_class": Response,
    "openapi_extra": {"requestBody": {"required": True, "content": _schema(ReportRequest)}},
    "responses": {
        201: {"description": "kept, and told to staff", "content": _schema(ReportAnswer)},
        200: {"description": "the same report came from there minutes ago", "content": _schema(ReportAnswer)},
        400: {"description": "a wrong kind, a note that is too long, or no JSON", "content": _ERROR},
        403: {"description": "sent by the page of another site", "content": _ERROR},
        404: {"description": "no such station", "content": _ERROR},
        413: {"description": f"more than {desks.MAX_REPORT} bytes", "content": _ERROR},
        415: {"description": f"not {desks.JSON}", "content": _ERROR},
        429: {"description": "too many; Retry-After says when to try again", "content": _ERROR},
        503: {"description": "too many are open, or none can be kept now", "content": _ERROR},
    },
}
