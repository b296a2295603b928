import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import (
    AccessValue,
    Comfort,
    ComfortReason,
    ComfortValue,
    CrowdingReason,
    CrowdingValue,
    Evidence,
    Freshness,
)
from server.store import Bucket
from server.web.build import build_web
from server.web.query import QUANTITIES
from tests.support.asgi import Client, asking
from tests.support.web import (
    HOUR_MS,
    LIUYANG,
    NOON_MS,
    TAIYUAN,
    TableLive,
    TableStore,
    open_state,
    static_state,
    station,
)

HISTORY = "/api/v1/stations/taiyuan-0001/history"
BUCKETS = [Bucket(NOON_MS, 2, 53.5, 26.0, 27.5, 27.5)]


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(
        open_state(), static_state(), open_state(station(1, "xiaodian")), static_state(station(1, "liuyang"))
    )
    return table


@pytest.fixture
def store() -> TableStore:
    return TableStore(BUCKETS)


@pytest.fixture
def client(live: TableLive, store: TableStore) -> Iterator[Client]:
    with asking(build_web(live, store, Settings(), Pipeline())) as client:
        yield client


def test_four_counts_and_sub_networks_counted_once(client: Client) -> None:
    answer = client.ask("/api/v1/networks").json()
    taiyuan, xiaodian, liuyang = answer["networks"]
    assert taiyuan["declared"] == {"count": 2080, "qualifier": "余", "as_of": "2025-03"}
    assert [taiyuan[name] for name in ("registered", "instrumented", "online")] == [3, 2, 2]
    assert (xiaodian["parent"], xiaodian["registered"], liuyang["registered"]) == ("taiyuan", 1, 1)
    assert answer["totals"] == {"registered": 4, "instrumented": 2, "online": 2}
    assert taiyuan["standards"] == [{"name": "十有", "items": ["空调", "饮水机"]}]
    assert {each["name"]: each["registered"] for each in taiyuan["districts"]} == {"迎泽区": 2, "万柏林区": 1}


def test_a_list_by_network_and_district(client: Client) -> None:
    def ids(url: str) -> list[str]:
        return [row["id"] for row in client.ask(url).json()["stations"]]

    assert len(ids("/api/v1/stations")) == 4
    assert ids("/api/v1/stations?network=liuyang") == ["liuyang-0001"]
    assert ids("/api/v1/stations?network=taiyuan") == ["taiyuan-0001", "taiyuan-0002", "xiaodian-0001"]
    assert ids("/api/v1/stations?network=taiyuan&district=万柏林区") == ["taiyuan-0002"]


def test_a_station_in_the_list_has_every_fact_with_its_time(client: Client) -> None:
    row = client.ask("/api/v1/stations?network=taiyuan").json()["stations"][0]
    assert row["comfort"] == {
        "value": "cool", "reason": "no_live_data", "temperature_c": 26.4, "humidity_pct": 58,
        "measured_at": "2026-07-01T05:20:00Z",
    }  # fmt: skip
    assert row["crowding"]["taken_pct_from"] == 25
    assert row["sockets"]["free"] == 2
    assert row["batteries"] == {
        "charged": 1, "empty": 1, "faulty": 1, "slots": 8, "measured_at": "2026-07-01T05:20:00Z"
    }  # fmt: skip
    assert row["simulated"] is True


def test_one_station_with_sockets_and_slots(client: Client) -> None:
    one = client.ask("/api/v1/stations/taiyuan-0001").json()
    assert [socket["state"] for socket in one["socket_list"]][:3] == ["free", "free", "charging"]
    assert one["cabinets"][0]["slots"][2] == {"n": 3, "word": "empty"}
    assert one["time_zone"] == "Asia/Shanghai"


