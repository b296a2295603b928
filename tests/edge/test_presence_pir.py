"""A PIR on a mock pin, and when its silence may not be trusted."""

import pytest

from contract.messages import Presence
from edge.sensors.presence_pir import STUCK_ACTIVE_H, STUCK_QUIET_H, PresencePir
from tests.support.pins import World, entry, world

__all__ = ["world"]

PIN = 24
HOUR_S = 3600


@pytest.fixture
def pir(world: World) -> PresencePir:
    return PresencePir(entry("presence_pir", pin=PIN), {}, world.clock)


def read(pir: PresencePir, world: World) -> Presence:
    [presence] = pir.read(world.clock.now())
    assert isinstance(presence, Presence)
    return presence


def test_no_motion_yet(world: World, pir: PresencePir) -> None:
    assert read(pir, world) == Presence(None, ok=True)


def test_motion_between_two_questions_is_dated_when_it_ended(world: World, pir: PresencePir) -> None:
    world.drive(PIN, high=True)
    world.wait(3)
    world.drive(PIN, high=False)
    ended_ms = world.clock.now().at_ms
    world.wait(100)
    assert read(pir, world) == Presence(ended_ms)


def test_motion_that_goes_on_is_now(world: World, pir: PresencePir) -> None:
    world.drive(PIN, high=True)
    world.wait(50)
    assert read(pir, world).motion_at_ms == world.clock.now().at_ms


def test_active_low_parts(world: World) -> None:
    pir = PresencePir(entry("presence_pir", pin=PIN, active_low=True, pull="up"), {}, world.clock)
    world.drive(PIN, high=False)
    assert read(pir, world).motion_at_ms == world.clock.now().at_ms


STUCK = [
    (True, STUCK_ACTIVE_H - 0.1, True, "a full room over lunch keeps it on for hours"),
    (True, STUCK_ACTIVE_H, False, "no room is that restless: shorted"),
    (False, STUCK_QUIET_H - 1, True, "a long weekend"),
    (False, STUCK_QUIET_H, False, "three days of nobody: cut wire or closed; silence proves nothing"),
]


@pytest.mark.parametrize(("moving", "for_h", "ok", "reason"), STUCK, ids=[row[3] for row in STUCK])
def test_stuck(world: World, moving: bool, for_h: float, ok: bool, reason: str) -> None:
    pir = PresencePir(entry("presence_pir", pin=PIN), {}, world.clock)
    world.drive(PIN, high=True)
    world.drive(PIN, high=moving)
    world.wait(for_h * HOUR_S)
    assert read(pir, world).ok is ok, reason


def test_well_again_with_the_next_motion(world: World, pir: PresencePir) -> None:
    world.wait(STUCK_QUIET_H * HOUR_S)
    assert not read(pir, world).ok
    world.drive(PIN, high=True)
    assert read(pir, world).ok


def test_limits_are_settings(world: World) -> None:
    pir = PresencePir(entry("presence_pir", pin=PIN, stuck_quiet_h=2), {}, world.clock)
    world.wait(2 * HOUR_S)
    assert not read(pir, world).ok
