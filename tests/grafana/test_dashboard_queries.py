"""Every query of every dashboard, as Grafana would send it, to a real InfluxDB with simulated data.

Asked of Debian's 1.6.7, and of a server of your own by ``make influx``.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.influx import points
from server.occupancy import Occupancy
from tests.support.grafana import Asked, Page, as_series, as_table, asked, boards
from tests.support.grafana_city import FULL, HOUR, LIUYANG, MIDNIGHT, NOW, OTHER, SILENT, WELL, City, at
from tests.support.grafana_expected import BEGINNINGS, EXPECTED
from tests.support.influx_targets import NAMES, TARGETS, Target, target, writing

QUERIES = [each for name, board in boards().items() for each in asked(name, board)]
CHOSEN = {"network": ["liuyang"], "part": ["-"], "station": [WELL.id]}
PAGES = {name: Page(CHOSEN, begin, NOW) for name, begin in BEGINNINGS.items()}


@pytest.fixture(scope="module", params=TARGETS if all(map(os.environ.get, NAMES)) else TARGETS[:1])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """With the simulated city in it."""
    city = City(tmp_path_factory.mktemp("city"))
    city.simulate()
    with target(request.param, request) as server:
        fill(server, city)
        yield server


def fill(server: Target, city: City) -> None:
    """As the forwarder does."""
    with writing(server) as write:
        for begin in range(0, len(city.lines), 5_000):
            write("\n".join(city.lines[begin : begin + 5_000]))


def answer(server: Target, each: Asked, page: Page) -> Any:
    """What the panel gets to show."""
    rows = server.rows(page.sent(each.query))
    return as_series(rows, each.alias) if each.form == "time_series" else as_table(rows)


def query(board: str, title: str, ref: str = "A") -> Asked:
    """One of them."""
    return next(each for each in QUERIES if (each.board, each.title, each.ref) == (board, title, ref))


@pytest.mark.parametrize("each", QUERIES, ids=lambda each: f"{each.board}-{each.title}-{each.ref}")
def test_it_returns_what_the_simulation_put_in(server: Target, each: Asked) -> None:
    found = answer(server, each, PAGES[each.board])
    expected = EXPECTED[each.board, each.title, each.ref]
    if isinstance(expected, list):
        assert found == [pytest.approx(row) for row in as_table(expected)]
        return
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        if isinstance(values, dict):
            assert found[name] == pytest.approx(values)
        else:
            assert set(found[name].values()) == {values}


def test_each_query_has_an_expectation_and_each_expectation_a_query() -> None:
    assert sorted(EXPECTED) == sorted((each.board, each.title, each.ref) for each in QUERIES)


def test_the_wall_tells_when_its_newest_numbers_were_made(server: Target) -> None:
    page = PAGES["wall"]
    rows = server.rows(page.sent(query("wall", "数据时间").query))
    assert [row["time"] for row in rows] == [NOW]


def test_a_station_tells_when_it_was_last_heard_of(server: Target) -> None:
    page = replace(PAGES["station"], values=CHOSEN | {"station": [SILENT.id]})
    rows = server.rows(page.sent(query("station", "最近一次数据").query))
    assert [row["time"] for row in rows] == [SILENT.times()[-1]]


NUMBERS = {"开放", "很挤", "太热", "今日到访", "满电电池", "离线", "人身安全、严重告警、一般告警"}
NEVER_OLD = {"network", "part", "驿站网络", "数据时间", "数据新旧"}
"""What the wall still answers when the data is old: whose it is, from when, and that it is old."""


@pytest.mark.parametrize("since", [NOW + 55 * 60_000, MIDNIGHT], ids=["as it is", "with a beginning"])
@pytest.mark.parametrize(
    "each", [each for each in QUERIES if each.board == "wall"], ids=lambda each: each.title
)
def test_an_hour_without_data_leaves_no_number_on_the_wall(server: Target, each: Asked, since: int) -> None:
    later = Page(CHOSEN, since, NOW + HOUR)
    found = answer(server, each, later)
    if each.title == "数据新旧":
        assert found == [{"minutes": 0}]
    elif each.title in NUMBERS:
        assert {value for row in found for value in row.values()} == {-1}
    elif each.ref == "E" or (each.title, each.ref) == ("要处理的驿站", "D"):
        assert {row["station"] for row in found} == {life.id for life in LIUYANG}
        assert {row.get("n", row.get("code")) for row in found} == {0}
    else:
        assert bool(found) is (each.title in NEVER_OLD)


@pytest.mark.parametrize(
    "each", [each for each in QUERIES if each.board == "fleet"], ids=lambda each: each.title
)
def test_several_networks_are_put_together(server: Target, each: Asked) -> None:
    both = replace(PAGES["fleet"], values={"network": ["liuyang", "chengdu"]})
    found, one = answer(server, each, both), EXPECTED[each.board, each.title, each.ref]
    if each.title == "实时":
        assert found == [{"devices": one[0]["devices"] + 1}]
    if each.title == "设备一览":
        assert {row["station"] for row in found} == {row["station"] for row in one} | {OTHER.id}


def test_the_map_shows_networks_inside_that_the_address_names(server: Target) -> None:
    page = replace(PAGES["wall"], values=CHOSEN | {"part": ["chengdu", "elsewhere"]})
    hot = answer(server, query("wall", "驿站地图", "D"), page)
    assert {row["station"] for row in hot} == {"jili-hot", OTHER.id}


@pytest.mark.parametrize(
    "name", [".*", "liu", "yang", "liuyang|chengdu", "x$/ OR time > 0 OR network =~ /", "(?i)LIUYANG"]
)
def test_an_address_cannot_say_more_than_names(server: Target, name: str) -> None:
    page = replace(PAGES["wall"], values=CHOSEN | {"network": [name]})
    assert answer(server, query("wall", "驿站网络"), page) == []


def test_visits_of_any_range_are_exact(server: Target) -> None:
    """Each beginning and end, also within the silence of a station and before its first snapshot."""
    for first, last in [(-6, 15), (-6, 0), (0, 2), (1, 8), (8, 9), (9, 15), (14, 15)]:
        page = replace(PAGES["network"], from_ms=at(first), to_ms=at(last))
        found = answer(server, query("network", "各区到访人次"), page)
        told = {name: series[0] for name, series in found.items()}
        expected = {life.district: 0 for life in LIUYANG if life.times()[0] <= at(last)}
        for life in LIUYANG:
            expected[life.district] += life.visits(max(at(first), life.times()[0] + 1), at(last))
        assert told == expected, (first, last)


def test_a_station_that_was_away_for_weeks_adds_nothing_of_then(request: pytest.FixtureRequest) -> None:
    """Who knows on which day the 500 came; what it says from today's first snapshot on is today's."""
    where = points.where("liuyang", "集里", "jili-away")
    totals = [(NOW - 20 * 24 * HOUR, 100), (at(8), 600), (at(9), 602), (at(9, 30), 605)]
    with target(TARGETS[0], request) as server, writing(server) as write:
        for time, visits in totals:
            people = Occupancy(time, (("d1", visits, visits),), visits=visits, exits=visits)
            write(points.occupancy(where, people, 5, time))
        found = answer(server, query("network", "各区到访人次"), PAGES["network"])
        assert found == {"集里": {0: 5}}
        hours = answer(server, query("network", "每小时到访人次"), PAGES["network"])["集里"]
        assert {hour: visits for hour, visits in hours.items() if visits} == {at(9): 5}


def test_late_visits_count_where_they_belong(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What came late is written over what was there, from its time on."""
    late = replace(FULL, came=(*FULL.came, at(-1, 5), at(9, 31)), went=(at(-1, 9), at(9, 41)))
    with target(TARGETS[0], request) as server:
        for number, life in enumerate((FULL, late)):
            folder = tmp_path / str(number)
            folder.mkdir()
            city = City(folder, (life,))
            city.simulate()
            fill(server, city)
            found = answer(server, query("network", "各区到访人次"), PAGES["network"])
            assert found[life.district][0] == life.visits(MIDNIGHT, NOW) == 4 + number
            hours = answer(server, query("network", "每小时到访人次"), PAGES["network"])[life.district]
            assert (hours[at(-1)], hours[at(9)]) == (number, number)