def test_history_is_asked_for_in_ms_and_told_in_iso(client: Client, store: TableStore) -> None:
    url = "/api/v1/stations/taiyuan-0001/history?quantity=temperature_c&from=2026-07-01T08:00:00%2B08:00"
    answer = client.ask(url + "&to=2026-07-01T05:00:00Z&step=1h").json()
    assert store.asked == [("taiyuan-0001", "temperature_c", 1_782_864_000_000, 1_782_882_000_000, HOUR_MS)]
    assert answer["steps"] == [
        {"at": "2026-07-01T05:20:00Z", "value": 26.75, "minimum": 26.0, "maximum": 27.5, "last": 27.5}
    ]
    assert (answer["station"], answer["quantity"], answer["step_s"]) == (
        "taiyuan-0001",
        "temperature_c",
        3600,
    )


def test_a_plus_in_an_address_may_have_become_a_space(client: Client, store: TableStore) -> None:
    span = "from=2026-07-01T08:00:00+08:00&to=2026-07-01T09:00:00+08:00"
    assert client.ask(f"{HISTORY}?quantity=co2_ppm&{span}").status_code == 200
    assert store.asked[0][2] == 1_782_864_000_000


def test_an_odd_beginning_gives_the_whole_steps_that_it_touches(client: Client, store: TableStore) -> None:
    span = "from=2026-07-01T05:20:01Z&to=2026-07-01T06:00:01Z"
    for step, begins, ends in (("15m", "13:15", "14:15"), ("1h", "13:00", "15:00"), ("3h", "12:00", "15:00")):
        client.ask(f"{HISTORY}?quantity=co2_ppm&{span}&step={step}")
        _, _, from_ms, to_ms, _ = store.asked.pop()
        local = [datetime.fromtimestamp(at / 1000, ZoneInfo("Asia/Shanghai")) for at in (from_ms, to_ms)]
        assert [f"{at:%H:%M}" for at in local] == [begins, ends], step


@pytest.mark.parametrize("quantity", ["visits", "exits"])
def test_people_are_asked_for_in_quarters_and_told_in_threes(
    quantity: str, client: Client, store: TableStore
) -> None:
    quarter, one_ms = 900_000, NOON_MS - NOON_MS % 3_600_000 + 3_600_000
    store.buckets = [Bucket(one_ms + n * quarter, 30, 2, 0, 1, 0) for n in range(4)]
    store.before = 5
    begins, ends = (datetime.fromtimestamp(at / 1000, UTC) for at in (one_ms, one_ms + 4 * quarter))
    span = f"from={begins:%Y-%m-%dT%H:%M:%SZ}&to={ends:%Y-%m-%dT%H:%M:%SZ}"
    answer = client.ask(f"{HISTORY}?quantity={quantity}&{span}&step=1h").json()
    assert store.asked[-1][2:] == (one_ms, one_ms + 4 * quarter, quarter)
    # 5 before and 13 after: 3 were told before and 12 after
    assert answer["steps"] == [{"at": f"{begins:%Y-%m-%dT%H:%M:%SZ}", "value": 9}]


def test_what_was_measured_is_told_as_it_was_and_a_mean_as_a_person_would(
    client: Client, store: TableStore
) -> None:
    store.buckets = [Bucket(NOON_MS, 3, 37.637999999999994, 20.1333333333333, 23.7225, 20.1333333333333)]
    [step] = client.ask(f"{HISTORY}?quantity=temperature_c").json()["steps"]
    assert step["value"] == 12.55
    assert [step[name] for name in ("minimum", "maximum", "last")] == [
        20.1333333333333,
        23.7225,
        20.1333333333333,
    ]


