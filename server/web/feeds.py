"""Open data for other programs and pages: ``/feeds/v1/``, as GBFS does it. Documented in ``docs/feeds.md``.

Each feed is made at most once in its ``ttl``, whoever asks. ``last_updated`` moves only when the data have
changed, so an ``ETag`` stays true between two asks of a quiet night. These answers may be read by pages of
other sites (CORS); :mod:`server.web.front` lets nothing else be.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response

from server.model import family
from server.state import StationState
from server.web import feed_rows, geojson, networks, public, query
from server.web.alerts import alerts
from server.web.api import Ready
from server.web.bodies import JSON, LONGEST_MS, Bodies, Body, Headers
from server.web.feed_rows import VERSION, Feed
from server.web.query import BadQueryError

PATH: Final = "/feeds/v1/"
OPEN: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
"""What lets pages of other sites read a feed."""
_PREFLIGHT: Final = {
    "allow": "GET, HEAD, OPTIONS",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "if-none-match",
    "access-control-max-age": "86400",
}
_TTL_S: Final = LONGEST_MS // 1000
_GEOJSON: Final = b"application/geo+json"
_SCHEMA: Final = b"application/schema+json"
_DAY: Final = b"public, max-age=86400"


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the feeds: its structure, and who makes its data."""

    schema: Any
    build: "Callable[[Feeds, str | None], dict[str, object]]"
    content_type: bytes = JSON
    flat: bool = False


class Feeds:
    """The bodies of all feeds. Used on the event loop.

    ``site`` stands before addresses: the public one without a slash at the end, or only the base path.
    """

    def __init__(self, live: networks.Live, bodies: Bodies, site: str, now_ms: Callable[[], int]) -> None:
        self._live, self._bodies, self._site, self._now_ms = live, bodies, site, now_ms
        self._changed: dict[tuple[str, str | None], tuple[bytes, int]] = {}

    def feed(self, name: str, network_id: str | None) -> Body:
        """A feed, of one network and those inside it if asked.

        Raises:
            BadQueryError: when there is no such feed or network.
        """
        if name not in KINDS:
            raise BadQueryError("feed", f"one of {', '.join(KINDS)}, and each with {SUFFIX} for .json", 404)
        if network_id is not None and network_id not in self._live.networks():
            raise BadQueryError("network", f"an id of {PATH}networks.json", 404)
        return self._bodies.get(("feed", name, network_id), None, lambda: self._made(name, network_id))

    def schema(self, name: str) -> Body:
        """The JSON Schema of a feed.

        Raises:
            BadQueryError: when there is no such feed.
        """
        if name not in _BY_SCHEMA:
            raise BadQueryError("feed", f"one of {', '.join(_BY_SCHEMA)}", 404)
        return self._bodies.get(("schema", name), None, lambda: _schema(name))

    def _made(self, name: str, network_id: str | None) -> Body:
        kind = KINDS[name]
        data = msgspec.json.encode(kind.build(self, network_id))
        digest = hashlib.blake2b(data).digest()
        known, changed_ms = self._changed.get((name, network_id), (b"", 0))
        if known != digest:
            changed_ms = self._now_ms()
            self._changed[name, network_id] = (digest, changed_ms)
        head = msgspec.json.encode(
            {"last_updated": public.iso(changed_ms), "ttl": _TTL_S, "version": VERSION}
        )
        content = head[:-1] + b"," + data[1:] if kind.flat else head[:-1] + b',"data":' + data + b"}"
        return Body.of(content, kind.content_type, b"public, max-age=%d" % _TTL_S)

    def states(self, network_id: str | None) -> Sequence[StationState]:
        """The stations of a network, or of all, each once."""
        known = self._live.networks()
        outer = [network_id] if network_id else [network.id for network in networks.roots(known)]
        return [state for name in outer for state in self._live.states(name)]

    def discovery(self, _network_id: str | None) -> dict[str, object]:
        """All feeds with their addresses."""
        base = self._site + PATH
        rows = [
            feed_rows.FeedAddress(name.partition(".")[0], base + name, base + schema)
            for schema, name in _BY_SCHEMA.items()
        ]
        return {"feeds": rows}

    def networks(self, network_id: str | None) -> dict[str, object]:
        """The networks, of which one and those inside it if asked."""
        rows = networks.summaries(self._live)
        wanted = family(self._live.networks(), network_id) if network_id else None
        return {
            "networks": [
                feed_rows.network(row, self._site) for row in rows if wanted is None or row.id in wanted
            ]
        }

    def information(self, network_id: str | None) -> dict[str, object]:
        """What the registry knows of each station."""
        known = self._live.networks()
        rows = [feed_rows.information(state, known, self._site) for state in self.states(network_id)]
        return {"stations": rows}

    def status(self, network_id: str | None) -> dict[str, object]:
        """What is true of each station now."""
        return {"stations": [feed_rows.status(state) for state in self.states(network_id)]}

    def alerts(self, network_id: str | None) -> dict[str, object]:
        """What riders and operators should know."""
        return {"alerts": alerts(self.states(network_id), self._live.networks(), self._now_ms())}

    def features(self, network_id: str | None) -> dict[str, object]:
        """The stations that have coordinates, as points."""
        now_ms = self._now_ms()
        found = (geojson.feature(state, self._site, now_ms) for state in self.states(network_id))
        return {"type": "FeatureCollection", "features": [each for each in found if each is not None]}


SUFFIX: Final = ".schema.json"
KINDS: Final[dict[str, Kind]] = {
    "feeds.json": Kind(Feed[feed_rows.Discovery], Feeds.discovery),
    "networks.json": Kind(Feed[feed_rows.Networks], Feeds.networks),
    "station_information.json": Kind(Feed[feed_rows.Information], Feeds.information),
    "station_status.json": Kind(Feed[feed_rows.Status], Feeds.status),
    "alerts.json": Kind(Feed[feed_rows.Alerts], Feeds.alerts),
    "stations.geojson": Kind(geojson.Collection, Feeds.features, _GEOJSON, flat=True),
}
_BY_SCHEMA: Final = {name.partition(".")[0] + SUFFIX: name for name in KINDS}


def _schema(name: str) -> Body:
    told = feed_rows.schema(KINDS[_BY_SCHEMA[name]].schema, name.removesuffix(SUFFIX))
    return Body.of(msgspec.json.encode(told), _SCHEMA, _DAY)


def add_feeds(app: FastAPI, feeds: Feeds) -> None:
    """Add ``/feeds/v1/`` to ``app``; a page of its own explains it, not the API's document."""

    @app.get(PATH + "{name}", include_in_schema=False)
    async def feed(request: Request, name: str) -> Response:
        given = request.query_params
        if name.endswith(SUFFIX):
            query.check_names(given.keys(), ())
            return Ready(feeds.schema(name))
        query.check_names(given.keys(), () if name == "feeds.json" else ("network",))
        return Ready(feeds.feed(name, given.get("network")))

    @app.options(PATH + "{name}", include_in_schema=False)
    async def preflight(name: str) -> Response:  # noqa: ARG001 # the same for every one
        return Response(status_code=204, headers=_PREFLIGHT)
