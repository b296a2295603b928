"""The door screen as HTML: what it says, and today's visits, in threes."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access, Comfort, Crowding
from server.store import Bucket
from server.web.build import build_web
from server.web.door import visits_today
from tests.support.asgi import Client, asking
from tests.support.web import HOUR_MS, NOON_MS, TableLive, TableStore, open_state, static_state, station

QUARTER_MS = 900_000
MIDNIGHT_MS = NOON_MS - 13 * HOUR_MS - 20 * 60_000
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(open_state())
    return table


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    an_hour_ago_ms = time.time_ns() // 1_000_000 - HOUR_MS
    store = TableStore([Bucket(an_hour_ago_ms, 7, 7.0, 1, 1, 1)])
    with asking(build_web(live, store, Settings(), Pipeline())) as client:
        yield client


def words(html: str) -> str:
    """What stands on the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S))


def quarter(number: int, visits: int) -> Bucket:
    """Visits of the quarter of that number since midnight."""
    return Bucket(MIDNIGHT_MS + number * QUARTER_MS, visits, float(visits), 1, 1, 1)


@pytest.mark.parametrize(
    ("before", "quarters", "told", "why"),
    [
        (0, [], 0, "nobody has come"),
        (0, [quarter(30, 2)], 0, "two are not told"),
        (1, [quarter(30, 2)], 3, "the third since the beginning has come today"),
        (0, [quarter(30, 2), quarter(31, 5)], 6, "seven are told as six"),
        (0, [quarter(30, 3), quarter(53, 30)], 3, "the quarter that is not over does not count yet"),
    ],
)
def test_visits_of_today_are_told_in_threes(before: int, quarters: list[Bucket], told: int, why: str) -> None:
    store = TableStore(quarters)
    store.before = before
    assert visits_today(store, "taiyuan-0001", ZONE, NOON_MS) == told, why
    assert store.asked == [("taiyuan-0001", "visits", MIDNIGHT_MS, MIDNIGHT_MS + 24 * HOUR_MS, QUARTER_MS)]


def test_the_screen_tells_the_room_the_day_and_where_to_go(live: TableLive, client: Client) -> None:
    now_ms = time.time_ns() // 1_000_000
    full = Crowding("full", 17, 16, False, now_ms, "places")
    live.put(replace(open_state(at_ms=now_ms), crowding=full))
    live.put(open_state(station(2, name="迎泽驿站"), now_ms))
    html = client.ask("/door/taiyuan-0001").text
    said = words(html)
    for text in (
        "满了",
        "凉快",
        "26.5 °C",
        "空插座 2/8",
        "满电电池 1 块",
        "今天 约 6 人次",
        "这里满了，附近还有 迎泽驿站",
    ):
        assert text in said
    assert "17" not in re.sub(r"\d+:\d+", "", said), "how many people are inside is nobody's business"
    assert '<noscript><meta http-equiv="refresh"' in html


def test_a_neighbour_that_may_be_shut_says_so(live: TableLive, client: Client) -> None:
    now_ms = time.time_ns() // 1_000_000
    hot = Comfort("hot", 33, 70, now_ms)
    live.put(replace(open_state(at_ms=now_ms), comfort=hot))
    live.put(open_state(station(2, name="开着的"), now_ms))
    unknown = replace(open_state(station(3, name="不知道的"), now_ms), access=Access("unknown", "none"))
    live.put(unknown, replace(static_state(station(4, name="没消息的")), access=Access("unknown", "none")))
    said = words(client.ask("/door/taiyuan-0001").text)
    assert re.search(
        r"附近还有 开着的 \d+ 米 拥挤 不挤 冷热 凉快 不知道的 \d+ 米 开门 不清楚 拥挤 不挤", said
    ), said


def test_a_station_without_a_device_tells_its_hours(live: TableLive, client: Client) -> None:
    live.put(static_state())
    said = words(client.ask("/door/taiyuan-0002").text)
    assert "没有实时数据" in said
    assert "今天开放" in said


def test_a_hostile_name_is_text_and_an_unknown_station_a_page_with_the_list(
    live: TableLive, client: Client
) -> None:
    live.put(open_state(station(3, name="<script>alert(1)</script>")))
    assert "<script>alert" not in client.ask("/door/taiyuan-0003").text
    missing = client.ask("/door/nowhere")
    assert missing.status_code == 404
    assert "太原市" in missing.text
