"""Open data: structure, schemas, caching, privacy, what pages of other sites may read."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Crowding
from server.web.bodies import LONGEST_MS, Bodies
from server.web.build import build_web
from server.web.feeds import KINDS, Feeds
from server.web.query import BadQueryError
from tests.support.asgi import Client, asking
from tests.support.feeds import HOSTILE, schema_of, table
from tests.support.web import NOON_MS, TableLive, TableStore, open_state

NAMES = list(KINDS)


@pytest.fixture
def live() -> TableLive:
    return table()


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        yield client


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for what it does not name."""
    for kind in schema["$defs"].values():
        kind["additionalProperties"] = False
    return schema


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_is_as_its_schema_says_and_holds_nothing_else(client: Client, name: str) -> None:
    schema = schema_of(client, name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{name.partition('.')[0]}.schema.json"
    body = client.ask(f"/feeds/v1/{name}").json()
    Draft202012Validator(closed(schema), format_checker=FormatChecker()).validate(body)
    assert (body["ttl"], body["version"]) == (10, "1.0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["last_updated"])


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("station_status.json", {"station_id": "Not An Id"}, "an id"),
        ("station_status.json", {"freshness": "new"}, "a word that there is not"),
        ("station_status.json", {"access": {"value": "ajar"}}, "a word inside a fact"),
        ("station_information.json", {"lat": 91}, "beyond the pole"),
        ("station_information.json", {"name": [{"text": "x", "language": "fr"}]}, "a language"),
    ],
)
def test_the_schema_refuses_what_is_wrong(
    client: Client, name: str, change: dict[str, Any], why: str
) -> None:
    body = client.ask(f"/feeds/v1/{name}").json()
    body["data"]["stations"][0] |= change
    assert not Draft202012Validator(schema_of(client, name)).is_valid(body), why


def test_discovery_leads_to_every_feed_and_schema(client: Client) -> None:
    rows = client.ask("/feeds/v1/feeds.json").json()["data"]["feeds"]
    assert [row["name"] for row in rows] == [name.partition(".")[0] for name in KINDS]
    for row in rows:
        assert client.ask(row["url"]).status_code == 200
        assert client.ask(row["schema_url"]).status_code == 200


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "/feeds/v1/alerts.json"),
        (Settings(base_path="/rest/"), "/rest/feeds/v1/alerts.json"),
        (
            Settings(public_url="https://example.org/rest/", base_path="/rest"),
            "https://example.org/rest/feeds/v1/alerts.json",
        ),
    ],
)
def test_addresses_are_those_that_a_reader_reaches(live: TableLive, settings: Settings, url: str) -> None:
    with asking(build_web(live, TableStore(), settings, Pipeline())) as client:
        rows = client.ask("/feeds/v1/feeds.json").json()["data"]["feeds"]
    assert next(row["url"] for row in rows if row["name"] == "alerts") == url


def stations(client: Client, name: str, query: str = "") -> dict[str, dict[str, Any]]:
    rows = client.ask(f"/feeds/v1/{name}{query}").json()["data"]["stations"]
    return {row["station_id"]: row for row in rows}


def test_what_the_registry_knows(client: Client) -> None:
    row = stations(client, "station_information.json")["taiyuan-0001"]
    assert row["name"] == [
        {"text": "嘉节社区暖心驿站", "language": "zh"},
        {"text": "Jiajie Community 1", "language": "en"},
    ]
    assert row["opening_hours"] == "Mo-Fr 06:00-22:00; Sa,Su 08:00-20:00; PH off"
    assert (row["time_zone"], row["url"], row["region"]) == (
        "Asia/Shanghai", "/s/taiyuan-0001", ["迎泽区", "文庙街道"]
    )  # fmt: skip
    assert row["amenities"][0] == {"text": "空调", "code": "air_conditioning"}
    odd = stations(client, "station_information.json")["taiyuan-0003"]
    assert odd["area"] == {"m2": 150, "qualifier": "约"}
    assert odd["amenities"] == [{"text": "WiFi", "code": "wifi"}, {"text": "修鞋摊"}]
    assert odd["name"] == [{"text": HOSTILE, "language": "zh"}], "text, whatever it holds"


