"""A page of the rider's stays fresh: stream, polling, dead lines, and ages by the clock."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import APIResponse, Browser, Route, expect

from contract import codec, topics
from contract.messages import Climate, Snapshot, Telemetry
from server.pipeline import Pipeline
from server.settings import Settings
from server.web import events
from server.web.build import build_web
from server.web.events import SILENCE_MS
from tests.support.browser import phone, stand_still
from tests.support.mosquitto import Broker
from tests.support.proxy import Line
from tests.support.server import NETWORK, ServerProcess, register, running_server, settings_for
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive, TableStore, crowd, open_state, station

KEPT_MS = 5_000
"""uvicorn ends a connection on which nothing is asked for so long."""


def test_a_reading_changes_the_words_unreloaded(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        loads: list[str] = []
        page.on("load", lambda _: loads.append("load"))
        page.goto(f"{url}/n/taiyuan")
        card = page.locator("#taiyuan-0001")
        expect(card.locator("[data-fact=crowding] .word")).to_have_text("不挤")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        expect(card.locator("[data-fact=crowding] .word")).to_have_text("满了")
        expect(card.locator("[data-fact=crowding] .note")).to_have_text("坐满了")
        expect(card.locator("[data-fact=comfort]")).to_have_class("fact bad changed")
        expect(card.locator("[data-resource=sockets] .amount")).to_have_text("0/8")
        expect(page.locator("#taiyuan-0002 [data-fact=crowding] .word")).to_have_text("不挤")
        assert loads == ["load"]


def telemetry(seq: int, now_ms: int, temperature_c: float) -> bytes:
    """One snapshot of a station as its agent sends it."""
    snapshot = Snapshot(
        "00000000000000aa", seq, now_ms, seq * 1000, "b007-0000", "synced", Climate(now_ms, temperature_c, 50)
    )
    return codec.encode(Telemetry("b007-0000", seq * 1000, (snapshot,)))


def test_a_reading_on_the_broker_reaches_the_screen(browser: Browser, broker: Broker, tmp_path: Path) -> None:
    register(tmp_path / "data", ["st-001"], replace(NETWORK, summer=(1, 12)))
    password = broker.add_user("st-001")
    with running_server(settings_for(broker, tmp_path / "data")) as server, phone(browser) as context:
        station_link = mqtt.Client(CallbackAPIVersion.VERSION2, "st-001")
        station_link.username_pw_set("st-001", password)
        station_link.connect(broker.host, broker.port)
        station_link.loop_start()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.http_port}/n/{NETWORK.id}")
        comfort = page.locator("#st-001 [data-fact=comfort]")
        expect(comfort.locator(".word")).to_have_text("不清楚")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        for seq, (degrees, word) in enumerate(((26.0, "凉快"), (33.0, "热")), 1):
            station_link.publish(
                topics.topic("st-001", "telemetry"),
                telemetry(seq, time.time_ns() // 1_000_000, degrees),
                qos=1,
            )
            expect(comfort.locator(".word")).to_have_text(word)
            expect(comfort.locator(".note")).to_have_text(f"{degrees:g} °C")
        page.goto(f"http://127.0.0.1:{server.http_port}/s/st-001")
        expect(page.locator("[data-fact=comfort] .note")).to_have_text("33 °C，湿度 50%")
        station_link.disconnect()
        station_link.loop_stop()


def test_a_station_page_follows_each_socket(browser: Browser, url: str, live: TableLive, now_ms: int) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.locator("[data-socket=s1] .word")).to_have_text("空着")
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        expect(page.locator("[data-socket=s1] .word")).to_have_text("充电中")
        expect(page.locator("[data-fact=comfort] .note")).to_have_text("31 °C，湿度 70%")


def test_a_list_that_took_long_takes_nothing_back(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    held: list[tuple[Route, APIResponse]] = []
    with phone(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.route("**/compact*", lambda route: held.append((route, route.fetch())))
        page.evaluate("window.dispatchEvent(new Event('online'))")
        until(lambda: page.evaluate("true") and bool(held), 30, "the list is on its way")
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        word = page.locator("#taiyuan-0001 [data-fact=crowding] .word")
        expect(word).to_have_text("满了")
        page.evaluate("window.words = []")
        page.locator("#taiyuan-0001 [data-fact=crowding] .word").evaluate(
            "(e) => new MutationObserver(() => words.push(e.textContent)).observe(e, { childList: true })"
        )
        [(route, answer)] = held
        with page.expect_request_finished(lambda request: "/taiyuan/compact" in request.url):
            route.fulfill(response=answer)
        page.evaluate("new Promise((done) => setTimeout(done, 100))")
        expect(word).to_have_text("满了")
        assert page.evaluate("words") == [], "not even for a moment"


def test_without_a_stream_the_list_is_asked_for(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        context.route("**/api/v1/events*", lambda route: route.fulfill(status=503, body="{}"))
        page = context.new_page()
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "polling")
        expect(page.locator(".connection .text")).to_have_text("每半分钟更新")


def test_a_lost_server_is_said(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        context.route("**/api/**", lambda route: route.abort())
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/n/taiyuan")

        def state() -> str | None:
            page.clock.run_for(5_000)
            return page.locator(".connection").get_attribute("data-state")

        until(lambda: state() == "lost", 30, "the page says that the server is lost")
        expect(page.locator("#taiyuan-0001 .word").first).to_have_text("开放")


@pytest.fixture
def child(broker: Broker, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that can be stopped in the middle of everything."""
    register(tmp_path / "data", ["st-001"])
    process = ServerProcess(settings_for(broker, tmp_path / "data"))
    process.start()
    yield process
    process.stop()


