"""What riders and other programs read of Waystation, over HTTP.

    front       first to see a request: security headers, size limits, short cuts around the framework
    bodies      answers encoded once, with gzip and ETag
    events      server-sent events: one frame for thousands of readers
    feed        what changed since a reader last heard (pure)
    api         the JSON API and its OpenAPI document
    query       its parameters, checked (pure)
    past        the history in steps that give nobody away (pure)
    pages       the rider's lists, complete without scripts
    station_page  a station's own page
    render      from facts to HTML: templates, languages, what scripts are told
    order       which station comes first in the list (pure)
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

from server.config import Settings
from server.pipeline import Pipeline
from server.web import networks
from server.web.api import Answers, History, build_api
from server.web.bodies import Bodies
from server.web.events import Events
from server.web.front import Front
from server.web.health import add_health
from server.web.pages import Pages, add_pages
from server.web.render import Renderer
from server.web.station_page import StationPage, add_station_page

__all__ = ["Front", "build_web"]


def build_web(
    live: networks.Live,
    store: History,
    settings: Settings,
    pipeline: Pipeline,
) -> Front:
    """The whole web as one ASGI application; ``Front.close`` ends its streams before a stop."""
    base_path = "/" + settings.base_path.strip("/") if settings.base_path.strip("/") else ""
    bodies = Bodies(_mono_ms)
    events = Events(live, secrets.token_hex(4), _mono_ms, _now_ms)
    answers = Answers(live, bodies, events)
    app = build_api(answers, live, store, _now_ms)
    add_health(app, live, pipeline, events, _now_ms)
    renderer = Renderer(events, base_path=base_path, now_ms=_now_ms)
    pages = Pages(live, bodies, renderer)
    add_pages(app, pages, renderer)
    add_station_page(app, StationPage(live, renderer), pages, renderer)
    return Front(app, answers, events, base_path)


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
