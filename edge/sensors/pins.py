"""Input pins of the Pi: numbered as on the chip (BCM), with their polarity as data.

gpiozero's own ``bounce_time`` is not used: whatever needs debouncing keeps the times of the edges and
decides with the clock that is handed in.
"""

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gpiozero import (  # type: ignore[import-untyped]  # it has no types
    DigitalInputDevice,
    GPIOZeroError,
    PinFactoryFallback,
)

from edge.clock import Instant
from edge.options import ConfigError, Options
from edge.sensors import SensorError

PULLS: Final = {"up": True, "down": False, "none": None}
HIGHEST_PIN: Final = 27
"""The highest GPIO number on the 40-pin header."""

NO_LIBRARY: Final = "no pin library works here; on a PC set GPIOZERO_PIN_FACTORY=mock"

STEADY_MS: Final = 800
"""A contact's new state is believed when the next look, one sampling interval later, finds it again."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """How switches are wired: the pull of the Pi's own resistor, and whether a low pin means active."""

    pull: str
    active_low: bool


WIRING_KEYS: Final = ("pull", "active_low")


def wiring(options: Options, *, pull: str = "up") -> Wiring:
    """``pull`` and ``active_low`` of a sensor's table; without a word, active is away from the pull."""
    chosen = options.choice("pull", tuple(PULLS), default=pull)
    return Wiring(chosen, options.flag("active_low", default=chosen == "up"))


class Input:
    """One input pin. ``active`` is the meaning, not the voltage."""

    def __init__(self, options: Options, key: str, wired: Wiring) -> None:
        """Open the pin that ``key`` names.

        Raises:
            ConfigError: when there is no such pin, or when something else has it.
        """
        pin = options.whole(key, low=0, high=HIGHEST_PIN)
        pull_up = PULLS[wired.pull]
        try:
            with warnings.catch_warnings():
                # It warns once for each library that it tries and does not find.
                warnings.simplefilter("ignore", PinFactoryFallback)
                self._device = DigitalInputDevice(
                    pin, pull_up=pull_up, active_state=True if pull_up is None else None
                )
        except ImportError as error:  # gpiozero's BadPinFactory is one too
            raise ConfigError(options.where, "", None, NO_LIBRARY) from error
        except GPIOZeroError as error:
            raise options.wrong(key, f"a free input pin ({type(error).__name__}: {error})") from error
        # gpiozero calls a pulled-up pin active when it is low, and every other pin when it is high.
        self._inverted = wired.active_low != (wired.pull == "up")

    @property
    def active(self) -> bool:
        """Whether the input says now what it is there to say.

        Raises:
            SensorError: when the pin cannot be read.
        """
        try:
            return bool(self._device.value) != self._inverted
        except GPIOZeroError as error:
            raise SensorError("pin", f"is the pin still there? ({error})") from error

    def on_change(self, tell: Callable[[bool], None]) -> None:
        """Call ``tell(active)`` at each edge, from the pin library's own thread: only hand over there."""
        inverted = self._inverted
        self._device.when_activated = lambda: tell(not inverted)
        self._device.when_deactivated = lambda: tell(inverted)

    def close(self) -> None:
        self._device.close()


class SteadyInput:
    """A contact that is looked at now and then. A change must be found twice before it is believed."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._believed: tuple[bool, int] | None = None
        self._doubt: Instant | None = None

    def look(self, now: Instant) -> tuple[bool, int]:
        """The believed state and since when, UTC milliseconds. The very first look is believed at once."""
        active = self._source.active
        if self._believed is None:
            self._believed = active, now.at_ms
        elif active == self._believed[0]:
            self._doubt = None
        elif self._doubt is None:
            self._doubt = now
        elif now.mono_ms - self._doubt.mono_ms >= STEADY_MS:
            self._believed, self._doubt = (active, self._doubt.at_ms), None
        return self._believed


def close_all(inputs: Iterable[Input]) -> None:
    """Give all pins back, also when one refuses."""
    for each in inputs:
        with suppress(GPIOZeroError):
            each.close()
