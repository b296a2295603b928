"""Which alerts a receiver takes, and the hours in which nothing wakes it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.alerts.silences import Matcher
from server.notify.receivers.model import Quiet, Receiver
from tests.support.world import ALL, HOUR, MIN, NOON, World, station


@pytest.mark.parametrize(
    ("takes", "stations", "why"),
    [
        ([{}], {0, 1, 2}, "everything"),
        ([{"networks": ("gz",)}], {0, 1, 2}, "the network"),
        ([{"networks": ("nj",)}], set(), "another"),
        ([{"networks": ("gz",), "districts": ("1区",)}], {1}, "a district"),
        ([{"stations": ("s0",)}, {"stations": ("s2",)}], {0, 2}, "either of two"),
        ([{"kinds": ("too_cold",)}], set(), "another kind"),
        ([{"severities": ("warning",)}], {0, 1, 2}, "by severity"),
        ([], set(), "nothing"),
    ],
)
def test_routes(takes: list[dict[str, Any]], stations: set[int], why: str) -> None:
    world = World(Receiver("desk", tuple(Matcher(**each) for each in takes)), stations=3)
    world.say("too_hot", "true", *(station(n) for n in range(3))).run(HOUR)
    assert {int(alert.subject.id[1:]) for _, bundle in world.sent for alert in bundle.firing} == stations, why


@pytest.mark.parametrize(
    ("quiet", "clock", "holds", "why"),
    [
        ((22 * 60, 7 * 60), "21:59", False, "not yet"),
        ((22 * 60, 7 * 60), "22:00", True, "it begins"),
        ((22 * 60, 7 * 60), "03:00", True, "past midnight"),
        ((22 * 60, 7 * 60), "06:59", True, "its last minute"),
        ((22 * 60, 7 * 60), "07:00", False, "morning"),
        ((12 * 60, 14 * 60), "13:00", True, "within a day"),
        ((12 * 60, 14 * 60), "14:00", False, "over"),
        ((12 * 60, 14 * 60), "03:00", False, "the night is not meant"),
    ],
)
def test_quiet_hours(quiet: tuple[int, int], clock: str, holds: bool, why: str) -> None:
    at = datetime.fromisoformat(f"2025-07-25T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert Quiet(*quiet).holds(round(at.timestamp() * 1000)) == holds, why


@pytest.mark.parametrize("given", [(-1, 60), (0, 1440), (60, 60)])
def test_quiet_hours_that_are_none(given: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="quiet"):
        Quiet(*given)


def test_the_night_s_alerts_come_in_the_morning_if_they_still_are() -> None:
    sleeper = Receiver("desk", ALL, quiet=Quiet(22 * 60, 7 * 60))
    world = World(sleeper, stations=33, start_ms=NOON + 11 * HOUR)
    for n in range(33):
        world.say("too_hot", "true", station(n)).run(5 * MIN)
    world.say("too_hot", "false", *(station(n) for n in range(28))).run(6 * HOUR)
    assert world.told() == [(8 * 3600, "new", 5, 0, 0)]
