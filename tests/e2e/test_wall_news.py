"""The wall in a real Chromium as time goes by: it turns, news come in, a dead line is told, a link ends."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Error as PlaywrightError

from server.walls import Walls
from tests.support.browser import stand_still
from tests.support.looks import violations
from tests.support.wait import until
from tests.support.wall import MIN, NETWORK, alarm, real_ms
from tests.support.wall_screen import HD, few, screen, served
from tests.support.web import crowd, open_state, station

TURN_MS: Final = 12_000


def test_the_panels_turn_by_the_clock_and_stop_at_the_space_bar(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        stand_still(page, time.time() // 12 * 12)
        page.goto(url + site.path)
        count = page.locator(".panel").count()
        shown = []
        for _ in range(count + 1):
            shown.append(
                page.evaluate("[...document.querySelectorAll('.panel')].findIndex((each) => !each.hidden)")
            )
            page.clock.run_for(TURN_MS)
        assert sorted(shown[:-1]) == list(range(count))
        assert shown[-1] == shown[0]
        expect(page.locator(".panel:visible")).to_have_count(1)
        page.keyboard.press(" ")
        held = page.locator(".panel:visible").get_attribute("class")
        page.clock.run_for(5 * TURN_MS)
        assert page.locator(".panel:visible").get_attribute("class") == held


def test_a_change_is_on_the_wall_without_a_reload(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        page.evaluate("window.mark = 1")
        expect(page.locator(".figure.hot strong")).to_have_text("0")
        site.live.put(crowd(open_state(station(1), real_ms()), real_ms()))
        expect(page.locator(".figure.hot strong")).to_have_text("1")
        site.engine.put(alarm("cabinet_smoke", "taiyuan-0002"))
        expect(page.locator(".troubles .safety")).to_have_count(1)
        assert page.evaluate("window.mark") == 1


def test_a_dead_line_is_told_with_its_time_and_it_comes_back_after_a_night(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        wall, dead = page.locator(".wall"), page.locator(".told .dead")
        expect(dead).to_be_hidden()
        page.context.set_offline(True)
        page.clock.run_for("01:00")
        expect(wall).to_have_attribute("data-dead", "lost")
        expect(dead).to_have_text(re.compile(r"连不上服务器，这是 .*\d:\d\d 的旧数据"))
        assert "grayscale" in page.locator(".panels").evaluate("(e) => getComputedStyle(e).filter")
        page.clock.fast_forward("09:00:00")
        page.clock.run_for("01:00")
        expect(wall).to_have_attribute("data-dead", "lost")
        expect(page.locator(".told .age")).to_have_text("9 小时前")
        page.context.set_offline(False)
        page.clock.run_for("00:30")
        # By this clock the readings are from before the night: it says that, no longer that the line is dead.
        expect(wall).not_to_have_attribute("data-dead", "lost")


def test_a_server_that_fails_is_not_taken_for_news(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.clock.install()
        page.goto(url + site.path)
        page.route("**/wall/**", lambda route: route.fulfill(status=502, body="bad gateway"))
        page.clock.run_for("00:50")
        expect(page.locator(".wall")).to_have_attribute("data-dead", "failing")
        expect(page.locator(".told .dead")).to_contain_text("服务器没有给出新数据")
        page.unroute("**/wall/**")
        page.clock.run_for("00:15")
        expect(page.locator(".wall")).not_to_have_attribute("data-dead", re.compile("."))


def test_stations_that_fall_silent_grey_the_wall_although_the_line_is_well(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        expect(page.locator(".wall")).not_to_have_attribute("data-dead", re.compile("."))
        late_ms = real_ms() - 6 * MIN
        site.live.put(*(replace(open_state(station(n), late_ms), freshness="stale") for n in (1, 2, 3)))
        expect(page.locator(".wall")).to_have_attribute("data-dead", "old")
        expect(page.locator(".told .dead")).to_contain_text("驿站没有新数据")


def test_a_revoked_link_takes_the_data_off_the_wall(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser) as page:
        page.goto(url + site.path)
        walls = Walls(site.staff.desk)
        walls.revoke(walls.links(NETWORK)[0], "ada", real_ms())
        expect(page.locator(".told .dead")).to_contain_text("链接已失效")
        expect(page.locator(".figures")).to_be_hidden()


@pytest.mark.parametrize("size", [HD, (360, 640), (1080, 1920)], ids=str)
def test_who_has_no_link_reads_why_on_the_screen(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    with served(tmp_path, *few()) as (_, url), screen(browser, size) as page:
        page.goto(f"{url}/wall/{NETWORK}/{'A' * 43}")
        expect(page.get_by_role("heading", name="这块大屏打不开")).to_be_visible()
        expect(page.get_by_role("heading", name="This wall cannot be opened")).to_be_in_viewport()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if size == HD:
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), (
                "nobody scrolls a wall"
            )


KEPT: Final = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat()"""
"""Addresses of all that the service worker has."""


def test_the_service_worker_keeps_no_wall(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, *few()) as (site, url), screen(browser, service_workers="allow") as page:
        page.goto(f"{url}/n/{NETWORK}")
        until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 20, "it is there")
        page.goto(url + site.path)
        page.reload()
        expect(page.locator(".wall")).to_be_visible()
        page.goto(f"{url}/s/taiyuan-0001")
        until(lambda: [each for each in page.evaluate(KEPT) if "/s/" in each], 20, "it keeps riders' pages")
        assert not [each for each in page.evaluate(KEPT) if "/wall/" in each]
        page.goto(url + site.path)
        page.context.set_offline(True)
        with pytest.raises(PlaywrightError, match="ERR_INTERNET_DISCONNECTED"):
            page.reload()
