"""A sheet of filled shapes, in millimetres from its upper left corner, written as SVG and as PDF."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

Command = Literal["move", "line", "curve", "close"]
Outline = tuple[tuple[Command, tuple[float, ...]], ...]
"""A closed outline with cubic curves, filled by the nonzero rule; ``y`` goes up, as in fonts."""
Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

_SVG: Final[dict[Command, str]] = {"move": "M", "line": "L", "curve": "C", "close": "Z"}
_PDF: Final[dict[Command, str]] = {"move": "m", "line": "l", "curve": "c", "close": "h"}
_MM: Final = 72 / 25.4
"""Points in a millimetre."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline at a place: its origin (mm), and millimetres for each of its units."""

    outline: Outline
    x: float
    y: float
    scale: float
    colour: Colour


class Canvas:
    """One sheet. ``title`` names it to whoever cannot see it; ``width`` and ``height`` in mm."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._shapes: list[Shape] = []

    def outline(self, outline: Outline, x: float, y: float, scale: float, colour: Colour) -> None:
        """Fill an outline whose origin is at ``x``, ``y``."""
        if outline:
            self._shapes.append(Shape(outline, x, y, scale, colour))

    def boxes(self, boxes: Iterable[tuple[float, float, float, float]], colour: Colour) -> None:
        """Fill rectangles, each left, top, width, height, as one shape: no seams between neighbours."""
        outline: list[tuple[Command, tuple[float, ...]]] = []
        for left, top, width, height in boxes:
            corners = (left + width, -top), (left + width, -top - height), (left, -top - height)
            outline.append(("move", (left, -top)))
            outline += [("line", corner) for corner in corners]
            outline.append(("close", ()))
        self.outline(tuple(outline), 0, 0, 1, colour)

    def svg(self) -> bytes:
        """The sheet as an SVG file of its real size."""
        size = f'width="{_number(self.width)}mm" height="{_number(self.height)}mm"'
        box = f'viewBox="0 0 {_number(self.width)} {_number(self.height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img">'
        title = f"<title>{escape(self.title)}</title>"
        paper = f'<path fill="#fff" d="M0 0H{_number(self.width)}V{_number(self.height)}H0Z"/>'
        lines = [head, title, paper, *map(_svg_path, self._shapes), "</svg>", ""]
        return "\n".join(lines).encode()

    def pdf(self) -> bytes:
        """The sheet as a PDF file of one page of its real size; the same on every day it is made."""
        flip = f"{_number(_MM)} 0 0 {_number(-_MM)} 0 {_number(self.height * _MM)} cm"
        content = zlib.compress("\n".join([flip, *map(_pdf_path, self._shapes), ""]).encode(), 9)
        box = f"[0 0 {_number(self.width * _MM)} {_number(self.height * _MM)}]"
        title = self.title.encode("utf-16-be", "replace").hex().upper()
        return _pdf_file([
            b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Resources<<>>/Contents 4 0 R>>".encode(),
            b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(content), content),
            f"<</Title<FEFF{title}>/Producer(Waystation)>>".encode(),
        ])  # fmt: skip


def _svg_path(shape: Shape) -> str:
    x, y, scale = _number(shape.x), _number(shape.y), _number(shape.scale)
    place = f"translate({x} {y}) scale({scale} -{scale})"
    data = "".join(_SVG[command] + " ".join(map(_number, numbers)) for command, numbers in shape.outline)
    colour = "#" + bytes(shape.colour).hex()
    return f'<path fill="{colour}" transform="{place}" d="{data}"/>'


def _pdf_path(shape: Shape) -> str:
    colour = " ".join(_number(part / 255) for part in shape.colour)
    scale = _number(shape.scale)
    steps = [" ".join((*map(_number, numbers), _PDF[command])) for command, numbers in shape.outline]
    place = f"{scale} 0 0 -{scale} {_number(shape.x)} {_number(shape.y)} cm"
    return "\n".join((f"q {colour} rg {place}", *steps, "f Q"))


def _pdf_file(objects: list[bytes]) -> bytes:
    """Numbered objects, the table of where they are, and the trailer; the last one is the information."""
    file, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, info, start = len(objects) + 1, len(objects), len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table)
    file += b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, info, start)
    return bytes(file)


def _number(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")
