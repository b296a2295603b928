"""Ask an ASGI application as a browser would, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal


class Client:
    """Asks an ASGI application, each time through the real HTTP client."""

    def __init__(self, portal: BlockingPortal, app: Any) -> None:
        self._portal, self._app = portal, app

    def ask(self, url: str, method: str = "GET", **options: Any) -> httpx.Response:
        """One request."""
        return self._portal.call(lambda: self._ask(url, method, options))

    async def _ask(self, url: str, method: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, url, **options)


@contextmanager
def asking(app: Any) -> Iterator[Client]:
    """A client of ``app``, all of whose requests run on one event loop."""
    with start_blocking_portal() as portal:
        yield Client(portal, app)
