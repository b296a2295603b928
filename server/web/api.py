"""The JSON API: the big answers as ready-made bodies, the rest through FastAPI, all in one OpenAPI document.

:class:`Answers` makes the bodies. :mod:`server.web.front` sends those that are asked for most without going
through the framework; the routes here answer everything else, and refuse what is wrong with a reason.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from server.state import StationState
from server.store import Bucket, Quantity
from server.web import networks, past, public, query
from server.web.bodies import Bodies, Body, Headers, answer
from server.web.events import Events
from server.web.networks import NetworkSummary, Totals
from server.web.query import BadQueryError
from server.web.shapes import StationDetail, StationSummary, Struct


class History(Protocol):
    """What the web reads of :class:`server.store.sqlite.Store`; may be called from any thread."""

    def history(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, step_ms: int
    ) -> list[Bucket]:
        """The steps that hold a value."""

    def crossed_before(self, station_id: str, quantity: Quantity, before_ms: int) -> int:
        """Visits or exits since the first snapshot, up to ``before_ms``."""


class HistoryAnswer(Struct, frozen=True):
    """A station's history of one quantity; only steps in which something was measured are listed."""

    station: str
    quantity: Quantity
    step_s: int
    steps: tuple[past.Step, ...]


class StationList(Struct, frozen=True):
    """``/api/v1/stations``. ``event_id`` is where the event stream goes on (with ``network`` only)."""

    stations: tuple[StationSummary, ...]
    event_id: str | None = None


class NetworkList(Struct, frozen=True, omit_defaults=False):
    """``/api/v1/networks``. ``totals`` counts sub-networks once; declared counts are never added."""

    networks: tuple[NetworkSummary, ...]
    totals: Totals


class ErrorAnswer(Struct, frozen=True):
    """Why a request was refused."""

    error: str
    parameter: str | None = None


ENCODED: Final = (StationList, NetworkList, HistoryAnswer, ErrorAnswer, StationDetail)


class Answers:
    """The bodies of the API, each encoded once per change. Used on the event loop."""

    def __init__(self, live: networks.Live, bodies: Bodies, events: Events) -> None:
        self._live, self._bodies, self._events = live, bodies, events
        self._rows: dict[str, tuple[StationState, bytes]] = {}

    def networks(self) -> Body:
        """The list of networks with their counts."""
        return self._bodies.get("networks", networks.version(self._live, None), self._networks)

    def stations(self, network_id: str | None, district: str | None) -> Body:
        """The list of stations, of one network and one of its districts if asked.

        Raises:
            BadQueryError: for a network or district that does not exist.
        """
        known = self._live.networks()
        if network_id is not None and network_id not in known:
            raise BadQueryError("network", "one of the ids in /api/v1/networks", 404)
        version = networks.version(self._live, network_id)
        return self._bodies.get(
            ("stations", network_id, district), version, lambda: self._stations(network_id, district)
        )

    def station(self, station_id: str) -> Body:
        """One station with its sockets and cabinets.

        Raises:
            BadQueryError: when there is no such station.
        """
        state = self._live.state(station_id)
        if state is None:
            raise BadQueryError("station", "an id from /api/v1/stations", 404)
        network = self._live.networks().get(state.station.network)
        zone = network.time_zone if network else "UTC"
        return Body.of(msgspec.json.encode(public.detail(state, zone)))

    def _networks(self) -> Body:
        rows = networks.summaries(self._live)
        return Body.of(msgspec.json.encode(NetworkList(tuple(rows), networks.totals(rows))))

    def _stations(self, network_id: str | None, district: str | None) -> Body:
        event_id = self._events.last_id(network_id) if network_id else None
        found = self._found(network_id, district)
        if district is not None and not found:
            raise BadQueryError("district", "a district of the network, as in /api/v1/networks", 404)
        head = b'{"event_id":' + msgspec.json.encode(event_id) + b"," if event_id else b"{"
        return Body.of(head + b'"stations":[' + b",".join(map(self._row, found)) + b"]}")

    def _found(self, network_id: str | None, district: str | None) -> list[StationState]:
        outer = (
            [network_id] if network_id else [network.id for network in networks.roots(self._live.networks())]
        )
        return [
            state
            for name in outer
            for state in self._live.states(name)
            if district is None or networks.district(state) == district
        ]

    def _row(self, state: StationState) -> bytes:
        kept = self._rows.get(state.station.id)
        if kept is None or kept[0] is not state:
            kept = (state, msgspec.json.encode(public.summary(state)))
            self._rows[state.station.id] = kept
        return kept[1]


