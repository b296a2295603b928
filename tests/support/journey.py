"""From a device to a rider: agent, broker and server as processes, and the station's page in Chromium."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.support.agent import agent_of, station_file
from tests.support.browser import phone
from tests.support.mosquitto import Broker
from tests.support.server import ServerProcess

IN_S: Final = 60.0
"""Everything is in real time here; devices take theirs."""


class Journey:
    """A server that runs, and whoever looks at it."""

    def __init__(self, folder: Path, broker: Broker, server: ServerProcess, browser: Browser) -> None:
        self._folder, self._broker, self._browser = folder, broker, browser
        self._server = server

    @contextmanager
    def station(
        self, name: str, sensors: str, program: str = "edge"
    ) -> Iterator[tuple[subprocess.Popen[bytes], "Seen"]]:
        """Its agent with these sensors, and a rider who has its page open all the while."""
        file = station_file(self._folder / name, self._broker, name, sensors)
        with agent_of(file, program) as process, phone(self._browser) as context:
            page = context.new_page()
            page.goto(f"{self._server.url}/s/{name}")
            expect(page.locator(".connection")).to_have_attribute("data-state", "live")
            yield process, Seen(page)


class Seen:
    """What a rider reads, without loading the page anew."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def socket(self, name: str, word: str) -> None:
        """Wait until a socket has this word."""
        self._has(f"[data-socket='{name}'] .word", word)

    def slots(self, *words: str) -> None:
        """Wait until the slots have these words, all of them."""
        expect(self.page.locator(".slot .word")).to_have_text([*words], timeout=IN_S * 1000)

    def cabinet(self, sums: str) -> None:
        """Wait until the line above the slots is this."""
        self._has("[data-cabinet] .sums", sums)

    def fact(self, kind: str, note: str, word: str = "") -> None:
        """Wait until this is said of a fact, and its word is this; what is warm depends on the season."""
        expect(self.page.locator(f"[data-fact={kind}] .note")).to_contain_text(note, timeout=IN_S * 1000)
        if word:
            self._has(f"[data-fact={kind}] .word", word)

    def _has(self, selector: str, text: str) -> None:
        expect(self.page.locator(selector)).to_have_text(text, timeout=IN_S * 1000)
