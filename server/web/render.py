"""From facts to HTML: templates, the language of a page, and what its scripts are told.

Each page's module hands its facts to :class:`Renderer`; no page knows where templates or assets lie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import jinja2
from fastapi import Request, Response

from server import ranking
from server.model import Network
from server.web import public
from server.web.api import Ready
from server.web.assets import Assets
from server.web.bodies import HTML, PAGE_CACHE, Body
from server.web.events import SILENCE_MS, Events
from server.web.map_view import MapView
from server.web.text import LOOKS, Language, Text, choose, strings

_SCRIPT_STRINGS: Final = (
    "access.", "evidence.", "crowding.", "comfort.", "freshness.", "sockets.", "batteries.", "age.", "link.",
    "day.", "weekday.", "sentence.", "socket.state.", "slot.", "cabinet.offline", "notice.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """How a page was asked for: its language and where its links lead."""

    language: Language
    chosen: str | None
    base_path: str
    path: str
    kept: tuple[tuple[str, str], ...] = ()

    def link(self, path: str, **parameters: object) -> str:
        """An address on this site that keeps a language that was chosen by hand."""
        pairs = [(name, str(value)) for name, value in parameters.items() if value not in (None, "", 1)]
        pairs += [("lang", self.chosen)] if self.chosen else []
        return f"{self.base_path}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def other_language(self) -> str:
        """The same page in the other language."""
        other = "en" if self.language == "zh" else "zh"
        return f"{self.base_path}{self.path}?{urlencode([*self.kept, ('lang', other)])}"


class Renderer:
    """Makes bodies of templates.

    ``base_path`` is ``""`` or ``/path``; ``now_ms`` is the wall clock, handed in.
    """

    def __init__(
        self, events: Events, *, base_path: str, now_ms: Callable[[], int], map_view: MapView
    ) -> None:
        self._events, self.assets, self._map = events, Assets(), map_view
        self.base_path, self.now_ms = base_path, now_ms
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def view(self, request: Request, *kept: str) -> View:
        """Language and links of a request; ``kept`` parameters survive a change of language."""
        given = request.query_params
        wanted = given.get("lang")
        language = choose(wanted, request.headers.get("accept-language", ""))
        path = request.scope["path"].removeprefix(self.base_path)
        pairs = tuple((name, given[name]) for name in kept if given.get(name))
        return View(language, language if wanted == language else None, self.base_path, path, pairs)

    def setup(
        self, view: View, network: Network, district: str = "", also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What a page's scripts need: strings, looks, thresholds and where to listen.

        ``also``: beginnings of keys whose strings only this page's scripts need.
        """
        wanted = (*_SCRIPT_STRINGS, *also)
        chosen = {key: text for key, text in strings(view.language).items() if key.startswith(wanted)}
        return {
            "base": self.base_path,
            "network": network.id,
            "district": district,
            "event_id": self._events.last_id(network.id),
            "now": public.iso(self.now_ms()),
            "zone": network.time_zone,
            "fresh_s": network.thresholds.fresh_ms // 1000,
            "silence_ms": SILENCE_MS,
            "offline_s": network.thresholds.offline_ms // 1000,
            "ranking": ranking.rules(network.thresholds),
            "looks": LOOKS,
            "map": self._map.told(),
            "strings": chosen,
        }

    def page(self, template: str, view: View, **values: Any) -> Body:
        """The page of ``template``, filled with ``values``."""
        text = Text(view.language, self.now_ms())
        static = f"{self.base_path}/static/{self.assets.version}"
        page = self._templates.get_template(template).render(t=text, view=view, static=static, **values)
        return Body.of(self.assets.preloaded(page).encode(), HTML, PAGE_CACHE)


def answer_page(body: Body) -> Response:
    """A page as an answer; it depends on the reader's language."""
    return Ready(body, [(b"vary", b"accept-language")])
