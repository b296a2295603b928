"""The docs' pictures can be drawn by their script, and come out the same each time."""

from types import ModuleType

import pytest

from scripts.screenshots import console, counts, riders
from scripts.screenshots.shot import shoot
from tests.support.browser import chromium


@pytest.mark.parametrize(("part", "name"), [(riders, "forecast"), (console, "readings")])
def test_a_picture_is_the_same_each_time(part: ModuleType, name: str) -> None:
    pictures = []
    for _ in range(2):
        with part.served() as site, chromium() as browser:
            pictures.append(shoot(browser, site, part.SHOTS[name], "zh"))
    first, again = pictures
    assert (first[:4], first[8:12]) == (b"RIFF", b"WEBP")
    assert first == again, "clocks stand still"


def test_a_report_is_drawn() -> None:
    """Its letters are not smoothed alike each time, on a page that was scrolled at one and a half pixels."""
    with counts.served() as site, chromium() as browser:
        picture = shoot(browser, site, counts.SHOTS["served"], "zh")
    assert (picture[:4], picture[8:12]) == (b"RIFF", b"WEBP")
