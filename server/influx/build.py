"""Puts the forwarder together. Imported only where InfluxDB is used, see :mod:`server.influx.client`."""

from collections.abc import Callable
from pathlib import Path

from server.influx import minutes
from server.influx.client import Client
from server.influx.follow import Follow
from server.influx.forwarder import Forwarder
from server.influx.ledger import Ledger, put_aside
from server.influx.minutes import Engine
from server.influx.places import Places
from server.influx.standing import Standing
from server.influx.work import Work
from server.influx.writer import Write
from server.live import Live
from server.pipeline import Pipeline
from server.settings import Settings
from server.store.commits import Commits
from server.store.reader import Reader
from server.today import Today


def forwarder(
    settings: Settings,
    live: Live,
    store: Reader,
    pipeline: Pipeline,
    *,
    engine: Engine | None,
    now_ms: Callable[[], int],
) -> Forwarder:
    """The forwarder to the server of the settings; ``engine`` is None where alerts are not judged."""
    client = Client(settings.influx_url, settings.influx_org, settings.influx_bucket, settings.influx_token)
    return forwarder_to(
        client.write, settings.influx_db, live, store, pipeline=pipeline, engine=engine, now_ms=now_ms
    )


def forwarder_to(
    request: Write,
    path: Path,
    live: Live,
    store: Reader,
    *,
    pipeline: Pipeline,
    engine: Engine | None,
    now_ms: Callable[[], int],
) -> Forwarder:
    """The forwarder with its file at ``path``."""
    commits = Commits(store.path)
    follow = Follow(commits, Places(live))
    today = Today(live, store)

    def minute(at_ms: int) -> list[str]:
        return minutes.lines(live, engine, today, at_ms)

    def work(ledger: Ledger) -> Work:
        return Work(ledger, commits, follow, minute, damaged=bool(put_aside(path)))

    def told(standing: Standing) -> None:
        pipeline.influx = standing

    return Forwarder(path, work, request, told=told, now_ms=now_ms)
