"""``/api/v1/networks/{id}/compact``: a network's list for phones, each answer made once per change."""

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from server.model import Station
from server.web import networks, public, query
from server.web.api import Ready, described
from server.web.bodies import Bodies, Body
from server.web.compact import Registry, StatusCells, Words, status_columns
from server.web.events import Events
from server.web.query import BadQueryError
from server.web.shapes import Struct


class CompactList(Struct, frozen=True):
    """``/api/v1/networks/{id}/compact``: the list in columns, as ``docs/api.md`` explains.

    ``event_id`` is where the event stream goes on; ``registry`` is left out for who has that ``tag``.
    """

    at: str
    event_id: str
    tag: str
    status: dict[str, Any]
    registry: dict[str, Any] | None = None


class CompactLists:
    """The answers, each made once per change. Used on the event loop.

    ``now_ms`` is the wall clock, handed in; without ``words`` there is no forecast.
    """

    def __init__(
        self,
        live: networks.Live,
        bodies: Bodies,
        events: Events,
        now_ms: Callable[[], int],
        words: Words | None = None,
    ) -> None:
        self._live, self._bodies, self._events = live, bodies, events
        self._now_ms, self._words = now_ms, words
        self._registries: dict[tuple[str, str | None], Registry] = {}
        self._cells = StatusCells()

    def body(self, network_id: str, district: str | None, tag: str | None) -> Body:
        """A network's list, or a district's; ``tag``: of the registry that the reader has.

        Raises:
            BadQueryError: for a network or district that does not exist.
        """
        if network_id not in self._live.networks():
            raise BadQueryError("network", "one of the ids in /api/v1/networks", 404)
        last = self._registries.get((network_id, district))
        had = tag if last is not None and last.tag == tag else None
        version = networks.version(self._live, network_id)
        key = ("compact", network_id, district, had)
        return self._bodies.get(key, version, lambda: Body.of(self._encoded(network_id, district, had)))

    def _encoded(self, network_id: str, district: str | None, had: str | None) -> bytes:
        event_id, now_ms = self._events.last_id(network_id), self._now_ms()
        states = [
            state
            for state in self._live.states(network_id)
            if district is None or networks.district(state) == district
        ]
        if district is not None and not states:
            raise BadQueryError("district", "a district of the network, as in /api/v1/networks", 404)
        registry = self._registry((network_id, district), [state.station for state in states])
        columns = status_columns(states, self._cells, now_ms, self._words)
        head = {"at": public.iso(now_ms), "event_id": event_id, "tag": registry.tag, "status": columns}
        body = msgspec.json.encode(head)
        return body if had == registry.tag else body[:-1] + b',"registry":' + registry.encoded + b"}"

    def _registry(self, key: tuple[str, str | None], stations: list[Station]) -> Registry:
        kept = self._registries.get(key)
        if kept is None or kept.stations != stations:
            kept = self._registries[key] = Registry.of(stations)
        return kept


def add_compact(app: FastAPI, lists: CompactLists) -> None:
    """Add the route to ``app``."""
    app.state.encoded.append(CompactList)

    @app.get("/api/v1/networks/{network_id}/compact", tags=["live"], **described(CompactList, 400, 404))
    async def get_compact(
        request: Request, network_id: str, district: str | None = None, registry: str | None = None
    ) -> Response:
        """All stations of a network or district in columns; without the registry for who has it."""
        query.check_names(request.query_params.keys(), ("district", "registry"))
        return Ready(lists.body(network_id, district, registry))
