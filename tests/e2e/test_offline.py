"""The service worker in a real Chromium: what was seen is shown as old, and never in the way of the new."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import chromium, phone
from tests.support.serving import serving
from tests.support.site import Site
from tests.support.wait import until
from tests.support.web import TableLive, open_state, static_state, station

SEEN = """async () => {
    const seen = {};
    for (const name of await caches.keys()) {
        const addresses = await (await caches.open(name)).keys();
        seen[name] = addresses.map(({ url }) => url.slice(location.origin.length));
    }
    return seen;
}"""

GROW_OLD = """async () => {
    const pages = await caches.open("waystation-pages");
    for (const request of await pages.keys()) {
        const page = await pages.match(request);
        const headers = new Headers(page.headers);
        headers.set("x-kept-at", new Date(Date.now() - 3_600_000).toISOString());
        await pages.put(request, new Response(await page.text(), { headers }));
    }
}"""
"""All pages that the worker keeps were kept an hour ago."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def live() -> TableLive:
    now_ms = time.time_ns() // 1_000_000
    table = TableLive()
    table.put(*(open_state(station(number), now_ms) for number in (1, 2, 3)), static_state(station(4)))
    return table


@pytest.fixture
def site(live: TableLive) -> Site:
    return Site(live)


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with serving(site) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def worked(browser: Browser) -> Iterator[tuple[BrowserContext, Page]]:
    """A phone that lets service workers work."""
    with phone(browser, service_workers="allow") as context:
        yield context, context.new_page()


def seen(page: Page, name: str) -> list[str]:
    """The addresses in one of the worker's caches."""
    found: dict[str, list[str]] = page.evaluate(SEEN)
    return found.get(f"waystation-{name}", [])


def visit(page: Page, address: str, path: str) -> None:
    """Open a page and wait until it is kept."""
    page.goto(address + path)
    until(
        lambda: path in seen(page, "pages") and "/offline" in str(seen(page, "pages")), 30, f"{path} is kept"
    )


@pytest.mark.parametrize("base", ["", "/way"])
def test_an_offline_reload_shows_the_list_as_old_as_it_is(
    browser: Browser, live: TableLive, base: str
) -> None:
    with worked(browser) as (context, page):
        with serving(Site(live, base)) as port:
            visit(page, f"http://127.0.0.1:{port}", f"{base}/n/taiyuan")
        # Else the browser's own copy, good for a second, would tell today's time to a page three hours on.
        context.new_cdp_session(page).send("Network.clearBrowserCache")
        context.set_offline(True)
        page.clock.install(time=time.time() + 3 * 3600)
        page.reload()
        expect(page.locator(".connection .text")).to_contain_text("连不上，显示的是旧数据")
        card = page.locator("#taiyuan-0001")
        expect(card).to_have_attribute("data-freshness", "offline")
        expect(card.locator(".updated")).to_have_text("更新于 3 小时前")


def test_a_page_never_seen_offers_the_last_list(browser: Browser, url: str) -> None:
    with worked(browser) as (context, page):
        visit(page, url, "/n/taiyuan")
        context.set_offline(True)
        page.goto(f"{url}/s/taiyuan-0002")
        expect(page.get_by_role("heading", level=1)).to_have_text("现在没有网络")
        page.get_by_role("link", name="太原市").click()
        expect(page.locator(".card")).to_have_count(4)
        page.goto(f"{url}/n/taiyuan?want=socket")
        expect(page.locator(".card"), "the same list, wanted in another way").not_to_have_count(0)
        context.set_offline(False)
        page.goto(f"{url}/s/taiyuan-0002")
        expect(page.get_by_role("heading", level=1)).to_contain_text("嘉节社区")


@pytest.mark.parametrize(
    ("language", "said", "back"),
    [("zh", "反馈问题要有网络", "回到这个驿站"), ("en", "Reporting a problem needs", "Back to this station")],
)
def test_a_report_without_network_is_said_to_need_it(
    browser: Browser, url: str, language: str, said: str, back: str
) -> None:
    with worked(browser) as (context, page):
        visit(page, url, f"/s/taiyuan-0001?lang={language}")
        expect(page.locator("#main")).not_to_contain_text(said)
        context.set_offline(True)
        page.goto(f"{url}/s/taiyuan-0001/report?lang={language}")
        expect(page.locator("#main")).to_contain_text(said)
        expect(page.locator(".unseen"), "having opened it before would not help").to_be_hidden()
        page.get_by_role("link", name=back).click()
        expect(page.locator(".station")).to_have_attribute("data-station", "taiyuan-0001")
        page.goto(f"{url}/s/taiyuan-0002?lang={language}")
        expect(page.locator(".unseen")).to_be_visible()
        expect(page.locator(".reporting").first).to_be_hidden()


def test_the_page_about_no_network_goes_away_with_its_cause(browser: Browser, url: str) -> None:
    with worked(browser) as (context, page):
        visit(page, url, "/n/taiyuan")
        context.set_offline(True)
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.get_by_role("heading", level=1)).to_have_text("现在没有网络")
        context.set_offline(False)
        expect(page.get_by_role("heading", level=1)).to_contain_text("嘉节社区")


def test_a_proxy_without_a_server_is_no_better_than_no_network(
    browser: Browser, site: Site, url: str
) -> None:
    with worked(browser) as (_, page):
        visit(page, url, "/")
        visit(page, url, "/n/taiyuan")
        site.lost = True
        page.reload()
        expect(page.locator(".card")).to_have_count(4)
        page.goto(f"{url}/")
        page.reload()
        expect(page.locator(".network")).to_have_count(3)
        expect(page.locator("#kept")).to_contain_text("连不上，显示的是旧内容")
        site.lost = False
        page.reload()
        expect(page.locator("#kept")).to_be_hidden()


