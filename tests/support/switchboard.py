"""The console of the tests with a postman, so that messages really leave for the bots of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from server.notify.receivers.directory import Directory
from server.notify.sending.postman import Postman
from server.notify.targets.posting import Courier
from server.notify.words.texts import Words
from server.notify.words.writing import World
from server.web.build import build_web
from server.web.text import Language, Text
from tests.support.console import CITY, STATIONS, TOWN, Console, console


@contextmanager
def switchboard(folder: Path) -> Iterator[Console]:
    """A console that may speak to addresses of this machine; a target has five seconds to answer."""
    with console(folder) as made:
        services = made.services
        world = World(_words, made.engine.find, lambda: True, made.clock)
        postman = Postman(services.outbox, world, Courier(allow_private=True, timeout_s=5))
        directory = Directory(services.desk, allow_private=True)
        made.services = replace(services, postman=postman, directory=directory)
        made.app.close()
        made.app = build_web(
            made.live, made.store, services.settings, made.pipeline, staff=made.services, now_ms=made.clock
        )
        postman.start()
        try:
            yield made
        finally:
            postman.stop()


def _words(language: Language, now_ms: int) -> Words:
    stations = {station.id: station for station in STATIONS}
    networks = {network.id: network for network in (CITY, TOWN)}
    return Words(Text(language, now_ms), stations, networks, "https://example.org")
