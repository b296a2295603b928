"""Notices in the live state: from when riders see them, until when, and what changes with them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.board import Posting
from server.live import Live
from server.model import Network, Station
from server.state import Notice, StationState
from server.store.sqlite import Store
from server.web.text import Text
from server.web.week import week

MIN = 60_000
HOUR = 60 * MIN
DAY = 24 * HOUR
NOW = 1_799_971_200_000
"""8:00 in Shanghai, Friday 15 January 2027."""
NETWORKS = {"city": Network("city", "城", "City"), "town": Network("town", "镇", "Town")}
STATIONS = {
    "one": Station("one", "city", "一", region=("东区",), hours="06:00-22:00"),
    "two": Station("two", "city", "二", region=("西区",), hours="06:00-22:00"),
    "far": Station("far", "town", "远"),
}
WORKS = Posting(
    1, "city", "东区", "", "closed", NOW + HOUR, NOW + 3 * HOUR, "检修", "Works",
    works=True, by="max", made_ms=NOW,
)  # fmt: skip
NOTICE = Notice("closed", NOW + HOUR, NOW + 3 * HOUR, "1", "检修", "Works", works=True)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    store = Store.open(tmp_path / "readings.db")
    made = Live(store)
    made.refresh_registry(NETWORKS, STATIONS, NOW)
    made.show(NOW)
    yield made
    store.close()


def state(live: Live, station_id: str = "one") -> StationState:
    found = live.state(station_id)
    assert found is not None
    return found


def test_it_is_seen_at_the_next_look_where_it_holds_and_nowhere_else(live: Live) -> None:
    told: list[int] = []
    live.listen(lambda: told.append(live.network_version("city")))
    before = {id_: state(live, id_) for id_ in STATIONS}
    town = live.network_version("town")
    live.set_notices([WORKS])
    live.show(NOW)
    assert len(told) == 1, "the stream's readers are told"
    assert state(live).notices == (NOTICE,)
    assert (state(live, "two"), state(live, "far")) == (before["two"], before["far"])
    assert live.network_version("town") == town
    live.set_notices([WORKS])
    live.show(NOW)
    assert len(told) == 1, "the same again is no news"
    live.set_notices([])
    live.show(NOW)
    assert state(live).notices == ()
    assert len(told) == 2


def test_the_clock_begins_and_ends_it(live: Live) -> None:
    live.set_notices([WORKS])
    words = []
    for after in (0, 30 * MIN - 1, 30 * MIN, HOUR, 3 * HOUR - 1, 3 * HOUR):
        live.recompute(NOW + after)
        access = state(live).access
        words.append((access.value, access.evidence, access.changes_at_ms, access.then))
    begins, ends, night = NOW + HOUR, NOW + 3 * HOUR, NOW + 14 * HOUR
    assert words == [
        ("open", "timetable", begins, "closed"),
        ("open", "timetable", begins, "closed"),
        ("closing_soon", "timetable", begins, "closed"),
        ("closed", "notice", ends, "open"),
        ("closed", "notice", ends, "open"),
        ("open", "timetable", night, None),
    ]
    assert state(live).notices == (), "over, though nobody took it down"


def test_it_is_told_a_week_ahead(live: Live) -> None:
    far = NOW + 10 * DAY
    live.set_notices([replace(WORKS, from_ms=far, until_ms=far + HOUR)])
    live.recompute(NOW)
    assert state(live).notices == ()
    live.recompute(far - 7 * DAY + MIN)
    assert [notice.at_ms for notice in state(live).notices] == [far]


def test_a_registry_read_anew_keeps_them(live: Live) -> None:
    live.set_notices([WORKS])
    live.refresh_registry(NETWORKS, {"one": STATIONS["one"]}, NOW)
    live.show(NOW)
    assert state(live).notices == (NOTICE,)


@pytest.mark.parametrize(
    ("notice", "language", "expected", "why"),
    [
        (NOTICE, "zh", [("9:00–11:00 暂停开放",), ()], "part of a day"),
        (NOTICE, "en", [("9:00–11:00: Closed",), ()], "in English"),
        (
            Notice("locked", NOW, NOW + 40 * HOUR),
            "zh",
            [("8:00–24:00 门锁着，进不去",), ("全天 门锁着，进不去",)],
            "over two nights",
        ),
        (Notice("open", NOW + 14 * HOUR, None), "zh", [("22:00–24:00 开放",), ("全天 开放",)], "without end"),
        (Notice("", NOW, NOW + HOUR, zh="停水"), "zh", [(), ()], "words change no hours"),
        (Notice("closed", NOW + 16 * HOUR, NOW + 17 * HOUR), "zh", [(), ("0:00–1:00 暂停开放",)], "tomorrow"),
    ],
)
def test_the_week_says_when(
    live: Live, notice: Notice, language: str, expected: list[tuple[str, ...]], why: str
) -> None:
    timetable = live.registered()["one"].timetable
    text = Text("en" if language == "en" else "zh", NOW)
    rows = week(timetable, "Asia/Shanghai", NOW, text, (notice,)).rows
    assert [row.notices for row in rows[:2]] == expected, why


def test_what_never_closes_shows_its_week_when_something_is_planned(live: Live) -> None:
    live.refresh_registry(NETWORKS, {"one": Station("one", "city", "一", hours="24/7")}, NOW)
    timetable, text = live.registered()["one"].timetable, Text("zh", NOW)
    assert week(timetable, "Asia/Shanghai", NOW, text).rows == ()
    assert week(timetable, "Asia/Shanghai", NOW, text, (NOTICE,)).rows[0].notices == ("9:00–11:00 暂停开放",)
