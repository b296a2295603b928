"""Looks at printed sheets as a phone does: PDF through PDFium, SVG through Chromium, then the code."""

import base64
from dataclasses import dataclass
from typing import cast

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import zxingcpp
from playwright.sync_api import Browser

POINTS_MM = 72 / 25.4


@dataclass(frozen=True)
class Picture:
    """Grey pixels, row by row; ``mm`` is the size of the sheet."""

    width: int
    height: int
    grey: bytes
    mm: tuple[float, float]

    def codes(self) -> list[tuple[str, str]]:
        """Text and level of error correction of all QR codes in it."""
        image = memoryview(self.grey).cast("B", (self.height, self.width))
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        return [(code.text, code.ec_level) for code in found]

    def covered(self, left: float, top: float, right: float, bottom: float) -> float:
        """The share of pixels that are not white in a part, told in millimetres."""
        per_mm = self.width / self.mm[0]
        rows = range(round(top * per_mm), round(bottom * per_mm))
        columns = slice(round(left * per_mm), round(right * per_mm))
        part = b"".join(self.grey[row * self.width : (row + 1) * self.width][columns] for row in rows)
        return 1 - part.count(255) / len(part)


def pdf(content: bytes, pixels_mm: float = 3) -> Picture:
    """The only page of a PDF file."""
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 1
        width, height = document[0].get_size()
        image = document[0].render(scale=pixels_mm / POINTS_MM, grayscale=True)
        stride, buffer = image.stride, bytes(image.buffer)
        grey = b"".join(buffer[row * stride :][: image.width] for row in range(image.height))
        return Picture(image.width, image.height, grey, (width / POINTS_MM, height / POINTS_MM))


def pdf_text(content: bytes) -> str:
    """What can be selected in it: "" where all text is outlines."""
    with pypdfium2.PdfDocument(content) as document:
        return cast(str, document[0].get_textpage().get_text_range())


_DRAW = """async ([source, perMm]) => {
  const image = new Image();
  image.src = "data:image/svg+xml;base64," + source;
  await image.decode();
  const mm = [image.naturalWidth, image.naturalHeight].map((pixels) => pixels * 25.4 / 96);
  const [width, height] = mm.map((side) => Math.round(side * perMm));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, width, height);
  const colours = pen.getImageData(0, 0, width, height).data;
  let grey = "";
  for (let at = 0; at < colours.length; at += 4) grey += String.fromCharCode(colours[at + 1]);
  return [width, height, btoa(grey), mm];
}"""


def svg(browser: Browser, content: bytes, pixels_mm: float = 3) -> Picture:
    """An SVG file as Chromium draws it."""
    page = browser.new_page()
    try:
        width, height, grey, mm = page.evaluate(_DRAW, [base64.b64encode(content).decode(), pixels_mm])
        return Picture(width, height, base64.b64decode(grey), (mm[0], mm[1]))
    finally:
        page.close()
