"""The stations of a network as a drawing: a few paths, however many stations, and the districts' names. Pure.

No tiles and no projection of anybody else's: a network is small enough that degrees, narrowed by the
latitude, are a map. All stations of one look are one path, so that 2,080 of them cost a browser what a dozen
lines do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import cos, hypot, radians
from typing import Final, Literal

from server.state import StationState
from server.web.networks import district
from server.web.public import SILENT
from server.web.wall_facts import CROWDED, OPEN

WIDTH: Final = 1200
HEIGHT: Final = 900
"""Of the drawing, in its own units; its shape is 4:3 on every screen."""
EM: Final = 76
"""The size of names, in these units: no less than the wall's own letters, where the drawing is smallest."""
_EDGE: Final = 40
_OUTLIERS: Final = 0.02
"""The share of stations at each end by which the drawing is not made larger: one wrong coordinate would make
a dot of a whole city."""
_MARGIN: Final = 0.5
"""Stations outside of the rest by more than this share of it are not drawn."""

_FEW: Final = 60
"""Among so many stations a name has room beside them."""
_DOT: Final = 13
"""Half of the widest dot, and a little air."""
_STEPS: Final = tuple(
    sorted(
        product((0, -0.5, 0.5, -1, 1), (0, -0.6, 0.6, -1.2, 1.2, -1.8, 1.8)), key=lambda step: hypot(*step)
    )
)
"""From amid its stations a name is moved by so much of half its width and of its height; nearest first."""

Look = Literal["open", "closed", "unknown", "crowded", "hot", "silent"]
LOOKS: Final[tuple[Look, ...]] = ("unknown", "closed", "open", "crowded", "hot", "silent")
"""In the order in which they are drawn: what matters most lies on top."""


@dataclass(frozen=True, slots=True)
class Layer:
    """All stations of one look, as the data of a path; ``count`` of them are drawn."""

    look: Look
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Label:
    """A district's name amid its stations: the middle of its foot."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The map; ``missing``: stations without coordinates, or with some that are far from all others."""

    layers: tuple[Layer, ...]
    labels: tuple[Label, ...]
    missing: int


def looks(state: StationState) -> tuple[Look, ...]:
    """How a station looks: whether it is open, and on top of it what riders and staff should know."""
    access = state.access.value
    base: Look = "open" if access in OPEN else "unknown" if access == "unknown" else "closed"
    if state.freshness in SILENT:
        return (base, "silent") if state.station.instrumented else (base,)
    crowded: tuple[Look, ...] = ("crowded",) if state.crowding.value in CROWDED else ()
    hot: tuple[Look, ...] = ("hot",) if state.comfort.value == "hot" else ()
    return (base, *crowded, *hot)


def draw(states: Sequence[StationState]) -> Drawing:
    """The drawing of some stations."""
    known = list(_on_the_ground(states))
    frame = _Frame.around([point for _, point in known])
    inside = [(state, frame.place(*point)) for state, point in known if frame.holds(*point)]
    marks: dict[Look, list[tuple[int, int]]] = {look: [] for look in LOOKS}
    for state, point in inside:
        for look in looks(state):
            marks[look].append(point)
    layers = tuple(Layer(look, _path(look, points), len(points)) for look, points in marks.items())
    return Drawing(layers, tuple(_labels(inside)), len(states) - len(inside))


def _on_the_ground(states: Iterable[StationState]) -> Iterator[tuple[StationState, tuple[float, float]]]:
    """Those that are somewhere, each with its degrees east, narrowed as at the first one, and south."""
    narrowed: float | None = None
    for state in states:
        lat, lon = state.station.lat, state.station.lon
        if lat is not None and lon is not None:
            narrowed = cos(radians(lat)) if narrowed is None else narrowed
            yield state, (lon * narrowed, -lat)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What of the ground is drawn, and how large."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]]) -> "_Frame":
        """Around nearly all of these points."""
        if not points:
            return cls(0, 0, 0, 0)
        (left, right), (top, bottom) = (_most(values) for values in zip(*points, strict=True))
        wide, high = (right - left) * _MARGIN, (bottom - top) * _MARGIN
        near = [
            (x, y) for x, y in points if left - wide <= x <= right + wide and top - high <= y <= bottom + high
        ]
        xs, ys = zip(*near, strict=True)
        return cls(min(xs), min(ys), max(xs), max(ys))

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is drawn."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Where a point is in the drawing, which is as large as it can be, and in the middle."""
        wide, high = self.right - self.left, self.bottom - self.top
        scales = [(size - 2 * _EDGE) / span for size, span in ((WIDTH, wide), (HEIGHT, high)) if span]
        scale = min(scales, default=1.0)
        return (
            round((WIDTH - wide * scale) / 2 + (x - self.left) * scale),
            round((HEIGHT - high * scale) / 2 + (y - self.top) * scale),
        )


def _most(values: Iterable[float]) -> tuple[float, float]:
    """Between which most of the values lie."""
    ordered = sorted(values)
    out = int(len(ordered) * _OUTLIERS)
    return ordered[out], ordered[-1 - out]


def _path(look: Look, points: Iterable[tuple[int, int]]) -> str:
    """Dots are lines without length, which round ends make visible; of the silent ones a cross each."""
    mark = "m-9-9l18 18m0-18l-18 18" if look == "silent" else "h0"
    return "".join(f"M{x} {y}{mark}" for x, y in sorted(points))


@dataclass(frozen=True, slots=True)
class _Room:
    """Where the letters of a name are: the middle of its foot, and half of its width."""

    x: float
    y: float
    half: float

    def on(self, other: "_Room") -> bool:
        """Whether it lies on another name."""
        return abs(self.y - other.y) <= EM * 1.3 and abs(self.x - other.x) <= self.half + other.half

    def over(self, point: tuple[int, int]) -> bool:
        """Whether it lies on a dot."""
        x, y = point
        below = y - self.y
        return abs(self.x - x) <= self.half + _DOT and -(EM + _DOT) <= below <= EM * 0.2 + _DOT


def _labels(inside: Sequence[tuple[StationState, tuple[int, int]]]) -> Iterator[Label]:
    """The names of the largest districts, each amid its stations, as long as there is room.

    Among few stations no name lies on a dot: it stands as near as it can. Among many it could stand nowhere.
    """
    members: dict[str, list[tuple[int, int]]] = {}
    for state, point in inside:
        if name := district(state):
            members.setdefault(name, []).append(point)
    dots = [point for _, point in inside] if len(inside) <= _FEW else []
    taken: list[_Room] = []
    for name, points in sorted(members.items(), key=lambda each: (-len(each[1]), each[0])):
        for room in _rooms(points, _wide(name) * EM / 2, _STEPS if dots else _STEPS[:1]):
            if not any(map(room.on, taken)) and not any(map(room.over, dots)):
                taken.append(room)
                yield Label(name, round(room.x), round(room.y))
                break


def _rooms(
    points: Sequence[tuple[int, int]], half: float, steps: Iterable[tuple[float, float]]
) -> Iterator[_Room]:
    """Where a name of that half width may stand, the best first; nowhere if it is wider than the drawing."""
    if half * 2 > WIDTH:
        return
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    for right, down in steps:
        yield _Room(
            min(max(x + right * half, half), WIDTH - half), min(max(y + down * EM, EM), HEIGHT - EM), half
        )


def _wide(name: str) -> float:
    """Letters, of which Chinese ones are twice as wide as others."""
    return sum(1.0 if ord(char) > 0x2E80 else 0.6 for char in name)
