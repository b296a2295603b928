"""When somebody stands in one zone of a distance sensor above a door. Pure.

The floor is what the sensor sees when nobody is there; it is learnt at the start and never nearer than
what is seen since. Path and direction of people are :mod:`edge.doors`' business.
"""

from collections import deque
from statistics import median
from typing import Final

LEARN: Final = 20
"""Readings that agree make a floor; at 15 a second somebody who walks by cannot be taken for it."""
AGREE: Final = 0.05
"""Readings agree when they differ by no more than this share of their median."""
LATEST: Final = 2
"""The nearest of so many readings counts: a head has gaps in it, hair reflects badly."""


class Zone:
    """One zone. Distances are in centimetres.

    Args:
        share: nearer than this share of the floor's distance is somebody; 0.85 leaves out shoes and mats.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._floor_cm: float | None = None
        self._learning: deque[float] = deque(maxlen=LEARN)
        self._latest: deque[float] = deque(maxlen=LATEST)

    @property
    def floor_cm(self) -> float | None:
        """How far the floor is; None until it is known."""
        return self._floor_cm

    def see(self, distance_cm: float | None) -> bool:
        """Whether somebody is there, after one more reading; None: nothing within reach."""
        if distance_cm is None:
            self._latest.clear()
            return False
        self._learn(distance_cm)
        self._latest.append(distance_cm)
        return self._floor_cm is not None and min(self._latest) < self._share * self._floor_cm

    def _learn(self, distance_cm: float) -> None:
        self._learning.append(distance_cm)
        if len(self._learning) < LEARN:
            return
        middle = median(self._learning)
        calm = max(self._learning) - min(self._learning) <= 2 * AGREE * middle
        if calm and middle > (self._floor_cm or 0):
            self._floor_cm = middle
