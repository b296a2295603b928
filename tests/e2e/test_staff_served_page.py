"""Service counts and the 15-minute circle in a real Chromium: on a phone, at a desk, on paper, plain."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import product
from math import cos, radians
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.model import Station
from server.served.model import Number
from server.served.numbers import Numbers
from tests.support.browser import opened, phone, signed_in
from tests.support.console import Console, console
from tests.support.looks import DESK, looks_right, open_all
from tests.support.served import a_day
from tests.support.serving import serving
from tests.support.staff import NOW_MS

FIRST: Final = date(2026, 12, 1)
DEMAND: Final = "lon,lat,weight\n112.55,37.87,3\n112.60,37.88,2\n112.75,37.87,1\n"
PAGES: Final = {
    "report": "/staff/served",
    "nothing": "/staff/served?place=city&by=month&period=2026-10",
    "station": "/staff/served?station=city-0001&by=week&period=2026-W50",
    "range": "/staff/served?place=city&by=range&from=2026-12-01&to=2026-12-31",
    "wrong": "/staff/served?place=city&by=month&period=2026-13",
    "reversed": "/staff/served?place=city&by=range&from=2026-12-05&to=2026-12-01",
    "numbers": "/staff/served-numbers",
    "number": "/staff/served-numbers/1",
    "circle": "/staff/served-reach",
}
Started = tuple[Console, str]


@contextmanager
def filled(folder: Path) -> Iterator[Started]:
    """Two districts that count, a day without data, an event, and stations that have a place and hours."""
    with console(folder) as made:
        named = {id_: each.station for id_, each in made.live.registered().items()}
        named["city-0001"] = Station(
            "city-0001", "city", "嘉节驿站名字特别长的一个驿站", "Jiajie", region=("小店区", "龙城街道"),
            lat=37.871, lon=112.551, hours="Mo-Su 08:00-20:00", instrumented=True,
        )  # fmt: skip
        named["city-0002"] = Station(
            "city-0002", "city", "文庙驿站", region=("迎泽区",), lat=37.88, lon=112.6
        )
        made.live.refresh_registry(made.live.networks(), named, made.now_ms)
        for id_, visits in (("city-0001", 100), ("city-0002", 10)):
            made.rollups.rows += [
                a_day(id_, FIRST + timedelta(days=n), visits + n, 0.97, corrected=-2, corrections=1, swaps=n)
                for n in range(-30, 31)
                if n != 12
            ]
        event = Number("event", "city", "小店区", "", FIRST, FIRST, 85, "余", 2, "义诊" * 20, "签到表")
        Numbers(made.services.desk).add(event, "max", today=FIRST, now_ms=NOW_MS)
        with serving(made.app) as port:
            yield made, f"http://localhost:{port}"


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with filled(tmp_path_factory.mktemp("served")) as started:
        yield started


@pytest.fixture(
    scope="module",
    params=product(PAGES, (("zh-CN", "light"), ("en-GB", "dark"))),
    ids=lambda chosen: f"{chosen[0]}-{chosen[1][0]}",
)
def shown(request: pytest.FixtureRequest, browser: Browser, looked_at: Started) -> Iterator[Page]:
    name, (locale, scheme) = request.param
    with opened(browser, looked_at, PAGES[name], "max", locale=locale, color_scheme=scheme) as page:
        open_all(page)
        yield page


def test_it_is_fit_for_everybodys_eyes_and_hands(shown: Page) -> None:
    looks_right(shown)


def test_from_month_to_week_to_station_and_back_in_time(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, "/staff/more", "max") as page:
        page.get_by_role("link", name="服务人次").click()
        expect(page.locator(".big strong")).to_have_text("4206")
        expect(page.locator("#sentence-zh")).to_contain_text("2个驿站全部有数据")
        expect(page.locator(".told.apart")).to_contain_text("60 次，合计 -120 人")
        page.get_by_role("link", name="周", exact=True).click()
        expect(page.locator("#report")).to_contain_text("2026年第53周")
        page.get_by_role("link", name="上一期").click()
        expect(page.locator("#report")).to_contain_text("2026年第52周")
        page.locator("details.station").get_by_role("link", name="文庙驿站").click()
        expect(page.locator("#report")).to_contain_text("文庙驿站 · 2026年第52周")
        page.get_by_label("地点").select_option("city/小店区")
        page.get_by_role("button", name="查看").click()
        expect(page.locator("#report")).to_contain_text("城市（小店区） · 2026年第52周")


def test_from_a_wrong_month_and_an_empty_one_to_one_with_data(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, PAGES["wrong"], "max") as page:
        expect(page.get_by_label("月份（如 2026-07）")).to_have_value("2026-13")
        expect(page.get_by_label("月份（如 2026-07）")).to_have_attribute("aria-describedby", "wrong-period")
        expect(page.locator("#wrong-period")).to_have_text("没有这个月。请填年和月，如 2026-07。")
        page.get_by_label("月份（如 2026-07）").fill("2026-08")
        page.get_by_role("button", name="查看").click()
        expect(page.locator(".big")).to_have_text("没有数据")
        page.get_by_role("link", name="看最近有数据的：2026年11月").click()
        expect(page.locator("#report")).to_contain_text("2026年11月")
        page.get_by_label("有数据的月份").get_by_role("link", name="2026年12月").click()
        expect(page.locator(".big strong")).to_have_text("4206")
    with opened(browser, looked_at, PAGES["reversed"], "max") as page:
        expect(page.get_by_label("从", exact=True)).to_have_value("2026-12-05")
        expect(page.get_by_label("到（含当天）")).to_have_value("2026-12-01")
        expect(page.locator("#wrong-to")).to_be_visible()


def test_the_sentence_is_copied(browser: Browser, looked_at: Started) -> None:
    made, url = looked_at
    with signed_in(browser, url, made.token("max"), **DESK) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        page = context.new_page()
        page.goto(url + "/staff/served")
        page.locator(".copy").first.click()
        expect(page.locator(".copy").first).to_have_text("已复制")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("【模拟数据】2026年12月，城市共服务4206人次，日均约136人次（门口设备计数")


def test_the_sentence_is_copied_over_plain_http_too(browser: Browser, looked_at: Started) -> None:
    made, url = looked_at
    with signed_in(browser, url, made.token("max"), **DESK) as context:
        context.grant_permissions(["clipboard-read"], origin=url)
        page = context.new_page()
        page.add_init_script(
            "window.reader = navigator.clipboard;"
            "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });"
        )
        page.goto(url + "/staff/served")
        page.locator(".copy").first.click()
        expect(page.locator(".copy").first).to_have_text("已复制")
        assert "共服务4206人次" in page.evaluate("window.reader.readText()")


def test_files_are_downloaded_by_their_names(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, "/staff/served", "max", **DESK) as page:
        for link, name in (
            ("下载 Excel 表格", "served-city-2026-12.xlsx"),
            ("下载 CSV", "served-city-2026-12.csv"),
        ):
            with page.expect_download() as download:
                page.get_by_role("link", name=link).click()
            assert download.value.suggested_filename == name


def test_on_paper_there_is_the_report_and_nothing_else(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, "/staff/served", "max", **DESK) as page:
        page.emulate_media(media="print")
        for gone in (".menu", ".bar", ".asked", ".files", ".elsewhere"):
            expect(page.locator(gone)).to_be_hidden()
        for there in ("#report", "#sentence-zh", ".notes", ".made", "details.district table"):
            expect(page.locator(there)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        wrapped = "cells => cells.filter(cell => getComputedStyle(cell).whiteSpace !== 'nowrap').length"
        assert page.locator("td:not(.words)").evaluate_all(wrapped) == 0, "no number is over two lines"
        printed = page.pdf(format="A4")
        assert printed.startswith(b"%PDF")
        assert printed.count(b"/Type /Page\n") <= 4


@pytest.mark.parametrize(
    "options", [{}, DESK, {"java_script_enabled": False}], ids=["phone", "desk", "plain"]
)
def test_an_event_is_entered_and_taken_out(browser: Browser, tmp_path: Path, options: dict[str, Any]) -> None:
    with (
        filled(tmp_path) as started,
        opened(browser, started, "/staff/served-numbers", "max", **options) as page,
    ):
        page.get_by_label("活动", exact=True).check()
        page.get_by_label("哪里").select_option("city/迎泽区")
        page.get_by_label("从", exact=True).fill("2026-12-20")
        page.get_by_label("人次", exact=True).fill("40")
        page.get_by_role("button", name="填上").click()
        expect(page.locator(".said")).to_have_text("填好了。")
        expect(page.locator(".numbers li").first).to_contain_text("2026-12-20：40人次 · 1 场")
        page.locator(".numbers").get_by_role("link", name="迎泽区").click()
        page.get_by_text("删除", exact=True).click()
        page.get_by_role("button", name="删除这一条").click()
        expect(page.locator(".said")).to_contain_text("删除了")
        expect(page.locator(".numbers > li")).to_have_count(1)


def test_the_circle_by_a_file_as_a_table_and_on_the_map(
    browser: Browser, looked_at: Started, tmp_path: Path
) -> None:
    file = tmp_path / "需求.csv"
    file.write_bytes(DEMAND.replace("lon,lat,weight", "经度,纬度,权重").encode("gb18030"))
    with opened(browser, looked_at, "/staff/served-reach", "max", **DESK) as page:
        page.locator(".file input").set_input_files(file)
        expect(page.locator(".read")).to_have_text("已读入 需求.csv")
        page.get_by_role("button", name="计算").click()
        expect(page.locator(".short")).to_contain_text(
            "工作日12点，50.0%的需求在 15 分钟骑行以内有开着门的驿站"
        )
        expect(page.locator(".short")).to_contain_text("另有33.3%附近只有没公布开放时间的驿站")
        expect(page.locator(".by-hour tbody tr")).to_have_count(24)
        page.get_by_role("button", name="在地图上看").click()
        expect(page.locator("#map .ground")).to_have_attribute("data-drawn", "3")
        expect(page.locator("#map canvas.circles")).to_be_visible()
        told = json.loads(page.locator("#setup").text_content() or "")
        assert [each["kind"] for each in told["stations"]] == [2, 1], "open at noon, and of unknown hours"
        expect(page.locator("#map .hint")).to_have_text("没有底图，只标出驿站的位置。")
        looks_right(page)


LINES: Final = """async ([lat, lon, metres]) => {
    const script = document.querySelector("script[src$='/reach.js']").src;
    const { circles } = await import(new URL("circles.js", script));
    const box = document.body.appendChild(document.createElement("div"));
    box.style.cssText = "width: 600px; height: 600px";
    const map = L.map(box, { zoomAnimation: false }).setView([lat, lon], 12);
    const places = [[lat, lon], [lat, lon]];
    const line = (dash, ground) => ({ line: "#000", wide: 2, dash, ground, places });
    return [[[], 0.16], [[9, 6], 0], [[2, 5], 0]].map(([dash, ground]) => {
        const layer = circles([line(dash, ground)], metres).addTo(map);
        const { canvas } = layer, { width, height } = canvas;
        const drawn = canvas.getContext("2d").getImageData(0, 0, width, height).data;
        const ink = (x, y) => drawn[4 * (Math.round(y) * width + Math.round(x)) + 3] / 255;
        const middle = width / 2, all = [...Array(width).keys()];
        const outer = Math.max(...all.filter((x) => all.some((y) => ink(x, y)))) + 1 - middle;
        const around = [...Array(720).keys()].map((at) => (at * Math.PI) / 360)
            .map((at) => ink(middle + (outer - 1) * Math.cos(at), middle + (outer - 1) * Math.sin(at)));
        const told = [outer, around.filter((each) => each > 0.5).length / 720, ink(middle, middle)];
        layer.remove();
        return told;
    });
}"""
"""Of two circles, one on the other, in each look: how far they reach, how much line there is, the ground."""


def test_circles_are_as_wide_as_the_ride_and_told_by_their_lines(
    browser: Browser, looked_at: Started
) -> None:
    lat, metres = 37.87, 3_462
    with opened(browser, looked_at, "/staff/served-reach", "max", **DESK, device_scale_factor=1) as page:
        drawn = {hour: worked_out(page, hour) for hour in ("12", "22")}
        full, dashed, dotted = page.evaluate(LINES, [lat, 112.55, metres])
    assert drawn == {"12": "0 1 1", "22": "1 1 0"}, "closed, of unknown hours, open"
    radius = metres / (156_543.034 * cos(radians(lat)) / 2**12)
    for outer, *_ in (full, dashed, dotted):
        assert outer == pytest.approx(radius + 2, abs=2)
    assert full[1] > 0.9
    assert 0.5 < dashed[1] < 0.75
    assert 0.1 < dotted[1] < 0.45
    assert (full[2], dashed[2], dotted[2]) == (pytest.approx(0.16, abs=0.01), 0, 0), "one ground for both"


def worked_out(page: Page, hour: str) -> str:
    """How many circles of each kind the map draws at that hour."""
    page.get_by_label("需求点（CSV）").fill(DEMAND)
    page.locator("[name=hour]").fill(hour)
    page.get_by_role("button", name="计算").click()
    page.get_by_role("button", name="在地图上看").click()
    expect(page.locator("#map .ground")).to_have_attribute("data-drawn", "3")
    return page.locator("canvas.circles").get_attribute("data-drawn") or ""


def test_a_point_far_away_does_not_make_the_map_a_dot(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, "/staff/served-reach", "max", **DESK) as page:
        page.get_by_label("需求点（CSV）").fill(DEMAND + "112.55,33.87,1\n")
        page.get_by_role("button", name="计算").click()
        expect(page.locator(".odd")).to_contain_text("最远的在第 5 行，离最近的驿站 445 公里")
        expect(page.locator(".report")).to_contain_text("1 个点太远，地图一开始没有画进来")
        page.get_by_role("button", name="在地图上看").click()
        expect(page.locator(".leaflet-control-scale-line")).to_have_text("3 km")
        looks_right(page)


def test_the_circle_without_scripts(browser: Browser, looked_at: Started) -> None:
    with opened(browser, looked_at, "/staff/served-reach", "max", java_script_enabled=False) as page:
        page.get_by_label("需求点（CSV）").fill(DEMAND.replace("37.88", "oops"))
        page.get_by_role("button", name="计算").click()
        expect(page.locator(".problems li")).to_have_count(1)
        expect(page.locator(".problems")).to_contain_text("第 3 行 lat：'oops'")
        expect(page.locator(".problems")).to_contain_text("请改成数字")
        page.get_by_label("需求点（CSV）").fill(DEMAND)
        page.get_by_role("button", name="计算").click()
        expect(page.locator(".short")).to_contain_text("50.0%")
        expect(page.locator(".show-map")).to_be_hidden()


def test_nobody_else_gets_in(browser: Browser, looked_at: Started) -> None:
    _, url = looked_at
    with phone(browser) as context:
        page = context.new_page()
        page.goto(url + "/staff/served")
        expect(page).to_have_url(url + "/staff/sign-in?next=%2Fstaff%2Fserved")
