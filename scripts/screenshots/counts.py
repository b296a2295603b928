"""What a manager reports to the city: July of the demo's Liuyang, and its 15-minute circle."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from edge.days import Station as Simulated
from edge.options import Options
from edge.sensors.simulated import read_profile
from scripts.screenshots.shot import Shot, Site
from server.accounts.roles import Place
from server.accounts.users import Profile
from server.demo.networks import NETWORKS
from server.demo.stations import DemoStation, build
from server.rollups import Day
from server.served.model import Number
from server.served.numbers import Numbers
from tests.support.console import Console, console
from tests.support.served import a_day
from tests.support.serving import serving
from tests.support.staff import PASSWORD, TERMINAL

NETWORK: Final = "liuyang"

ZONE: Final = ZoneInfo("Asia/Shanghai")
JUNE: Final = date(2026, 6, 1)
JULY: Final = date(2026, 7, 1)
NOW_MS: Final = round(datetime(2026, 8, 3, 9, 0, tzinfo=ZONE).timestamp() * 1000)
LIVE: Final = 250
"""As many live stations as the demo has."""
HOUR_MS: Final = 3_600_000
PHONE: Final = {"viewport": {"width": 390, "height": 1500}, "device_scale_factor": 1.5}
DESK: Final = {
    "viewport": {"width": 1280, "height": 1180}, "device_scale_factor": 1, "is_mobile": False,
    "has_touch": False,
}  # fmt: skip
POINTS: Final = 240
SHARE_MEASURED: Final = (0.96, 1.0)


def july(page: Page) -> None:
    """The report, from its number on."""
    page.locator(".report").evaluate("part => part.scrollIntoView()")


def circle(page: Page) -> None:
    """Points of demand around the city, worked out for two in the afternoon."""
    dice = Random(15)  # noqa: S311  (a picture's look)
    rows = (f"{dice.gauss(113.633, 0.045):.5f},{dice.gauss(28.147, 0.035):.5f}" for _ in range(POINTS))
    page.locator("[name=demand]").fill("lon,lat\n" + "\n".join(rows))
    page.locator("[name=hour]").fill("14")
    page.locator("form.demand button[type=submit]").click()
    page.locator(".show-map").click()
    expect(page.locator("#map .ground")).to_have_attribute("data-drawn", str(POINTS))
    page.locator(".report").evaluate("part => part.scrollIntoView()")


SHOTS: Final = {
    "served": Shot(f"/staff/served?place={NETWORK}&by=month&period=2026-07", july, PHONE, "max"),
    "circle": Shot("/staff/served-reach", circle, DESK, "max"),
}


@contextmanager
def served() -> Iterator[Site]:
    """The console on the third of August."""
    with ExitStack() as stack:
        made = stack.enter_context(console(Path(stack.enter_context(TemporaryDirectory()))))
        made.now_ms = NOW_MS
        here = [each for each in build(LIVE) if each.station.network == NETWORK]
        networks = {each.id: each for each in NETWORKS if each.id == NETWORK}
        made.live.refresh_registry(networks, {each.station.id: each.station for each in here}, NOW_MS)
        for number, each in enumerate(here):
            if each.life is not None:
                made.rollups.rows += counted(each, number)
        _enter(made)
        port = stack.enter_context(serving(made.app, dated=False))
        yield Site(f"http://localhost:{port}", {"max": made.token("lan")})


def counted(one: DemoStation, number: int) -> list[Day]:
    """June and July of a station, as its simulated door counts."""
    assert one.life is not None
    options = {key: value for key, value in one.life.items() if key != "id"}
    simulated = Simulated(read_profile(Options(options, "the demo")))
    dice = Random(number)  # noqa: S311  (a picture's look)
    return [_day(one.station.id, JUNE + timedelta(days=day), simulated, dice) for day in range(61)]


def _day(station_id: str, day: date, simulated: Simulated, dice: Random) -> Day:
    midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp() * 1000)
    totals = [simulated.doors(midnight_ms + hour * HOUR_MS)[0] for hour in range(25)]
    hours = tuple(later.in_total - before.in_total for before, later in pairwise(totals))
    exits = totals[-1].out_total - totals[0].out_total
    return a_day(station_id, day, sum(hours), dice.uniform(*SHARE_MEASURED))._replace(
        visits_by_hour=hours, exits=exits, people_s=sum(hours) * 19 * 60, corrections=1,
        corrected=min(0, exits - sum(hours)), made_ms=NOW_MS - 12 * HOUR_MS,
    )  # fmt: skip


def _enter(made: Console) -> None:
    """A manager of Liuyang, and an event that they have written down."""
    profile = Profile("兰经理", "manager", places=(Place(NETWORK),))
    made.staff.users.add("lan", profile, PASSWORD, TERMINAL, NOW_MS)
    event = Number("event", NETWORK, "", "", JULY, JULY, 85, "余", 2, "夏日送清凉", "签到表")
    Numbers(made.services.desk).add(event, "lan", today=date(2026, 8, 1), now_ms=NOW_MS)
