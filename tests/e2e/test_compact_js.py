"""The compact list in a real Chromium: its rows are those of ``/api/v1/stations``."""

import json
import math
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Error, Page, expect

from server.demo.networks import NETWORKS
from server.model import Station
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access, CabinetState, Comfort, Crowding, Notice, SocketCounts, StationState
from server.web import public
from server.web.bodies import Bodies
from server.web.build import build_web
from server.web.compact_list import CompactLists
from server.web.events import Events
from server.web.text import amenity_codes
from tests.support.browser import phone
from tests.support.city import city
from tests.support.serving import serving
from tests.support.web import NOON_MS, TAIYUAN, TableLive, TableStore, open_state, static_state, station

LEFT_OUT = ("area_m2", "area_qualifier", "host_kind", "instrumented")
"""What neither a card nor the ranking, the filters, the map and the search need."""
NEAR_DEG = 0.6 / 100_000
"""Half a step of a coordinate, and the noise of a float."""
HOSTILE = (
    "<script>document.title = 'hacked'</script>",
    '"]}',
    "\\u0000\\",
    "a\u202eb",
    "\u0000",
    "名" * 500,
    "𠮷野家驿站",
    "\n",
    "0",
    "",
)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that has the decoder; its table of stations does not matter."""
    with (
        serving(build_web(TableLive(), TableStore(), Settings(), Pipeline())) as port,
        phone(browser) as context,
    ):
        opened = context.new_page()
        load(opened, f"http://127.0.0.1:{port}")
        yield opened


def load(page: Page, url: str) -> None:
    """Open a list and its decoder, as the page's own modules import it."""
    page.goto(f"{url}/n/taiyuan")
    style = page.locator("link[rel=stylesheet]").first.get_attribute("href")
    assert style is not None
    static = style.partition("/css/")[0]
    page.evaluate("async address => { window.compact = await import(address); }", f"{static}/js/compact.js")


