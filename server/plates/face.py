"""A font file, read for outlines: how wide a text is, what it looks like, what the font has no glyph for."""

import struct
from io import BytesIO
from pathlib import Path
from typing import Final, Self

from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped]  # it has no types
from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]  # the same

from server.plates.canvas import Command, Outline

PLACES: Final = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    Path("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc"),
)
"""Noto Sans CJK as Debian, Fedora and Arch install it; bold is read from further away."""
HINT: Final = "no Chinese font is found: type sudo apt install fonts-noto-cjk, or give --font FILE"
_MAINLAND: Final = "CJK SC"
"""In the name of a collection's face that has the shapes of characters of the mainland."""


class FaceError(Exception):
    """There is no font that can be used; the message says what to do."""


class Face:
    """One font. A size is the height of its em."""

    def __init__(self, font: TTFont) -> None:
        self._glyphs = font.getGlyphSet()
        self._names: dict[int, str] = font.getBestCmap() or {}
        self._units: int = font["head"].unitsPerEm
        self._drawn: dict[str, Outline] = {}

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The font in ``path``, else the first of :data:`PLACES` that is there.

        Raises:
            FaceError: it cannot be read, or none is there.
        """
        chosen = path or next((place for place in PLACES if place.is_file()), None)
        if chosen is None:
            raise FaceError(HINT)
        try:
            return cls(_read(chosen))
        except (OSError, TTLibError, KeyError, AssertionError, struct.error) as error:
            raise FaceError(f"{chosen}: this font cannot be read ({error})") from error

    def lacks(self, text: str) -> list[str]:
        """The characters of ``text`` that the font has no glyph for, each once."""
        return [char for char in dict.fromkeys(text) if ord(char) not in self._names]

    def width(self, text: str, size: float) -> float:
        """How wide ``text`` is, in the unit of ``size``; what the font lacks is no part of it."""
        return sum(map(self._advance, self._drawable(text))) * self.unit(size)

    def unit(self, size: float) -> float:
        """How large one unit of :meth:`outline` is."""
        return size / self._units

    def outline(self, text: str) -> Outline:
        """A line of text from its origin on, in units of the font."""
        steps: list[tuple[Command, tuple[float, ...]]] = []
        x = 0.0
        for char in self._drawable(text):
            for command, numbers in self._glyph(char):
                moved = (number + x * (index % 2 == 0) for index, number in enumerate(numbers))
                steps.append((command, tuple(moved)))
            x += self._advance(char)
        return tuple(steps)

    def _drawable(self, text: str) -> list[str]:
        return [char for char in text if ord(char) in self._names]

    def _advance(self, char: str) -> float:
        return float(self._glyphs[self._names[ord(char)]].width)

    def _glyph(self, char: str) -> Outline:
        if char not in self._drawn:
            pen = _Recorder(self._glyphs)
            self._glyphs[self._names[ord(char)]].draw(pen)
            self._drawn[char] = tuple(pen.steps)
        return self._drawn[char]


def _read(path: Path) -> TTFont:
    content = path.read_bytes()
    if content[:4] != b"ttcf":
        return TTFont(BytesIO(content), lazy=True)
    faces = TTCollection(BytesIO(content), lazy=True).fonts
    return next((face for face in faces if _MAINLAND in (face["name"].getDebugName(4) or "")), faces[0])


class _Recorder(BasePen):  # type: ignore[misc]  # the base has no types
    """Writes a glyph down; quadratic curves become cubic ones on the way."""

    def __init__(self, glyphs: object) -> None:
        super().__init__(glyphs)
        self.steps: list[tuple[Command, tuple[float, ...]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 # fontTools' names, here and below
        self.steps.append(("move", pt))

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.steps.append(("line", pt))

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self.steps.append(("curve", (*pt1, *pt2, *pt3)))

    def _closePath(self) -> None:  # noqa: N802
        self.steps.append(("close", ()))

    def _endPath(self) -> None:  # noqa: N802
        self._closePath()
