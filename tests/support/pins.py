"""Pins of a Pi that is not there, driven as the world would drive them."""

from collections.abc import Iterator

import pytest
from gpiozero import Device  # type: ignore[import-untyped]  # it has no types
from gpiozero.pins.mock import MockFactory  # type: ignore[import-untyped]  # it has no types

from edge.clock import SteppedClock
from edge.config import SensorEntry


class World:
    """What goes on around the pins, on a clock that is moved by hand."""

    def __init__(self, factory: MockFactory) -> None:
        self.clock = SteppedClock(1_700_000_000_000)
        self._factory = factory

    def drive(self, pin: int, *, high: bool) -> None:
        """Set the voltage at a pin."""
        wire = self._factory.pin(pin)
        wire.drive_high() if high else wire.drive_low()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.wait(seconds)


@pytest.fixture
def world() -> Iterator[World]:
    """A Pi with free pins."""
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield World(Device.pin_factory)
    Device.pin_factory.reset()
    Device.pin_factory = before


def entry(kind: str, **options: object) -> SensorEntry:
    """An entry of a station file."""
    return SensorEntry("it", kind, None, options, "station.toml: [[sensor]] 1")
