from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.influx.standing import Standing
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from server.web.health import not_ready, unjudged
from tests.support.asgi import asking
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, static_state, station


@pytest.mark.parametrize(
    ("pipeline", "reasons"),
    [
        (Pipeline(connected=True, alive=True), []),
        (Pipeline(connected=False, alive=True), ["broker"]),
        (Pipeline(connected=True, alive=False), ["ingest"]),
        (Pipeline(connected=True, alive=True, stalled="disk full"), ["disk full"]),
        (Pipeline(), ["ingest", "broker"]),
    ],
)
def test_ready_means_that_a_reading_would_be_committed(pipeline: Pipeline, reasons: list[str]) -> None:
    said = not_ready(pipeline)
    assert len(said) == len(reasons)
    assert all(word in sentence for word, sentence in zip(reasons, said, strict=True))
    with asking(build_web(TableLive(), TableStore(), Settings(), pipeline)) as client:
        answer = client.ask("/readyz")
        assert answer.status_code == (503 if reasons else 200)
        assert answer.json() == {"ready": not reasons, "reasons": said, "notices": unjudged(None)}
        assert client.ask("/healthz").text == "ok\n", "alive, whatever the broker does"


def test_a_store_that_was_moved_aside_is_said_and_the_server_is_ready() -> None:
    pipeline = Pipeline(connected=True, alive=True, store_replaced="/var/lib/readings.db.corrupt-1")
    with asking(build_web(TableLive(), TableStore(), Settings(), pipeline)) as client:
        answer = client.ask("/readyz")
        assert answer.status_code == 200
        assert answer.json()["notices"] == [
            "a corrupt store was moved aside as readings.db.corrupt-1; a new one was begun",
            *unjudged(None),
        ]
        assert "waystation_store_replaced 1.0" in client.ask("/metrics").text


def test_an_influxdb_that_takes_nothing_is_said_and_the_server_is_ready() -> None:
    why = "401 the token is not accepted"
    standing = Standing(since_ms=NOON_MS - 90_000, rows=207, why=why, refused=3, written=41)
    pipeline = Pipeline(connected=True, alive=True, influx=standing)
    site = build_web(TableLive(), TableStore(), Settings(), pipeline, now_ms=lambda: NOON_MS)
    with asking(site) as client:
        answer = client.ask("/readyz")
        assert answer.status_code == 200
        assert answer.json()["notices"] == [
            f"InfluxDB takes nothing at present: {why}",
            "InfluxDB has refused 3 points for good; influx status shows them",
            *unjudged(None),
        ]
        text = client.ask("/metrics").text
        assert "waystation_influx_well 0.0" in text
        assert "waystation_influx_behind_seconds 90.0" in text
        assert "waystation_influx_behind_commits 207.0" in text
        assert "waystation_influx_lines_total 41.0" in text
        assert "waystation_influx_refused_total 3.0" in text
        pipeline.influx = None
        assert "influx" not in client.ask("/metrics").text, "where none is used, nothing is said of it"
        assert client.ask("/readyz").json()["notices"] == unjudged(None)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(dropped=1_200), "1,200 lines of networks could not wait for InfluxDB so long and are lost"),
        (
            Standing(damaged="influx.db.corrupt-1", late=25),
            "is written to InfluxDB anew, 25 stations to go; the damaged file is kept as influx.db.corrupt-1",
        ),
        (
            Standing(damaged="influx.db.corrupt-1"),
            "lines of networks that waited are lost; delete influx.db.corrupt-1 when it is of no more use",
        ),
    ],
)
def test_what_influxdb_will_not_get_is_said(standing: Standing, said: str) -> None:
    pipeline = Pipeline(connected=True, alive=True, influx=standing)
    with asking(build_web(TableLive(), TableStore(), Settings(), pipeline)) as client:
        notice, *others = client.ask("/readyz").json()["notices"]
        assert said in notice
        assert others == unjudged(None)
        figures = client.ask("/metrics").text
    assert f"waystation_influx_dropped_total {float(standing.dropped)}" in figures
    assert f"waystation_influx_anew_stations {float(standing.late)}" in figures


def test_metrics_tell_the_pipeline_and_the_stations() -> None:
    pipeline = Pipeline(
        connected=True, alive=True, committed_total=42, dead_letters=3, last_message_ms=NOON_MS
    )
    pipeline.refuse("too_old", 7)
    pipeline.unknown('evil"}\n', NOON_MS)
    live = TableLive()
    live.put(open_state(), static_state(), replace(open_state(station(3)), freshness="stale"))
    with asking(build_web(live, TableStore(), Settings(), pipeline)) as client:
        text = client.ask("/metrics").text
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["waystation_committed_total", ()] == 42
    assert samples["waystation_dead_letters", ()] == 3
    assert samples["waystation_refused_total", (("reason", "too_old"),)] == 7
    assert samples["waystation_unknown_station", (("station", 'evil"}\n'),)] == 1
    assert samples["waystation_ready", ()] == 1
    assert samples["waystation_last_message_age_seconds", ()] > 0
    by_freshness = {
        dict(labels)["freshness"]: value
        for (name, labels), value in samples.items()
        if name == "waystation_stations" and dict(labels)["network"] == "taiyuan"
    }
    assert by_freshness == {"fresh": 1, "stale": 1, "offline": 0, "none": 1}
    assert "taiyuan-0001" not in text, "no figure is about one station"
