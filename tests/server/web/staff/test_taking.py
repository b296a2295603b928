"""All of one station's alerts taken at once: what is taken, what stays, who may."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from server.alerts.model import Alert, State, Subject, What
from tests.support.alarms import HERE, HOUR, MIN, THERE, alarmed, alert
from tests.support.console import Browser, Console, browsing
from tests.support.shift_alerts import now, page


def socket(number: int, state: State = "firing", by: str = "") -> Alert:
    return alert(
        "socket_fault", Subject("station", "city-0001", f"s{number}"), state, by=by, ago=number * MIN
    )


FREE: Final = (socket(1), socket(2), socket(3), alert())
KNOWN: Final = socket(4, "acknowledged", "max")
HIS: Final = socket(5, "in_progress", "max")
SMOKE: Final = alert("cabinet_smoke", Subject("station", "city-0001", "c1"))
ELSEWHERE: Final = alert("too_cold", THERE)
ALL: Final = (*FREE, KNOWN, HIS, SMOKE, ELSEWHERE)
BACK: Final = "/staff/alerts?place=city"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with alarmed(tmp_path, *ALL) as made:
        yield made


def form(html: str) -> dict[str, str]:
    """What the button of the station's card sends."""
    (body,) = re.findall(r'action="/staff/stations/city-0001/take">(.*?)</form>', html, re.DOTALL)
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', body)}


def take(browser: Browser, sent: dict[str, str], station: str = "city-0001") -> str:
    """Where the tap leads."""
    answer = browser.send(f"/staff/stations/{station}/take", sent, sent.get("csrf"))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def lines(made: Console, of: Alert) -> list[tuple[What, str]]:
    """What happened to it after it fired, and who did it."""
    return [(line.what, line.by) for line in made.services.ledger.timeline(of.id)][1:]


def test_the_card_says_whose_its_alerts_are_and_takes_the_others(browse: Any) -> None:
    html = page(browse("tian"), BACK)
    card = html[html.index('id="of-city-0001"') : html.index('<ul class="items" id="worst-city-0001"')]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", card))
    assert "6 alerts" in words
    assert "nobody is on 4 of them" in words
    assert "acknowledged by 马经理" in words
    assert "handled by 马经理" in words
    assert "Take the other 5" in words
    assert set(form(html)["alerts"].split()) == {each.id for each in (*FREE, KNOWN)}


def test_one_tap_takes_each_of_them_and_no_more(browse: Any, made: Console) -> None:
    tian = browse("tian")
    assert take(tian, form(page(tian, BACK))) == f"{BACK}&said=taken"
    for each in (*FREE, KNOWN):
        assert lines(made, each) == [("taken", "tian")]
        assert (now(made, each).state, now(made, each).by) == ("in_progress", "tian")
    audited = [entry for entry in made.staff.audit() if entry.what == "alert.taken"]
    assert sorted((entry.by, entry.whom) for entry in audited) == sorted(
        ("tian", each.id) for each in (*FREE, KNOWN)
    )
    assert [lines(made, each) for each in (HIS, SMOKE, ELSEWHERE)] == [[], [], []]
    assert now(made, HIS).by == "max"
    html = page(tian, f"{BACK}&said=taken")
    assert "Taken: you handle it now." in html
    assert re.search(r"handled by <bdi>you</bdi>, <bdi>马经理</bdi>", html)
    assert "/staff/stations/city-0001/take" not in html, "nothing is left to take"


def test_all_of_them_are_one_change_for_whoever_looks(browse: Any, made: Console) -> None:
    tian = browse("tian")
    sent, before, news = form(page(tian, BACK)), made.services.engine.version, []
    made.services.engine.listen(lambda: news.append(made.services.engine.version))
    take(tian, sent)
    take(tian, sent)
    assert news == [before + 1]


def test_a_tap_that_comes_twice_counts_once(browse: Any, made: Console) -> None:
    tian = browse("tian")
    sent = form(page(tian, BACK))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: take(tian, sent), range(2)))
    assert answers == [f"{BACK}&said=taken"] * 2
    assert [lines(made, each) for each in FREE] == [[("taken", "tian")]] * 4


