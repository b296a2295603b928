"""Comfort, heat index and season, as tables; the reason stands beside each row."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from contract.messages import Climate
from server import status
from server.model import Network, Season, Thresholds
from server.state import Comfort, ComfortValue

MIN = 60_000
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
T = Thresholds()


def comfort(
    temperature: float | None,
    humidity: float | None = None,
    season: Season = "summer",
    before: ComfortValue | None = None,
) -> Comfort:
    previous = Comfort(before) if before else None
    return status.comfort(Climate(NOW, temperature, humidity), season, previous, NOW, T, at_ms=NOW)


@pytest.mark.parametrize(
    ("season", "temperature", "humidity", "word", "why"),
    [
        ("summer", 26, 60, "cool", "the temperature that public rooms are kept at"),
        ("summer", 28, 50, "cool", "28 °C is the last cool one"),
        ("summer", 28.1, 50, "mild", "above 28 °C"),
        ("summer", 30, 40, "mild", "30 °C is the last mild one"),
        ("summer", 30.1, 40, "hot", "above 30 °C"),
        ("summer", 29, 80, "hot", "29 °C feel like 35 in such humidity"),
        ("summer", 26.9, 100, "cool", "below 27 °C there is no heat index"),
        ("summer", 5, 50, "cool", "a cold summer day is not cold by the words of summer"),
        ("summer", 27.5, None, "cool", "without humidity the temperature alone decides"),
        ("winter", 18, None, "warm", "18 °C is warm"),
        ("winter", 17.9, None, "mild", "below 18 °C"),
        ("winter", 14, None, "mild", "14 °C is the last mild one"),
        ("winter", 13.9, None, "cold", "below 14 °C"),
        ("winter", 29, 80, "warm", "no heat index in winter"),
        ("between", 20, None, "mild", "neither"),
        ("between", 30.1, None, "hot", "above 30 °C"),
        ("between", 13.9, None, "cold", "below 14 °C"),
        ("between", 30, None, "mild", "30 °C is not hot yet"),
        ("between", 14, None, "mild", "14 °C is not cold yet"),
    ],
)
def test_comfort(
    season: Season, temperature: float, humidity: float | None, word: ComfortValue, why: str
) -> None:
    assert comfort(temperature, humidity, season).value == word, why


@pytest.mark.parametrize(
    ("season", "before", "temperature", "word", "why"),
    [
        ("summer", "mild", 27.6, "mild", "0.4 °C below the threshold: it stays mild"),
        ("summer", "mild", 27.5, "cool", "0.5 °C below: it is cool again"),
        ("summer", "cool", 28.1, "mild", "worse is told at once"),
        ("summer", "hot", 29.6, "hot", "0.4 °C below the threshold of hot"),
        ("summer", "hot", 27.8, "mild", "no longer hot, not yet surely cool"),
        ("winter", "mild", 18.4, "mild", "0.4 °C above the threshold of warm"),
        ("winter", "mild", 18.5, "warm", "0.5 °C above"),
        ("winter", "cold", 14.4, "cold", "0.4 °C above the threshold of cold"),
        ("winter", "warm", 17.9, "mild", "worse is told at once"),
        ("between", "hot", 29.8, "hot", "0.2 °C below the threshold"),
        ("between", "cold", 14.2, "cold", "0.2 °C above the threshold"),
        ("between", "cold", 14.5, "mild", "0.5 °C above"),
        ("between", "hot", 13, "cold", "from one extreme to the other at once"),
        ("winter", "cool", 18.1, "warm", "a word of another season holds nothing back"),
    ],
)
def test_comfort_does_not_flutter(
    season: Season, before: ComfortValue, temperature: float, word: ComfortValue, why: str
) -> None:
    assert comfort(temperature, None, season, before).value == word, why


def test_the_reason_says_when_humidity_made_it_hot() -> None:
    sultry = comfort(29, 80)
    assert (sultry.reason, sultry.heat_index_c, sultry.humidity_pct) == ("heat_index", 34.7, 80)
    assert comfort(31, 80).reason == "temperature", "31 °C are hot in dry air too"


@pytest.mark.parametrize(
    ("climate", "at_ms", "faulty", "reason", "why"),
    [
        (None, None, False, "no_live_data", "no sensor has ever spoken"),
        (None, NOW, False, "no_sensor", "a live station without a thermometer"),
        (None, NOW, True, "no_reading", "a sensor does not answer: it may be the thermometer"),
        (Climate(NOW, None, 60), NOW, False, "no_reading", "the sensor gives no temperature"),
        (Climate(NOW - 11 * MIN, 25, 60), NOW, False, "offline", "the reading is too old"),
    ],
)
def test_comfort_is_unknown(
    climate: Climate | None, at_ms: int | None, faulty: bool, reason: str, why: str
) -> None:
    told = status.comfort(climate, "summer", None, NOW, T, at_ms=at_ms, faulty=faulty)
    assert (told.value, told.reason, told.temperature_c) == ("unknown", reason, None), why


@pytest.mark.parametrize(
    ("fahrenheit", "humidity", "index", "why"),
    [
        (90, 60, 100, "the chart of the US National Weather Service"),
        (86, 90, 105, "the chart, in great humidity"),
        (100, 40, 109, "the chart"),
        (94, 75, 124, "the chart"),
        (100, 10, 94, "the adjustment for dry air takes away"),
    ],
)
def test_heat_index(fahrenheit: float, humidity: float, index: float, why: str) -> None:
    found = status.heat_index_c((fahrenheit - 32) / 1.8, humidity)
    assert found is not None
    assert found * 1.8 + 32 == pytest.approx(index, abs=1), why


@pytest.mark.parametrize(
    ("moment", "season", "why"),
    [
        ("2025-05-01T00:00", "summer", "the first of May"),
        ("2025-04-30T23:59", "between", "the evening before, by the network's own clock"),
        ("2025-09-30T23:59", "summer", "the last of September"),
        ("2025-11-01T00:00", "winter", "November"),
        ("2025-01-15T12:00", "winter", "winter goes over New Year"),
        ("2025-04-01T00:00", "between", "April"),
    ],
)
def test_season(moment: str, season: Season, why: str) -> None:
    network = Network("n", "网", "net")
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert status.season(network, round(at.timestamp() * 1000)) == season, why