def test_what_is_not_known_is_left_out(client: Client) -> None:
    row = stations(client, "station_information.json")["liuyang-0001"]
    assert not {"lat", "lon", "opening_hours", "area", "places"} & set(row)
    bare = stations(client, "station_status.json")["liuyang-0001"]
    assert not {"last_reported", "sockets", "batteries"} & set(bare)
    assert (bare["freshness"], bare["access"]["value"]) == ("none", "open"), (
        "static is neither closed nor offline"
    )


def test_what_is_true_now(client: Client) -> None:
    row = stations(client, "station_status.json")["taiyuan-0001"]
    assert (row["last_reported"], row["freshness"]) == ("2026-07-01T05:20:00Z", "fresh")
    assert row["crowding"] == {
        "value": "quiet", "places": 16, "taken_pct_from": 25, "measured_at": "2026-07-01T05:20:00Z"
    }  # fmt: skip
    assert (row["sockets"]["free"], row["batteries"]["charged"]) == (2, 1)


def test_fewer_than_three_people_are_only_a_word_and_nobody_is_counted(
    live: TableLive, client: Client
) -> None:
    live.put(replace(open_state(), crowding=Crowding("quiet", 2, 16, False, NOON_MS, "places")))
    for name in ("station_status.json", "stations.geojson", "alerts.json"):
        assert "people" not in client.ask(f"/feeds/v1/{name}").text
    assert "taken_pct_from" not in stations(client, "station_status.json")["taiyuan-0001"]["crowding"]


def test_a_station_without_coordinates_is_no_point(client: Client) -> None:
    answer = client.ask("/feeds/v1/stations.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    points = {each["id"]: each for each in collection["features"]}
    assert "liuyang-0001" not in points
    assert points["taiyuan-0001"]["geometry"] == {"type": "Point", "coordinates": [112.501, 37.801]}
    assert points["taiyuan-0001"]["properties"]["sockets_free"] == 2


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("station_information.json", ["taiyuan-0001", "taiyuan-0002", "taiyuan-0003", "xiaodian-0001"]),
        ("station_status.json", ["taiyuan-0001", "taiyuan-0002", "taiyuan-0003", "xiaodian-0001"]),
    ],
)
def test_a_network_narrows_and_holds_what_is_inside_it(client: Client, name: str, ids: list[str]) -> None:
    assert list(stations(client, name, "?network=taiyuan")) == ids
    assert list(stations(client, name, "?network=xiaodian")) == ids[-1:]


def test_a_network_narrows_the_other_feeds_too(client: Client) -> None:
    def asked(name: str) -> dict[str, Any]:
        body: dict[str, Any] = client.ask(f"/feeds/v1/{name}?network=taiyuan").json()
        data: dict[str, Any] = body.get("data", body)
        return data

    networks = asked("networks.json")["networks"]
    assert [row["network_id"] for row in networks] == ["taiyuan", "xiaodian"]
    assert networks[1]["parent_network_id"] == "taiyuan"
    assert networks[0]["declared"] == {"count": 2080, "qualifier": "余", "as_of": "2025-03"}
    assert networks[0]["registered"] == 4
    assert {row["network_id"] for row in asked("alerts.json")["alerts"]} == {"taiyuan", "xiaodian"}
    assert len(asked("stations.geojson")["features"]) == 4


def test_alerts_are_told(client: Client) -> None:
    rows = client.ask("/feeds/v1/alerts.json?network=taiyuan").json()["data"]["alerts"]
    assert [row["type"] for row in rows if "taiyuan-0003" in row["station_ids"]] == [
        "cabinet_heat", "closed_by_notice", "sockets_faulty", "hours_unconfirmed"
    ]  # fmt: skip
    assert HOSTILE in rows[0]["summary"][0]["text"]


