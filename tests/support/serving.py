"""An ASGI application behind a real uvicorn on a free loopback port, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import uvicorn

from server.web.bodies import Receive, Scope, Send
from tests.support.wait import until


class Closing(Protocol):
    """An ASGI application with streams of its own, such as :class:`server.web.Front`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

    def close(self) -> None:
        """End the streams."""


@contextmanager
def serving(app: Closing, forwarded_allow_ips: str = "127.0.0.1", *, dated: bool = True) -> Iterator[int]:
    """The port on which ``app`` is served; ended as the server ends it: streams first.

    Answers that are not ``dated`` have no Date, by which pages would learn the time of this machine.
    """
    config = uvicorn.Config(
        app, port=0, access_log=False, log_config=None, http="httptools", ws="none", lifespan="off",
        timeout_graceful_shutdown=5, forwarded_allow_ips=forwarded_allow_ips, date_header=dated,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="serving")
    thread.start()
    try:
        until(lambda: server.started, 30, "uvicorn has started")
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        app.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server has ended"
