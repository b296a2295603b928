"""Reporting a problem in a real Chromium, phone size, and how it reaches staff."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from server.__main__ import app
from server.pipeline import Pipeline
from server.reports.limits import MOST_FROM_ONE
from server.reports.reports import Reports
from server.settings import Settings
from server.web.build import build_web
from tests.support.browser import chromium, phone
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess, register, settings_for
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore, open_state, station

PAGE = "/s/taiyuan-0001/report"
THANKS = "**/report/sent*"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Reports]:
    with closing(Reports.open(tmp_path / "reports.db")) as opened:
        yield opened


@pytest.fixture
def url(reports: Reports) -> Iterator[str]:
    live = TableLive()
    live.put(open_state(), open_state(station(2, name="<b>x</b>" + "很长的名字" * 40)))
    with serving(build_web(live, TableStore(), Settings(), Pipeline(), reports=reports)) as port:
        yield f"http://127.0.0.1:{port}"


def overflow(page: Page) -> int:
    """Pixels that the page is wider than the phone."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_two_taps(browser: Browser, url: str, reports: Reports, scripts: bool) -> None:
    with phone(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(url + PAGE)
        page.get_by_label("插座坏了").tap()
        page.get_by_role("button", name="发送").tap()
        page.wait_for_url(THANKS)
        expect(page.get_by_role("heading", name="收到，谢谢！")).to_be_visible()
        page.reload()
        page.get_by_text("返回驿站页面").tap()
        page.wait_for_url("**/s/taiyuan-0001")
    assert [(each.station, each.kind, each.note) for each in reports.all()] == [
        ("taiyuan-0001", "socket", "")
    ]


def test_nothing_chosen_sends_nothing(browser: Browser, url: str, reports: Reports) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.goto(url + PAGE)
        page.get_by_role("button", name="发送").tap()
        assert page.evaluate("document.querySelector('input:invalid') !== null"), (
            "the browser asks for a kind"
        )
        expect(page.get_by_role("button", name="发送")).to_be_visible()
    assert reports.all() == []


def test_without_a_network_it_says_so_and_keeps_the_words(
    browser: Browser, url: str, reports: Reports
) -> None:
    with phone(browser, locale="en-US") as context:
        page = context.new_page()
        page.goto(url + PAGE)
        page.get_by_label("Something else").tap()
        page.get_by_role("textbox").fill("the lamp is out")
        context.set_offline(True)
        page.get_by_role("button", name="Send").tap()
        expect(page.get_by_role("alert")).to_contain_text("Not sent: there may be no network")
        expect(page.get_by_role("textbox")).to_have_value("the lamp is out")
        assert reports.all() == []
        context.set_offline(False)
        page.reload()
        expect(page.get_by_role("textbox")).to_have_value("the lamp is out")
        page.get_by_label("Something else").tap()
        page.get_by_role("button", name="Send").tap()
        page.wait_for_url(THANKS)
        page.goto(url + PAGE)
        expect(page.get_by_role("textbox")).to_have_value("")
    assert [each.note for each in reports.all()] == ["the lamp is out"]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_too_many_are_told_when_to_try_again(
    browser: Browser, url: str, reports: Reports, scripts: bool
) -> None:
    for n in range(MOST_FROM_ONE):
        address = f"{url}/api/v1/stations/taiyuan-0001/reports"
        assert httpx.post(address, json={"kind": "closed", "note": str(n)}).status_code == 201
    with phone(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(url + PAGE)
        page.get_by_label("太挤").tap()
        page.get_by_role("textbox").fill("没有座位")
        page.get_by_role("button", name="发送").tap()
        expect(page.get_by_role("alert")).to_contain_text("请 10 分钟后再试")
        expect(page.get_by_role("textbox")).to_have_value("没有座位")
        expect(page.get_by_label("太挤")).to_be_checked()
    assert len(reports.all()) == MOST_FROM_ONE


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_another_site_cannot_make_a_visitor_report(
    browser: Browser, url: str, reports: Reports, scripts: bool
) -> None:
    form = f'<form method="post" action="{url}{PAGE}"><input name="kind" value="closed"><button>x</button>'
    with phone(browser, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.route("http://evil.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
        page.goto("http://evil.test/")
        with page.expect_navigation(url=url + PAGE) as answer:
            page.get_by_role("button").tap()
        assert answer.value.status == 403
        expect(page.get_by_role("alert")).to_contain_text("只接受从本页发送的反馈")
        assert reports.all() == []
        page.get_by_role("button", name="发送").tap()
        page.wait_for_url(THANKS)
    assert len(reports.all()) == 1, "from our own page it goes through"


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_it_fits_a_narrow_phone_with_large_text(browser: Browser, url: str, language: str) -> None:
    with phone(browser, locale=language, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        page.goto(f"{url}/s/taiyuan-0002/report")
        assert overflow(page) == 0
        smallest = "Math.min(...[...document.querySelectorAll('.choice, .send')].map(e => e.offsetHeight))"
        assert page.evaluate(smallest) >= 44, "a thumb finds it"
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflow(page) == 0


def command(folder: Path, *words: str) -> str:
    """What ``waystation reports …`` prints on a server's machine."""
    place = {"WAYSTATION_CONFIG": os.devnull, "WAYSTATION_DATA_DIR": str(folder), "COLUMNS": "160"}
    done = CliRunner().invoke(app, ["reports", *words], env=place)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_report_reaches_staff_while_the_server_runs(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    register(folder, ["canteen"])
    server = ServerProcess(settings_for(broker, folder))
    server.start()
    try:
        address = f"{server.url}/api/v1/stations/canteen/reports"
        hostile = "\x1b[2J<b>门</b>\u202e 13812345678"
        assert httpx.post(address, json={"kind": "closed", "note": hostile}).status_code == 201
        listed = command(folder)
        assert "驿站 canteen" in listed
        assert "[2J<b>门</b> ***" in listed
        assert "\x1b" not in listed
        assert "waystation_reports_open 1.0" in httpx.get(f"{server.url}/metrics").text
        assert command(folder, "done", "1") == "1 done\n"
        assert "waystation_reports_open 0.0" in httpx.get(f"{server.url}/metrics").text
        assert httpx.post(address, json={"kind": "crowded"}).status_code == 201, "it goes on taking them"
    finally:
        server.stop()


def test_a_broken_file_of_reports_darkens_nothing_else(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    register(folder, ["canteen"])
    (folder / "reports.db").write_bytes(b"no database" * 500)
    server = ServerProcess(settings_for(broker, folder))
    server.start()
    try:
        assert httpx.get(f"{server.url}/s/canteen").status_code == 200
        refused = httpx.post(f"{server.url}/api/v1/stations/canteen/reports", json={"kind": "closed"})
        assert (refused.status_code, "cannot be taken now" in refused.json()["error"]) == (503, True)
    finally:
        server.stop()