@pytest.mark.parametrize(
    ("path", "status", "parameter", "why"),
    [
        ("station_status.json?network=nowhere", 404, "network", "no such network"),
        ("station_status.json?network=", 404, "network", "none named"),
        ("station_status.json?netwrok=taiyuan", 400, "netwrok", "a misspelt parameter"),
        ("feeds.json?network=taiyuan", 400, "network", "discovery is the same for all"),
        ("alerts.schema.json?network=taiyuan", 400, "network", "a schema too"),
        ("free_bikes.json", 404, "feed", "no such feed"),
        ("free_bikes.schema.json", 404, "feed", "no such schema"),
    ],
)
def test_a_wrong_request_says_why_as_json(
    client: Client, path: str, status: int, parameter: str, why: str
) -> None:
    answer = client.ask(f"/feeds/v1/{path}", headers={"accept": "text/html"})
    assert (answer.status_code, answer.json()["parameter"]) == (status, parameter), why
    assert answer.headers["access-control-allow-origin"] == "*", "a page may read the reason"


def test_a_feed_is_sent_once_and_compressed(client: Client) -> None:
    answer = client.ask("/feeds/v1/station_status.json", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=10"
    again = client.ask("/feeds/v1/station_status.json", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["access-control-allow-origin"] == "*"
    head = client.ask("/feeds/v1/station_status.json", "HEAD")
    assert (head.status_code, head.content) == (200, b"")


CORS = [
    "access-control-allow-origin", "access-control-expose-headers", "access-control-allow-methods",
    "access-control-allow-headers",
]  # fmt: skip


def test_a_page_of_another_site_may_read_feeds(client: Client) -> None:
    preflight = client.ask(
        "/feeds/v1/alerts.json",
        "OPTIONS",
        headers={
            "origin": "https://example.org",
            "access-control-request-method": "GET",
            "access-control-request-headers": "if-none-match",
        },
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert [preflight.headers.get(name) for name in CORS] == [
        "*",
        "etag",
        "GET, HEAD, OPTIONS",
        "if-none-match",
    ]
    answer = client.ask("/feeds/v1/alerts.json", headers={"origin": "https://example.org"})
    assert answer.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.ask("/feeds/v1/alerts.json", "POST").status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/stations", "/api/v1/networks", "/s/taiyuan-0001", "/healthz", "/feeds/v2/x"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_nothing_else_may_be_read_by_other_sites(client: Client, path: str, method: str) -> None:
    answer = client.ask(path, method, headers={"origin": "https://example.org"})
    assert not set(CORS) & set(answer.headers)
    assert answer.headers.get_list("cross-origin-resource-policy") == ["same-origin"]


class Clocks:
    """Wall and monotonic clock, turned by hand."""

    def __init__(self) -> None:
        self.ms = NOON_MS

    def __call__(self) -> int:
        return self.ms


def test_last_updated_moves_with_the_data_and_not_with_the_clock(live: TableLive) -> None:
    clock = Clocks()
    feeds = Feeds(live, Bodies(clock), "", clock)

    def asked() -> tuple[str, bytes]:
        body = feeds.feed("station_status.json", None)
        return json.loads(body.plain)["last_updated"], body.etag

    first = asked()
    clock.ms += 100 * LONGEST_MS
    assert asked() == first, "a quiet night: the reader's copy stays true"
    live.put(replace(open_state(), freshness="stale"))
    assert asked() == first, "at most once in its ttl"
    clock.ms += LONGEST_MS
    updated, etag = asked()
    assert updated > first[0]
    assert etag != first[1]


def test_a_feed_that_is_not_there_is_not_made(live: TableLive) -> None:
    clock = Clocks()
    feeds = Feeds(live, Bodies(clock), "", clock)
    with pytest.raises(BadQueryError, match=r"station_status\.json"):
        feeds.feed("secrets.json", None)
