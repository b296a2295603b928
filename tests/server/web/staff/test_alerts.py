"""The list of alerts, over a real desk, ledger, engine and store."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.alerts.model import Alert, Subject
from server.model import Station
from tests.support.alarms import (
    HOUR,
    MIN,
    alarmed,
    alert,
)
from tests.support.console import Console, browsing
from tests.support.shift_alerts import ALL, ELSEWHERE, HOT, OF_SERVER, OTHER_TOWN, act, now, page


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with alarmed(tmp_path, *ALL) as made:
        yield made


def test_safety_is_first_and_every_alert_says_where_since_when_and_who_has_it(browse: Any) -> None:
    html = page(browse("ada"), "/staff/alerts")
    order = [html.index(text) for text in ("Smoke in a cabinet", "Station offline", "Too hot inside")]
    assert order == sorted(order)
    assert "33.2 °C, limit 30 °C at the alert</bdi> · no new reading" in html
    assert "nobody is on it" in html
    assert re.search(r"handled by <bdi>you</bdi>", html)
    assert "People may be hurt" in html


@pytest.mark.parametrize(
    ("name", "sees", "not_"),
    [
        ("ada", ("Jiajie", "文庙驿站", "镇口驿站"), ()),
        ("max", ("Jiajie", "文庙驿站"), ("镇口驿站",)),
        ("tian", ("Jiajie",), ("文庙驿站", "镇口驿站")),
        ("vi", ("Jiajie", "文庙驿站", "镇口驿站"), ()),
    ],
)
def test_everybody_sees_what_is_theirs(
    browse: Any, name: str, sees: tuple[str, ...], not_: tuple[str, ...]
) -> None:
    for path in ("/staff/alerts", "/staff/alerts?show=past", "/staff/silences"):
        html = page(browse(name), path)
        assert not [each for each in not_ if each in html], path
    html = page(browse(name), "/staff/alerts")
    assert [each for each in sees if each not in html] == []


def test_what_is_over_is_told_for_some_days(browse: Any) -> None:
    html = page(browse("ada"), "/staff/alerts?show=past")
    assert "Raspberry Pi too hot" in html
    assert "Cabinet without mains" in html
    assert "马经理" in html, "who closed it"
    assert "Too hot inside" not in html


def test_a_viewer_is_offered_nothing(browse: Any) -> None:
    assert 'name="do"' not in page(browse("vi"), "/staff/alerts")
    html = page(browse("vi"), f"/staff/alerts/{HOT.id}")
    assert 'name="do"' not in html
    assert f"{HOT.id}/silence" not in html


def test_the_list_goes_back_to_where_it_was(browse: Any, made: Console) -> None:
    answer = act(browse("ada"), HOT, "take", back="/staff/alerts?severity=warning&place=city")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/alerts?severity=warning&place=city&said=taken"
    assert (now(made, HOT).state, now(made, HOT).by) == ("in_progress", "ada")


@pytest.mark.parametrize(
    "back", ["https://evil.example/staff/alerts", "//evil.example", "/staff/people", "x" * 500]
)
def test_back_leads_nowhere_else(browse: Any, back: str) -> None:
    answer = act(browse("ada"), HOT, "take", back=back)
    assert answer.headers["location"].startswith("/staff/alerts")


def test_a_city_offline_is_a_short_page(tmp_path: Path) -> None:
    stations = [Station(f"city-1{n:04}", "city", f"站{n}", region=(f"区{n // 260}",)) for n in range(2_080)]
    alerts = [
        alert("station_offline", Subject("station", each.id), values={"minutes": 5}, ago=5 * MIN + n)
        for n, each in enumerate(stations)
    ]
    with alarmed(tmp_path, *alerts, stations=stations) as made, browsing(made) as browse:
        html = page(browse("ada"), "/staff/alerts")
        assert html.count("× 260") == 8
        assert len(html) < 60_000
        html = page(browse("ada"), "/staff/alerts?place=city/%E5%8C%BA3&kind=station_offline&page=7")
        assert "Page 7 of 7" in html
        assert html.count('class="line"') == 20


def test_a_district_that_is_down_stands_for_its_stations(tmp_path: Path) -> None:
    stations = [
        Station(f"city-1{n:03}", "city", f"站{n}", region=("迎泽区",), instrumented=True) for n in range(30)
    ]
    down = alert(
        "district_offline", Subject("network", "city", "迎泽区"), values={"offline": 30, "stations": 31}
    )
    out = [alert("station_offline", Subject("station", each.id), values={"minutes": 9}) for each in stations]
    with alarmed(tmp_path, down, *out, stations=stations) as made, browsing(made) as browse:
        html = page(browse("max"), "/staff/alerts")
        assert html.count('class="line"') == 1
        assert "30 more because of it" in html
        html = page(browse("max"), f"/staff/alerts?under={down.id}")
        assert html.count('class="line"') == 30
        assert "All because of: stations of a district offline, 迎泽区." in html
        html = page(browse("max"), f"/staff/alerts/{out[0].id}")
        assert "because of “stations of a district offline”, not told on its own" in html
        assert f"/staff/alerts/{down.id}" in html


@pytest.mark.parametrize("of", [ELSEWHERE, OTHER_TOWN, OF_SERVER], ids=lambda of: of.kind)
def test_what_stands_for_others_elsewhere_is_not_named(tmp_path: Path, of: Alert) -> None:
    with alarmed(tmp_path, HOT, of) as made, browsing(made) as browse:
        path = f"/staff/alerts?under={of.id}"
        assert "All because of" in page(browse("ada"), path)
        assert "All because of" not in page(browse("tian"), path)


def test_all_that_is_wrong_at_a_station_is_one_card_with_a_line_for_each(tmp_path: Path) -> None:
    faults = [
        alert("socket_fault", Subject("station", "city-0002", f"s{n}"), ago=HOUR + n) for n in range(18)
    ]
    lost = alert("mains_lost", Subject("station", "city-0002", "c1"), "in_progress", by="max")
    smoke = alert("cabinet_smoke", Subject("station", "city-0002", "c1"))
    with alarmed(tmp_path, smoke, lost, *faults) as made, browsing(made) as browse:
        html = page(browse("ada"), "/staff/alerts")
        card = html[html.index('id="of-city-0002"') : html.index("</section>", html.index('id="of-'))]
        assert html.index(f'id="a{smoke.id}"') < html.index('id="of-city-0002"'), "safety has its own, above"
        assert (card.count("<bdi>文庙驿站</bdi>"), card.count("19 alerts")) == (1, 1)
        assert "nobody is on 18 of them" in card
        assert card.index(lost.id) < card.index("<details"), "the worst stands there at once"
        assert "马经理" in card
        assert "16 more here" in card
        assert [each.id for each in (lost, *faults) if f"/staff/alerts/{each.id}" not in card] == []
        assert 'href="/staff/stations/city-0002"' in card
        html = page(browse("ada"), "/staff/alerts?station=city-0002")
        assert html.count('<li class="line"') == 20, "asked for by name each has its buttons"


def test_a_station_with_very_many_leads_to_all_of_them(tmp_path: Path) -> None:
    faults = [alert("socket_fault", Subject("station", "city-0002", f"s{n}")) for n in range(30)]
    with alarmed(tmp_path, *faults) as made, browsing(made) as browse:
        html = page(browse("ada"), "/staff/alerts?show=&severity=warning")
        assert '<a class="button quiet" href="/staff/alerts?station=city-0002">All 30</a>' in html
        assert html.count('class="item"') == 20
