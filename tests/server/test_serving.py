"""The web server's own loop: it sleeps until it is told to end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from server.web import serving
from server.web.serving import WebServer
from tests.support.wait import until


async def hello(_scope: object, _receive: object, send: object) -> None:
    """An application that answers everything alike."""
    await send({"type": "http.response.start", "status": 200})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"hello"})  # type: ignore[operator]


@contextmanager
def listening(server: WebServer) -> Iterator[tuple[threading.Thread, str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield thread, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def server() -> WebServer:
    return WebServer(uvicorn.Config(hello, lifespan="off", log_config=None, ws="none"))


def test_it_ends_when_told_not_at_its_next_look(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICK_S", 3600.0)
    with listening(server) as (thread, url):
        assert httpx.get(url).text == "hello"
        server.end()
        thread.join(10)
        assert not thread.is_alive()
    server.end()


def test_the_date_of_its_answers_goes_on(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICK_S", 0.05)
    with listening(server) as (thread, url):
        first = httpx.get(url).headers["date"]
        until(lambda: httpx.get(url).headers["date"] != first, 30, "another second")
        server.end()
        thread.join(10)
