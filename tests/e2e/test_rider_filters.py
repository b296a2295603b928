"""What a rider asks of the list: needs, names, districts; in the address, with and without scripts."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import phone
from tests.support.rider import expect_ids, ids, located, opened
from tests.support.wait import until
from tests.support.web import TableLive, crowd, open_state, station


def test_wishes_filter_stay_in_the_address_and_are_shared(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = opened(context, f"{url}/n/taiyuan?lang=zh")
        page.get_by_role("link", name="充电").click()
        expect_ids(page, "2", "3", "1")
        page.get_by_role("link", name="如厕").click()
        expect(page).to_have_url(f"{url}/n/taiyuan?lang=zh&want=socket,toilet")
        expect(page.get_by_role("link", name="English")).to_have_attribute(
            "href", "/n/taiyuan?lang=en&want=socket,toilet"
        )
        shared = page.url
        page.goto(f"{url}/n/taiyuan")
        expect_ids(page, "2", "3", "1")
        expect(page, "kept on the phone").to_have_url(f"{url}/n/taiyuan?want=socket,toilet")
        page.get_by_role("link", name="充电").click()
        page.get_by_role("link", name="如厕").click()
        expect_ids(page, "2", "3", "1", "4")
        expect(page).to_have_url(f"{url}/n/taiyuan")
    with phone(browser, java_script_enabled=False) as other:
        page = other.new_page()
        page.goto(shared)
        assert ids(page) == ["2", "3", "1"]
        page.get_by_role("link", name="充电").click()
        expect(page).to_have_url(f"{url}/n/taiyuan?want=toilet&lang=zh")
        until(lambda: ids(page) == ["2", "3", "1", "4"], 20, "the other list")


ODD = (
    *(
        "want=sauna",
        "want=",
        "want=,,,",
        "want=socket&want=water",
        "want=%E2%80%AEsocket",
        "want=" + "x" * 3000,
    ),
    *(
        "district=nowhere",
        "page=99",
        "page=-1",
        "q=%3Cscript%3E",
        "q=%00",
        "lang=xx",
        "%ff=%ff",
        "#x",
        "?&&=&",
    ),
)


def test_odd_filters_give_a_list_and_not_an_error(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        complaints: list[str] = []
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for query in ODD:
            page.goto("about:blank")
            page.goto(f"{url}/n/taiyuan?{query}")
            expect(page.locator(".connection")).to_have_attribute("data-state", "live")
            assert page.locator("#list .card:visible, p.empty:visible").count() >= 1, query
        assert complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_when_nothing_fits_the_nearest_to_it_is_named(
    browser: Browser, url: str, live: TableLive, now_ms: int, scripts: bool
) -> None:
    for number in (1, 2, 3):
        state = open_state(station(number), now_ms)
        live.put(replace(state, cabinets=(), sockets=replace(state.sockets, free=number - 1)))
    with phone(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan?want=socket,battery")
        said = page.locator(".nothing-fits")
        expect(said).to_have_text("没有符合的驿站，最接近的是嘉节社区暖心驿站，只是没有满电电池。")
        expect(said.locator("a")).to_have_attribute("href", "/s/taiyuan-0002")
        expect(page.locator("#taiyuan-0002 .why")).to_have_text("没有满电电池")
        expect(page.locator("#taiyuan-0001 .why")).to_have_text("没有空插座，没有满电电池")
        expect(page.locator(".found")).to_contain_text("最接近的在前")


def test_thirty_and_then_thirty_more(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    live.put(*(open_state(station(number), now_ms) for number in range(1, 71)))
    with located(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect(page.locator("#list .card")).to_have_count(30)
        expect(page.locator(".found")).to_contain_text("70 个驿站")
        page.get_by_role("button", name="再看 30 个").click()
        expect(page.locator("#list .card")).to_have_count(60)
        page.get_by_role("button", name="再看 10 个").click()
        expect(page.locator("#list .card")).to_have_count(70)
        expect(page.locator(".more")).to_be_hidden()
        assert page.locator(".pages").count() == 0


def test_the_search_answers_as_one_types(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    live.put(*(open_state(station(number), now_ms) for number in range(1, 71)))
    live.put(open_state(station(77, name="锦小牛·同心小站"), now_ms))
    with phone(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
        page.get_by_role("searchbox").fill("锦小牛")
        expect_ids(page, "77")
        page.get_by_role("searchbox").fill("community 69")
        expect_ids(page, "69")
        page.get_by_role("searchbox").fill("嘉节驿站")
        expect(page.locator(".found")).to_contain_text("71 个驿站")
        page.get_by_role("searchbox").fill("没有这个<b>")
        expect(page.locator("p.empty")).to_contain_text("没有找到“没有这个<b>”。")
        page.get_by_role("link", name="看全部驿站").click()
        expect(page.locator(".found")).to_contain_text("71 个驿站")
        page.locator(".districts summary").click()
        page.locator(".districts a", has_text="小店区").click()
        expect(page.locator(".found")).to_contain_text("23 个驿站")
        expect(page).to_have_url(re.compile(r"[?&]district="))
        assert [each for each in asked if each.startswith(("/n/", "/api/v1/networks"))] == [], "it knows all"


def test_only_the_districts_on_show_are_listened_to(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        page.locator(".districts summary").click()
        with page.expect_request("**/api/v1/events*") as asked:
            page.locator(".districts a", has_text="小店区").click()
        assert "districts=%E5%B0%8F%E5%BA%97%E5%8C%BA" in asked.value.url
        live.put(crowd(open_state(station(3), now_ms), now_ms))
        expect(page.locator("#taiyuan-0003 [data-fact=crowding] .word")).to_have_text("满了")


def test_without_scripts_nothing_needs_them(browser: Browser, url: str, live: TableLive) -> None:
    live.put(*(open_state(station(number)) for number in range(1, 71)))
    with phone(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan")
        for scripted in page.locator(".scripted").all():
            expect(scripted).to_be_hidden()
        page.get_by_role("link", name="下一页").click()
        expect(page).to_have_url(re.compile(r"[?&]page=2\b"))
        expect(page.locator("#list .card")).to_have_count(30)
