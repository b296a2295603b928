"""What riders and other programs read of Waystation, over HTTP.

    front       first to see a request: security headers, size limits, short cuts around the framework
    bodies      answers encoded once, with gzip and ETag
    events      server-sent events: one frame for thousands of readers
    readers     one open stream: a bounded queue, cut off when it takes nothing
    feed        what changed since a reader last heard (pure)
    api         the JSON API and its OpenAPI document
    compact     the whole list in columns, small enough for a weak network (pure)
    compact_list  its route
    around      where to go when this station is full or closed (pure)
    query       its parameters, checked (pure)
    forecast    how full a station is expected to be, for the public
    past        the history in steps that give nobody away (pure)
    pages       the rider's lists, complete without scripts
    station_page  a station's own page
    week        its opening hours, day by day (pure)
    bars        its forecast as bars (pure)
    directions  how to get there: links to maps (pure)
    report      the page that reports a problem, and the same for programs
    desk        takes what is reported: limits, size, own site only
    door        the screen at a station's door
    offline     what a phone needs to go on without a network: service worker, page, manifest
    feeds       open data for other programs: /feeds/v1/
    feed_rows   its rows and schemas (pure)
    geojson     the stations as points (pure)
    alerts      what riders and operators should know of the stations (pure)
    map_view    what the map's script is told of the tiles (pure)
    render      from facts to HTML: templates, languages, what scripts are told
    order       which stations a list shows, and in which order (pure)
    wishes      what a rider needs, as codes in the address (pure)
    spoken      a station as one sentence, for those who listen (pure)
    text        facts as words, in both languages (pure)
    networks    networks and their four counts (pure)
    public      what the public is told of a station; privacy is applied here (pure)
    health      /healthz, /readyz, /metrics
    assets      styles, scripts and icons

Failure policy: reading never disturbs the ingest. A wrong request gets a 4xx that says why; a slow reader is
cut off; whatever goes wrong in one request ends that request alone.
"""

import secrets
import time
from collections.abc import Callable
from functools import partial

from server.config import Settings
from server.pipeline import Pipeline
from server.reports import Reports
from server.web import networks
from server.web.api import Answers, History, build_api
from server.web.around import around
from server.web.bodies import Bodies
from server.web.compact_list import CompactLists, add_compact
from server.web.desk import Desk
from server.web.door import DoorScreen, add_door
from server.web.events import Events
from server.web.feeds import Feeds, add_feeds
from server.web.forecast import Forecasts, add_forecast
from server.web.front import Front
from server.web.health import add_health
from server.web.map_view import MapView
from server.web.offline import add_offline
from server.web.pages import Pages, add_pages
from server.web.render import Renderer
from server.web.report import add_report
from server.web.station_page import StationPage, add_station_page

__all__ = ["Front", "build_web"]


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def build_web(
    live: networks.Live,
    store: History,
    settings: Settings,
    pipeline: Pipeline,
    *,
    reports: Reports | None = None,
    forecasts: Forecasts | None = None,
    now_ms: Callable[[], int] = _now_ms,
) -> Front:
    """The whole web as one ASGI application; ``Front.close`` ends its streams before a stop.

    Without ``reports`` none are taken, and the page says so; without ``forecasts`` there are none.
    ``now_ms`` is the wall clock that everything is told by.
    """
    base_path = "/" + settings.base_path.strip("/") if settings.base_path.strip("/") else ""
    bodies = Bodies(_mono_ms)
    events = Events(live, secrets.token_hex(4), _mono_ms, now_ms)
    answers = Answers(live, bodies, events)
    app = build_api(answers, live, store, now_ms)
    words = forecasts.words if forecasts else None
    nearby = partial(around, words=words)
    add_compact(app, CompactLists(live, bodies, events, now_ms, words))
    add_forecast(app, live, forecasts, now_ms)
    add_health(app, live, pipeline, events, now_ms, reports=reports)
    map_view = MapView(settings.map_tiles, settings.map_attribution, settings.map_datum, base_path)
    renderer = Renderer(events, base_path=base_path, now_ms=now_ms, map_view=map_view)
    pages = Pages(live, bodies, renderer)
    add_pages(app, pages, renderer)
    add_offline(app, renderer)
    add_door(app, DoorScreen(live, store, renderer, nearby), pages, renderer)
    add_station_page(app, StationPage(live, bodies, renderer, nearby, forecasts), pages, renderer)
    add_report(app, live, Desk(reports, now_ms, _mono_ms), pages, renderer)
    add_feeds(app, Feeds(live, bodies, settings.public_url.rstrip("/") or base_path, now_ms))
    return Front(app, answers, events, base_path, map_view.origin)
