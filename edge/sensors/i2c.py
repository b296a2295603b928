"""The I2C bus of a Raspberry Pi, and Adafruit's drivers for what is on it."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from edge.config import SensorEntry
from edge.options import ConfigError


def open_i2c(entry: SensorEntry, driver: str) -> tuple[ModuleType, Callable[[], Any]]:
    """The module ``driver``, and what opens the one bus that all parts share.

    Raises:
        ConfigError: this is no Pi, or the extra ``pi`` is not installed.
    """
    try:
        # Imported here: on a PC there is no bus, and the import looks for one.
        library, board = importlib.import_module(driver), importlib.import_module("board")
        return library, board.I2C
    except (ImportError, NotImplementedError, AttributeError) as error:
        allowed = f"on a Raspberry Pi with the extra 'pi' installed ({error})"
        raise ConfigError(entry.where, "kind", entry.kind, allowed) from error
