"""Links to walls in a real Chromium: made, opened, revoked, and fit for everybody's eyes and hands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import signed_in
from tests.support.console import Console, console
from tests.support.looks import DESK, looks_right, open_all
from tests.support.serving import serving


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


@pytest.fixture
def url(made: Console) -> Iterator[str]:
    with serving(made.app, dated=False) as port:
        yield f"http://localhost:{port}"


def test_a_link_is_made_opened_and_revoked(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("max"), **DESK) as context:
        page = context.new_page()
        page.goto(f"{url}/staff/alerts")
        page.get_by_role("link", name="大屏链接").click()
        page.get_by_label("挂在哪里").fill("一楼大厅")
        page.get_by_role("button", name="生成链接").click()
        told = page.locator(".secret code").inner_text()
        assert re.fullmatch(re.escape(url) + r"/wall/city/[A-Za-z0-9_-]{43}", told), "the whole of it"
        page.get_by_role("link", name="打开大屏").click()
        expect(page.locator(".wall h1")).to_have_text("城市")
        wall = page.url
        page.goto(f"{url}/staff/walls")
        page.locator("summary", has_text="作废").click()
        page.get_by_role("button", name="作废这个链接").click()
        expect(page.get_by_text("链接已作废。")).to_be_visible()
        answer = page.goto(wall)
        assert answer is not None
        assert answer.status == 404


def made_link(page: Page, url: str) -> str:
    """Make a link; its address as it is told."""
    page.goto(f"{url}/staff/walls")
    page.get_by_label("挂在哪里").fill("一楼大厅")
    page.get_by_role("button", name="生成链接").click()
    expect(page.locator(".secret")).to_be_visible()
    return page.locator(".secret code").inner_text()


@pytest.mark.parametrize("offered", [True, False], ids=["clipboard", "plain-http"])
def test_the_link_is_copied(browser: Browser, made: Console, url: str, offered: bool) -> None:
    with signed_in(browser, url, made.token("max"), **DESK) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        page = context.new_page()
        if not offered:
            page.add_init_script(
                "window.reader = navigator.clipboard;"
                "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });"
            )
        told = made_link(page, url)
        page.get_by_role("button", name="复制链接").click()
        expect(page.locator(".copy")).to_have_text("已复制")
        assert page.evaluate("(window.reader || navigator.clipboard).readText()") == told


def test_what_cannot_be_copied_stays_selected(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("max"), **DESK) as context:
        page = context.new_page()
        page.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });"
            "document.execCommand = () => false;"
        )
        told = made_link(page, url)
        page.get_by_role("button", name="复制链接").click()
        assert page.evaluate("getSelection().toString()").strip() == told
        expect(page.locator(".copy")).to_have_text("复制链接")


def test_without_scripts_the_link_is_text(browser: Browser, made: Console, url: str) -> None:
    with signed_in(browser, url, made.token("max"), java_script_enabled=False) as context:
        page = context.new_page()
        assert made_link(page, url).startswith("/wall/city/")
        expect(page.locator(".copy")).to_be_hidden()
        expect(page.get_by_role("link", name="打开大屏")).to_be_visible()


@pytest.mark.parametrize(("locale", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_its_pages_are_fit_for_everybody(
    browser: Browser, made: Console, url: str, locale: str, scheme: str
) -> None:
    options = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    with signed_in(browser, url, made.token("ada"), **options) as context:
        page = context.new_page()
        for name in ("", "一楼大厅"):
            page.goto(f"{url}/staff/walls")
            page.evaluate("document.querySelector('[name=name]').required = false")
            page.locator("[name=name]").fill(name)
            page.locator("form.fields button[type=submit]").click()
            expect(page.locator(".secret" if name else "#wrong-name")).to_be_visible()
            looks_right(page)
        page.goto(f"{url}/staff/walls")
        open_all(page)
        looks_right(page)
