"""Units that devices and files use: the factor and the summand that lead to the contract's unit."""

from collections.abc import Mapping
from typing import Final

Units = Mapping[str, tuple[float, float]]

TEMPERATURE: Final[Units] = {"°C": (1, 0), "°F": (5 / 9, -160 / 9), "K": (1, -273.15)}
SHARE: Final[Units] = {"%": (1, 0), "ratio": (100, 0)}
CARBON_DIOXIDE: Final[Units] = {"ppm": (1, 0), "%": (10_000, 0)}
POWER: Final[Units] = {"W": (1, 0), "kW": (1000, 0), "mW": (0.001, 0)}
VOLTAGE: Final[Units] = {"V": (1, 0), "mV": (0.001, 0)}
CURRENT: Final[Units] = {"A": (1, 0), "mA": (0.001, 0)}
ENERGY: Final[Units] = {"Wh": (1, 0), "kWh": (1000, 0)}
PLAIN: Final[Units] = {"": (1, 0)}
