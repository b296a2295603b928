"""What staff see: alerts on a phone and at a desk, one of them, the fleet, a device."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page

from scripts.screenshots.morning import DRAWN, HOT, PEOPLE, Morning
from scripts.screenshots.shot import Shot, Site, as_it_comes, live
from server.web.build import build_web
from tests.support.serving import serving

DESK: Final = {
    "viewport": {"width": 1280, "height": 960},
    "device_scale_factor": 1,
    "is_mobile": False,
    "has_touch": False,
}
TALL: Final = {"viewport": {"width": 390, "height": 1240}}
"""More of a page than a phone shows at once."""


def opened(page: Page) -> None:
    """The alert of the list, with its own page."""
    page.locator(".line a[href*='/staff/alerts/']").first.click()
    page.wait_for_url("**/staff/alerts/*")
    live(page)


def readings(page: Page) -> None:
    """The same, further down: what was measured."""
    opened(page)
    page.locator(".readings").evaluate("part => part.scrollIntoView()")


HEAT: Final = f"/staff/alerts?station={HOT}"
SHOTS: Final = {
    "alerts": Shot("/staff/alerts", as_it_comes, TALL, "tian"),
    "alert": Shot(HEAT, opened, {}, "tian"),
    "readings": Shot(HEAT, readings, {}, "tian"),
    "fleet": Shot("/staff/fleet", as_it_comes, {}, "tian"),
    "device": Shot(f"/staff/stations/{DRAWN}", as_it_comes, {"color_scheme": "dark"}, "tian"),
    "desk": Shot("/staff/alerts", as_it_comes, DESK, "max"),
}


@contextmanager
def served() -> Iterator[Site]:
    """The console after a morning, with everybody signed in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        morning = stack.enter_context(closing(Morning(folder)))
        morning.live_through()
        front = build_web(
            morning.live, morning.store, morning.settings, morning.pipeline,
            reports=morning.reports, staff=morning.staff, now_ms=morning.clock,
        )  # fmt: skip
        port = stack.enter_context(serving(front, dated=False))
        yield Site(f"http://localhost:{port}", {login: morning.token(login) for login in PEOPLE})
