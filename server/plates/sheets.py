"""What stands where: a plate beside the door (A5, landscape) and a poster (A3, portrait). Millimetres."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import segno

from server.notes import plain
from server.plates.canvas import Canvas, Colour
from server.plates.face import Face
from server.web.text import Language, strings

INK: Final[Colour] = (20, 24, 28)
DIM: Final[Colour] = (76, 86, 97)
BRAND: Final[Colour] = (11, 79, 108)
PAPER: Final[Colour] = (255, 255, 255)
QUIET: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""
_MORE: Final = "…"
_NEVER_FIRST: Final = frozenset("，。、；：！？）》」』】…·,.;:!?)")
_LEADING: Final = 1.34
"""From line to line, in sizes."""
_MIDDLE: Final = 0.38
"""From the middle of a Chinese character down to the base of its line, in sizes."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What is printed for one station. ``address`` is what the QR code holds; names may be hostile."""

    station: str
    name_zh: str
    name_en: str
    network: str
    address: str

    def missing(self, face: Face) -> list[str]:
        """Characters of its names that ``face`` has no glyph for; they are left out."""
        return face.lacks(plain(self.name_zh + self.name_en + self.network))


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set: at most so many lines of at most ``size``, smaller down to ``smallest``."""

    size: float
    colour: Colour
    lines: int = 1
    smallest: float = 0.0
    align: Literal["left", "centre", "right"] = "left"


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a sheet: its left and right edge, its top and bottom."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.right - self.left


class Sheet:
    """A canvas, and the face that its texts are set in."""

    def __init__(self, face: Face, width: float, height: float, sign: Sign) -> None:
        self.canvas = Canvas(width, height, plain(f"{sign.name_zh} {sign.address}"))
        self._face = face

    def texts(self, box: Box, *texts: tuple[str, Style]) -> None:
        """Set texts below each other, all together in the middle between top and bottom of ``box``."""
        fitted = [
            (style, *fit(self._face, shown(self._face, text), box.width, style)) for text, style in texts
        ]
        height = sum(size * _LEADING * len(lines) for _, size, lines in fitted)
        top = (box.top + box.bottom - height) / 2
        for style, size, lines in fitted:
            for line in lines:
                self._line(line, size, style, box, top)
                top += size * _LEADING

    def _line(self, line: str, size: float, style: Style, box: Box, top: float) -> None:
        free = box.width - self._face.width(line, size)
        left = box.left + free * {"left": 0, "centre": 0.5, "right": 1}[style.align]
        base = top + size * (_LEADING / 2 + _MIDDLE)
        self.canvas.outline(self._face.outline(line), left, base, self._face.unit(size), style.colour)

    def code(self, address: str, left: float, top: float, width: float) -> None:
        """A QR code with its quiet zone inside ``width``. A quarter of it may be lost (level Q)."""
        matrix = segno.make_qr(address, error="q", boost_error=True).matrix
        module = width / (len(matrix) + 2 * QUIET)
        self.canvas.boxes([(left, top, width, width)], PAPER)
        dark = (
            (left + (QUIET + start) * module, top + (QUIET + row) * module, length * module, module)
            for row, line in enumerate(matrix)
            for start, length in _runs(line)
        )
        self.canvas.boxes(dark, INK)


def plate(face: Face, sign: Sign) -> Canvas:
    """A5, landscape: the code on the left, the name and what it is for on the right."""
    sheet = Sheet(face, 210, 148, sign)
    _head(sheet, sign, Box(12, 198, 0, 22), 7.5)
    sheet.code(sign.address, 4, 27, 96)
    sheet.texts(Box(8, 96, 124, 134), (_told(sign.address), Style(4.4, DIM, 1, 2.2, "centre")))
    name, english = Style(15, INK, 3, 7), Style(5.5, DIM, 2, 3.5)
    sheet.texts(Box(106, 200, 26, 88), (_name(face, sign), name), (sign.name_en, english))
    sheet.texts(
        Box(106, 200, 88, 138),
        (_string("zh", "plate.scan"), Style(9.5, BRAND)),
        (_string("zh", "plate.free"), Style(7.5, INK)),
        (_string("zh", "plate.tells"), Style(4.4, DIM)),
        (_english(), Style(4.4, INK)),
        (_string("en", "plate.tells"), Style(4.2, DIM)),
    )
    return sheet.canvas


def poster(face: Face, sign: Sign) -> Canvas:
    """A3, portrait: to be read from across the street."""
    sheet = Sheet(face, 297, 420, sign)
    _head(sheet, sign, Box(20, 277, 0, 50), 20)
    name, english = Style(32, INK, 2, 13, "centre"), Style(12, DIM, 1, 6, "centre")
    sheet.texts(Box(20, 277, 52, 142), (_name(face, sign), name), (sign.name_en, english))
    sheet.code(sign.address, 53.5, 134, 190)
    sheet.texts(
        Box(20, 277, 316, 414),
        (_told(sign.address), Style(8, DIM, 1, 3, "centre")),
        (_string("zh", "plate.scan"), Style(22, BRAND, align="centre")),
        (_string("zh", "plate.free"), Style(15, INK, align="centre")),
        (_string("zh", "plate.tells"), Style(9, DIM, align="centre")),
        (_english(), Style(9, INK, align="centre")),
        (_string("en", "plate.tells"), Style(7.5, DIM, align="centre")),
    )
    return sheet.canvas


def shown(face: Face, text: str) -> str:
    """``text`` as it can be printed: one line, without what is not seen and what the font lacks."""
    missing = set(face.lacks(plain(text)))
    return plain("".join(char for char in plain(text) if char not in missing))


def fit(face: Face, text: str, width: float, style: Style) -> tuple[float, list[str]]:
    """The largest size at which ``text`` fits, and its lines; at the smallest it is shortened."""
    smallest, size = style.smallest or style.size / 2, style.size
    while size > smallest and len(wrap(face, text, width, size)) > style.lines:
        size = max(smallest, size * 0.94)
    lines = balanced(face, text, width, size)
    if len(lines) <= style.lines:
        return size, lines
    last = lines[style.lines - 1]
    while face.width(last + _MORE, size) > width:
        last = last[:-1]
    return size, [*lines[: style.lines - 1], last.rstrip() + _MORE]


def balanced(face: Face, text: str, width: float, size: float) -> list[str]:
    """As few lines as ``text`` needs, of about the same length: no last line of one character."""
    lines = wrap(face, text, width, size)
    narrow = face.width(text, size) / max(1, len(lines))
    while narrow < width:
        tried = wrap(face, text, narrow, size)
        if len(tried) <= len(lines):
            return tried
        narrow += size / 4
    return lines


def wrap(face: Face, text: str, width: float, size: float) -> list[str]:
    """Lines of ``text``, filled one after the other; Latin words stay whole where a line has a blank."""
    lines: list[str] = []
    rest = text
    while rest:
        end = _end(face, rest, width, size)
        if rest[end - 1 : end + 1].isascii() and end < len(rest):
            end = max(rest.rfind(" ", 1, end + 1), 0) or end
        while end > 1 and rest[end : end + 1] and rest[end] in _NEVER_FIRST:
            end -= 1
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return lines


def _end(face: Face, text: str, width: float, size: float) -> int:
    """How many characters fit into a line, at least one."""
    taken = 0.0
    for index, char in enumerate(text):
        taken += face.width(char, size)
        if taken > width and index:
            return index
    return len(text)


def _head(sheet: Sheet, sign: Sign, box: Box, size: float) -> None:
    """A band across the sheet with the network's name and ours."""
    sheet.canvas.boxes([(0, box.top, sheet.canvas.width, box.bottom - box.top)], BRAND)
    middle = box.left + box.width * 0.62
    brand = f"{_string('zh', 'plate.brand')} {_string('en', 'plate.brand')}"
    sheet.texts(replace(box, right=middle), (sign.network, Style(size, PAPER)))
    sheet.texts(replace(box, left=middle), (brand, Style(size * 0.7, PAPER, align="right")))


def _name(face: Face, sign: Sign) -> str:
    """The station's name; its id where the font can show nothing of the name."""
    return sign.name_zh if shown(face, sign.name_zh) else sign.station


def _told(address: str) -> str:
    """The address as people write it; browsers find the rest by themselves."""
    return address.removeprefix("https://")


def _english() -> str:
    return f"{_string('en', 'plate.scan')}. {_string('en', 'plate.free')}."


def _string(language: Language, key: str) -> str:
    return strings(language)[key]


def _runs(line: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    start = None
    for column, dark in enumerate((*line, 0)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column - start
            start = None