@pytest.mark.parametrize(
    ("theirs", "said"), [(FREE[:2], "taken_rest"), ((*FREE, KNOWN), "taken_none")], ids=["some", "all"]
)
def test_what_a_colleague_takes_meanwhile_stays_theirs(
    browse: Any, made: Console, theirs: tuple[Alert, ...], said: str
) -> None:
    tian = browse("tian")
    sent = form(page(tian, BACK))
    for each in theirs:
        made.services.engine.act(each.id, "take", "max")
    location = take(tian, sent)
    assert location == f"{BACK}&said={said}"
    assert {now(made, each).by for each in theirs} == {"max"}
    assert {now(made, each).by for each in (*FREE, KNOWN) if each not in theirs} <= {"tian"}
    assert re.search(r'class="said".*a colleague works on', page(tian, location))


def test_what_is_over_stays_over_and_what_came_after_the_page_is_nobodys(browse: Any, made: Console) -> None:
    tian = browse("tian")
    over, new, *others = FREE
    sent = form(page(tian, BACK))
    sent["alerts"] = sent["alerts"].replace(new.id, "")
    made.services.engine.act(over.id, "resolve", "max")
    assert take(tian, sent).endswith("said=taken")
    assert (now(made, over).state, lines(made, new)) == ("resolved", [])
    assert {now(made, each).by for each in others} == {"tian"}


def test_a_form_made_by_hand_takes_nothing_about_safety_nor_of_elsewhere(browse: Any, made: Console) -> None:
    ada = browse("ada")
    odd = (SMOKE.id, ELSEWHERE.id, "0" * 16, "<b>", FREE[0].id, FREE[0].id)
    sent = form(page(ada, BACK)) | {"alerts": " ".join(odd), "back": "https://evil.example/staff/alerts"}
    assert take(ada, sent) == "/staff/alerts?said=taken"
    assert lines(made, FREE[0]) == [("taken", "ada")]
    assert [lines(made, each) for each in (SMOKE, ELSEWHERE)] == [[], []]
    assert take(ada, sent, "city-0002").endswith("said=taken")
    assert now(made, ELSEWHERE).by == "ada"


def test_of_a_way_back_made_by_hand_only_filters_are_kept(browse: Any) -> None:
    tian = browse("tian")
    sent = form(page(tian, BACK)) | {"back": f"{BACK}&path=x&self=x&said=x&lang=en&page=2"}
    assert take(tian, sent) == f"{BACK}&page=2&said=taken"


def test_who_may_only_look_has_no_button_and_is_refused(browse: Any, made: Console) -> None:
    assert "/take" not in page(browse("vi"), BACK)
    sent = {"alerts": " ".join(each.id for each in FREE)}
    for name, csrf, status in (("vi", "", 403), ("ada", None, 403), ("", "", 303)):
        answer = browse(name).send("/staff/stations/city-0001/take", sent, csrf)
        assert answer.status_code == status, name
    assert browse("tian").post("/staff/stations/city-0002/take", **sent).status_code == 404, "not his place"
    assert [lines(made, each) for each in FREE] == [[]] * len(FREE)


def test_under_a_filter_it_takes_what_is_shown(tmp_path: Path) -> None:
    lost = [alert("mains_lost", Subject("station", "city-0001", f"c{n}"), ago=HOUR) for n in range(2)]
    with alarmed(tmp_path, *ALL, *lost) as made, browsing(made) as browse:
        html = page(browse("tian"), "/staff/alerts?severity=critical")
        assert "Take these 2" in html
        assert set(form(html)["alerts"].split()) == {each.id for each in lost}


def test_a_station_with_very_many_is_taken_whole(tmp_path: Path) -> None:
    faults = [socket(n) for n in range(450)]
    with alarmed(tmp_path, *faults) as made, browsing(made) as browse:
        tian = browse("tian")
        assert take(tian, form(page(tian, "/staff/alerts"))).endswith("said=taken")
        assert {now(made, each).by for each in faults} == {"tian"}


@pytest.mark.parametrize("state", get_args(State))
def test_free_is_what_is_wrong_and_nobody_works_on(state: State) -> None:
    assert alert(subject=HERE, state=state).free == (state in ("firing", "acknowledged"))
