"""The public forecast: words, shares in steps, and nobody given away."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.forecasts.pattern import Forecast, Quarter, Silence
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from server.web.forecast import told
from tests.support.asgi import Client, asking
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, static_state

FORECAST = Forecast(
    date(2026, 7, 1), "workday", "workday", 5, 16, (Quarter(NOON_MS, 8.2, 4.9, 12.1, "busy", 4),)
)
ADDRESS = "/api/v1/stations/taiyuan-0001/forecast"


class OneForecast:
    """The same for every station."""

    def __init__(self, forecast: Forecast | None) -> None:
        self.forecast = forecast

    def day(self, _station_id: str, _now_ms: int) -> Forecast | None:
        return self.forecast

    def words(self, _station_id: str, _now_ms: int) -> str | None:
        return None


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(open_state(), static_state())
    return table


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    with asking(
        build_web(live, TableStore(), Settings(), Pipeline(), forecasts=OneForecast(FORECAST))
    ) as client:
        yield client


def test_a_forecast(client: Client) -> None:
    answer = client.ask(ADDRESS)
    assert answer.status_code == 200
    assert answer.json() == {
        "station": "taiyuan-0001",
        "day": "2026-07-01",
        "kind": "workday",
        "made_from": "workday",
        "weeks": 5,
        "quarters": [
            {
                "at": "2026-07-01T05:20:00Z",
                "value": "busy",
                "weeks": 4,
                "taken_pct": 50,
                "low_pct": 30,
                "high_pct": 80,
            }
        ],
    }
    again = client.ask(ADDRESS, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("quarter", "shares", "reason"),
    [
        (Quarter(NOON_MS, 8, 8, 8, "busy", 3), (50, 50, 50), "half of the places"),
        (Quarter(NOON_MS, 8.3, 8.3, 8.3, "busy", 3), (50, 50, 55), "51.9 %: the band is rounded outwards"),
        (Quarter(NOON_MS, 2.9, 0, 2.9, "quiet", 3), (None, None, None), "fewer than three people"),
        (Quarter(NOON_MS, 3, 1, 5, "quiet", 3), (20, None, 35), "three may be told, one may not"),
        (Quarter(NOON_MS, 2, 0, 6, "quiet", 3), (None, None, 40), "the upper end may be told"),
        (Quarter(NOON_MS, 32, 16, 40, "full", 3), (200, 100, 250), "more than all places"),
    ],
)
def test_shares(quarter: Quarter, shares: tuple[int | None, ...], reason: str) -> None:
    [found] = told("s", replace(FORECAST, quarters=(quarter,)), True).quarters
    assert (found.taken_pct, found.low_pct, found.high_pct) == shares, reason
    assert all(share is None or share % 5 == 0 for share in shares)


@pytest.mark.parametrize("silence", ["too_few_weeks", "no_places", "no_count"])
def test_a_silent_forecast_says_why(live: TableLive, silence: Silence) -> None:
    silent = replace(FORECAST, weeks=2, quarters=(), silence=silence)
    answer = asked(live, silent, ADDRESS)
    assert (answer["weeks"], answer["quarters"], answer["reason"]) == (2, [], silence)


@pytest.mark.parametrize(
    ("address", "reason"),
    [(ADDRESS, "not_ready"), ("/api/v1/stations/taiyuan-0002/forecast", "no_live_data")],
)
def test_no_forecast_says_why(live: TableLive, address: str, reason: str) -> None:
    answer = asked(live, None, address)
    assert (answer["weeks"], answer["quarters"], answer["reason"]) == (0, [], reason)


def test_a_server_that_makes_none(live: TableLive) -> None:
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        assert client.ask(ADDRESS).json()["reason"] == "not_ready"


@pytest.mark.parametrize(
    ("address", "status", "parameter"),
    [
        ("/api/v1/stations/nowhere/forecast", 404, "station"),
        (f"{ADDRESS}?day=tomorrow", 400, "day"),
    ],
)
def test_a_wrong_request_says_why(client: Client, address: str, status: int, parameter: str) -> None:
    answer = client.ask(address)
    assert (answer.status_code, answer.json()["parameter"]) == (status, parameter)


def test_the_document_describes_it(client: Client) -> None:
    document = client.ask("/api/v1/openapi.json").json()
    content = document["paths"]["/api/v1/stations/{station_id}/forecast"]["get"]["responses"]["200"][
        "content"
    ]
    assert content["application/json"]["schema"]["$ref"] == "#/components/schemas/ForecastAnswer"
    fields = document["components"]["schemas"]["ForecastAnswer"]["properties"]
    assert {"station", "weeks", "quarters", "reason", "day", "kind", "made_from"} == set(fields)
    assert "ForecastQuarter" in document["components"]["schemas"]


def asked(live: TableLive, forecast: Forecast | None, address: str) -> Any:
    with asking(
        build_web(live, TableStore(), Settings(), Pipeline(), forecasts=OneForecast(forecast))
    ) as client:
        return client.ask(address).json()
