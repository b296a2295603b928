"""Channels and receivers in a real Chromium: set up, tested for real, and who would be told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from server.alerts.model import Alert, Bundle, Subject
from server.alerts.silences import Matcher
from server.notify.model import Refused, Sent
from server.notify.outbox import health
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.model import Quiet
from tests.support.bots import Bots
from tests.support.browser import signed_in
from tests.support.console import Console
from tests.support.looks import DESK, looks_right, open_all
from tests.support.serving import serving
from tests.support.staff import NOW_MS
from tests.support.switchboard import switchboard

OFFLINE: Final = Alert(
    "00c0ffee00c0ffee", "station_offline", "critical", Subject("station", "city-0001"), "firing",
    NOW_MS - 300_000, NOW_MS - 120_000, version=1,
)  # fmt: skip
PAGES: Final = {
    "channels": "/staff/channels",
    "kinds": "/staff/add-channel",
    "dingtalk": "/staff/add-channel?kind=dingtalk",
    "others": "/staff/add-channel?kind=others",
    "failing": "/staff/channels/{failing}",
    "webhook": "/staff/channels/{webhook}",
    "receivers": "/staff/receivers",
    "receiver": "/staff/receivers/{receiver}",
    "add": "/staff/add-receiver",
}


@dataclass(frozen=True)
class Started:
    """A running console with bots to talk to; ``ids`` of what is set up in it."""

    made: Console
    bots: Bots
    url: str
    ids: dict[str, str]


@contextmanager
def started(folder: Path) -> Iterator[Started]:
    with switchboard(folder) as made, Bots(made.clock) as bots, serving(made.app) as port:
        made.engine.put(OFFLINE)
        yield Started(made, bots, f"http://localhost:{port}", {})


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Channels that are well, failing and untried; messages of every end; receivers that leave gaps."""
    with started(tmp_path_factory.mktemp("console")) as running:
        directory, desk = running.made.services.directory, running.made.services.desk
        running.bots.plays = lambda _: "redirect"
        forms = {
            "failing": ChannelForm("值班钉钉" * 10, "dingtalk", running.bots.dingtalk, running.bots.secret),
            "well": ChannelForm("维修群", "wecom", running.bots.wecom, ""),
            "webhook": ChannelForm("工单", "webhook", running.bots.hook, running.bots.hook_secret),
        }
        for name, form in forms.items():
            running.ids[name] = directory.put_channel(form, "ada", NOW_MS)
        takes = (Matcher(networks=("city",), districts=("小店区",), kinds=("station_offline", "too_hot")),)
        networks = ["city", "town"]
        second = ReceiverForm("经理", running.ids["failing"], takes=(Matcher(networks=("town",)),))
        running.ids["second"] = directory.put_receiver(second, "ada", NOW_MS, networks)
        first = ReceiverForm(
            "小店区维修群", running.ids["well"], "zh", takes, running.ids["second"], Quiet(1320, 420)
        )
        running.ids["receiver"] = directory.put_receiver(first, "ada", NOW_MS, networks)
        with desk.writing() as connection:
            said = Refused("setup", "keyword", "310000: keywords not in content, " + "x" * 150)
            health.note(connection, running.ids["failing"], said, NOW_MS - 3_600_000)
            health.note(connection, running.ids["well"], Sent(), NOW_MS - 60_000)
            for receiver in (running.ids["receiver"], running.ids["second"]):
                bundle = Bundle(receiver, "new", (OFFLINE,))
                running.made.services.outbox.put(connection, [bundle], NOW_MS - 120_000)
        yield running


@pytest.fixture
def worked_in(tmp_path: Path) -> Iterator[Started]:
    with started(tmp_path) as running:
        yield running


@contextmanager
def opened(browser: Browser, running: Started, path: str, **options: Any) -> Iterator[Page]:
    """A page for an admin."""
    with signed_in(browser, running.url, running.made.token("ada"), **options) as context:
        page = context.new_page()
        page.goto(running.url + path)
        yield page


@pytest.fixture(
    scope="module",
    params=product(PAGES, (("zh-CN", "light"), ("en-GB", "dark"))),
    ids=lambda chosen: f"{chosen[0]}-{chosen[1][0]}",
)
def shown(request: pytest.FixtureRequest, browser: Browser, looked_at: Started) -> Iterator[Page]:
    name, (locale, scheme) = request.param
    path = PAGES[name].format(**looked_at.ids)
    with opened(browser, looked_at, path, locale=locale, color_scheme=scheme) as page:
        open_all(page)
        yield page


def test_it_is_fit_for_everybodys_eyes_and_hands(shown: Page) -> None:
    looks_right(shown)


