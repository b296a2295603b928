"""Wiring: constructs everything, starts it in order, stops it in the other."""

import gc
import logging
import resource
import signal
import socket
import sqlite3
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from server.broker import BrokerLink
from server.forecasts.forecasts import Forecasts
from server.ingest.dating import DAY_MS, Window
from server.ingest.ingest import Ingest
from server.live import Live
from server.office import Office
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Reports, ReportsError
from server.rollups import LongHistory, Rollups
from server.rollups.ahead import go_on_behind
from server.rollups.follower import Follower
from server.settings import Settings
from server.store.lock import SERVING, Lock
from server.store.restore import complete
from server.store.sqlite import Store
from server.store.trouble import Trouble
from server.upkeep import Upkeep
from server.web.build import build_web
from server.web.serving import WebServer

if TYPE_CHECKING:
    from server.influx.forwarder import Forwarder

log = logging.getLogger(__name__)

RECOMPUTE_MS: Final = 10_000
"""How often the clock may change a word."""
STOP_S: Final = 5
"""Requests that are being answered at a stop get so long."""


class Server:
    """One whole server. ``start``, then ``wait`` or ``stop``; :meth:`run` does all of it for a process.

    Attributes:
        live, store, rollups, registry, reports, forecasts, pipeline, settings: the parts, for whoever embeds
            it.
        office: alerts, messages and the console; None where their file cannot be opened.
        influx: what writes to InfluxDB; None where none is used.
        http_port: where it listens, once started.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(settings.data_dir, SERVING)
        complete(settings.data_dir)
        self.pipeline = Pipeline()
        self.registry = Registry.open(settings.registry_db)
        self.store = Store.open(settings.readings_db, dead_letters_max=settings.dead_letters_max)
        self.pipeline.dead_letters = self.store.counts().dead_letters
        self.rollups = Rollups.open_reader(settings.rollups_db)
        self.pipeline.store_older = go_on_behind(self.store, self.rollups)
        self._upkeep = Upkeep(settings, self.store, self.pipeline)
        self.live = Live(self.store)
        window = Window(settings.accept_past_days * DAY_MS, settings.accept_future_s * 1000)
        self._ingest = Ingest(self.store, self.live, self.pipeline, window, _now_ms)
        self._link = BrokerLink(
            settings, self._ingest, self.pipeline,
            tick=self._tick, awaited_ms=lambda: self._front.awaited_ms, on_failure=self._fail,
        )  # fmt: skip
        self.reports = _open_reports(settings.reports_db)
        self._follower = Follower(
            self.store, settings.rollups_db, self.live, settings.rollups_days,
            now_ms=_now_ms, told=self._roll_ups_said,
        )  # fmt: skip
        self.forecasts = Forecasts(self.live, self.rollups, _now_ms)
        self.office = Office.open(
            settings, self.live, self.store, self.registry,
            pipeline=self.pipeline, reports=self.reports, now_ms=_now_ms,
        )  # fmt: skip
        self.influx = self._open_influx() if settings.influx_url else None
        self._front = build_web(
            self.live,
            LongHistory(self.store, self.rollups),
            settings,
            self.pipeline,
            reports=self.reports,
            forecasts=self.forecasts,
            staff=self.office.staff if self.office else None,
        )
        self._web = WebServer(uvicorn.Config(
            self._front, access_log=False, server_header=False, http="httptools", ws="none",
            root_path=self._front.base_path, lifespan="off", log_config=None,
            timeout_graceful_shutdown=STOP_S, proxy_headers=True,
            forwarded_allow_ips=settings.forwarded_allow_ips,
        ))  # fmt: skip
        self._web_thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._listener: socket.socket | None = None
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._recomputed_ms = 0
        self._registry_old = True
        self._trouble = ""
        self.http_port = 0

    def _open_influx(self) -> "Forwarder":
        from server.influx.build import forwarder  # noqa: PLC0415 # its client is half a second and 30 MB

        engine = self.office.staff.engine if self.office else None
        return forwarder(self.settings, self.live, self.store, self.pipeline, engine=engine, now_ms=_now_ms)

    def start(self) -> None:
        """Listen, rebuild the live state, begin to take deliveries.

        Raises:
            OSError: the address to listen on cannot be had.
        """
        raise_descriptor_limit()
        self._listener = socket.create_server((self.settings.host, self.settings.port), backlog=2048)
        self.http_port = self._listener.getsockname()[1]
        self._refresh(_now_ms())
        self.live.rebuild(_now_ms())
        if self.influx is not None:
            self.influx.start()
        self._link.start()
        self._web_thread.start()
        self.forecasts.start()
        self._follower.start(self.forecasts.renew)
        if self.office is not None:
            self.office.start()
        log.info("server_started url=http://%s:%d", self.settings.host, self.http_port)

    def stop(self) -> None:
        """Commit and answer what was read, end the streams, close the files; also after a failed start."""
        self._link.stop()
        self._front.close()
        self._web.end()
        if self._web_thread.ident is not None:
            self._web_thread.join()
        self._follower.stop()
        self.forecasts.stop()
        if self.influx is not None:
            self.influx.stop()
        if self.office is not None:
            self.office.stop()
        if self._listener is not None:
            self._listener.close()
        self.store.close()
        self.registry.close()
        if self.reports is not None:
            self.reports.close()
        self._lock.close()
        log.info("server_stopped")

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; the exit code, 1 when a part has failed."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._on_signal)
        try:
            self.start()
            calm_collector()
            self._over.wait()
        finally:
            self.stop()
        return 1 if self._failure else 0

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self._over.set()

    def _roll_ups_said(self, trouble: Trouble) -> None:
        self.pipeline.rollups = trouble

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._over.set()

    def _serve(self) -> None:
        try:
            assert self._listener is not None
            self._web.run(sockets=[self._listener])
        except BaseException as error:
            log.exception("web_failed")
            self._fail(error)

    def _tick(self, now_ms: int) -> None:
        """Every second, in the ingest thread. What a database cannot do now is done the next time."""
        try:
            self._registry_old = self.registry.changed() or self._registry_old
            if self._registry_old:
                self._refresh(now_ms)
            self.live.settle(now_ms)
            self._upkeep.step(now_ms)
            self._trouble = ""
        except (sqlite3.Error, SQLAlchemyError) as error:
            if str(error) != self._trouble:
                log.error("tick_failed error=%s", error)
            self._trouble = str(error)
        if now_ms - self._recomputed_ms >= RECOMPUTE_MS:
            self._recomputed_ms = now_ms
            self.live.recompute(now_ms)
        if self.office is not None:
            self.office.show(now_ms)
        self.live.show(now_ms)

    def _refresh(self, now_ms: int) -> None:
        stations = self.registry.stations()
        self._ingest.set_stations(stations)
        self.live.refresh_registry(self.registry.networks(), stations, now_ms)
        self._registry_old = False
        log.info("registry_read stations=%d", len(stations))


def _open_reports(path: Path) -> Reports | None:
    """What riders report is worth less than what they are shown: without its file all else goes on."""
    try:
        return Reports.open(path)
    except ReportsError as error:
        log.error("reports_not_taken error=%s", error)
        return None


def calm_collector() -> None:
    """Look for cycles less often: a city's state is many objects that live long and form none.

    Looking goes through all that is new, however much of it only replaced what was there; at 20,000 it cost
    a flood of large messages a fifth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def raise_descriptor_limit() -> None:
    """Allow as many open sockets as the system lets us: a reader is one, and the default is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
