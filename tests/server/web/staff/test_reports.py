"""``/staff/reports``: riders' reports as work, each for those whose place it is."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.alerts.model import Alert, Subject
from server.reports.reports import Report
from tests.support.console import Browser, Console, console
from tests.support.staff import MINUTE_MS, NOW_MS

Browse = Callable[[str], Browser]
HOSTILE = "<script>alert(1)</script>\u202e=1+1"
ALERT = Alert(
    "a" * 16, "socket_fault", "warning", Subject("station", "city-0001", "s1"), "firing", NOW_MS - 900_000
)
ELSEWHERE = replace(ALERT, id="b" * 16, subject=Subject("station", "city-0002"))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        for number, (station, kind) in enumerate(
            [("city-0001", "socket"), ("city-0002", "closed"), ("town-0001", "other"), ("gone", "crowded")]
        ):
            opened.reports.add(station, kind, HOSTILE, NOW_MS - (9 - number) * MINUTE_MS)  # type: ignore[arg-type]
        opened.engine.put(ALERT, ELSEWHERE)
        yield opened


def listed(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'class="what" href="/staff/reports/(\d+)', page)]


def report(made: Console, number: int = 1) -> Report:
    found = made.reports.find(number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("user", "query", "ids", "why"),
    [
        ("vi", "", [1, 2, 3, 4], "everywhere, those of a station that is gone too; the oldest first"),
        ("max", "", [1, 2], "a city"),
        ("tian", "", [1], "a district"),
        ("vi", "?sort=newest", [4, 3, 2, 1], "the newest first"),
        ("vi", "?sort=place", [4, 1, 2, 3], "by place"),
        ("vi", "?network=town", [3], "a network"),
        ("vi", "?district=迎泽区", [2], "a district"),
        ("vi", "?kind=crowded", [4], "a kind"),
        ("vi", "?station=city-0002", [2], "a station"),
        ("tian", "?network=town", [], "nothing of others by asking for it"),
        ("vi", "?show=odd&sort=x&kind=y&page=z&network=nowhere", [1, 2, 3, 4], "odd words stand for all"),
    ],
)
def test_which_are_listed(browse: Browse, user: str, query: str, ids: list[int], why: str) -> None:
    page = browse(user).get("/staff/reports" + query)
    assert (page.status_code, listed(page.text)) == (200, ids), why
    assert "<script>alert" not in page.text


def test_whose_they_are(made: Console, browse: Browse) -> None:
    made.reports.work(1, "taken", "tian", NOW_MS)
    made.reports.work(2, "done", "max", NOW_MS)
    shown = {
        show: listed(browse("tian" if show == "mine" else "vi").get(f"/staff/reports?show={show}").text)
        for show in ("open", "free", "mine", "done")
    }
    assert shown == {"open": [1, 3, 4], "free": [3, 4], "mine": [1], "done": [2]}


def test_a_flood_comes_in_pages(made: Console, browse: Browse) -> None:
    for number in range(90):
        made.reports.add("city-0001", "other", f"{number}", NOW_MS)
    browser = browse("tian")
    pages = [listed(browser.get(f"/staff/reports?page={number}").text) for number in (1, 2, 3, 99)]
    assert [len(page) for page in pages] == [40, 40, 11, 11]
    assert len({each for page in pages for each in page}) == 91


def test_take_do_and_reopen(made: Console, browse: Browse) -> None:
    browser = browse("tian")
    for act, words, said in (
        ("take", "", "taken"), ("note", "下午去\r\n看看", "noted"), ("done", HOSTILE, "done"),
        ("reopen", "又坏了", "reopened"),
    ):  # fmt: skip
        answer = browser.post(f"/staff/reports/1/{act}", text=words, held_by=report(made).taken_by)
        assert answer.headers["location"] == f"/staff/reports/1?said=report.{said}", act
    lines = made.reports.lines(1)
    assert [(line.by, line.what) for line in lines] == [
        ("tian", what) for what in ("taken", "noted", "done", "reopened")
    ]
    assert [line.text for line in lines] == ["", "下午去\n看看", "<script>alert(1)</script>=1+1", "又坏了"]
    page = browser.get("/staff/reports/1").text
    assert page.count("田师傅") >= 4, "people are called by their names"
    assert "<script>alert" not in page
    assert report(made).done_ms is None


@pytest.mark.parametrize(
    ("user", "number", "status", "why"),
    [
        ("vi", "1", 403, "a viewer works on nothing"),
        ("tian", "2", 404, "another district"),
        ("max", "3", 404, "another network"),
        ("tian", "4", 404, "a station that is gone, for those who see everything"),
        ("ada", "77", 404, "no such report"),
        ("ada", "1e9", 404, "no number"),
        ("ada", "٣", 404, "no number of ours"),
        ("ada", "9" * 40, 404, "no number of a database"),
        ("", "1", 303, "not signed in"),
    ],
)
@pytest.mark.parametrize("act", ["take", "release", "note", "done", "reopen", "link", "unlink"])
def test_who_may_not(
    made: Console, browse: Browse, *, act: str, user: str, number: str, status: int, why: str
) -> None:
    answer = browse(user).post(f"/staff/reports/{number}/{act}", text="x", alert=ALERT.id)
    assert answer.status_code == status, why
    assert [made.reports.lines(each) for each in (1, 2, 3, 4)] == [[]] * 4


@pytest.mark.parametrize(
    ("user", "number", "status"),
    [("tian", 1, 200), ("tian", 2, 404), ("max", 3, 404), ("vi", 4, 200), ("ada", 9, 404)],
)
def test_whose_pages(browse: Browse, user: str, number: int, status: int) -> None:
    assert browse(user).get(f"/staff/reports/{number}").status_code == status


def test_somebody_was_faster(made: Console, browse: Browse) -> None:
    made.reports.work(1, "taken", "max", NOW_MS)
    answer = browse("tian").post("/staff/reports/1/take", held_by="")
    assert (answer.status_code, "别人先动过了" in answer.text, "马经理" in answer.text) == (409, True, True)
    assert report(made).taken_by == "max"
    assert browse("tian").post("/staff/reports/1/take", held_by="max").status_code == 303, (
        "seen, so taken over"
    )
    made.reports.work(1, "done", "max", NOW_MS)
    assert browse("tian").post("/staff/reports/1/done").status_code == 409


@pytest.mark.parametrize(
    ("act", "form", "status", "why"),
    [
        ("note", {"text": "  \n "}, 400, "nothing was written"),
        ("note", {"text": "长" * 2_001}, 400, "too long for a comment"),
        ("done", {"text": "x" * 70_000}, 413, "70 KiB"),
        ("link", {"alert": "nonsense"}, 400, "no such alert"),
        ("link", {"alert": ELSEWHERE.id}, 400, "about another station"),
        ("release", {}, 409, "nobody has it"),
        ("take", {"csrf": None}, 403, "without the token"),
    ],
)
def test_what_is_refused_changes_nothing(
    made: Console, browse: Browse, *, act: str, form: dict[str, Any], status: int, why: str
) -> None:
    before = report(made)
    assert browse("ada").post(f"/staff/reports/1/{act}", **form).status_code == status, why
    assert (report(made), made.reports.lines(1)) == (before, [])


def test_linking_to_an_alert_of_the_station(made: Console, browse: Browse) -> None:
    browser = browse("tian")
    page = browser.get("/staff/reports/1").text
    assert (ALERT.id in page, ELSEWHERE.id in page) == (True, False)
    assert browser.post("/staff/reports/1/link", alert=ALERT.id).status_code == 303
    assert report(made).alert == ALERT.id
    assert f'href="/staff/alerts/{ALERT.id}"' in browser.get("/staff/reports/1").text
    assert browser.post("/staff/reports/1/unlink").status_code == 303
    assert report(made).alert == ""


def test_alerts_to_link_to_say_which_part_they_are_about(made: Console, browse: Browse) -> None:
    other = replace(ALERT, id="c" * 16, subject=Subject("station", "city-0001", "s2"))
    made.engine.put(other)
    browser = browse("tian")
    page = browser.get("/staff/reports/1").text
    assert "<bdi>插座 s1</bdi>" in page
    assert re.search(r'aria-label="[^"<]*插座 s2"', page), "not by its look alone"
    browser.post("/staff/reports/1/link", alert=other.id)
    assert re.search(
        r'class="linked"[^>]*>插座不能用 <bdi>插座 s2</bdi>', browser.get("/staff/reports/1").text
    )


def test_a_file_that_breaks_is_said_and_the_rest_goes_on(browse: Browse, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "reports.db")) as raw:
        raw.execute("DROP TABLE reports")
    browser = browse("tian")
    assert browser.get("/staff/reports").status_code == 503
    assert browser.post("/staff/reports/1/take").status_code == 503
    assert browser.get("/staff/stations/city-0001").status_code == 200
