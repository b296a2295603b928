"""A real Chromium, phone size, that talks to nobody but this machine."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from server.accounts.sessions import COOKIE
from tests.support.console import Console

PHONE = {"width": 390, "height": 844}
"""A usual phone, in CSS pixels."""
_QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
)


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """The system's Chromium, headless, with ``more`` arguments; the test fails where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is not installed; type: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_QUIET, *more])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def phone(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A phone's browser; ``options`` as for ``new_context`` (locale, color_scheme, java_script_enabled)."""
    settings: dict[str, Any] = {
        "viewport": PHONE,
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
        "locale": "zh-CN",
        "service_workers": "block",
    }
    context = browser.new_context(**(settings | options))
    try:
        yield context
    finally:
        context.close()


def stand_still(page: Page, at_s: float | None = None) -> None:
    """Let time pass on what ``page`` opens only when the test says so: not while a busy machine is slow.

    It is ``at_s``, in seconds since 1970, or a minute later than now.
    """
    page.clock.install(time=0)
    page.clock.pause_at(time.time() + 60 if at_s is None else at_s)


@contextmanager
def signed_in(browser: Browser, url: str, token: str, **options: Any) -> Iterator[BrowserContext]:
    """A phone's browser with the cookie of a session, as signing in sets it."""
    with phone(browser, **options) as context:
        # Browsers take a secure cookie for localhost without HTTPS.
        secure = url.replace("http:", "https:")
        context.add_cookies(
            [{"name": COOKIE, "value": token, "url": secure, "secure": True, "httpOnly": True}]
        )
        yield context


@contextmanager
def opened(
    browser: Browser, started: tuple[Console, str], path: str, name: str = "ada", **options: Any
) -> Iterator[Page]:
    """A page of a console that is served at an address, for somebody."""
    made, url = started
    with signed_in(browser, url, made.token(name), **options) as context:
        page = context.new_page()
        page.goto(url + path)
        yield page
