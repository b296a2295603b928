"""The forecast of a station for the public: words, shares of places in steps, never a number of people.

It is made from the past alone, so that nobody can work out from it who is in the room now.
"""

import math
from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec
from fastapi import FastAPI, Request, Response

from server.forecasts.pattern import Forecast, Quarter
from server.hours import DayKind
from server.state import CrowdingValue
from server.web import networks, public, query
from server.web.api import Ready, described
from server.web.bodies import Body
from server.web.query import BadQueryError
from server.web.shapes import Struct

STEP_PCT: Final = 5
Reason = Literal["too_few_weeks", "no_places", "no_count", "no_live_data", "not_ready"]
"""Why nothing is told: as in :data:`server.forecasts.pattern.Silence`, or the station has no sensors, or the
forecast is being made and will be there in a moment."""


class Forecasts(Protocol):
    """What the web reads of :class:`server.forecasts.forecasts.Forecasts`; never waits."""

    def day(self, station_id: str, now_ms: int) -> Forecast | None:
        """The forecast of today."""

    def words(self, station_id: str, now_ms: int) -> str | None:
        """Four letters: crowding now and in 15, 30 and 45 minutes."""


class ForecastQuarter(Struct, frozen=True):
    """A quarter of an hour. Percentages are of the places, in steps of 5, left out below three people."""

    at: str
    value: CrowdingValue
    weeks: int
    taken_pct: int | None = None
    low_pct: int | None = None
    high_pct: int | None = None


class ForecastAnswer(Struct, frozen=True):
    """A station's day as expected from its own past; ``quarters`` is empty where there is a ``reason``."""

    station: str
    weeks: int
    quarters: tuple[ForecastQuarter, ...]
    reason: Reason | None = None
    day: str | None = None
    kind: DayKind | None = None
    made_from: DayKind | None = None


def told(station_id: str, forecast: Forecast | None, instrumented: bool) -> ForecastAnswer:
    """What the public is told of a forecast; ``instrumented``: the station has sensors."""
    if forecast is None:
        return ForecastAnswer(station_id, 0, (), "not_ready" if instrumented else "no_live_data")
    places = forecast.places or 1
    return ForecastAnswer(
        station_id,
        forecast.weeks,
        tuple(_quarter(quarter, places) for quarter in forecast.quarters),
        forecast.silence or None,
        forecast.day.isoformat(),
        forecast.kind,
        forecast.source,
    )


def _quarter(quarter: Quarter, places: int) -> ForecastQuarter:
    return ForecastQuarter(
        public.iso(quarter.at_ms),
        quarter.word,
        quarter.weeks,
        _share(quarter.people, places, round),
        _share(quarter.low, places, math.floor),
        _share(quarter.high, places, math.ceil),
    )


def _share(people: float, places: int, whole: Callable[[float], int]) -> int | None:
    if people < public.FEWEST_PEOPLE:
        return None
    return whole(round(100 * people / places / STEP_PCT, 6)) * STEP_PCT


def add_forecast(
    app: FastAPI, live: networks.Live, forecasts: Forecasts | None, now_ms: Callable[[], int]
) -> None:
    """Add the route; without ``forecasts`` every station answers that there is none yet."""
    app.state.encoded.append(ForecastAnswer)

    @app.get("/api/v1/stations/{station_id}/forecast", tags=["live"], **described(ForecastAnswer, 400, 404))
    async def get_forecast(request: Request, station_id: str) -> Response:
        """How full a station is expected to be, by quarters of its present day, and how sure that is."""
        query.check_names(request.query_params.keys(), ())
        state = live.state(station_id)
        if state is None:
            raise BadQueryError("station", "an id from /api/v1/stations", 404)
        found = forecasts.day(station_id, now_ms()) if forecasts else None
        answer = told(station_id, found, state.station.instrumented)
        return Ready(Body.of(msgspec.json.encode(answer)))
