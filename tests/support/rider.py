"""The list's page on a phone whose place is known, and which stations stand in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import phone

HERE = {"latitude": 37.8033, "longitude": 112.5033}
"""Between station 3 and station 4 of the table, nearer to 3."""


@contextmanager
def located(browser: Browser, place: Any = HERE, **options: Any) -> Iterator[BrowserContext]:
    """A phone whose rider has allowed this site to know the place."""
    with phone(browser, geolocation=place, permissions=["geolocation"], **options) as context:
        yield context


def opened(context: BrowserContext, address: str) -> Page:
    """A page whose list is ranked and live."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    return page


def ids(page: Page) -> list[str]:
    """The numbers of the stations in the list, in its order."""
    found = page.locator("#list .card").evaluate_all("cards => cards.map(card => card.dataset.station)")
    return [each.removeprefix("taiyuan-").lstrip("0") for each in found]


def expect_ids(page: Page, *numbers: str) -> None:
    """Wait until these stations stand in the list in this order."""
    page.wait_for_function(
        "wanted => wanted === [...document.querySelectorAll('#list .card')]"
        ".map(card => card.id.replace(/^taiyuan-0*/, '')).join()",
        arg=",".join(numbers),
    )
