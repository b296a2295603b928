"""What the air feels like."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from contract.messages import Climate
from server.model import Network, Season, Thresholds
from server.state import Comfort, ComfortReason, ComfortValue
from server.status.ages import freshness

HEAT_INDEX_FROM_C: Final = 27.0
"""Below it the Rothfusz regression is not valid (80 °F = 26.7 °C)."""

_COMFORT: Final[Mapping[Season, tuple[ComfortValue, ...]]] = {
    "summer": ("cool", "mild", "hot"),
    "winter": ("warm", "mild", "cold"),
    "between": ("mild", "hot", "cold"),
}
"""The words of each season, the best first."""


def season(network: Network, now_ms: int) -> Season:
    """Which season it is there; the network says which months."""
    month = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(network.time_zone)).month
    if _within(month, network.summer):
        return "summer"
    return "winter" if _within(month, network.winter) else "between"


def _within(month: int, months: tuple[int, int]) -> bool:
    first, last = months
    return first <= month <= last if first <= last else month >= first or month <= last


def comfort(
    climate: Climate | None,
    season: Season,
    previous: Comfort | None,
    now_ms: int,
    thresholds: Thresholds,
    *,
    at_ms: int | None,
    faulty: bool = False,
) -> Comfort:
    """What the air feels like.

    A worse word is told at once, a better one when the temperature is beyond its threshold by the
    hysteresis. In summer a high heat index makes it ``hot`` whatever the temperature. ``at_ms`` is the
    time of the newest snapshot, which may have no climate; ``faulty``: some sensor of it does not answer.
    """
    if climate is None:
        return Comfort("unknown", reason=_reason_of_none(at_ms, faulty))
    age = freshness(climate.at_ms, now_ms, thresholds)
    if age == "offline":
        return Comfort("unknown", at_ms=climate.at_ms, reason="offline")
    if climate.temperature_c is None:
        return Comfort("unknown", None, climate.humidity_pct, climate.at_ms, reason="no_reading")
    word, by_heat_index = _comfort_word(climate.temperature_c, climate.humidity_pct, season, thresholds)
    words = _COMFORT[season]
    if previous and previous.value in words and words.index(word) < words.index(previous.value):
        shift = thresholds.comfort_hysteresis_c * _worse_direction(season, previous.value)
        word, by_heat_index = _comfort_word(
            climate.temperature_c + shift, climate.humidity_pct, season, thresholds
        )
    return Comfort(
        word,
        climate.temperature_c,
        climate.humidity_pct,
        climate.at_ms,
        heat_index_c(climate.temperature_c, climate.humidity_pct),
        "heat_index" if by_heat_index else "temperature",
    )


def _reason_of_none(at_ms: int | None, faulty: bool) -> ComfortReason:
    if at_ms is None:
        return "no_live_data"
    return "no_reading" if faulty else "no_sensor"


def _worse_direction(season: Season, before: ComfortValue) -> int:
    return -1 if season == "winter" or before == "cold" else 1


def _comfort_word(
    temperature_c: float, humidity_pct: float | None, season: Season, thresholds: Thresholds
) -> tuple[ComfortValue, bool]:
    """The word, and whether the heat index decided it."""
    if season == "winter":
        return _winter_word(temperature_c, thresholds), False
    if season == "between":
        return _between_word(temperature_c, thresholds), False
    word: ComfortValue = "cool" if temperature_c <= thresholds.cool_max_c else "mild"
    if temperature_c > thresholds.mild_max_c:
        return "hot", False
    feels_c = heat_index_c(temperature_c, humidity_pct)
    sultry = feels_c is not None and feels_c >= thresholds.hot_heat_index_c
    return ("hot", True) if sultry else (word, False)


def _winter_word(temperature_c: float, thresholds: Thresholds) -> ComfortValue:
    if temperature_c >= thresholds.warm_min_c:
        return "warm"
    return "mild" if temperature_c >= thresholds.cold_below_c else "cold"


def _between_word(temperature_c: float, thresholds: Thresholds) -> ComfortValue:
    if temperature_c > thresholds.mild_max_c:
        return "hot"
    return "cold" if temperature_c < thresholds.cold_below_c else "mild"


def heat_index_c(temperature_c: float, humidity_pct: float | None) -> float | None:
    """What the air feels like in the shade, °C; None without humidity or below 27 °C.

    The regression of Rothfusz (NWS Technical Attachment SR 90-23, 1990) with the two adjustments of the
    US National Weather Service (www.wpc.ncep.noaa.gov/html/heatindex_equation.shtml), in °F as published.
    """
    if humidity_pct is None or temperature_c < HEAT_INDEX_FROM_C:
        return None
    t, r = temperature_c * 1.8 + 32, humidity_pct
    index = -42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r - 6.83783e-3 * t * t
    index += -5.481717e-2 * r * r + 1.22874e-3 * t * t * r + 8.5282e-4 * t * r * r - 1.99e-6 * (t * r) ** 2
    if r < 13 and t <= 112:
        index -= (13 - r) / 4 * ((17 - abs(t - 95)) / 17) ** 0.5
    elif r > 85 and t <= 87:
        index += (r - 85) / 10 * (87 - t) / 5
    return round((index - 32) / 1.8, 1)
