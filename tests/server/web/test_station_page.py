"""The page of a station as it comes from the server: everything stands in it without scripts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest

from server.forecasts.pattern import Forecast, Quarter
from server.model import Network, Standard
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import Access, Comfort, Crowding
from server.web import build
from server.web.build import build_web
from tests.support.asgi import Client, asking
from tests.support.web import (
    HOUR_MS,
    LIUYANG,
    NOON_MS,
    TAIYUAN,
    XIAODIAN,
    TableLive,
    TableStore,
    open_state,
    static_state,
    station,
)

EIGHT = Standard("八可", ("热可纳凉", "急可如厕", "渴可饮水", "餐可优惠"))
TEN = Standard("十有", ("空调", "无线网"))
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}\u202e\u0000" + "长" * 500


class Told:
    """Forecasts by hand: the same for every station."""

    def __init__(self) -> None:
        self.forecast: Forecast | None = None

    def day(self, _station_id: str, _now_ms: int) -> Forecast | None:
        return self.forecast

    def words(self, _station_id: str, _now_ms: int) -> str | None:
        return None


@pytest.fixture
def live() -> TableLive:
    table = TableLive((replace(TAIYUAN, standards=(TEN, EIGHT)), XIAODIAN, LIUYANG))
    table.put(open_state(), static_state())
    return table


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def mono_ms() -> Iterator[int]:
    """Every question comes a minute after the one before it."""
    return count(0, 60_000)


@pytest.fixture
def client(
    live: TableLive, told: Told, mono_ms: Iterator[int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.setattr(build, "_mono_ms", lambda: next(mono_ms))
    site = build_web(live, TableStore(), Settings(), Pipeline(), forecasts=told, now_ms=lambda: NOON_MS)
    with asking(site) as client:
        yield client


def words(html: str) -> str:
    """What stands on the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S))


def section(html: str, heading: str) -> str:
    """The words of the section with this id."""
    found = re.search(rf'<section[^>]*aria-labelledby="{heading}".*?</section>', html, re.S)
    return words(found[0]).strip() if found else ""


def test_what_a_rider_needs_first_comes_first(client: Client, live: TableLive) -> None:
    live.put(replace(open_state(), freshness="stale"), open_state(station(3)))
    page = client.ask("/s/taiyuan-0001").text
    order = [
        *('class="facts whole"', 'id="sockets"', 'id="cabinet-1"', 'id="way"', 'id="forecast"', 'id="hours"'),
        *('id="amenities"', 'id="standard-1"', 'id="standard-2"', 'id="around"', 'id="about"'),
    ]
    places = [page.index(each) for each in order]
    assert places == sorted(places)


def test_each_socket_and_slot_is_told_with_its_time(client: Client) -> None:
    page = client.ask("/s/taiyuan-0001").text
    assert section(page, "sockets").startswith(
        "充电插座 1 插座 空着 12:20 起 2 USB 空着 12:20 起 3 插座 充电中"
    )
    assert section(page, "cabinet-1").startswith(
        "换电柜 A 60 V 满电 1 · 可还空仓 1 · 故障 1 1 满电 2 充电中 3 空仓"
    )


def test_the_week_is_told_and_today_is_marked(client: Client) -> None:
    page = client.ask("/s/taiyuan-0001").text
    said = section(page, "hours")
    assert said.startswith(
        "开放时间 今天 6:00–22:00 今天 22:00 关门 看这一周 今天 7月1日 6:00–22:00 周四 7月2日"
    )
    assert "周六 7月4日 8:00–20:00" in said
    assert page.count('aria-current="date"') == 1


@pytest.mark.parametrize(
    ("hours", "said", "why"),
    [
        ("24/7", "开放时间 全天开放，不关门", "nothing to unfold"),
        ("", "开放时间 没有公布开放时间", "not published"),
        ("by appointment only!!", "开放时间 by appointment only!!", "not understood, so as it is written"),
    ],
)
def test_hours_that_are_no_week(client: Client, live: TableLive, hours: str, said: str, why: str) -> None:
    live.put(open_state(replace(station(), hours=hours)))
    assert section(client.ask("/s/taiyuan-0001").text, "hours") == said, why


def test_unconfirmed_holiday_hours_are_said(client: Client, live: TableLive) -> None:
    state = open_state()
    live.put(replace(state, access=replace(state.access, hours_unconfirmed=True)))
    assert "节假日时间未确认" in section(client.ask("/s/taiyuan-0001").text, "hours")


def test_the_ways_open_maps_and_tell_them_nothing_of_the_rider(client: Client) -> None:
    page = client.ask("/s/taiyuan-0001").text
    links = re.findall(r'<a href="([^"]+)" rel="([^"]+)">(高德|腾讯|百度|手机)地图</a>', page)
    assert [(name, rel) for _, rel, name in links] == [
        (name, "noopener noreferrer") for name in ("高德", "腾讯", "百度", "手机")
    ]
    assert links[3][0].startswith("geo:37.801000,112.501000?q=")