def build_api(answers: Answers, live: networks.Live, store: History, now_ms: Callable[[], int]) -> FastAPI:
    """The FastAPI application below ``/api/v1``; pages and health are added to it by their modules."""
    app = FastAPI(
        title="Waystation",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.encoded = list(ENCODED)
    _add_refusals(app)
    _add_lists(app, answers)
    _add_station(app, answers, live, store, now_ms)
    _document(app)
    return app


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(BadQueryError)
    async def bad_query(_request: Request, error: BadQueryError) -> Response:
        return refusal(error.status, str(error), error.parameter)

    @app.exception_handler(RequestValidationError)
    async def bad_request(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return refusal(400, str(first["msg"]), str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    async def bad_path(_request: Request, error: HTTPException) -> Response:
        response = refusal(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        return response


def refusal(status: int, reason: str, parameter: str | None = None) -> Response:
    """A refusal as JSON; what the reader sent is never echoed but for a parameter's name."""
    content: dict[str, str] = {"error": reason}
    if parameter is not None:
        content["parameter"] = parameter
    return JSONResponse(content, status, {"cache-control": "no-store"})


class Ready(Response):
    """A ready-made body as a Starlette response, with the same ETag and compression as in the fast path."""

    def __init__(self, body: Body, extra: Headers | None = None) -> None:
        super().__init__()
        self._ready, self._extra = body, extra or []

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Send it."""
        await answer(self._ready, scope, send, self._extra)


def _add_lists(app: FastAPI, answers: Answers) -> None:
    @app.get("/api/v1/networks", tags=["live"], **described(NetworkList))
    async def list_networks(request: Request) -> Response:
        """All networks, parents before what is inside them, each with its four counts."""
        query.check_names(request.query_params.keys(), ())
        return Ready(answers.networks())

    @app.get("/api/v1/stations", tags=["live"], **described(StationList, 400, 404))
    async def list_stations(
        request: Request, network: str | None = None, district: str | None = None
    ) -> Response:
        """All stations with their status, of one network (its sub-networks included) or district if asked."""
        query.check_names(request.query_params.keys(), ("network", "district"))
        return Ready(answers.stations(network, district))


def _add_station(
    app: FastAPI, answers: Answers, live: networks.Live, store: History, now_ms: Callable[[], int]
) -> None:
    @app.get("/api/v1/stations/{station_id}", tags=["live"], **described(StationDetail, 400, 404))
    async def get_station(request: Request, station_id: str) -> Response:
        """One station with each socket and each cabinet slot."""
        query.check_names(request.query_params.keys(), ())
        return Ready(answers.station(station_id))

    @app.get(
        "/api/v1/stations/{station_id}/history",
        tags=["history"],
        openapi_extra={"parameters": _HISTORY_PARAMETERS},
        **described(HistoryAnswer, 400, 404),
    )
    def get_history(request: Request, station_id: str) -> Response:
        """What was measured, in whole steps of local time; no number of people and no single crossing."""
        given = request.query_params
        query.check_names(given.keys(), ("quantity", "from", "to", "step"))
        state = live.state(station_id)
        if state is None:
            raise BadQueryError("station", "an id from /api/v1/stations", 404)
        asked = query.quantity(given.get("quantity"))
        step_ms = query.step_ms(given.get("step", "15m"))
        now = now_ms()
        from_ms, to_ms = query.span_ms(given.get("from"), given.get("to"), step_ms, now)
        network = live.networks().get(state.station.network)
        zone = ZoneInfo(network.time_zone if network else "UTC")
        first_ms = past.grid_ms(from_ms, step_ms, zone)
        end_ms = past.grid_ms(to_ms - 1, step_ms, zone) + step_ms
        if asked in ("visits", "exits"):
            counted = store.crossed_before(station_id, asked, first_ms)
            quarters = store.history(station_id, asked, first_ms, end_ms, past.QUARTER_MS)
            steps = past.crossings(quarters, counted, first_ms, step_ms, now)
        else:
            steps = past.measured(store.history(station_id, asked, first_ms, end_ms, step_ms))
        return Ready(Body.of(msgspec.json.encode(HistoryAnswer(station_id, asked, step_ms // 1000, steps))))


_ABOUT: Final = (
    "Live status of rest stations. All instants are ISO 8601 in UTC; each fact has the instant of its "
    "measurement, never an age. What is not known is left out. Four counts of a network are four different "
    "things: declared, registered, instrumented, online."
)
_REASONS: Final = {400: "a wrong parameter, with the reason", 404: "no such network, district or station"}


def _reference(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def described(kind: type, *refusals: int) -> dict[str, Any]:
    """What a route's decorator says of its answer: ``kind``, or a refusal with one of these codes.

    A ``kind`` that is not in :data:`ENCODED` belongs into ``app.state.encoded``.
    """
    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": (kind.__doc__ or "").splitlines()[0], "content": _reference(kind)}
    }
    for code in refusals:
        responses[code] = {"description": _REASONS[code], "content": _reference(ErrorAnswer)}
    return {"responses": responses, "response_class": Response}


def _parameter(name: str, meaning: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    schema = {"type": "string", **schema}
    return {"name": name, "in": "query", "required": required, "description": meaning, "schema": schema}


_HISTORY_PARAMETERS: Final = [
    _parameter(
        "quantity",
        "what was measured; visits and exits are sums, all others means",
        True,
        enum=query.QUANTITIES,
    ),
    _parameter("from", "ISO 8601 with a zone; without it 24 hours before 'to'", format="date-time"),
    _parameter("to", "ISO 8601 with a zone; without it now", format="date-time"),
    _parameter("step", "whole ones, counted from local midnight", default="15m", enum=list(query.STEPS)),
]
_EVENTS_PATH: Final = {
    "get": {
        "tags": ["live"],
        "summary": "Events",
        "description": "Server-sent events of one network: `changes` (whole status of changed stations, at "
        "most once a second), `times` (measured-at times, once a minute), `refresh` (fetch the list again), "
        "`alive` (nothing new; every 15 s).",
        "parameters": [
            _parameter("network", "id of the network", True),
            _parameter("districts", "names of districts, with commas; without it all"),
            _parameter("last_event_id", "where to go on, as `event_id` in the list; the header wins"),
        ],
        "responses": {
            "200": {"description": "the stream", "content": {"text/event-stream": {}}},
            "400": {"description": _REASONS[400], "content": _reference(ErrorAnswer)},
            "404": {"description": _REASONS[404], "content": _reference(ErrorAnswer)},
            "503": {"description": "too many readers; poll instead", "content": _reference(ErrorAnswer)},
        },
    }
}


def _document(app: FastAPI) -> None:
    """Add the msgspec structs and the event stream, which FastAPI does not see, to its document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            kinds, template = app.state.encoded, "#/components/schemas/{name}"
            _, schemas = msgspec.json.schema_components(kinds, ref_template=template)
            document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
            document["paths"]["/api/v1/events"] = _EVENTS_PATH
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend its document
