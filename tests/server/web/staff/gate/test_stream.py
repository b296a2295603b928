"""The console's stream: who hears it, that it tells of changes without their contents, and how it ends."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest

from server.accounts.sessions import ABSOLUTE_MS, COOKIE, IDLE_MS
from server.alerts.model import Alert, Subject
from server.web.staff import stream
from tests.support.console import Console, console
from tests.support.listener import Listener
from tests.support.serving import serving
from tests.support.staff import NOW_MS
from tests.support.wait import until

PATH: Final = "/staff/events"
HOT: Final = Alert(
    "00000000000000a1", "too_hot", "warning", Subject("station", "city-0001"), "firing", NOW_MS
)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(stream, "LOOK_S", 0.1)
    with console(tmp_path) as running:
        yield running


@pytest.fixture
def port(made: Console) -> Iterator[int]:
    with serving(made.app) as listening:
        yield listening


def listen(port: int, token: str | None, more: str = "") -> Listener:
    cookie = "connection: close\r\n" + (f"cookie: {COOKIE}={token}\r\n" if token else "")
    return Listener(port, "", cookie + more, PATH)


def ended(reader: Listener) -> bool:
    """Whether nothing more comes; signs of life before the end are passed over."""
    while event := reader.event():
        assert event["event"] in ("alive", "alerts")
    return True


def test_it_says_that_something_has_changed_and_nothing_more(made: Console, port: int) -> None:
    with listen(port, made.token("tian")) as reader:
        assert reader.status == 200
        assert "cache-control: no-store" in reader.head
        first = reader.event()
        assert first == {"event": "alerts", "data": {"version": 1, "safety": 0}}
        made.engine.put(HOT)
        assert reader.event() == {"event": "alerts", "data": {"version": 2, "safety": 0}}


def test_what_is_about_safety_is_said_to_be(made: Console, port: int) -> None:
    smoke = replace(HOT, id="00000000000000a2", kind="cabinet_smoke", severity="safety")
    with listen(port, made.token("tian")) as reader:
        reader.event()
        made.engine.put(smoke)
        assert reader.event() == {"event": "alerts", "data": {"version": 2, "safety": 1}}


def test_many_changes_are_one_frame_a_second(made: Console, port: int) -> None:
    with listen(port, made.token("tian")) as reader:
        reader.event()
        for _ in range(200):
            made.engine.put(HOT)
        heard = 0
        while (event := reader.event())["data"].get("version") != made.engine.version:
            heard += event["event"] == "alerts"
        assert heard <= 3


@pytest.mark.parametrize(
    ("known", "more", "status"),
    [
        (False, "", 401),
        (True, "sec-fetch-site: cross-site\r\n", 403),
        (True, "sec-fetch-site: same-origin\r\n", 200),
    ],
    ids=["a cookie that was made up", "the page of another site", "our own page"],
)
def test_only_who_is_signed_in_hears_it(
    made: Console, port: int, known: bool, more: str, status: int
) -> None:
    with listen(port, made.token("tian") if known else "A" * 43, more) as reader:
        assert reader.status == status


def test_refusals_are_logged(made: Console, port: int, caplog: pytest.LogCaptureFixture) -> None:
    with listen(port, None):
        pass
    assert "staff_refused status=401 route=GET:/staff/events" in caplog.text
    assert made.engine.version


@pytest.mark.parametrize("how", ["sign out", "disabled", "another password", "a shift", "a week"])
def test_it_ends_soon_after_the_session(
    made: Console, port: int, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    token = made.token("tian")
    if how in ("a shift", "a week"):  # nothing in the file says so: looked at once a minute
        monkeypatch.setattr(stream, "CHECK_MS", 50)
    with listen(port, token) as reader, listen(port, made.token("max")) as other:
        reader.event()
        other.event()
        if how == "sign out":
            made.services.sessions.close(token, made.now_ms)
        elif how == "disabled":
            made.staff.users.disable("tian", "ada", made.now_ms)
        elif how == "another password":
            made.staff.users.reset("tian", "another long 密码", "ada", made.now_ms)
        else:
            made.now_ms += IDLE_MS if how == "a shift" else ABSOLUTE_MS
        assert ended(reader)
        if how in ("sign out", "disabled", "another password"):
            made.engine.put(HOT)
            assert other.event()["event"] == "alerts", "others hear on"


def test_it_does_not_keep_a_session_that_nobody_uses(made: Console, port: int) -> None:
    token = made.token("tian")
    made.now_ms += IDLE_MS - 1
    with listen(port, token) as reader:
        assert reader.status == 200
    made.now_ms += 1
    assert made.services.sessions.find(token, made.now_ms) is None


def test_other_methods_are_refused_and_head_ends_at_once(made: Console, port: int) -> None:
    cookies = {"cookie": f"{COOKIE}={made.token('tian')}"}
    url = f"http://127.0.0.1:{port}{PATH}"
    assert httpx.post(url, headers=cookies).status_code == 405
    answer = httpx.head(url, headers=cookies)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert httpx.head(url).status_code == 401


def test_too_many_are_told_to_ask_instead(made: Console, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_READERS", 1)
    with listen(port, made.token("tian")) as first, listen(port, made.token("tian")) as second:
        assert (first.status, second.status) == (200, 503)


def test_a_reader_that_takes_nothing_is_cut_off_and_the_others_hear_on(
    made: Console, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "ALIVE_MS", 20)
    monkeypatch.setattr(stream, "LOOK_S", 0.02)
    monkeypatch.setattr(stream, "_ALIVE", b"event: alive\ndata: {}\n" + b": x\n" * 100_000 + b"\n")
    hub = made.app._console
    with listen(port, made.token("tian")) as well, listen(port, made.token("tian")) as stuck:
        assert (well.event()["event"], stuck.status) == ("alerts", 200)
        until(lambda: hub.readers == 2, 20, "both listen")
        while hub.readers == 2:
            assert well.event()["event"] == "alive"
        assert [well.event()["event"] for _ in range(3)] == ["alive"] * 3


def test_the_end_of_the_server_ends_the_streams_cleanly(
    made: Console, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), ExitStack() as opened:
        with serving(made.app) as port:
            readers = [opened.enter_context(listen(port, made.token("tian"))) for _ in range(5)]
            for reader in readers:
                reader.event()
        assert all(ended(reader) for reader in readers)
    assert caplog.records == []