def test_a_place_without_coordinates_names_its_region(client: Client, live: TableLive) -> None:
    nowhere = replace(station(), lat=None, lon=None)
    live.put(open_state(nowhere))
    page = client.ask("/s/taiyuan-0001").text
    assert section(page, "way") == "怎么去 没有登记位置，只知道在迎泽区 · 文庙街道。"
    assert "geo:" not in page
    live.put(open_state(replace(nowhere, region=())))
    assert section(client.ask("/s/taiyuan-0001").text, "way") == "怎么去 没有登记位置。"


def test_the_standard_is_told_item_by_item(client: Client, live: TableLive) -> None:
    page = client.ask("/s/taiyuan-0001").text
    assert section(page, "standard-1") == "标准 十有 2 项里有 1 项 空调 有 无线网 没有"
    assert section(page, "standard-2") == (
        "标准 八可 4 项里有 3 项 热可纳凉 现在可以 急可如厕 现在可以 渴可饮水 有 餐可优惠 未登记 "
        "标准以外还有 微波炉、药箱、雨伞"
    )
    english = client.ask("/s/taiyuan-0001?lang=en").text
    assert "the ten (十有) 1 of 2 air conditioning there Wi-Fi missing" in section(english, "standard-1")
    assert "a toilet at need works now" in section(english, "standard-2")
    state = open_state()
    live.put(replace(state, comfort=Comfort("hot", 31.0, 50, NOON_MS), access=Access("open", "timetable")))
    assert "热可纳凉 现在不行" in section(client.ask("/s/taiyuan-0001").text, "standard-2")


def test_a_network_without_a_standard_shows_none(client: Client, live: TableLive) -> None:
    live.put(open_state(station(1, "liuyang")))
    assert "标准" not in words(client.ask("/s/liuyang-0001").text)


def test_the_forecast_is_drawn_and_said(client: Client, told: Told) -> None:
    midnight = NOON_MS - 13 * HOUR_MS - 20 * 60_000
    quarters = tuple(
        Quarter(midnight + quarter * HOUR_MS // 4, 9 if 56 <= quarter < 60 else 2, 4, 13,
                "busy" if 56 <= quarter < 60 else "quiet", 5)
        for quarter in range(96)
    )  # fmt: skip
    told.forecast = Forecast(date(2026, 7, 1), "workday", "workday", 5, 16, quarters)
    page = client.ask("/s/taiyuan-0001").text
    said = section(page, "forecast")
    assert said.startswith(
        "今天会有多挤 预计 14:00–15:00 有点挤 半小时后：不挤 6 9 12 现在 15 18 21 依据最近 5 周"
    )
    assert "13:00 现在 不挤 14:00 有点挤，约 55% 的座位有人（25%–85%）" in said, (
        "the table for those who listen"
    )
    assert page.count('class="column ') == 32
    assert page.count('class="band"') == 2, "fewer than three people have no band"
    assert "style=" not in page, "the content policy forbids it"


def test_a_silent_forecast_says_why_and_a_station_without_a_device_has_none(
    client: Client, told: Told
) -> None:
    assert section(client.ask("/s/taiyuan-0001").text, "forecast") == "今天会有多挤 正在准备，过一会儿再看。"
    told.forecast = Forecast(date(2026, 7, 1), "workday", "workday", 2, 16, (), "too_few_weeks")
    assert "要三周才能预计，现在有 2 周" in section(client.ask("/s/taiyuan-0001").text, "forecast")
    assert section(client.ask("/s/taiyuan-0002").text, "forecast") == ""


def test_a_station_without_a_device_is_honest(client: Client) -> None:
    page = client.ask("/s/taiyuan-0002").text
    said = words(page)
    assert "这个驿站没有装设备，只有开放时间和设施。" in said
    assert "没有实时数据" in said
    for heading in ("way", "hours", "amenities", "standard-1", "about"):
        assert section(page, heading), heading
    assert section(page, "sockets") == ""
    assert "离线" not in said
    assert "已关门" not in said


def test_a_problem_can_be_reported_in_the_same_language(client: Client) -> None:
    assert 'href="/s/taiyuan-0001/report"' in client.ask("/s/taiyuan-0001").text
    assert 'href="/s/taiyuan-0001/report?lang=en"' in client.ask("/s/taiyuan-0001?lang=en").text


FULL = Crowding("full", 16, 16, False, NOON_MS, "places")