@pytest.mark.parametrize(
    "options", [{}, DESK, {"java_script_enabled": False}], ids=["phone", "desk", "plain"]
)
def test_a_group_is_set_up_and_tested_until_the_test_arrives(
    browser: Browser, worked_in: Started, options: dict[str, Any]
) -> None:
    bots = worked_in.bots
    bots.keyword = "工单"
    with opened(browser, worked_in, "/staff/channels", **options) as page:
        page.get_by_role("link", name="添加渠道").click()
        page.get_by_role("link", name="钉钉群").click()
        page.get_by_label("名称").fill("值班群")
        page.get_by_label("Webhook 地址").fill(bots.dingtalk)
        page.get_by_label("签名密钥").fill(bots.secret)
        page.get_by_role("button", name="添加渠道").click()
        expect(page.locator(".said")).to_contain_text("现在发一条测试")
        page.get_by_role("button", name="发送测试").click()
        outcome = page.locator(".outcome")
        expect(outcome).to_contain_text("没有送达")
        expect(outcome).to_contain_text("设了关键词")
        expect(outcome).to_contain_text("310000: keywords not in content")
        if options.get("java_script_enabled", True):
            looks_right(page)
        assert bots.taken == []
        bots.keyword = "驿站"
        page.get_by_role("button", name="发送测试").click()
        expect(outcome).to_contain_text("16:00 已送达")
        if options.get("java_script_enabled", True):
            looks_right(page)
        assert len(bots.texts("dingtalk")) == 1
        page.get_by_role("link", name="通知渠道").first.click()
        expect(page.locator(".row", has_text="值班群")).to_contain_text("正常")
        assert bots.secret not in page.content()
        assert "566cc69da782ec" not in page.content()


def test_the_secret_of_a_webhook_is_shown_once(browser: Browser, worked_in: Started) -> None:
    with opened(browser, worked_in, "/staff/add-channel?kind=webhook") as page:
        page.get_by_label("名称").fill("工单系统")
        page.get_by_label("Webhook 地址").fill(worked_in.bots.hook)
        page.get_by_role("button", name="添加渠道").click()
        secret = page.locator(".secret code").inner_text()
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
        looks_right(page)
        page.get_by_role("link", name="已经放好").click()
        expect(page.get_by_role("heading", name="工单系统")).to_be_visible()
        assert secret not in page.content()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_a_receiver_is_tried_on_the_present_alerts_and_then_kept(
    browser: Browser, worked_in: Started, scripts: bool
) -> None:
    directory = worked_in.made.services.directory
    form = ChannelForm("维修群", "wecom", worked_in.bots.wecom, "")
    directory.put_channel(form, "ada", NOW_MS)
    with opened(browser, worked_in, "/staff/receivers", java_script_enabled=scripts) as page:
        expect(page.locator(".outcome")).to_contain_text("告警不会发给任何人")
        page.get_by_role("link", name="添加接收人").click()
        page.get_by_label("名称").fill("小店区")
        page.get_by_label("只有这些").check()
        page.get_by_text("只选其中的区县（2 个）").click()
        page.get_by_label("小店区", exact=True).check()
        page.get_by_role("button", name="看看现在哪些告警会发给他").click()
        preview = page.locator("#preview")
        expect(preview).to_contain_text("现在有 1 条告警会发给他")
        expect(preview.get_by_role("link")).to_have_attribute("href", f"/staff/alerts/{OFFLINE.id}")
        if scripts:
            looks_right(page)
        assert directory.receivers() == ()
        page.get_by_label("从", exact=True).fill("22:00")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("group", name="免打扰")).to_have_accessible_description(re.compile("都要填"))
        page.get_by_label("到", exact=True).fill("07:00")
        page.get_by_role("button", name="保存").click()
        expect(page.locator(".said")).to_contain_text("接收人已添加")
        expect(page.locator(".outcome")).to_contain_text("服务器本身")
        expect(page.locator(".outcome")).to_contain_text("迎泽区")
    (kept,) = directory.receivers()
    assert kept.takes == (Matcher(networks=("city",), districts=("小店区",)),)
    assert kept.quiet == Quiet(1320, 420)


def test_enter_keeps_and_does_not_only_preview(browser: Browser, worked_in: Started) -> None:
    directory = worked_in.made.services.directory
    directory.put_channel(ChannelForm("群", "wecom", worked_in.bots.wecom, ""), "ada", NOW_MS)
    with opened(browser, worked_in, "/staff/add-receiver") as page:
        page.get_by_label("名称").fill("值班")
        page.get_by_label("名称").press("Enter")
        expect(page.locator(".said")).to_contain_text("接收人已添加")
    assert len(directory.receivers()) == 1
