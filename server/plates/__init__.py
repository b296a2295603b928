"""What is printed for a station's door: its name, and a QR code that opens its page.

    face      a font file: names as outlines, so that they print alike everywhere
    canvas    a sheet of filled shapes, as SVG and as PDF
    sheets    what stands where on the plate and on the poster

All text is outlines. A reader's machine needs no font, and a printer has none to replace.
"""

from server.plates.face import Face, FaceError
from server.plates.sheets import Sign, plate, poster

__all__ = ["Face", "FaceError", "Sign", "plate", "poster"]
