"""The page of an alert, over a real desk, ledger, engine and store."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.alerts.model import Alert, Subject
from server.alerts.standing import AGAIN_MS
from server.model import Station
from server.rollups.keeper import Keeper
from server.rollups.writing import Writer
from server.store.pruner import Ages, Pruner
from tests.support.alarms import (
    HOUR,
    MIN,
    alarmed,
    alert,
    measured,
    snapshot,
    warming,
)
from tests.support.console import Console, browsing
from tests.support.shift_alerts import ALL, HOT, LONG_OVER, OF_SERVER, OTHER_TOWN, TAKEN, act, now, page
from tests.support.staff import NOW_MS


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with alarmed(tmp_path, *ALL) as made:
        yield made


# --- the way ------------------------------------------------------------------------------------------------


def ways(html: str) -> list[str]:
    """The way there as it is read, and the maps that open."""
    part = html.partition('aria-labelledby="way"')[2].partition("</section>")[0]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part.partition(">")[2])).strip()
    return [words, *re.findall(r'<a href="((?:https://)?[a-z.]+)[^"]*" rel="noopener noreferrer">', part)]


MAPS = ["https://uri.amap.com", "https://apis.map.qq.com", "https://api.map.baidu.com", "geo"]


@pytest.mark.parametrize("path", [f"/staff/alerts/{HOT.id}", "/staff/stations/city-0001"])
def test_who_mends_it_is_led_there(browse: Any, made: Console, path: str) -> None:
    made.resettle("city-0001", lat=37.801, lon=112.501, region=("小店区", "龙城街道", "<嘉节社区>"))
    html = page(browse("tian"), path)
    assert "小店区 · 龙城街道 · &lt;嘉节社区&gt;" in html, "in full, however deep"
    assert ways(html)[1:] == MAPS
    assert "112.507" in html, "in the datum of Amap, not in that of the registry"
    assert html.index('id="way"') < html.index('id="said-by"' if "alerts" in path else 'id="now"')


@pytest.mark.parametrize("path", [f"/staff/alerts/{HOT.id}", "/staff/stations/city-0001"])
def test_a_station_without_a_position_says_what_is_known(browse: Any, path: str) -> None:
    known = "Its position is not recorded, only that it is in 小店区 · 龙城街道."
    assert ways(page(browse("tian"), path)) == [f"How to get there {known}"]


def test_there_is_no_way_to_what_is_no_station(tmp_path: Path) -> None:
    gone = alert("too_hot", Subject("station", "city-0999"))
    with alarmed(tmp_path, OF_SERVER, gone) as made, browsing(made) as browse:
        for each in (OF_SERVER, gone):
            assert ways(page(browse("ada"), f"/staff/alerts/{each.id}")) == [""]


# --- the page of one ----------------------------------------------------------------------------------------


def test_what_is_measured_now_stands_beside_what_was_when_it_fired(browse: Any, made: Console) -> None:
    newest = snapshot(1, NOW_MS - MIN, 31.6)
    made.live.apply("city-0001", newest, newest.at_ms)
    made.live.show(made.now_ms)
    for path in ("/staff/alerts", f"/staff/alerts/{HOT.id}", "/staff/stations/city-0001"):
        html = page(browse("tian"), path)
        assert '33.2 °C, limit 30 °C at the alert</bdi> · <bdi class="present">now 31.6 °C</bdi>' in html, (
            path
        )


def test_the_page_says_when_it_was_noticed_and_when_it_fired(browse: Any, made: Console) -> None:
    late = replace(HOT, id="1" * 16, fired_ms=HOT.since_ms + 10 * MIN)
    with made.staff.desk.writing() as connection:
        made.services.ledger.write(connection, [late], (), [])
    html = page(browse("vi"), f"/staff/alerts/{late.id}")
    assert re.search(r"<dt>Noticed</dt><dd><time[^>]*>14:00<", html)
    assert re.search(r"<dt>Alert</dt><dd><time[^>]*>14:10<", html)
    assert "<dt>Alert</dt>" not in page(browse("vi"), f"/staff/alerts/{HOT.id}"), "it fired at once"


def test_the_page_tells_what_to_do_and_shows_the_day(browse: Any, made: Console) -> None:
    measured(made, "city-0001", warming())
    made.reports.add("city-0001", "temperature", "很热 <i>", NOW_MS - HOUR)
    made.reports.add("city-0001", "socket", "三天前的", NOW_MS - 72 * HOUR)
    html = page(browse("tian"), f"/staff/alerts/{HOT.id}")
    assert "See that the air conditioning is on" in html
    assert "Lowest 20 °C, highest 32 °C" in html
    assert "No readings" in html
    assert html.count('<path class="value"') == 4, "temperature and humidity, each with one gap"
    assert "limit 30 °C" in html
    assert "Smoke in a cabinet" in html, "what else is wrong there"
    assert "很热 &lt;i&gt;" in html
    assert "三天前的" not in html
    assert "/staff/stations/city-0001" in html
    assert 'href="/s/city-0001"' in html


def test_to_take_it_is_the_first_choice_as_in_the_list(browse: Any) -> None:
    shown = page(browse("ada"), f"/staff/alerts/{HOT.id}")
    assert re.findall(r'<button type="submit" class="button" name="do" value="(\w+)"', shown) == ["take"]
    mine = page(browse("ada"), f"/staff/alerts/{TAKEN.id}")
    assert re.findall(r'<button type="submit" class="button" name="do" value="(\w+)"', mine) == ["resolve"]


def test_the_drawing_of_every_kind_can_be_made(tmp_path: Path) -> None:
    from server.alerts.kinds import KINDS  # noqa: PLC0415  (all of them, here alone)

    units = {"socket_fault": "s1", "socket_overload": "s1", "slot_fault": "c1/1", "sensor_failing": "room"}
    alerts = [
        alert(code, Subject("station", "city-0001", units.get(code, "c1" if "cabinet" in code else "")))
        for code, kind in KINDS.items()
        if kind.scope == "station"
    ]
    with alarmed(tmp_path, *alerts) as made, browsing(made) as browse:
        measured(made, "city-0001", warming())
        for each in alerts:
            html = page(browse("vi"), f"/staff/alerts/{each.id}")
            assert '<figure class="plot">' in html, each.kind


@pytest.mark.parametrize("name", ["tian", "max"])
def test_an_alert_of_elsewhere_does_not_exist(browse: Any, name: str) -> None:
    browser, missing = browse(name), "0" * 16
    for each in (OTHER_TOWN.id, missing):
        assert browser.get(f"/staff/alerts/{each}").status_code == 404
        for path in ("", "/silence"):
            answer = browser.post(f"/staff/alerts/{each}{path}", do="take", version=1)
            assert answer.status_code == 404, path
    assert (
        browser.get(f"/staff/alerts/{OTHER_TOWN.id}").text.replace(OTHER_TOWN.id, missing)
        == browser.get(f"/staff/alerts/{missing}").text
    )


@pytest.mark.parametrize(
    ("do", "state", "said"),
    [
        ("acknowledge", "acknowledged", "acknowledged"),
        ("take", "in_progress", "taken"),
        ("resolve", "resolved", "resolved"),
        ("comment", "firing", "commented"),
    ],
)
def test_what_somebody_does_is_done_told_and_audited(
    browse: Any, made: Console, do: str, state: str, said: str
) -> None:
    answer = act(browse("tian"), HOT, do, text="滤网很脏" if do == "comment" else "")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/staff/alerts/{HOT.id}?said={said}"
    assert now(made, HOT).state == state
    assert [entry.by for entry in made.staff.audit() if entry.whom == HOT.id] == ["tian"]
    html = page(browse("tian"), answer.headers["location"])
    assert 'class="said"' in html
    assert "田师傅" in html, "what others see of who did it"


def test_who_says_that_it_is_mended_is_believed_when_the_device_says_so(browse: Any) -> None:
    act(browse("tian"), HOT, "resolve")
    for path in (f"/staff/alerts/{HOT.id}", "/staff/alerts"):
        assert "marked as fixed, the device has yet to confirm" in page(browse("tian"), path)
    assert "<strong>marked as fixed</strong>" in page(browse("tian"), f"/staff/alerts/{HOT.id}"), "timeline"


def test_a_comment_comes_along_with_what_is_done(browse: Any, made: Console) -> None:
    assert act(browse("tian"), HOT, "resolve", text="换了滤网").status_code == 303
    lines = made.services.ledger.timeline(HOT.id)
    assert [(line.what, line.text) for line in lines] == [
        ("fired", ""),
        ("commented", "换了滤网"),
        ("resolved", ""),
    ]


@pytest.mark.parametrize("do", ["comment", "acknowledge", "take", "resolve"])
def test_a_form_that_is_sent_twice_at_once_counts_once(browse: Any, made: Console, do: str) -> None:
    tian = browse("tian")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(act, tian, HOT, do, text="换了滤网 ") for _ in range(2)]
        answers = [each.result() for each in both]
    assert [each.status_code for each in answers] == [303, 303]
    assert len({each.headers["location"] for each in answers}) == 1
    lines = made.services.ledger.timeline(HOT.id)
    assert [line.text for line in lines if line.what == "commented"] == ["换了滤网"]
    assert len(lines) == (2 if do == "comment" else 3)


@pytest.mark.parametrize("do", ["acknowledge", "take", "resolve"])
def test_a_tap_that_comes_twice_counts_once(browse: Any, made: Console, do: str) -> None:
    tian = browse("tian")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(act, tian, HOT, do) for _ in range(2)]
        answers = [each.result() for each in both]
    made.now_ms += AGAIN_MS + 1
    answers.append(act(tian, HOT, do))
    assert [each.status_code for each in answers] == [303, 303, 303], "a bad line sends it late, too"
    assert len({each.headers["location"] for each in answers}) == 1
    assert [line.by for line in made.services.ledger.timeline(HOT.id)] == ["", "tian"]
    assert [entry.by for entry in made.staff.audit() if entry.whom == HOT.id] == ["tian"]


@pytest.mark.parametrize("do", ["acknowledge", "take", "resolve"])
def test_a_tap_that_comes_after_somebody_elses_is_refused(browse: Any, made: Console, do: str) -> None:
    assert act(browse("max"), HOT, do).status_code == 303
    answer = act(browse("tian"), HOT, do)
    assert answer.status_code == 409
    assert "马经理" in answer.text
    assert now(made, HOT).by == "max"


def test_a_tap_that_comes_again_takes_nothing_back_from_who_took_it_over(browse: Any, made: Console) -> None:
    tian = browse("tian")
    act(tian, HOT, "take")
    act(browse("max"), HOT, "take", version=2)
    assert act(tian, HOT, "take").status_code == 409
    assert now(made, HOT).by == "max"


def test_what_could_not_be_done_left_no_comment_that_would_come_twice(browse: Any, made: Console) -> None:
    assert act(browse("tian"), HOT, "close", text="修好了").status_code == 409
    assert [line.what for line in made.services.ledger.timeline(HOT.id)] == ["fired"]


def test_the_same_words_again_are_no_second_comment_but_what_is_done_with_them_is(
    browse: Any, made: Console
) -> None:
    act(browse("tian"), HOT, "comment", text="在路上")
    act(browse("tian"), HOT, "take", version=2, text="在路上")
    act(browse("max"), HOT, "comment", version=3, text="在路上")
    made.now_ms += AGAIN_MS + 1
    act(browse("tian"), HOT, "comment", version=4, text="在路上")
    told = [(line.what, line.by) for line in made.services.ledger.timeline(HOT.id)]
    assert told[1:] == [("commented", "tian"), ("taken", "tian"), ("commented", "max"), ("commented", "tian")]


def test_a_form_that_is_too_old_is_refused_with_what_has_changed(browse: Any, made: Console) -> None:
    made.services.engine.act(HOT.id, "take", "max")
    made.services.engine.act(HOT.id, "comment", "max", "我在路上")
    answer = act(browse("tian"), HOT, "resolve", text="修好了")
    assert answer.status_code == 409
    assert "this has changed" in answer.text
    assert answer.text.count("我在路上") == 2, "what has changed, and the timeline"
    assert "马经理" in answer.text
    assert ">修好了</textarea>" in answer.text, "what was written is not lost"
    assert 'name="version" value="3"' in answer.text, "and can be sent now"
    assert now(made, HOT).state == "in_progress"


@pytest.mark.parametrize(
    ("of", "form", "status", "why"),
    [
        (TAKEN, {"do": "acknowledge"}, 409, "somebody works on it"),
        (HOT, {"do": "close"}, 409, "it is not over"),
        (LONG_OVER, {"do": "take"}, 409, "it is closed"),
        (HOT, {"do": "comment", "text": "  \n "}, 400, "nothing is written"),
        (HOT, {"do": "comment", "text": "x" * 2_001}, 400, "too long"),
        (HOT, {"do": "delete"}, 400, "nobody knows that"),
        (HOT, {"do": "take", "version": "1e3"}, 400, "no version"),
        (HOT, {"do": "take", "version": ""}, 400, "no version"),
        (HOT, {"do": "comment", "text": "x" * 70_000}, 413, "a comment of 70 KiB"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(  # noqa: PLR0917  (a table)
    browse: Any, made: Console, of: Alert, form: dict[str, str], status: int, why: str
) -> None:
    before = now(made, of)
    answer = browse("ada").post(f"/staff/alerts/{of.id}", **({"version": "1"} | form))
    assert answer.status_code == status, why
    assert now(made, of) == before
    assert made.staff.audit() == [] or {entry.what for entry in made.staff.audit()} == {"session.opened"}


def test_a_viewer_and_a_foreign_form_change_nothing(browse: Any, made: Console) -> None:
    assert act(browse("vi"), HOT, "take").status_code == 403
    assert browse("ada").post(f"/staff/alerts/{HOT.id}", None, do="take", version=1).status_code == 403
    assert browse("").post(f"/staff/alerts/{HOT.id}", do="take", version=1).status_code == 303
    assert now(made, HOT).state == "firing"


def test_what_strangers_write_is_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    station = Station("city-0009", "city", f"{evil}站", f"{evil}{{{{7*7}}}}", region=("\u202e区",))
    hot = alert(subject=Subject("station", "city-0009"))
    odd = alert("outbox_failing", Subject("station", "city-0009"), values={"code": evil})
    with alarmed(tmp_path, hot, odd, stations=[station]) as made, browsing(made) as browse:
        act(browse("ada"), hot, "comment", text=f"{evil}\u202e\n=1+1\n第三行")
        (line,) = (each for each in made.services.ledger.timeline(hot.id) if each.what == "commented")
        assert line.text == f"{evil}\n=1+1\n第三行"
        for path in ("/staff/alerts", f"/staff/alerts/{hot.id}", f"/staff/alerts/{odd.id}"):
            html = page(browse("ada"), path)
            assert "<img" not in html, path
            assert "{{7*7}}" in html
            assert "<bdi>" in html


def test_of_a_day_whose_readings_are_pruned_it_shows_the_roll_ups(browse: Any, made: Console) -> None:
    measured(made, "city-0001", warming())
    settings = made.services.settings
    with closing(Writer.open(settings.rollups_db)) as writer:
        Keeper(made.store, writer, made.live, settings.rollups_days).catch_up(NOW_MS + 2 * HOUR)
    pruner = Pruner(made.store, Ages(HOUR, 30 * HOUR, 60 * HOUR), {}, lambda: 1.0)
    while pruner.step(NOW_MS):
        pass
    html = page(browse("tian"), f"/staff/alerts/{HOT.id}")
    assert "Of readings so old only quarters of an hour are kept" in html
    assert "Lowest 20.1 °C, highest 31.9 °C" in html
    assert html.count('<path class="value"') == 4


def test_a_station_that_is_gone_is_still_told_to_who_looks_everywhere(tmp_path: Path) -> None:
    gone = alert("too_cold", Subject("station", "city-0777"), "closed", values={})
    with alarmed(tmp_path, gone) as made, browsing(made) as browse:
        assert "city-0777" in page(browse("ada"), f"/staff/alerts/{gone.id}")
        page(browse("max"), f"/staff/alerts/{gone.id}", 404)


def test_readings_that_cannot_be_read_hide_nothing_else(browse: Any, made: Console) -> None:
    made.store.path.rename(made.store.path.with_suffix(".away"))
    assert "The readings cannot be read now." in page(browse("ada"), f"/staff/alerts/{HOT.id}")


def test_the_server_is_for_those_who_look_everywhere(tmp_path: Path) -> None:
    down = replace(OF_SERVER)
    with alarmed(tmp_path, down) as made, browsing(made) as browse:
        assert "Server lost the broker" in page(browse("vi"), f"/staff/alerts/{down.id}")
        page(browse("max"), f"/staff/alerts/{down.id}", 404)
        assert "Server lost the broker" not in page(browse("max"), "/staff/alerts")