def test_a_late_page_is_shown_as_it_was_and_then_as_it_is(browser: Browser, site: Site, url: str) -> None:
    with worked(browser) as (_, page):
        visit(page, url, "/s/taiyuan-0001")
        page.evaluate(GROW_OLD)
        page.goto("about:blank")
        site.late = True
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.locator("html[data-kept] h1")).to_contain_text("嘉节社区")
        site.late = False
        expect(
            page.locator("html:not([data-kept]) h1"), "it came, and nobody had begun to read"
        ).to_be_visible()
        page.evaluate(GROW_OLD)
        page.goto("about:blank")
        site.late = True
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.locator("html[data-kept] h1")).to_be_visible()
        page.keyboard.press("Tab")
        site.late = False
        renewed = "async () => (await caches.match(location.href)).headers.get('x-kept-at') > document"
        renewed += ".documentElement.dataset.kept"
        until(lambda: page.evaluate(renewed), 30, "the new one is kept")
        expect(page.locator("html[data-kept] h1"), "whoever reads is not interrupted").to_be_visible()


@pytest.mark.parametrize("path", ["/n/taiyuan", "/s/taiyuan-0001"])
def test_a_new_release_takes_the_old_ones_place(
    browser: Browser, site: Site, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving(site) as port, worked(browser) as (_, page):
        url = f"http://127.0.0.1:{port}"
        visit(page, url, path)
        old = seen(page, "assets")
        site.release(monkeypatch, tmp_path)
        page.evaluate(GROW_OLD)
        page.goto("about:blank")
        page.goto(url + path)
        expect(page.locator("body"), "at once, for it was not touched").to_have_css("border-top-width", "7px")
        page.goto("about:blank")
        page.goto(url + path)
        expect(page.locator("body")).to_have_css("border-top-width", "7px")
        until(
            lambda: seen(page, "assets") and not set(seen(page, "assets")) & set(old), 30, "old ones are gone"
        )


def test_nothing_of_the_api_is_kept_by_the_worker(browser: Browser, url: str) -> None:
    with worked(browser) as (_, page):
        visit(page, url, "/n/taiyuan")
        visit(page, url, "/s/taiyuan-0001")
        page.evaluate("fetch('/api/v1/stations').then((answer) => answer.text())")
        page.goto(f"{url}/api/v1/openapi.json")
        page.goto(f"{url}/n/nowhere")
        page.goto(f"{url}/n/taiyuan")
        assert sorted(seen(page, "pages")) == ["/n/taiyuan", "/offline?lang=zh", "/s/taiyuan-0001"]
        assert {path.split("/")[1] for path in seen(page, "assets")} == {"static"}


def test_the_caches_are_bounded(browser: Browser, url: str) -> None:
    with worked(browser) as (_, page):
        visit(page, url, "/n/taiyuan")
        page.evaluate("""async () => {
            const { active } = await navigator.serviceWorker.ready;
            for (let number = 0; number < 25; number += 1) {
                const page = `${location.origin}/n/taiyuan?page=${number}`;
                active.postMessage({ page, offlinePage: "/offline?lang=zh" });
                while (!(await caches.match(page))) await new Promise((done) => setTimeout(done, 5));
            }
        }""")
        until(lambda: len(seen(page, "pages")) == 21, 30, "the last one is kept, and tidied after")
        pages = seen(page, "pages")
        assert "/offline?lang=zh" in pages
        assert "/n/taiyuan?page=24" in pages
        assert "/n/taiyuan?page=4" not in pages


def test_who_comes_back_asks_only_for_what_changes(browser: Browser, url: str) -> None:
    with worked(browser) as (_, page):
        visit(page, url, "/n/taiyuan")
        until(lambda: seen(page, "answers"), 30, "the list is kept too")
        page.evaluate(GROW_OLD)
        page.goto("about:blank")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        lists = [each for each in asked if "/taiyuan/compact" in each]
        assert lists
        assert all("?registry=" in each for each in lists), "nor in advance, as the first time"


@pytest.mark.parametrize("path", ["/", "/n/taiyuan", "/s/taiyuan-0001", "/offline"])
def test_a_page_names_all_that_it_loads(browser: Browser, url: str, path: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url.removeprefix(url)))
        answer = page.goto(url + path)
        assert answer is not None
        for line in page.locator(".connection").all():
            expect(line).to_have_attribute("data-state", "live")
        html = answer.text()
        data = [each for each in loaded if "/api/" in each and "/api/v1/events" not in each]
        files = [each for each in loaded if "/static/" in each]
        assert [each for each in files + data if f'"{each}"' not in html] == [], "no round trip after another"
        assert len(set(data)) == len(data), "what was asked for in advance is not asked for again"


def test_the_manifest_says_what_it_takes_to_be_on_the_home_screen(browser: Browser, url: str) -> None:
    with phone(browser, locale="en-GB") as context:
        page = context.new_page()
        page.goto(url)
        address = page.locator("link[rel=manifest]").get_attribute("href")
        manifest = page.evaluate("(address) => fetch(address).then((answer) => answer.json())", address)
        assert (manifest["name"], manifest["start_url"], manifest["lang"]) == ("Waystation", "/", "en")
        for icon in manifest["icons"]:
            size = page.evaluate(
                "async (src) => { const image = new Image(); image.src = src; await image.decode();"
                " return image.naturalWidth; }",
                icon["src"],
            )
            assert icon["sizes"] in ("any", f"{size}x{size}")