WRONG = [
    ("/api/v1/stations?network=nowhere", 404, "network"),
    ("/api/v1/stations?network=", 404, "network"),
    ("/api/v1/stations?network=%00", 404, "network"),
    ("/api/v1/stations?network=%ff%fe", 404, "network"),
    ("/api/v1/stations?network=%ed%a0%80", 404, "network"),
    ("/api/v1/stations?network=taiyuan&district=nowhere", 404, "district"),
    ("/api/v1/stations?network=taiyuan&district=", 404, "district"),
    ("/api/v1/stations?district='; DROP TABLE station;--", 404, "district"),
    ("/api/v1/stations?netwrok=taiyuan", 400, "netwrok"),
    ("/api/v1/stations?network=taiyuan&a=1&b=2&c=3", 400, "a"),
    ("/api/v1/networks?x=1", 400, "x"),
    ("/api/v1/stations/nobody", 404, "station"),
    ("/api/v1/stations/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, None),
    ("/api/v1/stations/" + "x" * 5000, 404, "station"),
    ("/api/v1/stations/taiyuan-0001?x=1", 400, "x"),
    (HISTORY, 400, "quantity"),
    (f"{HISTORY}?quantity=occupancy", 400, "quantity"),
    (f"{HISTORY}?quantity=people", 400, "quantity"),
    (f"{HISTORY}?quantity=", 400, "quantity"),
    (f"{HISTORY}?quantity=visits&step=1m", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=16m", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=400d", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=1d&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=14m", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=0h", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=-1h", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=1e9h", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=٣٠m", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=999999d", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=15", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=NaN", 400, "step"),
    (f"{HISTORY}?quantity=visits&from=yesterday", 400, "from"),
    (f"{HISTORY}?quantity=visits&from=2026-07-01", 400, "from"),
    (f"{HISTORY}?quantity=visits&from=2026-07-01T08:00:00", 400, "from"),
    (f"{HISTORY}?quantity=visits&from=0001-01-01T00:00:00%2B23:59", 400, "from"),
    (f"{HISTORY}?quantity=visits&to=1969-01-01T00:00:00Z", 400, "to"),
    (f"{HISTORY}?quantity=visits&from=2026-07-02T00:00:00Z&to=2026-07-01T00:00:00Z", 400, "from"),
    (f"{HISTORY}?quantity=visits&from=2026-07-01T00:00:00Z&to=2026-07-01T00:00:00Z", 400, "from"),
    (f"{HISTORY}?quantity=visits&from=1970-01-01T00:00:00Z&to=2026-07-01T00:00:00Z", 400, "step"),
    (f"{HISTORY}?quantity=visits&step=1h&step=1m", 400, "step"),
    ("/api/v1/stations/nobody/history?quantity=visits", 404, "station"),
    ("/api/v1/nothing", 404, None),
    ("/api/v2/stations", 404, None),
]


@pytest.mark.parametrize(("url", "status", "parameter"), WRONG, ids=[url[:60] for url, _, _ in WRONG])
def test_a_wrong_request_gets_a_reason_and_never_a_5xx(
    client: Client, url: str, status: int, parameter: str | None
) -> None:
    answer = client.ask(url)
    assert answer.status_code == status
    body = answer.json()
    assert body["error"]
    assert parameter is None or body["parameter"] == parameter


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("url", ["/api/v1/stations", "/api/v1/networks", "/", "/s/taiyuan-0001", "/metrics"])
def test_other_methods_are_refused(client: Client, method: str, url: str) -> None:
    assert client.ask(url, method).status_code == 405


def test_a_large_body_is_refused_however_it_comes(client: Client) -> None:
    assert client.ask("/api/v1/stations", "POST", content=b"x" * 70_000).status_code == 413
    assert client.ask("/", "POST", headers={"content-length": "9" * 30}).status_code == 413


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_nan_never_reaches_json(client: Client, live: TableLive, store: TableStore, broken: float) -> None:
    live.put(replace(open_state(), comfort=Comfort("mild", broken, broken, NOON_MS)))
    store.buckets = [Bucket(NOON_MS, 1, broken, broken, broken, broken)]
    for url in ("/api/v1/stations", "/api/v1/stations/taiyuan-0001", f"{HISTORY}?quantity=temperature_c"):
        answer = client.ask(url)
        assert answer.status_code == 200
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text
        assert "null" not in answer.text


def test_the_short_cut_and_the_route_say_the_same(client: Client) -> None:
    """An unknown order of parameters or an empty one goes through the framework; the answer is one."""
    short = client.ask("/api/v1/stations?network=taiyuan&district=万柏林区")
    assert client.ask("/api/v1/stations?district=万柏林区&network=taiyuan").content == short.content
    assert client.ask("/api/v1/stations?network=taiyuan&network=taiyuan").json()["stations"]
    assert client.ask("/api/v1/stations", headers={"if-none-match": "*"}).status_code == 304


def test_every_answer_is_guarded(client: Client) -> None:
    for url in ("/", "/api/v1/stations", "/api/v1/networks", "/n/taiyuan", "/nothing", "/metrics", "/readyz",
                "/api/v1/stations?x=1", "/api/v1/events?network=nowhere", "/n/nowhere"):  # fmt: skip
        headers = client.ask(url).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], url
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "set-cookie" not in headers
        assert "access-control-allow-origin" not in headers


