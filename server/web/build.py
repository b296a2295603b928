"""The whole web, put together."""

import secrets
import time
from collections.abc import Callable
from functools import partial

from server.pipeline import Pipeline
from server.reports.reports import Reports
from server.settings import Settings
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
from server.web.staff.console import add_console
from server.web.staff.services import Staff
from server.web.staff.stream import Stream
from server.web.station_page import StationPage, add_station_page
from server.web.wall import add_wall


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
    staff: Staff | None = None,
    now_ms: Callable[[], int] = _now_ms,
) -> Front:
    """The whole web as one ASGI application; ``Front.close`` ends its streams before a stop.

    Without ``reports`` none are taken, and the page says so; without ``forecasts`` there are none; without
    ``staff`` the console says that it cannot work.
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
    add_health(app, live, pipeline, events, now_ms, reports=reports, alerting=staff)
    map_view = MapView(settings.map_tiles, settings.map_attribution, settings.map_datum, base_path)
    renderer = Renderer(events, base_path=base_path, now_ms=now_ms, map_view=map_view)
    pages = Pages(live, bodies, renderer)
    add_pages(app, pages, renderer)
    add_offline(app, renderer)
    add_door(app, DoorScreen(live, store, renderer, nearby), pages, renderer)
    add_wall(app, renderer, staff)
    add_station_page(app, StationPage(live, bodies, renderer, nearby, forecasts), pages, renderer)
    add_report(app, live, Desk(reports, now_ms, _mono_ms), pages, renderer)
    add_feeds(app, Feeds(live, bodies, settings.public_url.rstrip("/") or base_path, now_ms))
    add_console(app, renderer, staff)
    stream = Stream(staff, _mono_ms, now_ms)
    return Front(app, answers, events, base_path, map_view.origin, console=stream)