def decoded(page: Page, *answers: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows, as what JSON keeps of them."""
    written = page.evaluate(
        "answers => JSON.stringify(window.compact.decode(...answers))", [dict(each) for each in answers]
    )
    rows: list[dict[str, Any]] = json.loads(written)
    return rows


def expected(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list, in what the compact one tells of it."""
    row = {"region": [], "aliases": [], "amenities": [], **row}
    row = {key: value for key, value in row.items() if key not in LEFT_OUT}
    comfort = dict(row["comfort"])
    for name, visible in (
        ("temperature_c", public.visible_temperature),
        ("humidity_pct", public.visible_humidity),
    ):
        if name in comfort:
            comfort[name] = visible(comfort[name])
    amenities = set(row["amenities"])
    codes = {amenity_codes().get(word.strip().lower(), word) for word in amenities}
    return row | {"comfort": comfort, "amenities": amenities, "codes": codes}


def found(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"amenities": set(row["amenities"]), "codes": set(row["codes"])}


def assert_equal(rows: list[dict[str, Any]], listed: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in rows] == [row["id"] for row in listed]
    for row, other in zip(map(found, rows), map(expected, listed), strict=True):
        for name in ("lat", "lon"):
            place, exact = row.pop(name, None), other.pop(name, None)
            assert (place is None) == (exact is None)
            assert place is None or math.isclose(place, exact, abs_tol=NEAR_DEG)
        assert row == other


def test_the_rows_are_those_of_the_list(browser: Browser) -> None:
    live = TableLive(NETWORKS)
    live.put(*city(250, time.time_ns() // 1_000_000))
    with serving(build_web(live, TableStore(), Settings(), Pipeline())) as port, phone(browser) as context:
        page, url = context.new_page(), f"http://127.0.0.1:{port}"
        load(page, url)
        for network in ("taiyuan", "chengdu", "jianwai"):
            listed = context.request.get(f"{url}/api/v1/stations?network={network}").json()["stations"]
            answer = context.request.get(f"{url}/api/v1/networks/{network}/compact").json()
            assert len(listed) > 20
            assert_equal(decoded(page, answer), listed)


def answer_of(states: list[StationState], now_ms: int, words: str = "") -> dict[str, Any]:
    live = TableLive()
    live.put(*states)
    events = Events(live, "epoch", lambda: 0, lambda: now_ms)
    lists = CompactLists(live, Bodies(lambda: 0), events, lambda: now_ms, lambda *_: words or None)
    answer: dict[str, Any] = json.loads(lists.body(TAIYUAN.id, None, None).plain)
    return answer


def listed_of(states: list[StationState]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(msgspec.json.encode([public.summary(state) for state in states]))
    return rows


def test_an_empty_network_has_no_rows(page: Page) -> None:
    assert decoded(page, answer_of([], NOON_MS)) == []


@pytest.mark.parametrize("words", ["", "qbcf", "----"])
def test_the_forecast_stands_in_the_row(page: Page, words: str) -> None:
    rows = decoded(page, answer_of([open_state(), static_state()], NOON_MS, words))
    assert [row.get("forecast", "") for row in rows] == [words, words]


def test_status_alone_needs_the_registry_that_it_belongs_to(page: Page) -> None:
    known = answer_of([open_state(), static_state()], NOON_MS)
    later = answer_of([open_state(people=16), static_state()], NOON_MS + 60_000)
    del later["registry"]
    rows = decoded(page, later, known)
    assert [row["name"]["zh"] for row in rows] == ["嘉节社区暖心驿站"] * 2
    assert rows[0]["crowding"]["taken_pct_from"] == 100
    with pytest.raises(Error, match="another list"):
        decoded(page, later | {"tag": "another"}, known)
    with pytest.raises(Error, match="another list"):
        decoded(page, later)


text = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
ids = st.one_of(
    st.from_regex(r"[a-z0-9-]{3,12}", fullmatch=True),
    st.builds("taiyuan-{:04}".format, st.integers(0, 30)),
    st.builds("r9{}".format, st.integers(997, 1003)),
)
around_now = st.integers(NOON_MS - 40 * 60_000, NOON_MS + 5_000)
words = st.sampled_from


@st.composite
def stations(draw: st.DrawFn) -> Station:
    name = draw(text)
    region = tuple(draw(st.lists(text, max_size=3)))
    from_name = draw(st.booleans())
    if region and from_name:
        region = (*region[:-1], name[: draw(st.integers(0, len(name)))])
    at_a_place = draw(st.booleans())
    return Station(
        draw(ids),
        draw(words(["taiyuan", "xiaodian"])),
        name,
        draw(text),
        tuple(draw(st.lists(text, max_size=2))),
        region,
        draw(st.floats(-90, 90) | st.just(math.nan)) if at_a_place else None,
        draw(st.floats(-180, 180)) if at_a_place else None,
        draw(st.none() | st.integers(1, 10_000)),
        hours=draw(words(["", "24/7", "06:00-22:00"])),
        amenities=tuple(draw(st.lists(words(["空调", "饮水机", "toilet"]) | text, max_size=4, unique=True))),
    )


@st.composite
def notices(draw: st.DrawFn) -> Notice:
    value: Any = draw(words(["", "open", "closed", "locked"]))
    id_ = draw(st.integers(1, 3))
    start_ms, works = draw(around_now), draw(st.booleans())
    return Notice(value, start_ms, start_ms + 60_000, str(id_), draw(text), draw(text), works=works)


@st.composite
def states(draw: st.DrawFn) -> StationState:
    where, at_ms = draw(stations()), draw(st.none() | around_now)
    older = st.none() if at_ms is None else st.none() | st.integers(at_ms - 90_000, at_ms)
    total, free = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    return StationState(
        where,
        draw(words(["fresh", "stale", "offline", "none"])),
        Access(
            draw(words(["open", "closing_soon", "closed", "locked", "unknown"])),
            draw(words(["verified", "timetable", "notice", "contact", "none"])),
            draw(st.none() | around_now),
            draw(st.booleans()),
            draw(st.none() | around_now),
            draw(words([None, "open", "closed", "unknown"])),
        ),
        Crowding(
            draw(words(["quiet", "busy", "crowded", "full", "unknown"])),
            draw(st.none() | st.integers(0, 40)),
            where.places,
            draw(st.booleans()),
            draw(older),
            draw(words(["places", "held", "no_places", "no_count"])),
        ),
        Comfort(
            draw(words(["cool", "warm", "mild", "hot", "cold", "unknown"])),
            draw(st.none() | st.floats(-40, 60)),
            draw(st.none() | st.floats(0, 100)),
            draw(older),
            reason=draw(words(["temperature", "heat_index", "no_sensor", "no_reading"])),
        ),
        SocketCounts(total, free, 3, 0, 1, draw(older)),
        cabinets=tuple(
            CabinetState("c", charged=n, empty=2, slots=((1, "charged"),), at_ms=draw(older))
            for n in draw(st.lists(st.integers(0, 5), max_size=2))
        ),
        at_ms=at_ms,
        simulated=draw(st.booleans()),
        notices=tuple(draw(st.lists(notices(), max_size=2))),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(states(), max_size=12, unique_by=lambda state: state.station.id))
def test_any_stations_come_out_as_they_went_in(page: Page, some: list[StationState]) -> None:
    assert_equal(decoded(page, answer_of(some, NOON_MS)), listed_of(some))


def test_a_name_is_only_ever_text(page: Page) -> None:
    some = [open_state(station(n, name=name)) for n, name in enumerate(HOSTILE, 1)]
    rows = decoded(page, answer_of(some, NOON_MS))
    assert [row["name"]["zh"] for row in rows] == list(HOSTILE)
    expect(page).not_to_have_title("hacked")
