"""People and the audit log in a real Chromium: on a phone, at a desk, with and without scripts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from server.accounts import audit
from server.accounts.roles import Place
from server.accounts.users import Profile
from tests.support.browser import opened, phone, signed_in
from tests.support.console import Console, console
from tests.support.looks import DESK, looks_right, open_all, violations
from tests.support.serving import serving
from tests.support.staff import NOW_MS, TERMINAL

PAGES: Final = {
    "people": "/staff/people",
    "add": "/staff/add-person",
    "person": "/staff/people/tian",
    "disabled": "/staff/people/max",
    "own": "/staff/people/ada",
    "audit": "/staff/audit",
    "filtered": "/staff/audit?what=user.added&from=2027-01-15",
}
Started = tuple[Console, str]


@contextmanager
def filled(folder: Path) -> Iterator[Started]:
    """Somebody with a long name and a place that is gone, somebody disabled, and a long log."""
    with console(folder) as made:
        users = made.staff.users
        gone = (Place("city", "小店区"), Place("gone", "一个已经撤掉的名字很长的区"))
        users.change("tian", Profile("田" * 64, "technician", places=gone), TERMINAL, NOW_MS)
        users.disable("max", "ada", NOW_MS)
        with made.services.desk.writing() as connection:
            for number in range(60):
                text = "https://example.org/" + "x" * 200
                audit.record(connection, NOW_MS, "tian", "alert.commented", f"{number:016x}", text=text)
        with serving(made.app) as port:
            yield made, f"http://localhost:{port}"


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with filled(tmp_path_factory.mktemp("console")) as started:
        yield started


@pytest.fixture
def worked_in(tmp_path: Path) -> Iterator[Started]:
    with filled(tmp_path) as started:
        yield started


@pytest.fixture(
    scope="module",
    params=product(PAGES, (("zh-CN", "light"), ("en-GB", "dark"))),
    ids=lambda chosen: f"{chosen[0]}-{chosen[1][0]}",
)
def shown(request: pytest.FixtureRequest, browser: Browser, looked_at: Started) -> Iterator[Page]:
    name, (locale, scheme) = request.param
    with opened(browser, looked_at, PAGES[name], locale=locale, color_scheme=scheme) as page:
        open_all(page)
        yield page


def test_it_is_fit_for_everybodys_eyes_and_hands(shown: Page) -> None:
    looks_right(shown)


@pytest.mark.parametrize(
    "options", [{}, DESK, {"java_script_enabled": False}], ids=["phone", "desk", "plain"]
)
def test_somebody_is_added_and_signs_in_with_the_password_that_was_told_once(
    browser: Browser, worked_in: Started, options: dict[str, Any]
) -> None:
    made, url = worked_in
    with opened(browser, worked_in, "/staff/people", **options) as page:
        page.get_by_role("link", name="添加人员").click()
        page.get_by_label("登录名").fill("Li")
        page.get_by_label("显示的名字").fill("李师傅")
        page.get_by_label("维修员").check()
        page.get_by_label("只有这些").check()
        page.get_by_text("只选其中的区县（2 个）").click()
        page.get_by_label("小店区").check()
        page.get_by_role("button", name="添加").click()
        expect(page.get_by_role("heading", name="已添加 li")).to_be_visible()
        password = page.locator(".secret code").last.inner_text()
        page.get_by_role("link", name="已经告诉本人").click()
        expect(page.get_by_role("link", name="李师傅")).to_be_visible()
        assert password not in page.content()
    assert made.staff.user("li").places == (Place("city", "小店区"),)
    assert made.staff.enter("li", password).user.role == "technician"
    with phone(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/staff/sign-in")
        page.locator("[name=name]").fill("li")
        page.locator("[name=password]").fill(password)
        page.locator("main button[type=submit]").click()
        expect(page).to_have_url(re.compile("/staff(?!/sign-in)"))


def test_going_back_or_reloading_never_shows_the_password_again(browser: Browser, worked_in: Started) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, "/staff/people/vi") as page:
        page.get_by_text("重置密码").click()
        page.get_by_role("button", name="生成新密码").click()
        first = page.locator(".secret code").last.inner_text()
        assert made.staff.enter("vi", first).user.name == "vi"
        page.get_by_role("link", name="已经告诉本人").click()
        expect(page.get_by_role("heading", name="人员")).to_be_visible()
        # Neither in the cache nor in memory: the browser would have to send the form again, and asks.
        with pytest.raises(Error, match="ERR_CACHE_MISS"):
            page.go_back()
        expect(page, "the browser's own, which comes a moment later").to_have_url(
            re.compile("^chrome-error:")
        )
        expect(page.locator("body")).not_to_contain_text(first)
        page.goto(worked_in[1] + "/staff/add-person")
        page.get_by_label("登录名").fill("li")
        page.get_by_label("只看").check()
        page.get_by_label("所有地方").check()
        page.get_by_role("button", name="添加").click()
        second = page.locator(".secret code").last.inner_text()
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("已经有人用了")
        expect(page.locator("body")).not_to_contain_text(second)


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(
    browser: Browser, worked_in: Started
) -> None:
    with opened(browser, worked_in, "/staff/add-person") as page:
        page.get_by_label("登录名").fill("tian")
        page.get_by_label("显示的名字").fill("另一位田师傅")
        page.get_by_label("主管").check()
        page.get_by_label("所有地方").check()
        page.get_by_role("button", name="添加").click()
        field = page.get_by_label("登录名")
        expect(field).to_have_accessible_description(re.compile("已经有人用了"))
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("显示的名字")).to_have_value("另一位田师傅")
        assert violations(page) == []


def test_the_only_admin_is_told_why_they_stay(browser: Browser, worked_in: Started) -> None:
    made, _ = worked_in
    with opened(browser, worked_in, "/staff/people/ada") as page:
        page.get_by_label("只看", exact=False).first.check()
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("alert")).to_contain_text("唯一的管理员")
    assert made.staff.user("ada").role == "admin"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_the_log_is_searched_and_turned_over(browser: Browser, looked_at: Started, scripts: bool) -> None:
    with opened(browser, looked_at, "/staff/audit", java_script_enabled=scripts) as page:
        page.get_by_label("做了什么").select_option("alert.commented")
        page.get_by_role("button", name="筛选").click()
        expect(page.locator(".row")).to_have_count(50)
        page.get_by_role("link", name="更早的").click()
        expect(page.locator(".row")).to_have_count(10)
        expect(page.get_by_label("做了什么")).to_have_value("alert.commented")
        with page.expect_download() as download:
            page.get_by_role("link", name="下载表格").click()
        assert download.value.suggested_filename == "audit-2027-01-15.csv"
        lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == 61


def test_who_was_signed_in_is_not_once_they_are_disabled(browser: Browser, worked_in: Started) -> None:
    made, url = worked_in
    with signed_in(browser, url, made.token("vi")) as context:
        vi = context.new_page()
        vi.goto(f"{url}/staff/more")
        expect(vi.get_by_role("button", name="退出登录")).to_be_visible()
        with opened(browser, worked_in, "/staff/people/vi") as page:
            page.get_by_text("停用这个人").click()
            page.get_by_role("button", name="停用").click()
            expect(page.locator(".said")).to_contain_text("已停用")
        vi.reload()
        expect(vi).to_have_url(re.compile("/staff/sign-in"))
