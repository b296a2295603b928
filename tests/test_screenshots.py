"""The docs' pictures can be drawn by their script, and come out the same each time."""

from scripts.screenshots import SHOTS, served, shoot
from tests.support.browser import chromium


def test_a_picture_is_the_same_each_time() -> None:
    with served() as address, chromium() as browser:
        first, again = (shoot(browser, address, SHOTS["forecast"], "zh") for _ in range(2))
    assert (first[:4], first[8:12]) == (b"RIFF", b"WEBP")
    assert first == again, "clocks stand still"
