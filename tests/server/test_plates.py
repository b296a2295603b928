"""Plates and posters: what a camera reads on them, and names of every kind."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]  # it has no types
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]  # the same
from playwright.sync_api import Browser

from server.plates import Face, FaceError, Sign, face, plate, poster
from server.plates.canvas import Canvas
from server.plates.sheets import INK, Style, balanced, fit, shown, wrap
from tests.support import printed
from tests.support.browser import chromium

ADDRESS = "https://stations.example.org/s/taiyuan-0001"
SIGN = Sign("taiyuan-0001", "嘉节社区暖心驿站", "Jiajie Community Rest Station", "太原市", ADDRESS)
NAME_OF_PLATE = (106, 26, 200, 88)
"""Where the name stands: left, top, right, bottom in mm."""

HOSTILE = {
    "script": "<script>alert('1')</script>&amp;]]>",
    "500 characters": "嘉节社区暖心驿站" * 62 + "四个字吧",
    "one word of 500 letters": "w" * 500,
    "right to left": "\u202e\u2066站驿心暖\u2069\u200f",
    "quotes": "\"'`“”‘’《》",
    "emoji": "暖心😀驿站🏠👨\u200d👩\u200d👧",
    "nothing but emoji": "😀😀😀",
    "control characters": "暖\x00心\x1b[31m\n驿\r站\t",
    "another script": "ចំណត محطة สถานี",
    "empty": "",
}


@pytest.fixture(scope="module")
def noto() -> Face:
    return Face.open()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def sign(name: str) -> Sign:
    return Sign("taiyuan-0001", name, name, name, ADDRESS)


@pytest.mark.parametrize(("draw", "size"), [(plate, (210, 148)), (poster, (297, 420))])
def test_the_code_on_a_pdf_is_read_back(noto: Face, draw: type, size: tuple[int, int]) -> None:
    picture = printed.pdf(draw(noto, SIGN).pdf())
    assert picture.mm == pytest.approx(size, abs=0.01)
    [(text, level)] = picture.codes()
    assert text == ADDRESS
    assert level in "QH"


@pytest.mark.parametrize(("draw", "size"), [(plate, (210, 148)), (poster, (297, 420))])
def test_the_code_on_an_svg_is_read_back(
    noto: Face, browser: Browser, draw: type, size: tuple[int, int]
) -> None:
    picture = printed.svg(browser, draw(noto, SIGN).svg())
    assert picture.mm == pytest.approx(size, abs=0.3)
    assert [text for text, _ in picture.codes()] == [ADDRESS]


def test_the_code_stands_in_four_modules_of_white(noto: Face) -> None:
    picture = printed.pdf(plate(noto, SIGN).pdf(), 6)
    modules = len(segno.make_qr(ADDRESS, error="q").matrix) + 8
    module = 96 / modules
    left, top, right, bottom = 4, 27, 100, 123
    quiet = 3.9 * module
    for side in (
        (left, top, right, top + quiet),
        (left, bottom - quiet, right, bottom),
        (left, top, left + quiet, bottom),
        (right - quiet, top, right, bottom),
    ):
        assert picture.covered(*side) == 0, side
    assert picture.covered(left + 4 * module, top + 4 * module, left + 11 * module, top + 5 * module) > 0.95


def test_no_font_is_needed_to_read_it(noto: Face) -> None:
    for draw in (plate, poster):
        svg, pdf = draw(noto, SIGN).svg().decode(), draw(noto, SIGN).pdf()
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}  # noqa: S314 # our own
        assert tags == {"svg", "title", "path"}
        assert "嘉节社区暖心驿站" in svg, "as its title, for those who listen"
        assert b"/Font" not in pdf
        assert printed.pdf_text(pdf) == ""
        assert printed.pdf(pdf).covered(*NAME_OF_PLATE) > 0.05, "the name is drawn all the same"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_name_stays_on_its_sheet_and_leaves_the_code_alone(noto: Face, name: str) -> None:
    for draw in (plate, poster):
        canvas = draw(noto, sign(name))
        ET.fromstring(canvas.svg())  # noqa: S314 # our own file; it must be well-formed
        picture = printed.pdf(canvas.pdf(), 2)
        assert [text for text, _ in picture.codes()] == [ADDRESS]
        width, height = picture.mm
        below_the_band = 52 if draw is poster else 24
        for edge in (
            (0, below_the_band, 5, height),
            (width - 5, below_the_band, width, height),
            (0, height - 5, width, height),
        ):
            assert picture.covered(*edge) == 0, f"{draw.__name__}: {edge}"
    assert printed.pdf(plate(noto, sign(name)).pdf()).covered(*NAME_OF_PLATE) > 0.01, "its id at least"


def test_the_same_sheet_is_the_same_file(noto: Face) -> None:
    assert plate(noto, SIGN).pdf() == plate(noto, SIGN).pdf()
    assert plate(noto, SIGN).svg() == plate(noto, SIGN).svg()


def test_a_long_name_is_shortened_visibly_and_a_short_one_is_large(noto: Face) -> None:
    style = Style(15, INK, 3, 7)
    assert fit(noto, "驿站", 94, style) == (15, ["驿站"])
    size, lines = fit(noto, "长" * 500, 94, style)
    assert (size, len(lines), lines[-1][-1]) == (7, 3, "…")
    assert all(noto.width(line, size) <= 94 for line in lines)
    assert fit(noto, "", 94, style) == (15, [])


@pytest.mark.parametrize(
    ("text", "lines", "why"),
    [
        ("一二三四五六七", ["一二三四五", "六七"], "Chinese breaks anywhere"),
        ("一二三四五，六", ["一二三四", "五，六"], "a line begins with no comma"),
        ("Rest Station Nr 7", ["Rest", "Station", "Nr 7"], "words stay whole"),
        ("ABCDEFGHIJKLMNOP", None, "a word without an end is cut"),
        ("A 一二三四五六", ["A 一二三四", "五六"], "no line for one letter"),
        (" ", [""], "a blank"),
    ],
)
def test_lines(noto: Face, text: str, lines: list[str] | None, why: str) -> None:
    broken = wrap(noto, text, 50, 10)
    assert all(noto.width(line, 10) <= 50 for line in broken)
    if lines is None:
        assert ("".join(broken), len(broken) > 1) == (text, True), why
    else:
        assert broken == lines, why


def test_no_character_is_left_alone_in_the_last_line(noto: Face) -> None:
    assert wrap(noto, "一二三四五六七八九十甲", 50, 5) == ["一二三四五六七八九十", "甲"]
    assert balanced(noto, "一二三四五六七八九十甲", 50, 5) == ["一二三四五六", "七八九十甲"]


def test_what_the_font_lacks_is_left_out_and_said(noto: Face) -> None:
    assert shown(noto, "暖心 😀 驿站\u202e") == "暖心 驿站"
    assert sign("暖😀😀🏠心").missing(noto) == ["😀", "🏠"]
    assert SIGN.missing(noto) == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A TrueType font with one quadratic glyph, for 一."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.qCurveTo((500, 1000), (1000, 0))
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "one"])
    builder.setupCharacterMap({ord("一"): "one"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "one": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "one": (1000, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupOS2()
    builder.setupNameTable({"familyName": "Small", "styleName": "Regular"})
    builder.setupPost()
    builder.save(tmp_path / "small.ttf")
    return tmp_path / "small.ttf"


def test_a_font_of_ones_own_with_quadratic_curves(small: Path) -> None:
    own = Face.open(small)
    [move, curve, close] = own.outline("一")
    assert (move, close) == (("move", (0, 0)), ("close", ()))
    assert curve[1] == pytest.approx((333.33, 666.67, 666.67, 666.67, 1000, 0), abs=0.01)
    assert own.width("一二一", 10) == 20, "what it lacks takes no room"
    second = own.outline("二一一")[3:]
    assert second[0] == ("move", (1000, 0))
    canvas = Canvas(20, 10, "")
    canvas.outline(own.outline("一一"), 0, 10, own.unit(10), INK)
    assert printed.pdf(canvas.pdf(), 10).covered(0, 0, 20, 10) == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    "content", [None, b"", b"no font", b"ttcf\x00\x01\x00\x00\x00\x00\x00\x09", b"\x00\x01\x00\x00\x00\x09"]
)
def test_what_is_no_font_is_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "font.ttf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FaceError, match=rf"^{re.escape(str(path))}: this font cannot be read \("):
        Face.open(path)


def test_without_a_font_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(face, "PLACES", (tmp_path / "none.ttc",))
    with pytest.raises(FaceError, match=r"sudo apt install fonts-noto-cjk, or give --font FILE"):
        Face.open()
