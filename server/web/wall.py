"""A network on a wall: figures, map, districts and what is wrong, in type to be read at six metres.

Who has the link sees it, and nobody else: it is kept by no cache, named to no search engine and written to no
log. The page is whole as it comes, as that of a door; its script turns its panels and exchanges it for a
newer one, so that it may stand for months and every word on it is the server's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final
from zoneinfo import ZoneInfo

import anyio
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from server.alerts.model import Alert, Severity
from server.desk import DeskError
from server.model import Network
from server.notify.words.texts import kind_of
from server.state import StationState
from server.today import Today
from server.walls import Walls
from server.web import public
from server.web.api import Ready
from server.web.bodies import Body, Headers
from server.web.render import Renderer, View
from server.web.shapes import Name
from server.web.staff.services import Staff
from server.web.text import LANGUAGES, Text
from server.web.wall_facts import facts, members, wrong
from server.web.wall_map import draw

ROWS: Final = 6
"""Lines of a panel: what fits in the type of a wall."""
MOST_PANELS: Final = 4
"""Of districts, and of what is wrong; the rest is told as a number."""
KEPT_MS: Final = 3_000
"""Walls that ask at the same time get the same page."""
AT_ONCE: Final = 2
"""Pages made and links looked up at the same time; riders' pages have threads of their own."""
_UNSEEN: Final[Headers] = [(b"x-robots-tag", b"noindex, nofollow"), (b"vary", b"accept-encoding")]
_STRINGS: Final = ("wall.dead.",)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line of what is wrong; ``at_ms``: since when; ``silenced``: staff want no messages of it."""

    severity: Severity
    kind: str
    place: str
    at_ms: int
    silenced: bool


class WallPage:
    """Makes the pages of walls."""

    def __init__(self, staff: Staff, renderer: Renderer) -> None:
        self._staff, self._renderer = staff, renderer
        self._walls, self._today = Walls(staff.desk), Today(staff.live, staff.store)
        self._kept: dict[tuple[str, str], tuple[int, Body]] = {}
        self._one = asyncio.Lock()
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    async def body(self, view: View, network_id: str, secret: str) -> Body | None:
        """The page; None where the link opens nothing.

        Raises:
            DeskError: it cannot be looked up now.
        """
        opens = await anyio.to_thread.run_sync(self._walls.opens, network_id, secret, limiter=self._threads)
        network = self._staff.live.networks().get(network_id)
        if not opens or network is None:
            return None
        async with self._one:
            return await self._made(view, network)

    async def _made(self, view: View, network: Network) -> Body:
        now_ms = self._renderer.now_ms()
        key = (network.id, view.language)
        made_ms, body = self._kept.get(key, (0, None))
        if body is None or not 0 <= now_ms - made_ms < KEPT_MS:
            setup = self._renderer.setup(view, network, also=_STRINGS)
            body = await anyio.to_thread.run_sync(
                self._render, view, network, setup, now_ms, limiter=self._threads
            )
            self._kept[key] = (now_ms, body)
        return body

    def _render(self, view: View, network: Network, setup: Mapping[str, Any], now_ms: int) -> Body:
        """In a thread: a city's figures cost some ten milliseconds."""
        live, text = self._staff.live, Text(view.language, now_ms)
        states = live.states(network.id)
        told = facts(states, self._today.visits(self._zones(states), now_ms))
        silent_ms = now_ms - told.newest_ms if told.newest_ms is not None else None
        old = silent_ms is None or silent_ms > network.thresholds.fresh_ms
        troubles = self._troubles(network, text)
        body = self._renderer.page(
            "wall.html",
            view,
            network=Name(network.name_zh, network.name_en),
            simulated=network.simulated or any(state.simulated for state in states),
            told=told,
            old=old,
            measured=public.iso_or_none(told.newest_ms),
            map=draw(states),
            districts=_panels(list(told.districts.items())) if len(told.districts) > 1 else [],
            troubles=_panels(troubles),
            trouble_count=len(troubles),
            silenced_count=sum(each.silenced for each in troubles),
            untold=max(0, len(troubles) - ROWS * MOST_PANELS),
            judged=self._judged(bool(troubles)),
            setup=setup,
            zone=network.time_zone,
            now=public.iso(now_ms),
            iso=public.iso,
        )
        return replace(body, cache=b"no-store")

    def _zones(self, states: Sequence[StationState]) -> dict[str, ZoneInfo]:
        networks = self._staff.live.networks()
        zones = {id_: ZoneInfo(network.time_zone) for id_, network in networks.items()}
        return {state.station.id: zones[state.station.network] for state in states}

    def _judged(self, known: bool) -> bool:
        """Whether it may be said what is wrong; after a start nobody knows yet that nothing is."""
        engine = self._staff.engine
        return engine.well() and (known or not engine.settling_ms)

    def _troubles(self, network: Network, text: Text) -> list[Trouble]:
        """What is wrong, in words; nothing of who has it in hand, nor what anybody wrote."""
        engine = self._staff.engine
        silenced = engine.silenced()
        found = wrong(
            engine.alerts(),
            lambda alert: engine.place(alert.subject),
            engine.hidden(),
            members(self._staff.live, network.id),
        )
        return [
            Trouble(
                each.severity,
                kind_of(each, text),
                self._place(each, text),
                each.since_ms,
                each.id in silenced,
            )
            for each in found
        ]

    def _place(self, alert: Alert, text: Text) -> str:
        """The station's name; of a network its own, or the district that it is about."""
        live, subject = self._staff.live, alert.subject
        if subject.scope == "station":
            state = live.state(subject.id)
            return text.name(Name(state.station.name_zh, state.station.name_en)) if state else subject.id
        network = live.networks().get(subject.id)
        name = text.name(Name(network.name_zh, network.name_en)) if network else subject.id
        return subject.unit or name


def _panels(rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    """As few as hold these rows, spread evenly: no single row is left for the last one."""
    shown = rows[: ROWS * MOST_PANELS]
    count = ceil(len(shown) / ROWS)
    return [tuple(shown[len(shown) * at // count : len(shown) * (at + 1) // count]) for at in range(count)]


def add_wall(app: FastAPI, renderer: Renderer, staff: Staff | None) -> None:
    """Add ``/wall/<network>/<secret>``; while ``desk.db`` cannot be read (no ``staff``) it answers 503."""
    page = WallPage(staff, renderer) if staff else None

    @app.get("/wall/{network_id}/{secret}", include_in_schema=False)
    async def wall(request: Request, network_id: str, secret: str) -> Response:
        view = renderer.view(request)
        # Not as the browser likes it: it is nobody's own.
        view = replace(view, language="en" if view.chosen == "en" else "zh")
        try:
            body = await page.body(view, network_id, secret) if page else None
        except DeskError:
            return _busy()
        if page is None:
            return _busy()
        return Ready(body, _UNSEEN) if body else _missing(renderer, view)


def _missing(renderer: Renderer, view: View) -> Response:
    """The same page for each link that opens nothing: it tells of no network whether there is one."""
    texts = [Text(language, renderer.now_ms()) for language in sorted(LANGUAGES, key=view.language.__ne__)]
    page = renderer.page("wall_missing.html", view, texts=texts).plain
    return HTMLResponse(page, 404, {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"})


def _busy() -> Response:
    return Response("", 503, {"cache-control": "no-store", "retry-after": "10"})
