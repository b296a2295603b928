"""The console's shell in a real Chromium: in and out, pages that stay fresh, for all eyes and hands."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from fastapi import Response
from playwright.sync_api import Browser, Page, expect

from server.accounts.sessions import COOKIE
from server.alerts.model import Alert, Subject
from server.web.staff import console as parts
from server.web.staff import stream
from server.web.staff.gate import Gate, Visit
from tests.support.browser import chromium, phone
from tests.support.console import Console, console
from tests.support.looks import looks_right
from tests.support.serving import serving
from tests.support.staff import PASSWORD

HOT: Final = Alert("00000000000000a1", "too_hot", "warning", Subject("station", "city-0001"), "firing", 0)
PROBE: Final = """{% extends "staff/base.html" %}{% block live %} data-live{% endblock %}{% block main %}
<h1>{{ found }}</h1>
<details id="more"><summary>more</summary><p>inside</p></details>
<details><summary>others</summary><p>inside, too</p></details>
<form><label>words <textarea name="words"></textarea></label>
<button class="button" type="button" id="act">act</button></form>
<p class="tall">{{ "long " * 3000 }}</p>
{% endblock %}"""


def add_probe(gate: Gate) -> None:
    """A live page that shows how many alerts there are."""
    gate.page("/staff/probe", "look")(probe)


def probe(visit: Visit) -> Response:
    renderer = visit.renderer
    template = renderer._templates.from_string(PROBE)
    static = f"{renderer.base_path}/static/{renderer.assets.version}"
    values = {
        "t": visit.text,
        "view": visit.view,
        "static": static,
        "visit": visit,
        "refused": False,
        "said": "",
    }
    found = f"{len(visit.staff.engine.alerts())} alerts"
    page = template.render(found=found, **values)
    return Response(page, headers={"content-type": "text/html; charset=utf-8", "cache-control": "no-store"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Another name for this machine, of which the browser does not know that it is this machine.
    with chromium("--host-resolver-rules=MAP depot.test 127.0.0.1") as running:
        yield running


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, add_probe))
    monkeypatch.setattr(stream, "LOOK_S", 0.1)
    with console(tmp_path) as running:
        running.now_ms = time.time_ns() // 1_000_000
        yield running


@pytest.fixture
def url(made: Console) -> Iterator[str]:
    with serving(made.app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with phone(browser) as context:
        yield context.new_page()


def sign_in(
    page: Page, url: str, path: str = "/staff/more", password: str = PASSWORD, name: str = "tian"
) -> None:
    """Type name and password, as a person does."""
    page.goto(url + path)
    page.locator("[name=name]").fill(name)
    page.locator("[name=password]").fill(password)
    page.locator("main button").click()


def state(page: Page, wanted: str) -> None:
    expect(page.locator(".watch")).to_have_attribute("data-state", wanted)


class TestSigningIn:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    @pytest.mark.parametrize("scripts", [True, False])
    def test_on_this_machine_plain_http_is_enough(
        self, browser: Browser, url: str, host: str, scripts: bool
    ) -> None:
        with phone(browser, java_script_enabled=scripts) as context:
            page = context.new_page()
            sign_in(page, url.replace("127.0.0.1", host), "/staff/password?lang=en")
            expect(page).to_have_url(url.replace("127.0.0.1", host) + "/staff/password?lang=en")
            cookie = next(each for each in context.cookies() if each["name"] == COOKIE)
            assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
            assert page.evaluate("document.cookie") == ""

    def test_a_wrong_password_is_said_and_the_name_stays(self, page: Page, url: str) -> None:
        sign_in(page, url, password="wrong")  # noqa: S106  (it is)
        expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
        expect(page.locator("[name=name]")).to_have_value("tian")
        expect(page.locator("[name=password]")).to_have_value("")

    def test_the_way_out_leaves_nothing_behind(self, page: Page, url: str) -> None:
        sign_in(page, url)
        page.locator(".way-out button").click()
        expect(page.get_by_role("status")).to_have_text("已退出登录。")
        expect(page).not_to_have_url(re.compile("said"))
        page.go_back()
        expect(page.locator("[name=password]")).to_be_visible()

    def test_another_password(self, page: Page, url: str) -> None:
        sign_in(page, url, "/staff/password")
        for name, typed in (
            ("old", PASSWORD),
            ("new", "ein neues 好密码 2"),
            ("again", "ein neues 好密码 2"),
        ):
            page.locator(f"[name={name}]").fill(typed)
        page.locator("main button").click()
        expect(page.get_by_role("status")).to_have_text("密码改好了，其他地方的登录都已退出。")
        page.goto(url + "/staff/password")
        expect(page.locator("[name=old]")).to_be_visible()

    def test_a_link_leads_through_the_sign_in_to_what_it_names(self, page: Page, url: str) -> None:
        sign_in(page, url, "/staff/probe?a=b")
        expect(page).to_have_url(url + "/staff/probe?a=b")

    def test_a_role_sees_only_where_it_may_go(self, page: Page, url: str) -> None:
        sign_in(page, url)
        expect(page.locator(".menu li.first")).to_have_count(5)
        expect(page.locator(".way-out")).to_be_visible()
        assert page.locator(".menu a[href^='/staff/people']").count() == 0


def test_over_plain_http_from_elsewhere_it_says_what_is_missing(page: Page, url: str) -> None:
    page.goto(url.replace("127.0.0.1", "depot.test") + "/staff")
    expect(page.get_by_role("alert")).to_contain_text("只能用 HTTPS 打开")
    assert page.locator("input").count() == 0


class TestLive:
    def test_a_change_is_shown_without_a_reload(self, page: Page, url: str, made: Console) -> None:
        sign_in(page, url, "/staff/probe")
        state(page, "live")
        page.evaluate("window.mine = 1")
        page.locator("#more summary").click()
        page.locator("#act").focus()
        page.evaluate("scrollTo(0, 600)")
        made.engine.put(HOT)
        expect(page.locator("h1")).to_have_text("1 alerts")
        assert page.evaluate("[window.mine, scrollY, document.activeElement.id]") == [1, 600, "act"]
        assert page.evaluate("[...document.querySelectorAll('details')].map((e) => e.open)") == [True, False]
        state(page, "live")

    def test_nothing_that_is_being_typed_is_lost(self, page: Page, url: str, made: Console) -> None:
        sign_in(page, url, "/staff/probe")
        state(page, "live")
        page.locator("textarea").fill("滤网已")
        made.engine.put(HOT)
        state(page, "waiting")
        expect(page.locator(".watch")).to_contain_text("有新情况")
        expect(page.locator("textarea")).to_have_value("滤网已")
        expect(page.locator("h1")).to_have_text("0 alerts")
        page.locator("textarea").fill("")
        expect(page.locator("h1")).to_have_text("1 alerts")
        state(page, "live")

    def test_without_a_line_it_asks_every_half_minute(
        self, browser: Browser, url: str, made: Console, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stream, "MAX_READERS", 0)
        with phone(browser) as context:
            page = context.new_page()
            page.clock.install()
            sign_in(page, url, "/staff/probe")
            page.clock.run_for(2_000)
            state(page, "polling")
            made.engine.put(HOT)
            page.clock.run_for(31_000)
            expect(page.locator("h1")).to_have_text("1 alerts")
            state(page, "polling")

    def test_without_a_network_it_says_so_and_comes_back(
        self, browser: Browser, url: str, made: Console
    ) -> None:
        with phone(browser) as context:
            page = context.new_page()
            sign_in(page, url, "/staff/probe")
            state(page, "live")
            context.set_offline(True)
            state(page, "lost")
            expect(page.locator(".watch a")).to_be_visible()
            made.engine.put(HOT)
            context.set_offline(False)
            expect(page.locator("h1")).to_have_text("1 alerts")
            state(page, "live")

    @pytest.mark.parametrize("how", ["disabled", "signed out elsewhere"])
    def test_when_the_session_ends_the_page_goes(self, page: Page, url: str, made: Console, how: str) -> None:
        sign_in(page, url, "/staff/probe")
        state(page, "live")
        if how == "disabled":
            made.staff.users.disable("tian", "ada", made.now_ms)
        else:
            token = next(each["value"] for each in page.context.cookies() if each["name"] == COOKIE)
            made.services.sessions.close(token, made.now_ms)
        expect(page.locator("[name=password]")).to_be_visible()

    def test_without_scripts_it_says_that_it_does_not_renew_itself(self, browser: Browser, url: str) -> None:
        with phone(browser, java_script_enabled=False) as context:
            page = context.new_page()
            sign_in(page, url, "/staff/probe")
            expect(page.locator(".watch")).to_contain_text("不会自动更新")
            page.locator(".watch a").click()
            expect(page.locator("h1")).to_have_text("0 alerts")


def test_the_service_worker_of_riders_keeps_none_of_it(browser: Browser, url: str) -> None:
    with phone(browser, service_workers="allow") as context:
        page = context.new_page()
        page.goto(url + "/")
        page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        sign_in(page, url)
        page.goto(url + "/staff/probe")
        state(page, "live")
        kept = page.evaluate(
            "async () => (await Promise.all((await caches.keys()).map(async (name) => "
            "(await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat()"
        )
        assert kept
        assert [path for path in kept if path.startswith("/staff")] == []


PAGES: Final = ("/staff/sign-in", "/staff/more", "/staff/password", "/staff/people", "/staff/probe")


@pytest.mark.parametrize(("locale", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_for_everybodys_eyes_and_hands(browser: Browser, url: str, locale: str, scheme: str) -> None:
    with phone(browser, locale=locale, color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        for path in PAGES:
            if path == "/staff/more":
                sign_in(page, url)
            page.goto(url + path)
            looks_right(page)


def test_a_name_that_is_code_is_shown_as_text(page: Page, url: str, made: Console) -> None:
    evil = '<img src=x onerror="document.title=1">'
    with made.staff.desk.writing() as connection:
        connection.exec_driver_sql("UPDATE users SET display = ? WHERE name = 'tian'", (evil,))
    sign_in(page, url)
    expect(page.locator(".way-out p")).to_contain_text(evil)
    assert page.locator("main img").count() == 0
