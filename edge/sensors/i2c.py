"""The I2C bus of a Raspberry Pi, and Adafruit's drivers for what is on it."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from edge.config import SensorEntry
from edge.options import ConfigError
from edge.sensors import SensorError

OFF: Final = "there is no I2C bus: switch it on (raspi-config, Interface Options, I2C)"
NOT_ALLOWED: Final = (
    "this user may not use the I2C bus: it must be in the group i2c (scripts/install.sh does it)"
)


def open_i2c(entry: SensorEntry, driver: str) -> tuple[ModuleType, Callable[[], Any]]:
    """The module ``driver``, and what opens the one bus that all parts share.

    What is returned raises a :class:`SensorError` with the code ``bus`` where there is no bus for this user.

    Raises:
        ConfigError: this is no Pi, or the extra ``pi`` is not installed.
    """
    try:
        # Imported here: on a PC there is no bus, and the import looks for one.
        library, board = importlib.import_module(driver), importlib.import_module("board")
        return library, _opener(board.I2C)
    except (ImportError, NotImplementedError, AttributeError) as error:
        allowed = f"on a Raspberry Pi with the extra 'pi' installed ({error})"
        raise ConfigError(entry.where, "kind", entry.kind, allowed) from error


def _opener(bus: Callable[[], Any]) -> Callable[[], Any]:
    def opened() -> Any:
        try:
            return bus()
        except PermissionError as error:
            raise SensorError("bus", NOT_ALLOWED) from error
        except (OSError, RuntimeError, ValueError) as error:  # Blinka has a word of its own for each system
            raise SensorError("bus", OFF) from error

    return opened