@pytest.mark.parametrize(
    ("change", "title", "why"),
    [
        (
            {"comfort": Comfort("unknown", reason="no_sensor")},
            "附近还有",
            "no word against this one: at the end",
        ),
        ({"crowding": FULL}, "这里满了，附近还有", "full"),
        ({"access": Access("closed", "timetable")}, "这里没开，附近还有", "closed"),
        ({"access": Access("locked", "contact")}, "这里没开，附近还有", "locked"),
        ({"comfort": Comfort("hot", 31.0, 50, NOON_MS)}, "这里热，附近还有", "hot"),
        ({"comfort": Comfort("cold", 9.0, 50, NOON_MS)}, "这里冷，附近还有", "cold"),
        ({"crowding": FULL, "freshness": "stale"}, "附近还有", "full some time ago"),
    ],
)
def test_what_is_nearby_comes_early_when_it_is_needed(
    client: Client, live: TableLive, change: dict[str, Any], title: str, why: str
) -> None:
    live.put(replace(open_state(), **change), open_state(station(3)))
    page = client.ask("/s/taiyuan-0001").text
    assert section(page, "around").startswith(f"{title} 嘉节社区暖心驿站 骑车"), why
    assert (page.index('id="around"') < page.index('id="way"')) == title.startswith("这里"), why
    assert 'href="/s/taiyuan-0003"' in page


def test_where_all_is_well_nothing_else_is_offered(client: Client, live: TableLive) -> None:
    live.put(open_state(station(3)))
    assert section(client.ask("/s/taiyuan-0001").text, "around") == ""


def test_a_place_without_coordinates_has_nothing_nearby(client: Client, live: TableLive) -> None:
    live.put(
        replace(open_state(replace(station(), lat=None, lon=None)), crowding=FULL), open_state(station(3))
    )
    assert section(client.ask("/s/taiyuan-0001").text, "around") == ""


def test_a_hostile_name_is_text_everywhere(client: Client, live: TableLive) -> None:
    where = replace(
        station(name=HOSTILE), aliases=(HOSTILE,), region=(HOSTILE, HOSTILE), host_kind=HOSTILE,
        amenities=(HOSTILE,), hours=HOSTILE, name_en=HOSTILE,
    )  # fmt: skip
    live.put(open_state(where), static_state(replace(station(2, name=HOSTILE), name_en=HOSTILE)))
    for url in ("/s/taiyuan-0001", "/s/taiyuan-0001?lang=en", "/s/taiyuan-0002"):
        page = client.ask(url).text
        assert "<script>alert" not in page, url
        assert "49" not in section(page, "way"), "no template in a name is filled in"


def test_a_hostile_standard_is_text(client: Client) -> None:
    hostile = Network("hostile", "恶", "Evil", standards=(Standard(HOSTILE, (HOSTILE, "title", "")),))
    table = TableLive((hostile,))
    table.put(open_state(station(1, "hostile")))
    with asking(build_web(table, TableStore(), Settings(), Pipeline())) as other:
        page = other.ask("/s/hostile-0001").text
    assert "<script>alert" not in page
    assert "未登记" in section(page, "standard-1")
    assert client.ask("/s/taiyuan-0001").status_code == 200


def test_an_unknown_station_offers_the_list(client: Client) -> None:
    answer = client.ask("/s/nobody")
    assert answer.status_code == 404
    assert 'href="/n/taiyuan"' in answer.text


@pytest.mark.parametrize(
    ("north_deg", "far", "why"),
    [
        (0.00004, "骑车 1 分钟 · 10 米", "never nothing"),
        (0.0056, "骑车 3 分钟 · 620 米", "tens of metres"),
        (0.0158, "骑车 8 分钟 · 1.8 公里", "tenths of a kilometre"),
        (0.0270, "骑车 13 分钟 · 3 公里", "no needless decimal"),
    ],
)
def test_how_far_it_is_to_the_next(
    client: Client, live: TableLive, north_deg: float, far: str, why: str
) -> None:
    here, there = station(), station(3)
    live.put(
        replace(open_state(here), crowding=FULL),
        open_state(replace(there, lat=37.801 + north_deg, lon=here.lon)),
    )
    assert far in section(client.ask("/s/taiyuan-0001").text, "around"), why


class TestInACrowd:
    @pytest.fixture
    def mono_ms(self) -> Iterator[int]:
        """Every question comes 100 ms after the one before it."""
        return count(0, 100)

    def test_what_is_nearby_is_looked_for_each_ten_seconds(self, client: Client, live: TableLive) -> None:
        live.put(replace(open_state(), crowding=FULL))
        first = client.ask("/s/taiyuan-0001").text
        live.put(open_state(station(3)))
        pages = [client.ask("/s/taiyuan-0001").text for _ in range(101)]
        assert pages[0] == first
        assert "嘉节社区暖心驿站 骑车" in section(pages[-1], "around")

    def test_what_changes_here_is_told_at_once_in_each_language(
        self, client: Client, live: TableLive
    ) -> None:
        before = client.ask("/s/taiyuan-0001").text
        live.put(replace(open_state(), crowding=FULL))
        assert "满了" in words(client.ask("/s/taiyuan-0001").text)
        assert "满了" not in words(before)
        assert "Full" in words(client.ask("/s/taiyuan-0001?lang=en").text)
