"""Silences from an alert and from their own page: what may be silenced, where, for how long, by whom."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.accounts.roles import Place
from server.alerts.model import Alert, Subject
from server.alerts.silences import Maintenance, Matcher, Silence
from server.desk import DeskError
from server.web.staff.alerts.rows import Where
from server.web.staff.alerts.silencing import MORNING, MOST_MS, morning_ms
from server.web.staff.alerts.silencing import of_alert as of_alert_matcher
from tests.support.alarms import FAR, HERE, HOUR, SERVER, THERE, alarmed, alert
from tests.support.console import Console
from tests.support.staff import NOW_MS

HOT = alert()
SMOKE = alert("cabinet_smoke", Subject("station", "city-0001", "c1"))
CLOSED = alert("too_cold", HERE, "closed")
OF_SERVER = alert("influx_behind", SERVER)
DAY = 24 * HOUR


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with alarmed(
        tmp_path, HOT, SMOKE, CLOSED, OF_SERVER, alert("too_cold", THERE), alert("too_cold", FAR)
    ) as made:
        yield made


def silences(made: Console) -> list[Silence]:
    wishes = made.services.ledger.silences(made.now_ms)
    return [wish.silence if isinstance(wish, Maintenance) else wish for wish in wishes]


def post(browser: Any, path: str, **form: str) -> Any:
    return browser.post(path, headers={"accept-language": "en"}, **form)


def of_alert(browser: Any, of: Alert, **form: str) -> Any:
    return post(browser, f"/staff/alerts/{of.id}/silence", **({"for": "8h", "reason": "waiting"} | form))


def add(browser: Any, **form: str) -> Any:
    return post(browser, "/staff/silences", **({"for": "8h", "reason": "works"} | form))


# --- from an alert ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "form", "matcher"),
    [
        (HOT, {}, Matcher(stations=("city-0001",), kinds=("too_hot",))),
        (HOT, {"whole": "1"}, Matcher(stations=("city-0001",))),
        (OF_SERVER, {"whole": "1"}, Matcher(kinds=("influx_behind",))),
    ],
)
def test_an_alert_is_silenced_with_two_taps(
    browse: Any, made: Console, of: Alert, form: dict[str, str], matcher: Matcher
) -> None:
    assert of_alert(browse("ada"), of, **form).status_code == 303
    (silence,) = silences(made)
    assert (silence.matcher, silence.by) == (matcher, "ada")
    assert (silence.from_ms, silence.until_ms) == (NOW_MS, NOW_MS + 8 * HOUR)
    assert (silence.preset, silence.reason) == ("waiting", "")
    assert [entry.what for entry in made.staff.audit()][-1] == "silence.added"
    made.now_ms += 10_000
    made.services.engine.step(made.now_ms, 10_000)
    html = browse("ada").get(f"/staff/alerts/{of.id}", **{"accept-language": "en"}).text
    assert "silenced until" in html
    html = browse("ada").get("/staff/alerts?show=silenced", **{"accept-language": "en"}).text
    assert of.id in html


@pytest.mark.parametrize(
    ("form", "zh", "en", "why"),
    [
        ({"reason": "waiting"}, "等配件或等对方处理", "waiting for a part or for others", "a usual reason"),
        (
            {"reason": "waiting", "text": "门磁 RB-2"},
            "等配件或等对方处理，门磁 RB-2",
            "waiting for a part or for others, 门磁 RB-2",
            "own words beside it stay as they are",
        ),
        ({"reason": "", "text": "known"}, "known", "known", "words that only look like a code"),
    ],
)
def test_a_reason_is_told_in_the_language_of_whoever_reads_it(
    browse: Any, form: dict[str, str], zh: str, en: str, why: str
) -> None:
    assert of_alert(browse("ada"), HOT, **form).status_code == 303
    for page in (f"/staff/alerts/{HOT.id}", "/staff/silences", "/staff/audit?what=silence"):
        for language, said in (("zh", zh), ("en", en)):
            html = browse("ada").get(page, **{"accept-language": language}).text
            assert f"<bdi>{said}</bdi>" in html, (page, language, why)


def test_silencing_again_takes_the_place_of_the_first(browse: Any, made: Console) -> None:
    assert of_alert(browse("ada"), HOT).status_code == 303
    made.now_ms += 60_000
    assert of_alert(browse("ada"), HOT, **{"for": "1h"}).status_code == 303
    (left,) = silences(made)
    assert left.until_ms == made.now_ms + HOUR, "also when that ends before"
    whats = sorted(entry.what for entry in made.staff.audit() if entry.what.startswith("silence"))
    assert whats == ["silence.added", "silence.added", "silence.ended"]


def resolve(browser: Any, of: Alert) -> Any:
    return post(browser, f"/staff/alerts/{of.id}", do="resolve", version="1")


def test_what_was_mended_is_not_silent_any_more(browse: Any, made: Console) -> None:
    of_alert(browse("tian"), HOT)
    answer = resolve(browse("tian"), HOT)
    assert answer.headers["location"].endswith("?said=resolved")
    assert silences(made) == [], "if it comes back, it is told"


@pytest.mark.parametrize("by", ["ada", "tian"])
def test_a_wider_silence_stays_and_the_answer_says_so(browse: Any, made: Console, by: str) -> None:
    of_alert(browse("ada"), HOT, whole="1")
    answer = resolve(browse(by), HOT)
    assert answer.headers["location"].endswith("?said=resolved_silenced")
    assert len(silences(made)) == 1
    path = answer.headers["location"]
    html = browse(by).get(path, **{"accept-language": "en"}).text
    assert "It is silenced until tomorrow 0:00: until then" in html
    assert "这里静音到 明天 0:00，在那以前" in browse(by).get(path).text
    made.now_ms += 8 * HOUR
    assert 'class="said"' not in browse("ada").get(path).text, "over: there is no end to name"


def test_the_end_is_told_on_the_page_that_knows_it(browse: Any) -> None:
    of_alert(browse("ada"), HOT, whole="1")
    answer = post(
        browse("ada"), f"/staff/alerts/{HOT.id}", do="resolve", version="1", back="/staff/alerts?show=past"
    )
    assert answer.headers["location"] == f"/staff/alerts/{HOT.id}?said=resolved_silenced"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (f"/staff/alerts/{CLOSED.id}?said=resolved_silenced&time=9:99", "silenced by nothing"),
        ("/staff/alerts?said=resolved_silenced&time=9:99", "a page that knows of no end"),
        (f"/staff/alerts/{HOT.id}?said=resolved_{{time}}&time=9:99", "no string of ours"),
    ],
)
def test_no_end_is_taken_from_an_address(browse: Any, path: str, why: str) -> None:
    html = browse("ada").get(path).text
    assert 'class="said"' not in html, why
    assert "{time}" not in html.partition("<main")[2], why


def test_a_silence_that_cannot_be_ended_is_told(
    browse: Any, made: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bool:
        raise DeskError("the disk is full")

    of_alert(browse("ada"), HOT)
    monkeypatch.setattr(made.services.ledger, "end_silence", full)
    assert resolve(browse("ada"), HOT).headers["location"].endswith("?said=resolved_silenced")


def test_a_district_is_silenced_as_such() -> None:
    of = alert("district_offline", Subject("network", "city", "小店区"))
    where = Where(Place("city", "小店区"), "city", "小店区", "小店区", ("城市",), "Asia/Shanghai")
    meant = Matcher(networks=("city",), districts=("小店区",))
    assert of_alert_matcher(of, where, whole=True) == meant
    assert of_alert_matcher(of, where, whole=False) == replace(meant, kinds=("district_offline",))


def test_what_is_closed_needs_no_silence(browse: Any, made: Console) -> None:
    assert of_alert(browse("ada"), CLOSED).status_code == 409
    assert silences(made) == []


@pytest.mark.parametrize(
    ("at", "until", "why"),
    [
        ("2026-07-01 16:00", "2026-07-02 08:00", "the next morning"),
        ("2026-07-01 02:00", "2026-07-01 08:00", "at night the morning that comes"),
        ("2026-07-01 08:00", "2026-07-02 08:00", "never nothing"),
        ("2026-12-31 23:59", "2027-01-01 08:00", "over the year's end"),
    ],
)
def test_until_the_morning_of_the_place(at: str, until: str, why: str) -> None:
    zone = "Asia/Shanghai"
    at_ms, until_ms = (
        round(datetime.fromisoformat(each).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        for each in (at, until)
    )
    assert morning_ms(at_ms, zone) == until_ms, why
    assert MORNING.hour == 8


def test_safety_cannot_be_silenced_and_says_why(browse: Any, made: Console) -> None:
    html = browse("ada").get(f"/staff/alerts/{SMOKE.id}", **{"accept-language": "en"}).text
    assert "Safety alerts cannot be silenced" in html
    assert f"{SMOKE.id}/silence" not in html
    for answer in (
        of_alert(browse("ada"), SMOKE),
        add(browse("ada"), kind="cabinet_smoke"),
        add(browse("ada"), severity="safety"),
    ):
        assert answer.status_code in (400, 409)
        assert "Safety alerts cannot be silenced" in answer.text
    assert silences(made) == []


def test_a_whole_place_that_is_silenced_keeps_its_safety(browse: Any, made: Console) -> None:
    assert of_alert(browse("ada"), HOT, whole="1").status_code == 303
    made.now_ms += 10_000
    made.services.engine.step(made.now_ms, 10_000)
    assert HOT.id in made.services.engine.silenced()
    assert SMOKE.id not in made.services.engine.silenced()


# --- the page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "status", "why"),
    [
        ("ada", {"kind": "too_hot"}, 303, "everywhere, by somebody who works everywhere"),
        ("ada", {"severity": "warning"}, 303, "a level"),
        ("ada", {"place": "town"}, 303, "a network"),
        ("ada", {"station": "town-0001"}, 303, "a station by its id"),
        ("ada", {"station": "Jiajie"}, 303, "a station by its name"),
        ("ada", {"station": "nowhere"}, 400, "no such station"),
        ("ada", {}, 400, "everything"),
        ("ada", {"kind": "x"}, 400, "no such kind"),
        ("ada", {"place": "x"}, 404, "no such network"),
        ("ada", {"place": "town", "for": "31d"}, 400, "longer than is allowed"),
        ("ada", {"place": "town", "for": ""}, 400, "for ever"),
        ("ada", {"place": "town", "reason": ""}, 400, "without a reason"),
        ("ada", {"place": "town", "text": "x" * 201}, 400, "a reason that nobody reads"),
        ("ada", {"place": "town", "from": "tomorrow"}, 400, "no time"),
        ("ada", {"place": "town", "from": "9999-12-31T23:59"}, 400, "too far ahead"),
        ("max", {"place": "city"}, 303, "his network"),
        ("max", {"place": "city/小店区"}, 303, "a district of it"),
        ("max", {"place": "town"}, 404, "another network"),
        ("max", {"kind": "too_hot"}, 404, "everywhere, by somebody who works in one network"),
        ("tian", {"place": "city/小店区"}, 303, "his district"),
        ("tian", {"place": "city"}, 404, "more than his district"),
        ("tian", {"station": "city-0001"}, 303, "a station of his district"),
        ("tian", {"station": "city-0002"}, 400, "of a station of another he may not even know"),
        ("tian", {"place": "/小店区"}, 404, "a district of no network"),
        ("vi", {"place": "town"}, 403, "a viewer changes nothing"),
    ],
)
def test_who_may_silence_what(  # noqa: PLR0917  (a table)
    browse: Any, made: Console, name: str, form: dict[str, str], status: int, why: str
) -> None:
    assert add(browse(name), **form).status_code == status, why
    assert len(silences(made)) == (status == 303), why


def test_a_silence_can_be_planned_in_local_time(browse: Any, made: Console) -> None:
    local = datetime.fromtimestamp((NOW_MS + 2 * DAY) / 1000, ZoneInfo("Asia/Shanghai"))
    start = local.replace(minute=30, second=0, microsecond=0)
    assert (
        add(
            browse("ada"), place="city", **{"from": start.strftime("%Y-%m-%dT%H:%M"), "for": "30d"}
        ).status_code
        == 303
    )
    (silence,) = silences(made)
    assert silence.from_ms == round(start.timestamp() * 1000)
    assert silence.until_ms - silence.from_ms == MOST_MS
    html = browse("ada").get("/staff/silences", **{"accept-language": "en"}).text
    assert "Planned" in html
    assert "Call off" in html


def test_silences_are_told_and_ended_by_whoever_may(browse: Any, made: Console) -> None:
    ledger = made.services.ledger
    mine = Silence(
        "a" * 16,
        Matcher(networks=("city",), districts=("小店区",)),
        NOW_MS,
        NOW_MS + DAY,
        "max",
        "<b>施工</b>",
    )
    far = Silence("b" * 16, Matcher(stations=("town-0001",)), NOW_MS, NOW_MS + DAY, "ada", "远")
    wide = Silence("c" * 16, Matcher(kinds=("too_hot",)), NOW_MS, NOW_MS + DAY, "ada", "宽")
    for each in (mine, far, wide):
        ledger.add_silence(each, each.by, NOW_MS)
    tian = browse("tian")
    html = tian.get("/staff/silences", **{"accept-language": "en"}).text
    assert "&lt;b&gt;施工&lt;/b&gt;" in html
    assert "马经理" in html
    assert "宽" in html, "it silences his alerts too"
    assert "远" not in html
    for silence_id, status in (
        (far.id, 404),
        (wide.id, 404),
        ("f" * 16, 404),
        (mine.id, 303),
        (mine.id, 409),
    ):
        assert post(tian, f"/staff/silences/{silence_id}/end").status_code == status
    assert {each.id for each in silences(made)} == {far.id, wide.id}
    assert "ended early by" in tian.get("/staff/silences", **{"accept-language": "en"}).text
    assert post(browse("vi"), f"/staff/silences/{far.id}/end").status_code == 403


def test_works_end_with_their_notice(browse: Any, made: Console) -> None:
    silence = Silence("d" * 16, Matcher(stations=("city-0001",)), NOW_MS, NOW_MS + DAY, "max", "改造")
    made.services.ledger.add_silence(Maintenance(silence, "closed"), "max", NOW_MS)
    html = browse("ada").get("/staff/silences", **{"accept-language": "en"}).text
    assert "maintenance, told to riders" in html
    assert f"{silence.id}/end" not in html
    assert post(browse("ada"), f"/staff/silences/{silence.id}/end").status_code == 409
    assert len(silences(made)) == 1


def test_what_was_silenced_elsewhere_stays_when_its_station_is_gone(browse: Any, made: Console) -> None:
    silence = Silence("e" * 16, Matcher(stations=("city-0999",)), NOW_MS, NOW_MS + DAY, "ada", "没了")
    made.services.ledger.add_silence(silence, "ada", NOW_MS)
    assert "city-0999" in browse("ada").get("/staff/silences").text
    assert "city-0999" not in browse("max").get("/staff/silences").text
    assert post(browse("max"), f"/staff/silences/{silence.id}/end").status_code == 404
