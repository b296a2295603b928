"""What the rest of the server asks of the forecasts, from any thread.

The patterns behind them are made by the thread of :mod:`server.forecasts.forecaster`. Readers find finished
ones and never wait: what is not there yet is None, and a station whose day somebody looks at is made next.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from server.forecasts.forecaster import Forecaster, Live
from server.forecasts.pattern import LEAST_WEEKS, Forecast, Pattern, expected_at, forecast
from server.model import Station, Thresholds
from server.rollups import Rollups
from server.rollups.calendar import QUARTER_MS, local_day, midnight_ms, time_zone
from server.state import CrowdingValue, StationState
from server.status import share_word

MAX_KEPT: Final = 512
"""Forecasts kept as objects, those made last; the others are made again when asked for."""
TOGETHER: Final = 3
"""Words are worked out from so many people at a time: none of them gives away who came or left alone."""
AHEAD_MS: Final = (0, QUARTER_MS, 2 * QUARTER_MS, 3 * QUARTER_MS)
CODES: Final[Mapping[CrowdingValue, str]] = {
    "quiet": "q",
    "busy": "b",
    "crowded": "c",
    "full": "f",
    "unknown": "-",
}


class _Told(NamedTuple):
    """A forecast and what it was made from."""

    pattern: Pattern
    station: Station
    thresholds: Thresholds
    forecast: Forecast


class _Words(NamedTuple):
    """Words and what they were made from."""

    pattern: Pattern
    state: StationState
    quarter: int
    words: str


class Forecasts:
    """The forecasts of all stations; :meth:`start` begins to make them.

    Args:
        rollups: what was measured in the past.
        now_ms: the clock.
    """

    def __init__(self, live: Live, rollups: Rollups, now_ms: Callable[[], int]) -> None:
        self._live = live
        self._forecaster = Forecaster(live, rollups, now_ms)
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._words: dict[str, _Words] = {}

    def start(self) -> None:
        """Begin to make them."""
        self._forecaster.start()

    def stop(self) -> None:
        """End the thread; also when it was never started."""
        self._forecaster.stop()

    def renew(self, station_id: str) -> None:
        """The past days of a station have changed; from any thread."""
        self._forecaster.renew(station_id)

    def day(self, station_id: str, now_ms: int) -> Forecast | None:
        """The forecast of the station's present day, the same all day long; None while it is not made yet.

        There is none for a station without sensors, or one that the registry does not know.
        """
        state = self._live.state(station_id)
        if state is None or not state.station.instrumented:
            return None
        told = self._pattern(station_id, now_ms)
        if told is None:
            self._forecaster.ask(station_id)
            return None
        limits, kept = self._thresholds(state), self._told.get(station_id)
        if kept is None or kept[:3] != (told, state.station, limits):
            kept = _Told(told, state.station, limits, self._made(state, told, limits))
            self._told[station_id] = kept
            if len(self._told) > MAX_KEPT:
                self._told.popitem(last=False)
        return kept.forecast

    def words(self, station_id: str, now_ms: int) -> str | None:
        """Crowding now and in 15, 30 and 45 minutes, a letter each: q b c f, or - where nothing is known.

        The first is the present word; the others are the pattern and what will be left of the difference
        that there is now, to :data:`TOGETHER` people. None where :meth:`day` is None or silent.
        """
        state = self._live.state(station_id)
        told = self._pattern(station_id, now_ms)
        if state is None or told is None or told.weeks < LEAST_WEEKS or not state.station.places:
            return None
        kept, quarter = self._words.get(station_id), now_ms // QUARTER_MS
        if kept is None or kept.state is not state or (kept.pattern, kept.quarter) != (told, quarter):
            kept = _Words(told, state, quarter, self._made_words(state, told, now_ms, state.station.places))
            self._words[station_id] = kept
        return kept.words

    def _pattern(self, station_id: str, now_ms: int) -> Pattern | None:
        """The pattern of today, if it is there."""
        told = self._forecaster.patterns.get(station_id)
        today = local_day(now_ms, time_zone(self._live, station_id))
        return told if told is not None and told.day == today else None

    def _made(self, state: StationState, told: Pattern, limits: Thresholds) -> Forecast:
        begins_ms = midnight_ms(told.day, time_zone(self._live, state.station.id))
        made = forecast(told, begins_ms, state.station.places, limits)
        if made.silence == "too_few_weeks" and not made.weeks and state.crowding.reason == "no_count":
            return replace(made, silence="no_count")
        return made

    def _made_words(self, state: StationState, told: Pattern, now_ms: int, places: int) -> str:
        limits, fresh = self._thresholds(state), state.freshness == "fresh"
        begins_ms = midnight_ms(told.day, time_zone(self._live, state.station.id))
        people = _roughly(state.crowding.people) if fresh else None
        present = state.crowding.value if fresh else "unknown"
        words = ""
        for ahead_ms in AHEAD_MS:
            now, then = ((each - begins_ms) // QUARTER_MS for each in (now_ms, now_ms + ahead_ms))
            expected = expected_at(told, then, ahead_ms, people, now)
            if ahead_ms == 0 and present != "unknown":
                words += CODES[present]
            else:
                words += "-" if expected is None else CODES[share_word(100 * expected / places, limits)]
        return words

    def _thresholds(self, state: StationState) -> Thresholds:
        network = self._live.networks().get(state.station.network)
        return state.station.thresholds or (network.thresholds if network else Thresholds())


def _roughly(people: int | None) -> int | None:
    """The middle one of the three numbers that are told alike: 1 for nobody, one and two."""
    return None if people is None else people // TOGETHER * TOGETHER + TOGETHER // 2
