"""The form of ``/staff/served`` keeps the place of its report, and its chart names its steps."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.console import Browser, browsing, console
from tests.support.served import a_day

PAGE = "/staff/served"
FIRST = date(2026, 12, 1)
STREET = "place=city/小店区&street=龙城街道"


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Browser]:
    with console(tmp_path) as running:
        for id_, visits in (("city-0001", 100), ("city-0002", 10)):
            running.rollups.rows += [a_day(id_, FIRST + timedelta(days=n), visits) for n in range(31)]
        with browsing(running) as browser:
            yield browser("ada")


def asking(place: str, **period: str) -> str:
    """As the form sends it."""
    return f"{PAGE}?{urlencode({'place': place, **period})}"


def options(page: str) -> list[tuple[str, str, bool]]:
    """Value, name, and whether it is the one that is sent."""
    fields = page[page.index('<select name="place">') :].split("</select>", maxsplit=1)[0]
    found = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', fields)
    return [(unescape(value), unescape(name), bool(chosen)) for value, chosen, name in found]


@pytest.mark.parametrize(
    ("query", "named", "said"),
    [
        ("station=city-0002", "文庙驿站 · ", "文庙驿站服务20人次"),
        (STREET, "龙城街道 · 小店区 · 城市", "龙城街道"),
    ],
)
def test_what_is_shown_anew_stays_where_it_was(ada: Browser, query: str, named: str, said: str) -> None:
    sent = [each for each in options(ada.get(f"{PAGE}?{query}&by=month&period=2026-12").text) if each[2]]
    assert len(sent) == 1
    assert sent[0][1].startswith(named)
    period = {"by": "range", "from": "2026-12-01", "to": "2026-12-02"}
    anew = ada.get(asking(sent[0][0], **period))
    assert (anew.status_code, said in anew.text) == (200, True)
    assert [each for each in options(anew.text) if each[2]] == sent, "and a third time"
    wrong = ada.get(asking(sent[0][0], by="month", period="2026-13"))
    assert wrong.status_code == 400
    assert [each for each in options(wrong.text) if each[2]] == sent, "with a wrong period, too"


def test_from_a_station_another_place_can_be_chosen(ada: Browser) -> None:
    offered = options(ada.get(f"{PAGE}?station=city-0002&by=month&period=2026-12").text)
    assert ("city", "城市", False) in offered
    whole = ada.get(asking("city", by="month", period="2026-12")).text
    assert "共服务3410人次" in whole
    assert not [value for value, _, _ in options(whole) if "=" in value], "no station is offered unasked"


@pytest.mark.parametrize(
    "place",
    [
        "nowhere", "city/不在这里", "/小店区", "station=nowhere", "place=nowhere", "place=place%3Dcity",
        "place=city&street=不在这里", "station=", "place=", "place=&street=龙城街道", "place=city&street=",
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_is_none(ada: Browser, place: str) -> None:
    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}.json"):
        answer = ada.get(asking(place, by="month", period="2026-12").replace(PAGE, path))
        assert answer.status_code == 404
        assert "没有这一页，或者不在你负责的范围内" in answer.text


@pytest.mark.parametrize("query", ["", "?place=", "?place=&station=&street="])
def test_nothing_asked_for_is_the_first_place(ada: Browser, query: str) -> None:
    page = ada.get(f"{PAGE}{query}")
    assert page.status_code == 200
    assert options(page.text)[0][2]


@pytest.mark.parametrize(
    ("period", "heading"),
    [
        ({"by": "month", "period": "2026-12"}, "各天人次"),
        ({"by": "year", "period": "2026"}, "各周人次"),
        ({"by": "range", "from": "2026-11-01", "to": "2026-12-31"}, "各天人次"),
    ],
)
def test_the_chart_is_called_after_its_bars(ada: Browser, period: dict[str, str], heading: str) -> None:
    page = ada.get(asking("city", **period)).text
    named = re.findall(r"<h3>(各[天周月]人次)</h3>", page)
    assert named == [heading]
    assert f'aria-label="{heading}"' in page