def test_the_document_names_every_address_and_resolves(client: Client) -> None:
    document = client.ask("/api/v1/openapi.json").json()
    for path in ("networks", "stations", "stations/{station_id}", "stations/{station_id}/history", "events"):
        assert f"/api/v1/{path}" in document["paths"]
    assert {"/healthz", "/readyz", "/metrics"} <= set(document["paths"])
    text = client.ask("/api/v1/openapi.json").text
    schemas = set(document["components"]["schemas"])
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= schemas
    assert "taken_pct_from" in document["components"]["schemas"]["CrowdingFact"]["properties"]


def test_the_page_on_the_api_names_every_address_parameter_quantity_and_word(client: Client) -> None:
    page = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")
    document = client.ask("/api/v1/openapi.json").json()
    for path in document["paths"]:
        assert re.sub(r"\{\w+_id\}", "{id}", path) in page
    for name in ("AccessFact", "CrowdingFact", "ComfortFact", "SocketsFact", "BatteriesFact"):
        assert [
            field for field in document["components"]["schemas"][name]["properties"] if field not in page
        ] == []
    kinds = (AccessValue, Evidence, CrowdingValue, CrowdingReason, ComfortValue, ComfortReason, Freshness)
    words = [word for kind in kinds for word in get_args(kind)] + list(QUANTITIES)
    assert [word for word in words if f"`{word}`" not in page] == []
    assert [event for event in ("changes", "times", "refresh", "alive") if f"`{event}`" not in page] == []


def test_networks_without_stations_and_without_networks(store: TableStore) -> None:
    with asking(build_web(TableLive(()), store, Settings(), Pipeline())) as client:
        assert client.ask("/api/v1/networks").json()["networks"] == []
        assert client.ask("/api/v1/stations").json() == {"stations": []}
    with asking(build_web(TableLive((TAIYUAN, LIUYANG)), store, Settings(), Pipeline())) as client:
        assert [row["registered"] for row in client.ask("/api/v1/networks").json()["networks"]] == [0, 0]
        assert client.ask("/n/taiyuan").status_code == 200


def test_below_a_base_path(live: TableLive, store: TableStore) -> None:
    app = build_web(live, store, Settings(base_path="/rest"), Pipeline())

    async def below(scope: Any, receive: Any, send: Any) -> None:
        """As uvicorn calls it with a root path."""
        await app({**scope, "root_path": "/rest", "path": "/rest" + scope["path"]}, receive, send)

    with asking(below) as client:
        assert len(client.ask("/api/v1/stations").json()["stations"]) == 4
        assert client.ask("/api/v1/stations/taiyuan-0001").status_code == 200
        page = client.ask("/n/taiyuan").text
        assert 'href="/rest/s/taiyuan-0001"' in page
        assert 'src="/rest/static/' in page
