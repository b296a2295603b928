"""``/staff/served-reach``: the share of a demand that an open station is near to."""

import pytest

from tests.support.console import Console
from tests.support.served_pages import GOOD, NUMBERS, REACH, Signed

DEMAND = "lon,lat,weight\n112.55,37.87,3\n112.75,37.87,1\n"


@pytest.fixture
def placed(made: Console) -> Console:
    """One station open by day, where the first point is."""
    stations = {id_: each.station for id_, each in made.live.registered().items()}
    usual = type(stations["city-0001"])
    near = usual("city-0001", "city", "嘉节驿站", lat=37.871, lon=112.551, hours="Mo-Su 08:00-20:00")
    made.live.refresh_registry(made.live.networks(), stations | {"city-0001": near}, made.now_ms)
    return made


@pytest.mark.parametrize(("hour", "share"), [("12", "75.0%"), ("20", "0.0%"), ("7", "0.0%")])
def test_the_share_that_reaches_an_open_station(
    placed: Console, signed: Signed, hour: str, share: str
) -> None:
    del placed
    answer = signed("tian").post(REACH, network="city", minutes="15", hour=hour, day="workday", demand=DEMAND)
    assert f"工作日{hour}点，{share}的需求在 15 分钟骑行以内有开着门的驿站" in answer.text
    assert "1 个驿站没有坐标" in answer.text
    assert answer.text.count("<tr") == 25


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minutes": "0"}, "请填 1 到 120 的整数"),
        ({"minutes": "999"}, "请填 1 到 120 的整数"),
        ({"hour": "24"}, "请填 0 到 23"),
        ({"day": "holiday"}, "放假安排还没有公布"),
        ({"day": "someday"}, "放假安排还没有公布"),
        ({"datum": "mars"}, "请选一项"),
        ({"demand": "lon,lat\n1,<b>x</b>\n"}, "第 2 行 lat：<bdi>&#39;&lt;b&gt;x&lt;/b&gt;&#39;</bdi> 应为"),
        ({"demand": "lon,lat\n37.8,112.5\n"}, "经度和纬度好像写反了"),
        ({"demand": "x,y\n1,2\n"}, "请在第一行写上列名"),
        ({"demand": ""}, "没有经度列，也没有纬度列"),
    ],
)
def test_what_cannot_be_worked_out_is_told(signed: Signed, wrong: dict[str, str], said: str) -> None:
    given = {"network": "city", "minutes": "15", "hour": "12", "day": "workday", "demand": DEMAND}
    answer = signed("ada").send(REACH, given | wrong)
    assert (answer.status_code, said in answer.text, "<b>x" in answer.text) == (400, True, False)


def test_the_columns_that_were_used_are_told(placed: Console, signed: Signed) -> None:
    del placed
    demand = DEMAND.replace("weight", "<b>people")
    page = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=demand).text
    assert "没有权重列，每个点都算 1。 没有用到的列：&#39;&lt;b&gt;people&#39;。" in page
    assert "像是权重" in page
    assert "50.0%的需求" in page


def test_a_point_far_away_is_told_by_its_line(placed: Console, signed: Signed) -> None:
    del placed
    far = DEMAND + "112.55,36.87,1\n37.87,11.255,1\n"
    page = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=far).text
    assert "2 个点离驿站所在的地方超过 20 公里；最远的在第 5 行" in page
    assert "1 个点太远，地图一开始没有画进来" in page


def test_a_file_may_be_longer_than_other_forms(placed: Console, signed: Signed) -> None:
    del placed
    demand = "lon,lat\n" + "112.55000,37.87000\n" * 20_000
    answer = signed("ada").post(REACH, network="city", minutes="15", hour="12", demand=demand)
    assert (answer.status_code, "100.0%" in answer.text, "20000 个需求点" in answer.text) == (200, True, True)
    assert signed("ada").post(REACH, network="city", demand="x" * 1_100_000).status_code == 413
    assert signed("ada").post(NUMBERS, **GOOD, note="x" * 70_000).status_code == 413


def test_a_network_that_there_is_not(signed: Signed) -> None:
    assert signed("ada").post(REACH, network="nowhere", demand=DEMAND).status_code == 404
