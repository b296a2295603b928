"""Is it alive, is it ready, and the figures behind the answer: ``/healthz``, ``/readyz``, ``/metrics``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from server.influx.standing import Standing
from server.pipeline import Pipeline
from server.reports.reports import Reports
from server.web import networks
from server.web.alert_figures import AlertFigures, Alerting
from server.web.events import Events
from server.web.figures import Figures


def add_health(
    app: FastAPI,
    live: networks.Live,
    pipeline: Pipeline,
    events: Events,
    now_ms: Callable[[], int],
    *,
    reports: Reports | None = None,
    alerting: Alerting | None = None,
) -> None:
    """Add the three addresses to ``app``; ``alerting`` is None where ``desk.db`` cannot be opened."""
    figures = CollectorRegistry()
    figures.register(Figures(live, pipeline, events, now_ms, reports))
    figures.register(AlertFigures(alerting, now_ms))
    ProcessCollector(registry=figures)

    @app.get("/healthz", tags=["health"], response_class=PlainTextResponse)
    async def healthz() -> Response:
        """Alive: the process answers."""
        return PlainTextResponse("ok\n", headers=_NO_STORE)

    @app.get("/readyz", tags=["health"], response_class=JSONResponse)
    async def readyz() -> Response:
        """Ready: a reading sent now would be committed and shown; otherwise 503 with the reasons."""
        reasons = not_ready(pipeline)
        said = [*notices(pipeline), *unjudged(alerting)]
        return JSONResponse(
            {"ready": not reasons, "reasons": reasons, "notices": said},
            503 if reasons else 200,
            headers=_NO_STORE,
        )

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    def metrics() -> Response:
        """Figures in Prometheus' text format."""
        return Response(generate_latest(figures), media_type=CONTENT_TYPE_PLAIN_0_0_4, headers=_NO_STORE)


_NO_STORE: Final = {"cache-control": "no-store"}


def not_ready(pipeline: Pipeline) -> list[str]:
    """Why a reading sent now would not be committed; empty when it would."""
    reasons = []
    if not pipeline.alive:
        reasons.append("ingest is not running: the live state is not rebuilt yet, or its thread has ended")
    if not pipeline.connected:
        reasons.append("not connected to the broker")
    if pipeline.stalled:
        reasons.append(f"the store takes nothing: {pipeline.stalled}")
    return reasons


def notices(pipeline: Pipeline) -> list[str]:
    """What staff should look at although readings are taken."""
    said = [
        f"{count:,} readings were pruned before {name} had them; waystation store size says which"
        for name, count in pipeline.given_up.items()
    ]
    if pipeline.rollups_replaced:
        moved_to = Path(pipeline.rollups_replaced).name
        said.append(
            f"rollups.db was corrupt, see {moved_to}: older days than the readings are in backups only"
        )
    said += filter(None, (pipeline.rollups.said, pipeline.pruning.said, pipeline.store_older))
    if pipeline.store_replaced:
        moved_to = Path(pipeline.store_replaced).name
        said.append(f"a corrupt store was moved aside as {moved_to}; a new one was begun")
    return said + (_of_influx(pipeline.influx) if pipeline.influx else [])


def _of_influx(influx: Standing) -> list[str]:
    said = []
    if influx.why:
        said.append(f"InfluxDB takes nothing at present: {influx.why}")
    if influx.refused:
        said.append(f"InfluxDB has refused {influx.refused} points for good; influx status shows them")
    if influx.dropped:
        said.append(f"{influx.dropped:,} lines of networks could not wait for InfluxDB so long and are lost")
    if influx.damaged and influx.late:
        said.append(
            f"influx.db was damaged: all that the store holds is written to InfluxDB anew, {influx.late:,}"
            f" stations to go; the damaged file is kept as {influx.damaged}"
        )
    elif influx.damaged:
        said.append(
            "influx.db was damaged; all that the store holds was written to InfluxDB anew; lines of networks"
            f" that waited are lost; delete {influx.damaged} when it is of no more use"
        )
    return said


def unjudged(alerting: Alerting | None) -> list[str]:
    """Why nobody is told of what breaks; empty when they are."""
    if alerting is None:
        return ["desk.db cannot be opened: no alerts, no console; the log says why"]
    if not alerting.engine.well():
        return ["alerts are not judged at present; the log says why"]
    return []
