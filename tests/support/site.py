"""A web that another release replaces, that a proxy in front has lost, or that is late."""

import asyncio
import shutil
from pathlib import Path

import pytest

from server.pipeline import Pipeline
from server.settings import Settings
from server.web import assets
from server.web.bodies import Receive, Scope, Send
from server.web.build import build_web
from tests.support.web import TableLive, TableStore


class Site:
    """An ASGI application.

    Attributes:
        lost: the proxy in front says 502 instead.
        late: stations' pages do not come while this is so.
    """

    def __init__(self, live: TableLive, base_path: str = "") -> None:
        self.lost = self.late = False
        self._live, self._settings = live, Settings(base_path=base_path)
        self._build()

    def _build(self) -> None:
        pipeline = Pipeline(connected=True, alive=True)
        self._front = build_web(self._live, TableStore(), self._settings, pipeline)

    def release(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Another release takes over, in which pages have a red edge of 7 px on top."""
        shutil.copytree(assets._FOLDER, folder / "static")
        styles = folder / "static/css/page.css"
        styles.write_text(styles.read_text() + "body { border-top: 7px solid red; }")
        monkeypatch.setattr(assets, "_FOLDER", folder / "static")
        self._front.close()
        self._build()

    def close(self) -> None:
        """As a web is closed."""
        self._front.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        while self.late and "/s/" in scope.get("path", ""):
            await asyncio.sleep(0.02)
        if not self.lost:
            root = self._front.base_path
            await self._front({**scope, "root_path": root}, receive, send)
            return
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"bad gateway"})
