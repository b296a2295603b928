"""``/staff/served-numbers``: numbers entered by hand, counted apart."""

import pytest

from server.served.numbers import Numbers
from tests.support.console import Console
from tests.support.served_pages import GOOD, NUMBERS, PAGE, Signed


def test_a_number_is_entered_shown_and_counted_apart(made: Console, signed: Signed) -> None:
    max_ = signed("max")
    answer = max_.post(NUMBERS, **GOOD, title="义诊<b>", qualifier="余")
    assert answer.status_code == 303
    page = max_.get(NUMBERS).text
    assert "85 余人次 · 2 场 · <bdi>义诊&lt;b&gt;</bdi>" in page
    report = max_.get(f"{PAGE}?place=city&by=month&period=2026-12").text
    assert "另有活动2场、参加约85人次，未计入以上人次" in report
    assert "<strong>3410</strong>" in report
    (entry,) = (each for each in made.staff.audit() if each.what.startswith("served."))
    assert (entry.by, entry.whom, entry.values["count"], entry.values["district"]) == (
        "max",
        "1",
        85,
        "小店区",
    )
    log = signed("ada").get("/staff/audit").text
    assert "填了人工数字" in log
    assert "人工填报第 1 条" in log


def test_it_is_changed_and_removed_once(made: Console, signed: Signed) -> None:
    max_ = signed("max")
    max_.post(NUMBERS, **GOOD)
    one = f"{NUMBERS}/1"
    assert 'value="85"' in max_.get(one).text
    assert max_.post(one, version="1", **GOOD | {"count": "1,086"}).status_code == 303
    assert [each.number.count for each in Numbers(made.services.desk).newest(9)] == [1086]
    stale = max_.post(one, version="1", **GOOD)
    assert (stale.status_code, "别人刚改过" in stale.text) == (409, True)
    assert max_.post(f"{one}/remove", version="1").status_code == 409
    assert max_.post(f"{one}/remove", version="2").status_code == 303
    assert max_.post(f"{one}/remove", version="2").status_code == 404
    assert Numbers(made.services.desk).newest(9) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"place": ""}, "请选择你负责的地方"),
        ({"place": "town"}, "请选择你负责的地方"),
        ({"station": "town-0001"}, "请选择你负责的地方"),
        ({"station": "驿站"}, "请选择你负责的地方"),
        ({"first": "yesterday"}, "请填一个日期"),
        ({"last": "2026-12-01"}, "最后一天不能早于第一天"),
        ({"first": "2027-01-16"}, "还没有到的日子"),
        ({"count": "很多"}, "请填整数"),
        ({"count": "-1"}, "请填整数"),
        ({"count": "1.5"}, "请填整数"),
        ({"events": "0"}, "活动至少 1 场"),
        ({"kind": "guess"}, "请选一项"),
        ({"qualifier": "左右"}, "请选一项"),
        ({"title": "长" * 121}, "最多 120 个字"),
    ],
)
def test_a_wrong_field_is_told_and_what_was_typed_stays(
    made: Console, signed: Signed, wrong: dict[str, str], said: str
) -> None:
    answer = signed("max").post(NUMBERS, **GOOD | {"note": "签到表"} | wrong)
    assert (answer.status_code, said in answer.text, 'value="签到表"' in answer.text) == (400, True, True)
    assert Numbers(made.services.desk).newest(9) == []


def test_of_a_station_by_a_piece_of_its_name(made: Console, signed: Signed) -> None:
    signed("max").post(NUMBERS, **GOOD | {"place": "", "station": "文庙"})
    (kept,) = Numbers(made.services.desk).newest(9)
    assert (kept.number.station, kept.number.district) == ("city-0002", "迎泽区")


def test_those_of_other_places_are_not_seen(made: Console, signed: Signed) -> None:
    signed("max").post(NUMBERS, **GOOD | {"place": "city/迎泽区"})
    del made
    assert "迎泽区" not in signed("tian").get(NUMBERS).text
    assert signed("tian").get(f"{NUMBERS}/1").status_code == 404
    assert "2026-12-05 – 2026-12-05：85人次" in signed("vi").get(f"{NUMBERS}/1").text, "to be looked at only"
