"""The phone's ranking, held to the same table of cases as ``server/ranking.py``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import phone

TABLE = json.loads((Path(__file__).parents[1] / "ranking_cases.json").read_text(encoding="utf-8"))
RANK = """async ([address, given, ranking]) => {
    const { ranked } = await import(address);
    const place = given.place && { lat: given.place[0], lon: given.place[1] };
    const asked = { place, wishes: given.wishes, nowMs: Date.parse(given.now), ranking };
    return ranked(given.rows, asked).map((each) => ({
        id: each.row.id, metres: each.metres, riding_min: each.riding, minutes: each.minutes,
        penalties: each.penalties, closed: each.closed, crowding: each.crowding, by_forecast: each.byForecast,
    }));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with phone(browser) as context:
        yield context.new_page()


@pytest.fixture
def rank_js(page: Page, url: str) -> str:
    """The module's address; the page is one of the same server, for its content policy."""
    page.goto(f"{url}/n/taiyuan")
    address = page.locator("link[href$='rank.js']").get_attribute("href")
    assert address is not None
    return address


def ranking(page: Page) -> dict[str, Any]:
    """What the server tells a phone to rank by, with the numbers of the table."""
    told: dict[str, Any] = page.evaluate("JSON.parse(document.getElementById('setup').textContent).ranking")
    return {**told, **TABLE["ranking"]}


def about(expected: dict[str, Any]) -> dict[str, Any]:
    """Minutes are written with four decimals in the table."""
    return {
        key: pytest.approx(value, abs=1e-3) if isinstance(value, float) else value
        for key, value in expected.items()
    }


def test_the_phone_ranks_as_the_server_does(page: Page, rank_js: str) -> None:
    rules = ranking(page)
    for case in TABLE["cases"]:
        rows = [TABLE["base"] | changes for changes in case["stations"]]
        found = page.evaluate(RANK, [rank_js, case | {"rows": rows}, rules])
        assert found == [about(each) for each in case["expected"]], case["why"]


def test_the_phone_ranks_by_what_the_server_tells(page: Page, rank_js: str) -> None:
    rows = [
        TABLE["base"] | {"id": "near", "comfort": {"value": "hot"}},
        TABLE["base"] | {"id": "far", "lat": 37.85},
    ]
    given = {"place": [37.8, 112.5], "wishes": [], "now": "2026-07-01T05:20:00Z", "rows": rows}
    usual = page.evaluate(RANK, [rank_js, given, ranking(page)])
    heat = page.evaluate(RANK, [rank_js, given, ranking(page) | {"discomfort_penalty_min": 30}])
    assert [[each["id"] for each in found] for found in (usual, heat)] == [["near", "far"], ["far", "near"]]


def test_an_astral_character_stands_where_python_puts_it(page: Page, rank_js: str) -> None:
    names = ["\U00020000", "豈", "", "甲", "甲乙", "\ufb00"]
    rows = [TABLE["base"] | {"id": str(number), "name": {"zh": name}} for number, name in enumerate(names)]
    given = {"place": None, "wishes": [], "now": "2026-07-01T05:20:00Z", "rows": rows}
    found = page.evaluate(RANK, [rank_js, given, ranking(page)])
    assert [names[int(each["id"])] for each in found] == sorted(names)
