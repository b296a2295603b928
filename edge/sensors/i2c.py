"""The I2C bus of a Raspberry Pi, and Adafruit's drivers for what is on it."""

from collections.abc import Callable
from typing import Any, Final

from edge.sensors import SensorError
from edge.sensors.pi import on_a_pi

OFF: Final = "there is no I2C bus: switch it on (raspi-config, Interface Options, I2C)"
NOT_ALLOWED: Final = (
    "this user may not use the I2C bus: it must be in the group i2c (scripts/install.sh does it)"
)


def on_i2c(module: str, make: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    """What makes a driver: ``make``, called with Adafruit's ``module`` and the bus that all parts share.

    What is returned raises a :class:`SensorError`: ``bus`` where there is no bus for this user, ``no_pi``
    where there is no Pi.
    """
    return on_a_pi(module, "I2C", lambda library, bus: make(library, _opened(bus)))


def _opened(bus: Callable[[], Any]) -> Any:
    try:
        return bus()
    except PermissionError as error:
        raise SensorError("bus", NOT_ALLOWED) from error
    except (OSError, RuntimeError, ValueError) as error:  # Blinka has a word of its own for each system
        raise SensorError("bus", OFF) from error
