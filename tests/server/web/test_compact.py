import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from server.demo.networks import NETWORKS
from server.model import Network, Station
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.bodies import Bodies, Body
from server.web.build import build_web
from server.web.compact import DIGITS, Registry, StatusCells, column, registry_columns, status_columns
from server.web.compact_list import CompactLists
from server.web.events import Events
from tests.support.asgi import Client, asking
from tests.support.city import city
from tests.support.web import NOON_MS, TableLive, TableStore, open_state, static_state, station

URL = "/api/v1/networks/taiyuan/compact"
BUDGET = 60_000
"""Bytes of the largest network's list, compressed; what is aimed at is :data:`AIM`."""
AIM = 43_000
STATUS_AIM = 15_500
"""Bytes, compressed, for a phone that has the registry."""


def forecast(station_id: str, _now_ms: int) -> str | None:
    """Any four letters, and none for every ninth station."""
    dice = Random(station_id)  # noqa: S311  (a station's fate)
    return "".join(dice.choices("qbcf", (8, 4, 2, 1), k=4)) if dice.random() > 1 / 9 else None


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(
        open_state(station(1)), static_state(station(2)), open_state(station(1, "xiaodian")),
        static_state(station(1, "liuyang")),
    )  # fmt: skip
    return table


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        yield client


def lists(live: TableLive, now: list[int]) -> CompactLists:
    """The answers by a clock of ours, which also ages the bodies."""
    events = Events(live, "epoch", lambda: now[0], lambda: now[0])
    return CompactLists(live, Bodies(lambda: now[0]), events, lambda: now[0])


def told(body: Body) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body.plain)
    return answer


def test_the_largest_network_fits_a_weak_network() -> None:
    """All stations of the demo with what they say at one moment, static ones and forecasts included."""
    states = list(city(2080, NOON_MS))
    assert sum(state.freshness != "none" for state in states) == 2080
    outermost = Network("all", "全部", "All")
    table = TableLive([outermost, *(replace(network, parent="all") for network in NETWORKS)])
    table.put(*states)
    events = Events(table, "epoch", lambda: 0, lambda: NOON_MS)
    compact = CompactLists(table, Bodies(lambda: 0), events, lambda: NOON_MS, forecast)
    whole = compact.body("all", None, None)
    assert len(told(whole)["status"]["access"]["at"]) == len(states)
    assert whole.packed is not None
    assert len(whole.packed) <= min(AIM, BUDGET)
    status = compact.body("all", None, told(whole)["tag"])
    assert status.packed is not None
    assert len(status.packed) <= STATUS_AIM


def test_the_answer_names_its_moment_and_where_the_stream_goes_on(client: Client) -> None:
    answer = client.ask(URL).json()
    assert answer.keys() == {"at", "event_id", "tag", "status", "registry"}
    rows = client.ask("/api/v1/stations?network=taiyuan").json()
    assert answer["event_id"] == rows["event_id"]


def test_sub_networks_and_districts(client: Client) -> None:
    registry = client.ask(URL).json()["registry"]
    assert registry["ids"] == ["taiyuan-0001", 1, "xiaodian-0001"]
    assert registry["network"] == ["taiyuan", "taiyuan", "xiaodian"]
    district = client.ask(URL, params={"district": "万柏林区"}).json()
    assert district["registry"]["ids"] == ["taiyuan-0002"]


@pytest.mark.parametrize(
    ("url", "status", "parameter", "why"),
    [
        ("/api/v1/networks/nowhere/compact", 404, "network", "an unknown network"),
        (f"{URL}?district=nowhere", 404, "district", "an unknown district"),
        (f"{URL}?district=", 404, "district", "no district is named so"),
        (f"{URL}?registri=x", 400, "registri", "a misspelt parameter"),
    ],
)
def test_what_is_wrong_is_named(client: Client, url: str, status: int, parameter: str, why: str) -> None:
    answer = client.ask(url)
    assert (answer.status_code, answer.json()["parameter"]) == (status, parameter), why


