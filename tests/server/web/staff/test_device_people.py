"""How many are inside, set by staff: with one tap, asked once more where it cannot be, audited."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from server.accounts.audit import Entry
from server.desk import DeskError
from server.live import Live
from server.model import Station
from server.occupancy import Correction
from server.store.sqlite import Store
from server.web.staff.fleet import occupancy
from tests.support.console import Browser, Console, console
from tests.support.fleet import ingesting, speak
from tests.support.staff import NOW_MS

Browse = Callable[[str], Browser]
PAGE = "/staff/stations/city-0001"
PEOPLE = f"{PAGE}/people"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        speak(opened, "city-0001", people=7)
        speak(opened, "city-0002", people=2)
        yield opened


def people(made: Console, station_id: str = "city-0001") -> int | None:
    state = made.live.people(station_id)
    return state.people if state else None


def audited(made: Console) -> list[Entry]:
    return [each for each in made.staff.audit() if each.what == occupancy.CORRECTED]


# --- correcting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "after"), [("0", 0), ("6", 6), ("8", 8), ("12", 12), (" 12 ", 12), ("１２", 12)]
)
def test_one_tap_sets_it_and_says_who(made: Console, browse: Browse, typed: str, after: int) -> None:
    with ingesting(made):
        answer = browse("tian").post(PEOPLE, people=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?said=counted")
    assert people(made) == after
    state = made.live.state("city-0001")
    assert state is not None
    assert (state.crowding.people, state.crowding.estimated) == (after, False), "riders are told so at once"
    entry = audited(made)[0]
    assert (entry.by, entry.whom, dict(entry.values)) == ("tian", "city-0001", {"before": 7, "after": after})
    page = browse("tian").get(PAGE).text
    assert f"7 → {after} 人" in page
    assert "田师傅" in page


def test_what_cannot_be_is_asked_about_once_more(made: Console, browse: Browse) -> None:
    with ingesting(made):
        first = browse("tian").post(PEOPLE, people="999")
        assert (first.status_code, first.headers["location"]) == (303, f"{PAGE}?ask=999")
        assert (people(made), audited(made)) == (7, []), "riders are told nothing of it yet"
        page = browse("tian").get(first.headers["location"]).text
        assert "真有 999 人吗" in page
        assert 'name="sure"' in page
        second = browse("tian").post(PEOPLE, people="999", sure="1")
    assert second.headers["location"] == f"{PAGE}?said=counted"
    assert people(made) == 999


@pytest.mark.parametrize("asked", ["8", "x", "٣٤٥", "9999", "-5"])
def test_only_what_cannot_be_is_asked_about(browse: Browse, asked: str) -> None:
    assert 'name="sure"' not in browse("tian").get(f"{PAGE}?ask={asked}").text


@pytest.mark.parametrize(
    ("places", "people", "again", "why"),
    [
        (6, 18, False, "crowded three times over"),
        (6, 19, True, "no room holds that"),
        (None, 60, False, "a large room"),
        (None, 61, True, "no station known is so large"),
    ],
)
def test_how_many_are_unlikely(*, places: int | None, people: int, again: bool, why: str) -> None:
    station = Station("s", "city", "驿站", places=places)
    assert occupancy.unlikely(station, people) is again, why


def test_of_an_offline_station_riders_see_no_number(made: Console, browse: Browse) -> None:
    made.now_ms += 20 * 60_000
    made.live.recompute(made.now_ms)
    with ingesting(made):
        page = browse("tian").get(PAGE).text
        assert "骑手暂时看不到" in page
        answer = browse("tian").post(PEOPLE, people="2")
    assert answer.headers["location"] == f"{PAGE}?said=counted_offline"
    assert people(made) == 2
    assert "驿站离线，骑手暂时看不到" in browse("tian").get(answer.headers["location"]).text


@pytest.mark.parametrize("typed", ["", "-1", "1000", "3.5", "x", "1e2", "٣٤٥٦", "9" * 50, "²", "<b>"])
def test_what_is_no_number_of_people_changes_nothing(made: Console, browse: Browse, typed: str) -> None:
    with ingesting(made):
        answer = browse("tian").post(PEOPLE, people=typed)
    assert answer.status_code == 400
    assert (people(made), audited(made)) == (7, [])
    assert made.store.staff_counts("city-0001", 0, 2**53) == []


@pytest.mark.parametrize(
    ("user", "station", "status", "why"),
    [
        ("vi", "city-0001", 403, "a viewer changes nothing"),
        ("tian", "city-0002", 404, "another district"),
        ("max", "town-0001", 404, "another network"),
        ("ada", "nowhere", 404, "no such station"),
        ("ada", "town-0001", 409, "nobody is counted there"),
        ("", "city-0001", 303, "not signed in"),
    ],
)
def test_who_may_not(
    made: Console, browse: Browse, *, user: str, station: str, status: int, why: str
) -> None:
    with ingesting(made):
        answer = browse(user).post(f"/staff/stations/{station}/people", people="0")
    assert answer.status_code == status, why
    assert (people(made), people(made, "city-0002"), audited(made)) == (7, 2, [])


def test_without_the_token_nothing_changes(made: Console, browse: Browse) -> None:
    with ingesting(made):
        assert browse("tian").post(PEOPLE, csrf=None, people="0").status_code == 403
    assert people(made) == 7


def test_a_thread_that_does_not_answer_leaves_no_trace(
    made: Console, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occupancy, "WAIT_S", 0.05)
    assert browse("tian").post(PEOPLE, people="0").status_code == 503
    made.live.settle(NOW_MS)
    assert (people(made), audited(made)) == (7, []), "nobody waited for it any more"


def test_a_store_that_takes_nothing_leaves_no_trace(made: Console, browse: Browse, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "readings.db")) as other, ingesting(made):
        other.execute("BEGIN IMMEDIATE")
        assert browse("tian").post(PEOPLE, people="0").status_code == 503
        other.rollback()
    assert (people(made), audited(made)) == (7, [])


def test_a_log_that_somebody_writes_is_waited_for_before_anything_is_done(
    made: Console, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browse("tian")
    monkeypatch.setattr(made.services.desk, "writing", unwritable)
    with ingesting(made):
        assert browser.post(PEOPLE, people="0").status_code == 503
    assert (people(made), made.store.staff_counts("city-0001", 0, 2**53)) == (7, [])


def test_nobody_waits_for_the_desk_while_the_count_is_waited_for(
    made: Console, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def taken_over(*_: object) -> Correction:
        with made.staff.desk.writing():
            written.append("by another")
        return Correction(NOW_MS, "staff", 7, 0)

    monkeypatch.setattr("server.desk.BUSY_S", 0.1)
    monkeypatch.setattr(occupancy, "_taken_over", taken_over)
    assert browse("tian").post(PEOPLE, people="0").status_code == 303
    assert (written, len(audited(made))) == (["by another"], 1)


def test_a_clock_far_off_is_said_and_changes_nothing(made: Console, browse: Browse) -> None:
    browser = browse("tian")
    with ingesting(made, ahead_ms=7 * 24 * 3_600_000):
        answer = browser.post(PEOPLE, people="0")
    assert (answer.status_code, "服务器的时间" in answer.text) == (409, True)
    assert (people(made), audited(made)) == (7, [])


@contextmanager
def unwritable() -> Iterator[None]:
    raise DeskError("database is locked")
    yield


def test_a_log_that_fails_at_the_very_last_is_an_error_and_the_row_says_who(
    made: Console, browse: Browse, caplog: pytest.LogCaptureFixture
) -> None:
    browser = browse("tian")
    with made.staff.desk.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO away")
    with ingesting(made):
        assert browser.post(PEOPLE, people="0").status_code == 503
    assert [each.login for each in made.store.staff_counts("city-0001", 0, 2**53)] == ["tian"]
    assert "correction_not_audited station=city-0001 user=tian" in caplog.text


def test_a_count_survives_a_restart(made: Console, browse: Browse, tmp_path: Path) -> None:
    with ingesting(made):
        browse("tian").post(PEOPLE, people="3")
    with closing(Store.open(tmp_path / "readings.db")) as store:
        live = Live(store)
        live.rebuild(NOW_MS)
        state = live.people("city-0001")
    assert state is not None
    assert (state.people, state.estimated) == (3, False)
