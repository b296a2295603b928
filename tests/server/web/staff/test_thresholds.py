"""The page of alert thresholds: whose they are, what is refused beside its field, and what holds then."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from server.alerts import limits
from server.alerts.kinds import KINDS, AlertThresholds
from server.web.staff.alerts import limit_form
from tests.support.console import Browser, Console, browsing, console

PATH = "/staff/thresholds"
DOCS = Path(__file__).parents[4] / "docs" / "alerts.md"
Signed = Callable[[str], Browser]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


@pytest.fixture
def signed(made: Console) -> Iterator[Signed]:
    with browsing(made) as browsers:
        yield browsers


def own(made: Console, noun: str = "city") -> dict[str, float]:
    networks, stations = made.registry.networks(), made.registry.stations()
    return dict((networks[noun] if noun in networks else stations[noun]).alert_limits)


def save(browser: Browser, whose: dict[str, str], **typed: Any) -> Any:
    """Load the page and send its form with other numbers."""
    page = browser.get(f"{PATH}?{'&'.join(f'{name}={value}' for name, value in whose.items())}").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    shown = dict(re.findall(r'<input name="(\w+)" value="([^"]*)" placeholder', page))
    assert set(shown) == set(limit_form.KINDS_OF), "every threshold has its field"
    return browser.post(PATH, **shown | whose | {"seen": seen[1]} | typed)


def test_a_network_gets_numbers_of_its_own_and_gives_them_back(made: Console, signed: Signed) -> None:
    answer = save(signed("max"), {"place": "city"}, too_hot_c="31.5", flat_ms="90", jumps="5")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?place=city&said=thresholds")
    assert own(made) == {"too_hot_c": 31.5, "flat_ms": 90 * 60_000, "jumps": 5}
    assert {name: type(value) for name, value in own(made).items()}["flat_ms"] is int
    networks = made.registry.networks()
    assert limits.of_network("city", networks).too_hot_c == 31.5
    save(signed("max"), {"place": "city"}, reset="too_hot_c", jumps="")
    assert own(made) == {"flat_ms": 90 * 60_000}, "one by its button, one by emptying the field"
    told = [entry for entry in made.staff.audit() if entry.what == "thresholds.changed"]
    assert [(entry.by, entry.whom) for entry in told] == [("max", "city")] * 2
    assert told[1].values == {"too_hot_c": None, "jumps": None}


def test_a_stations_stand_over_its_networks(made: Console, signed: Signed) -> None:
    save(signed("max"), {"place": "city"}, too_hot_c="31")
    page = signed("max").get(f"{PATH}?station=city-0001").text
    assert "默认 30 °C · 地区 31 °C" in page
    save(signed("max"), {"station": "city-0001"}, too_hot_c="29")
    station, networks = made.registry.stations()["city-0001"], made.registry.networks()
    assert limits.of_station(station, networks).too_hot_c == 29
    assert limits.of_station(made.registry.stations()["city-0002"], networks).too_hot_c == 31
    assert "自己设了 1 项" in signed("max").get(PATH).text


@pytest.mark.parametrize(
    ("typed", "words", "why"),
    [
        ({"too_hot_c": "warm"}, "请填一个数", "a word"),
        ({"too_hot_c": "1e3"}, "请填一个数", "a number that nobody types by intent"),
        ({"too_hot_c": "nan"}, "请填一个数", "no number at all"),
        ({"too_hot_c": "٣٠"}, "请填一个数", "digits of another script"),
        ({"too_hot_c": "126"}, "要在 -40 到 125 °C 之间", "hotter than any room"),
        ({"jumps": "1.5"}, "请填整数", "half a jump"),
        ({"jumps": "0"}, "要在 1 到 60 次 之间", "always"),
        ({"lost_link_ms": "0"}, "分钟 之间", "no time at all"),
        ({"unheard_ms": "99999"}, "要在 0.01666666667 到 10080 分钟 之间", "longer than a week"),
        ({"too_cold_c": "29"}, "太冷的阈值要明显低于太热的阈值", "too cold and too hot at once"),
        ({"lost_link_ms": "6"}, "断线的时间不能比没有数据的时间长", "the quicker sign is slower"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    made: Console, signed: Signed, typed: dict[str, str], words: str, why: str
) -> None:
    answer = save(signed("max"), {"place": "city"}, **typed)
    (key,) = typed
    assert answer.status_code == 400, why
    beside = answer.text.partition(f'id="wrong-{key}"')[2].partition("</p>")[0]
    assert words in beside, why
    assert f'<input name="{key}" value="{typed[key]}"' in answer.text, "what was typed is not lost"
    assert own(made) == {}, why


def test_who_may_not(made: Console, signed: Signed) -> None:
    page = signed("tian").get(f"{PATH}?station=city-0001")
    assert page.status_code == 200
    assert '<input name="too_hot_c"' not in page.text, "to read only"
    for name in ("tian", "vi"):
        answer = signed(name).post(PATH, station="city-0001", seen="x", too_hot_c="20")
        assert answer.status_code == 403, name
    assert signed("max").get(f"{PATH}?place=town").status_code == 404, "another manager's"
    assert signed("max").post(PATH, place="town", seen="x", too_hot_c="20").status_code == 404
    assert signed("tian").get(f"{PATH}?place=city").status_code == 404, "all of it is not theirs"
    assert signed("tian").get(f"{PATH}?station=city-0002").status_code == 404, "another district"
    assert signed("ada").get(f"{PATH}?station=nowhere").status_code == 404
    assert signed("ada").post(PATH, seen="x").status_code == 404
    assert own(made) == own(made, "town") == own(made, "city-0001") == {}


def test_somebody_elses_change_is_not_overwritten(made: Console, signed: Signed) -> None:
    save(signed("ada"), {"place": "city"}, too_hot_c="31")
    answer = save(signed("max"), {"place": "city"}, too_hot_c="29", seen="0" * 16)
    assert answer.status_code == 409
    assert "别人刚改过" in answer.text
    assert own(made) == {"too_hot_c": 31}


def test_a_station_is_found_by_its_name(signed: Signed) -> None:
    assert f'href="{PATH}?station=city-0001"' in signed("max").get(f"{PATH}?q=嘉节").text
    assert "没有找到" in signed("max").get(f"{PATH}?q=镇口").text, "not theirs"
    assert "镇口驿站" in signed("ada").get(f"{PATH}?q=镇口").text


def test_every_threshold_stands_in_the_form_once_with_the_kinds_of_the_page() -> None:
    names = [field.name for field in fields(AlertThresholds)]
    assert sorted(key for group in limit_form.GROUPS.values() for key in group) == sorted(names)
    assert set(limit_form.KINDS_OF) == set(names)
    table = DOCS.read_text(encoding="utf-8")
    for key, kinds in limit_form.KINDS_OF.items():
        row = re.search(rf"^\| `{key}` \|.*$", table, re.MULTILINE)
        assert row is not None, key
        wanted = {kind for kind in KINDS if kind.startswith("pi_")} if "all `pi_…`" in row[0] else set()
        assert set(kinds) == wanted | set(re.findall(r"\(#(\w+)\)", row[0])), key
