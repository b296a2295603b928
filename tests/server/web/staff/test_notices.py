"""Notices at the console: who may write them for where, what is refused beside which field, what is kept."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from server.alerts.ledger import Ledger
from server.board import Posting
from server.notices import Notices
from tests.support.console import Browser, Console, browsing, console

HOUR_MS = 3_600_000
TODAY = "2027-01-15T"
"""NOW_MS is 16:00 of this day in Shanghai."""
GOOD: Final[dict[str, Any]] = {
    "place": "city",
    "access": "closed",
    "start": "",
    "end": f"{TODAY}18:00",
    "zh": "停电，暂时不能用",
    "en": "Power cut",
}
Signed = Callable[[str], Browser]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


@pytest.fixture
def signed(made: Console) -> Iterator[Signed]:
    with browsing(made) as browsers:
        yield browsers


def kept(made: Console) -> list[Posting]:
    return Notices(made.services.desk).standing(made.now_ms)


def test_a_manager_puts_one_up_for_the_network(made: Console, signed: Signed) -> None:
    answer = signed("max").post("/staff/notices/new", **GOOD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/notices?said=notice_added")
    (posting,) = kept(made)
    assert (posting.network, posting.district, posting.station) == ("city", "", "")
    assert (posting.from_ms, posting.until_ms) == (made.now_ms, made.now_ms + 2 * HOUR_MS)
    assert (posting.zh, posting.en, posting.access, posting.by) == (GOOD["zh"], GOOD["en"], "closed", "max")
    page = signed("vi").get("/staff/notices").text
    assert "停电，暂时不能用" in page
    assert "2 个驿站" in page


def test_a_station_is_named_by_id_or_by_a_piece_of_its_name(made: Console, signed: Signed) -> None:
    for words in ("city-0001", "嘉节", "jiajie"):
        signed("max").post("/staff/notices/new", **GOOD | {"place": "", "station": words})
    assert [each.station for each in kept(made)] == ["city-0001"] * 3


@pytest.mark.parametrize(
    ("changes", "told", "why"),
    [
        ({"zh": ""}, ("zh", "请写中文内容"), "nothing to read"),
        ({"zh": "\u202e\u200b "}, ("zh", "请写中文内容"), "nothing that can be seen"),
        ({"zh": "长" * 121}, ("zh", "最多 120 个字"), "too long for a phone"),
        ({"en": "x" * 121}, ("en", "最多 120 个字"), "too long in English"),
        ({"end": ""}, ("end", "请填一个日期和时间"), "without an end it would be forgotten"),
        ({"end": "tomorrow"}, ("end", "请填一个日期和时间"), "no moment"),
        ({"end": "2027-01-15T18:00+00:00"}, ("end", "请填一个日期和时间"), "local time only"),
        ({"end": f"{TODAY}15:59"}, ("end", "结束时间已经过了"), "over already"),
        ({"start": f"{TODAY}19:00"}, ("end", "结束要晚于开始"), "it ends before it begins"),
        ({"start": "x"}, ("start", "请填一个日期和时间"), "a beginning that is none is not now"),
        ({"end": "2028-03-01T00:00"}, ("end", "最多一年"), "for ever"),
        ({"access": "party"}, ("access", "请选一项"), "not in the form"),
        ({"access": "words", "works": "yes"}, ("works", "施工检修要配"), "works without closing"),
        ({"place": ""}, ("place", "请选择是哪里的公告"), "nowhere"),
        ({"place": "moon"}, ("place", "请选择是哪里的公告"), "no such network"),
        ({"place": "city/没有区"}, ("place", "请选择是哪里的公告"), "no such district"),
        ({"station": "nowhere"}, ("place", "没有找到这个驿站"), "no such station"),
        ({"place": "", "station": "驿站"}, ("place", "有好几个驿站符合"), "two of them"),
        ({"place": "", "station": "town-0001"}, ("place", "没有找到这个驿站"), "of another manager's town"),
        ({"place": "town"}, ("place", "请选择是哪里的公告"), "another manager's town"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    made: Console, signed: Signed, changes: dict[str, Any], told: tuple[str, str], why: str
) -> None:
    field, words = told
    answer = signed("max").post("/staff/notices/new", **GOOD | changes)
    assert answer.status_code == 400, why
    beside = answer.text.partition(f'id="wrong-{field}"')[2].partition("</p>")[0]
    assert words in beside, why
    assert f'value="{(GOOD | changes)["end"]}"' in answer.text, "what was typed is not lost"
    assert kept(made) == [], why
    assert {entry.what for entry in made.staff.audit()} == {"session.opened"}, why


def test_of_several_stations_one_is_chosen_with_a_tap(made: Console, signed: Signed) -> None:
    several = GOOD | {"place": "", "station": "驿站"}
    page = signed("max").post("/staff/notices/new", **several).text
    offered = re.findall(r'<input type="radio" name="pick" value="([^"]+)">', page)
    assert "city-0001" in offered
    assert "town-0001" not in offered, "of another manager's town"
    wrong = signed("max").post("/staff/notices/new", **several | {"pick": "town-0001"})
    assert (wrong.status_code, kept(made)) == (400, []), "what was not offered is not chosen"
    late = signed("max").post("/staff/notices/new", **several | {"pick": "city-0001", "end": ""}).text
    assert 'name="station" value="city-0001"' in late, "the choice outlives another mistake"
    signed("max").post("/staff/notices/new", **several | {"pick": "city-0001"})
    assert [each.station for each in kept(made)] == ["city-0001"]


def test_it_is_signed_with_the_name_that_others_see(made: Console, signed: Signed) -> None:
    signed("max").post("/staff/notices/new", **GOOD)
    (posting,) = kept(made)
    for path in ("/staff/notices", f"/staff/notices/{posting.id}"):
        assert "<bdi>马经理</bdi>" in signed("vi").get(path).text.partition("<main")[2]


def test_who_may_not(made: Console, signed: Signed) -> None:
    signed("ada").post("/staff/notices/new", **GOOD | {"place": "town"})
    signed("max").post("/staff/notices/new", **GOOD | {"place": "city/小店区"})
    town, district = kept(made)
    for name in ("tian", "vi"):
        assert signed(name).get("/staff/notices/new").status_code == 403, name
        assert signed(name).post("/staff/notices/new", **GOOD).status_code == 403, name
        assert signed(name).post(f"/staff/notices/{district.id}/end").status_code == 403, name
    assert signed("max").get(f"/staff/notices/{town.id}").status_code == 404, "not even that it is there"
    assert signed("max").post(f"/staff/notices/{town.id}/end").status_code == 404
    assert signed("max").post(f"/staff/notices/{town.id}", version="1", **GOOD).status_code == 404
    assert signed("max").post(f"/staff/notices/{district.id}/end", csrf="x").status_code == 403
    for odd in ("0", "-1", "x", "9" * 30, "%00"):
        assert signed("ada").get(f"/staff/notices/{odd}").status_code == 404, odd
    assert kept(made) == [town, district]


def test_who_looks_after_a_district_reads_what_is_told_of_all_of_it(signed: Signed) -> None:
    signed("max").post("/staff/notices/new", **GOOD)
    signed("max").post("/staff/notices/new", **GOOD | {"place": "city/迎泽区", "zh": "别区的话"})
    page = signed("tian").get("/staff/notices").text
    assert GOOD["zh"] in page, "the network's holds in the district too"
    assert "别区的话" not in page
    assert "写公告" not in page


def test_a_notice_is_changed_and_somebody_elses_change_is_not_overwritten(
    made: Console, signed: Signed
) -> None:
    signed("max").post("/staff/notices/new", **GOOD)
    (before,) = kept(made)
    made.now_ms += HOUR_MS
    form = signed("max").get(f"/staff/notices/{before.id}").text
    assert f'name="start" value="{TODAY}16:00"' in form
    changed: dict[str, Any] = GOOD | {"start": f"{TODAY}16:00", "end": f"{TODAY}20:00", "zh": "还要久一点"}
    answer = signed("max").post(f"/staff/notices/{before.id}", version="1", **changed)
    assert answer.headers["location"] == "/staff/notices?said=notice_changed"
    (after,) = kept(made)
    assert (after.zh, after.version, after.from_ms) == ("还要久一点", 2, before.from_ms)
    assert after.until_ms == before.until_ms + 2 * HOUR_MS
    stale = signed("ada").post(f"/staff/notices/{before.id}", version="1", **changed | {"zh": "旧的"})
    assert stale.status_code == 409
    assert "别人刚改过" in stale.text
    assert kept(made) == [after]


def test_it_is_ended_once(made: Console, signed: Signed) -> None:
    signed("max").post("/staff/notices/new", **GOOD)
    (posting,) = kept(made)
    assert signed("max").post(f"/staff/notices/{posting.id}/end").status_code == 303
    assert kept(made) == []
    assert signed("max").post(f"/staff/notices/{posting.id}/end").status_code == 409
    assert signed("max").post(f"/staff/notices/{posting.id}", version="1", **GOOD).status_code == 409
    page = signed("max").get("/staff/notices").text
    assert "马经理 提前结束" in page


def test_works_silence_the_place_and_all_of_it_is_in_the_log(made: Console, signed: Signed) -> None:
    ledger = Ledger(made.services.desk)
    works: dict[str, Any] = GOOD | {"place": "city/小店区", "works": "yes"}
    signed("max").post("/staff/notices/new", **works)
    (posting,), (wish,) = kept(made), ledger.silences(made.now_ms)
    assert wish.silence.matcher.districts == ("小店区",)  # type: ignore[union-attr]  # maintenance
    assert wish.silence.until_ms == posting.until_ms  # type: ignore[union-attr]  # maintenance
    signed("max").post(f"/staff/notices/{posting.id}", version="1", **works | {"end": f"{TODAY}19:00"})
    (longer,) = ledger.silences(made.now_ms)
    assert longer.silence.until_ms == posting.until_ms + HOUR_MS  # type: ignore[union-attr]  # maintenance
    signed("max").post(f"/staff/notices/{posting.id}/end")
    assert ledger.silences(made.now_ms) == []
    assert [(entry.by, entry.what) for entry in made.staff.audit() if entry.what.startswith("notice.")] == [
        ("max", "notice.added"),
        ("max", "notice.changed"),
        ("max", "notice.ended"),
    ]
    assert {entry.by for entry in made.staff.audit()} == {"max"}, "the silence's rows too"


def test_what_is_typed_is_text(made: Console, signed: Signed) -> None:
    hostile = "<script>alert(1)</script>=1+1 {{ t }} 电话 138 0013 8000"
    signed("max").post("/staff/notices/new", **GOOD | {"zh": hostile, "en": "<img src=x onerror=alert(1)>"})
    (posting,) = kept(made)
    assert posting.zh == hostile, "as it was typed, with the number"
    for page in ("/staff/notices", f"/staff/notices/{posting.id}", "/staff/notices?lang=en"):
        text = signed("max").get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


@pytest.mark.parametrize("key", ["power", "repair", "holiday", "heat", "water"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_usual_one_is_filled_in_and_can_be_put_up_as_it_is(signed: Signed, key: str, language: str) -> None:
    page = signed("max").get(f"/staff/notices/new?template={key}&station=city-0001&lang={language}").text
    assert 'name="station" value="city-0001"' in page
    zh = page.partition('name="zh"')[2].partition(">")[2].partition("<")[0]
    en = page.partition('name="en"')[2].partition(">")[2].partition("<")[0]
    assert any("一" <= char <= "鿿" for char in zh), "Chinese words in the Chinese field"
    assert en.isascii(), "English ones in the English field"
    assert en != ""
    assert f'name="end" value="{TODAY}' in page or 'name="end" value="2027-01-16T' in page