def test_it_is_sent_compressed_and_once(client: Client) -> None:
    first = client.ask(URL, headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "public, max-age=1"
    again = client.ask(URL, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.ask(URL, "HEAD").headers["etag"] == first.headers["etag"]


def test_who_has_the_registry_gets_the_status_alone(live: TableLive) -> None:
    now = [NOON_MS]
    compact = lists(live, now)
    whole = told(compact.body("taiyuan", None, None))
    short = told(compact.body("taiyuan", None, whole["tag"]))
    assert (short["tag"], short["status"]) == (whole["tag"], whole["status"])
    assert "registry" not in short
    for other in ("", "0123456789ab", "x" * 5_000):
        assert "registry" in told(compact.body("taiyuan", None, other)), "another or odd tag"


def test_a_renamed_station_comes_with_the_new_registry(live: TableLive) -> None:
    now = [NOON_MS]
    compact = lists(live, now)
    old = told(compact.body("taiyuan", None, None))["tag"]
    compact.body("taiyuan", None, old)
    live.put(open_state(station(1, name="改了名的驿站")))
    now[0] += 2_000
    renamed = told(compact.body("taiyuan", None, old))
    assert renamed["tag"] != old
    assert "改了名的驿站" in renamed["registry"]["zh"]
    assert "registry" not in told(compact.body("taiyuan", None, renamed["tag"])), "and then it is known"


def test_the_names_of_a_registry_do_not_hang_on_its_status(live: TableLive) -> None:
    now = [NOON_MS]
    compact = lists(live, now)
    before = told(compact.body("taiyuan", None, None))
    live.put(open_state(station(1), NOON_MS + 5_000, people=16))
    now[0] += 6_000
    after = told(compact.body("taiyuan", None, before["tag"]))
    assert after["tag"] == before["tag"]
    assert after["status"] != before["status"]
    assert "registry" not in after


def test_an_empty_network(live: TableLive) -> None:
    for number in (1, 2):
        live.remove(f"taiyuan-{number:04}")
    live.remove("xiaodian-0001")
    answer = told(lists(live, [NOON_MS]).body("taiyuan", None, None))
    assert answer["registry"]["ids"] == []
    assert answer["status"]["access"] in ([], {"of": [], "at": ""})


def test_it_is_made_again_for_newer_times_and_not_for_each_reader(live: TableLive) -> None:
    now = [NOON_MS]
    compact = lists(live, now)
    first = compact.body("taiyuan", None, None)
    now[0] += 9_000
    assert compact.body("taiyuan", None, None) is first
    now[0] += 2_000
    later = compact.body("taiyuan", None, None)
    assert told(later)["at"] == "2026-07-01T05:20:11Z"


@pytest.mark.parametrize(
    ("values", "expected", "why"),
    [
        ([], {"of": [], "at": ""}, "nothing"),
        (["a", "b"], ["a", "b"], "all different"),
        (["b", "a", "a", "a"], {"of": ["a", "b"], "at": "BAAA"}, "the most frequent first"),
        ([None, None], {"of": [None], "at": "AA"}, "nothing is known anywhere"),
        ([n % 65 for n in range(130)], None, "more values than digits"),
    ],
)
def test_columns(values: list[Any], expected: object, why: str) -> None:
    written = column(values)
    if expected is not None:
        assert written == expected, why
    else:
        digits = [DIGITS.index(digit) for digit in written["at"]]
        pairs = zip(digits[: len(values)], digits[len(values) :], strict=True)
        assert [written["of"][64 * high + low] for high, low in pairs] == values, why


@pytest.mark.parametrize(
    ("ids", "written", "why"),
    [
        (["a-1", "a-2", "a-3", "a-5"], ["a-1", 2, "a-5"], "a gap begins anew"),
        (["a-09", "a-10", "a-99", "a-100"], ["a-09", 1, "a-99", 1], "one digit more"),
        (["a-10", "a-9"], ["a-10", "a-9"], "down is not up"),
        (["abc", "abd"], ["abc", "abd"], "no number at the end"),
        (["9" * 12, "999" + "1000000000"], ["9" * 12, 1], "only the last nine digits are the number"),
    ],
)
def test_ids(ids: list[str], written: list[str | int], why: str) -> None:
    stations = [Station(each, "taiyuan", "甲") for each in ids]
    assert registry_columns(stations)["ids"] == written, why


def test_what_every_station_offers_is_bits_and_what_few_do_are_positions() -> None:
    stations = [
        Station(f"st-{n}", "taiyuan", "甲", amenities=("空调",) + (("擦鞋",) if n in (3, 19) else ()))
        for n in range(20)
    ]
    assert registry_columns(stations)["amenities"] == [
        ("空调", "air_conditioning", "___w"),
        ("擦鞋", "擦鞋", [3, 16]),
    ]


def test_no_number_of_people_and_no_moment_of_a_passing_is_in_it() -> None:
    states = [open_state(station(1), people=people) for people in (0, 1, 2)]
    written = [
        json.dumps(status_columns([state], StatusCells(), NOON_MS, None), default=vars_of) for state in states
    ]
    assert len(set(written)) == 1, "fewer than three people look the same"
    passed = replace(states[0].access, at_ms=NOON_MS - 7_000)
    later = replace(states[0], access=passed)
    assert json.dumps(status_columns([later], StatusCells(), NOON_MS, None), default=vars_of) == written[0]


def vars_of(fact: Any) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__}


def test_two_registries_of_the_same_stations_have_the_same_tag() -> None:
    stations = [state.station for state in (open_state(), static_state())]
    assert Registry.of(stations).tag == Registry.of(list(stations)).tag
    assert Registry.of(stations).tag != Registry.of(stations[:1]).tag
