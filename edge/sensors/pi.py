"""Drivers that work on a Raspberry Pi only; elsewhere their sensor has a fault, and the others go on."""

import importlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

from edge.sensors import SensorError

NO_PI: Final = "no_pi"
"""The fault's code."""

_HINT: Final = (
    "it works only on a Raspberry Pi with the extra 'pi' installed ({why}); to try the station file on a PC, "
    "write a simulated or recorded kind in its place"
)

D = TypeVar("D")


def on_a_pi(module: str, name: str, make: Callable[[Any, Any], D]) -> Callable[[], D]:
    """What makes a driver: ``make``, called with Adafruit's ``module`` and what ``board`` calls ``name``.

    Where these are not to be had, what is returned raises a :class:`SensorError` with the code ``no_pi``.
    """
    try:
        # Imported here and not by whoever asks the part: on a Pi an import sets signal handlers.
        library, found = importlib.import_module(module), getattr(importlib.import_module("board"), name)
    except (ImportError, NotImplementedError, AttributeError) as error:
        hint = _HINT.format(why=error)

        def refuse() -> D:
            raise SensorError(NO_PI, hint)

        return refuse
    return lambda: make(library, found)