HEARD = """const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, call) {
    listen.call(this, name, (event) => { call(event); window.heard = name; });
};"""
"""Tells the test which word of the server the page has taken in last."""


def test_a_server_that_hangs_is_said_and_its_return_too(browser: Browser, child: ServerProcess) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script(HEARD)
        stand_still(page)
        page.goto(f"{child.url}/n/{NETWORK.id}")
        line = page.locator(".connection")
        expect(line).to_have_attribute("data-state", "live")
        until(lambda: page.evaluate("window.heard") == "changes", 20, "what each reader is told at first")
        os.kill(child.pid, signal.SIGSTOP)
        try:
            page.clock.run_for(SILENCE_MS - 1_000)
            expect(line).to_have_attribute("data-state", "live")
            page.clock.run_for(1_100)
            expect(line).to_have_attribute("data-state", "lost")
            page.clock.run_for(60_000)
            expect(line).to_have_attribute("data-state", "lost")
        finally:
            os.kill(child.pid, signal.SIGCONT)
        expect(line).to_have_attribute("data-state", "live")


def test_a_line_that_went_dead_is_dialled_again_and_nothing_was_missed(
    browser: Browser, live: TableLive, now_ms: int
) -> None:
    web = build_web(live, TableStore(), Settings(), Pipeline(connected=True, alive=True))
    with serving(web) as port, Line(port) as line, phone(browser) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"http://127.0.0.1:{line.port}/n/taiyuan")
        word = page.locator("#taiyuan-0001 [data-fact=crowding] .word")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        dialled = line.dialled
        line.go_dead()
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        page.clock.run_for(SILENCE_MS + 100)
        # Chromium first tries connections that it has kept and that are dead too, until the server ends them.
        expect(word).to_have_text("满了", timeout=6 * KEPT_MS)
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        assert line.dialled > dialled


def test_a_sign_of_life_keeps_the_page_live(
    browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_MS", 50)
    with phone(browser) as context:
        page = context.new_page()
        stand_still(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.evaluate(
            "window.heard = 0; const source = new EventSource('/api/v1/events?network=taiyuan');"
            "source.addEventListener('alive', () => { window.heard += 1; });"
        )
        for _ in range(4):
            heard = page.evaluate("window.heard")
            page.clock.run_for(SILENCE_MS - 5_000)
            page.wait_for_function("before => window.heard > before + 2", arg=heard, polling=20)
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        assert sum("last_event_id" in address for address in asked) == 1, "it was never dialled again"


def test_a_phone_without_network_says_so_at_once_and_catches_up_at_once(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/n/taiyuan")
        line = page.locator(".connection")
        expect(line).to_have_attribute("data-state", "live")
        context.set_offline(True)
        expect(line).to_have_attribute("data-state", "lost")
        live.put(crowd(open_state(station(1), now_ms), now_ms))
        context.set_offline(False)
        expect(line).to_have_attribute("data-state", "live")
        expect(page.locator("#taiyuan-0001 [data-fact=crowding] .word")).to_have_text("满了")


def test_a_phone_that_wakes_up_asks_at_once(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        stand_still(page)
        asked: list[str] = []
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.on("request", lambda request: asked.append(request.url))
        wake = "document.dispatchEvent(new Event('visibilitychange'))"
        page.evaluate(wake)
        page.clock.fast_forward(SILENCE_MS - 10_000)
        assert asked == [], "it was heard a moment ago, and the timer has not run out"
        with page.expect_request("**/api/v1/events*"), page.expect_request("**/compact*"):
            page.evaluate(wake)


@pytest.mark.parametrize("silent", ["none", "offline"])
def test_a_station_that_sends_nothing_is_not_called_live(
    browser: Browser, url: str, live: TableLive, now_ms: int, silent: Any
) -> None:
    live.put(replace(open_state(station(1), now_ms), freshness=silent))
    with phone(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/s/taiyuan-0001")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        expect(page.locator(".connection")).to_be_hidden()
        live.put(open_state(station(1), now_ms))
        expect(page.locator(".connection")).to_be_visible()


def test_one_age_for_a_card_and_its_own_for_what_is_older(
    browser: Browser, url: str, live: TableLive, now_ms: int
) -> None:
    state = open_state(station(1), now_ms)
    live.put(replace(state, comfort=replace(state.comfort, at_ms=now_ms - 200_000)))
    with phone(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/n/taiyuan")
        card = page.locator("#taiyuan-0001")
        expect(card.locator(".updated")).to_have_text("更新于 刚刚")
        seen = card.locator(".age:not(.sr)")
        expect(seen).to_have_text(["刚刚", "3 分钟前"])
        expect(card.locator("[data-fact=crowding] .age")).to_have_text("刚刚")
        live.put(replace(state, at_ms=now_ms + 1000, comfort=replace(state.comfort, temperature_c=20.0)))
        expect(seen).to_have_text(["刚刚"])


def test_facts_grow_old_by_themselves_when_nobody_tells(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        context.route("**/api/**", lambda route: route.abort())
        page = context.new_page()
        page.clock.install()
        page.goto(f"{url}/n/taiyuan")
        card = page.locator("#taiyuan-0001")
        expect(card).to_have_attribute("data-freshness", "fresh")
        page.clock.run_for(6 * 60_000)
        expect(card).to_have_attribute("data-freshness", "stale")
        expect(card.locator(".place .state")).to_have_text("数据较旧")
        expect(card.locator("[data-fact=comfort] .age")).to_have_text("6 分钟前")
        page.clock.run_for(5 * 60_000)
        expect(card).to_have_attribute("data-freshness", "offline")
