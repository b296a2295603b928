"""Numbers that look random and depend on their keys alone.

Not ``random``: a simulated station must live the same day on every machine and every Python, whatever
was asked before, so each number is named (seed, day, purpose) instead of drawn from shared state.
"""

import math
import zlib
from typing import Final

_MASK: Final = 2**64 - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def unit(*keys: int) -> float:
    """A number from 0 up to, not including, 1, named by ``keys``."""
    return (_mixed(keys) >> 11) / 2**53


def key(text: str) -> int:
    """A name as a key."""
    return zlib.crc32(text.encode())


def smooth(seed: int, position: float) -> float:
    """A wandering value from -1 to 1: random at whole positions, a cosine between them."""
    left = math.floor(position)
    share = (1 - math.cos((position - left) * math.pi)) / 2
    return 2 * (unit(seed, left) * (1 - share) + unit(seed, left + 1) * share) - 1


class Draws:
    """A stream of numbers named by its keys."""

    def __init__(self, *keys: int) -> None:
        self._state = _mixed(keys)

    def unit(self) -> float:
        """From 0 up to, not including, 1."""
        self._state = (self._state + _GOLDEN) & _MASK
        return (_scrambled(self._state) >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        """From ``low`` up to ``high``."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int((high - low + 1) * self.unit())

    def chosen(self, count: int, among: int) -> set[int]:
        """``count`` different whole numbers below ``among``."""
        order = sorted(range(among), key=[self.unit() for _ in range(among)].__getitem__)
        return set(order[:count])


def _mixed(keys: tuple[int, ...]) -> int:
    state = _GOLDEN
    for each in keys:
        state = _scrambled((state ^ each) + _GOLDEN)
    return state


def _scrambled(value: int) -> int:
    """The finalizer of splitmix64."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
