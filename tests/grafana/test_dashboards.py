"""The dashboards as they are checked in: current, as Grafana's schema has them, and with good manners."""

import copy
import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grafana.words import BAD, GOOD, PLAIN, SHAPES, UNKNOWN, WATCH
from grafana.writing import BOARDS, FOLDER, files
from tests.support.grafana import boards, panel_title
from tests.support.grafana_schema import problems

Json = dict[str, Any]
PANELS = [(name, panel) for name, board in boards().items() for panel in board["panels"]]
HALL_PX_MM = 1218 / 1920
"""A pixel of a screen of 55 inches."""


def titled(each: tuple[str, Json]) -> str:
    return f"{each[0]}-{panel_title(each[1])}"


each_board = pytest.mark.parametrize("board", boards().values(), ids=list(boards()))
each_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=map(titled, PANELS))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_what_is_checked_in_is_what_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == files()[path], "run: make dashboards"


def test_there_are_no_others() -> None:
    assert {path for path in files() if path.suffix == ".json"} == set((FOLDER / "dashboards").iterdir())
    assert [board["uid"] for board in boards().values()] == [f"waystation-{name}" for name in boards()]
    assert {board.name for board in BOARDS} == set(boards()) == {"wall", "network", "station", "fleet"}


@each_board
def test_grafanas_schema_has_nothing_against_it(board: Json) -> None:
    assert problems(board) == []


def _spoil(change: Callable[[Json], object]) -> Json:
    board = copy.deepcopy(boards()["wall"])
    change(board)
    return board


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda board: board.update(colour="red"), ".colour"),
        (lambda board: board.update(refresh=30), "refresh"),
        (lambda board: board["panels"][0].update(type="clock"), "clock"),
        (lambda board: board["panels"][0]["options"].update(colorMode="red"), "color_mode"),
        (lambda board: board["panels"][0]["options"].update(colourMode="value"), "colourMode"),
        (lambda board: board["panels"][0]["gridPos"].update(w="4"), "grid_pos.w"),
        (lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(noValue=0), "no_value"),
        (lambda board: board["templating"]["list"][0].update(hide=7), "hide"),
        (lambda board: board["panels"][0]["fieldConfig"]["defaults"]["thresholds"].update(mode="x"), "mode"),
    ],
)
def test_the_schema_can_fail(change: Callable[[Json], object], found: str) -> None:
    assert found in "\n".join(problems(_spoil(change)))


@each_board
def test_panels_have_their_own_place_and_number(board: Json) -> None:
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({panel_title(panel) for panel in board["panels"]}) == len(board["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        columns, rows = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        cells = set(itertools.product(columns, rows))
        assert not cells & taken, panel_title(panel)
        assert columns.stop <= 24
        taken |= cells


def test_the_wall_fills_one_screen_and_no_more() -> None:
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in boards()["wall"]["panels"])
    assert bottom * 38 <= 1080 < (bottom + 2) * 38


@pytest.mark.parametrize("panel", [each for each in PANELS if each[1]["type"] == "stat"], ids=titled)
def test_the_walls_letters_are_read_at_six_metres(panel: tuple[str, Json]) -> None:
    """Chinese words from a 250th of the distance on, which is what signs are made by, digits from a 200th."""
    name, each = panel
    if name != "wall":
        assert "titleSize" not in each["options"].get("text", {})
        return
    text = each["options"]["text"]
    assert text["titleSize"] * HALL_PX_MM >= 6000 / 250
    assert text["valueSize"] * HALL_PX_MM >= 6000 / 250
    assert each["title"] == "" or each["options"]["reduceOptions"]["values"], "Grafana's own titles are small"


@each_panel
def test_a_panel_says_what_it_means_and_has_no_number_for_nothing(panel: Json) -> None:
    assert len(panel["description"]) > 5
    nothing = panel["fieldConfig"]["defaults"]["noValue"]
    assert nothing[0] in SHAPES.values()
    assert not nothing.startswith(SHAPES[GOOD]), "no data is never fine"
    assert panel["datasource"] == {"type": "influxdb", "uid": "waystation"}


@each_panel
def test_nothing_would_interpret_what_people_typed(panel: Json) -> None:
    """No text panel, no HTML, Markdown or image in a cell, no name of anything in an address unescaped."""
    assert panel["type"] in {"stat", "table", "timeseries", "bargauge", "state-timeline", "geomap"}
    text = json.dumps(panel, ensure_ascii=False)
    for cell in re.findall(r'"cellOptions": \{([^}]*)', text):
        assert cell == '"type": "color-text"'
    for link in re.findall(r'"url": "([^"]*)"', text):
        assert all(form == "percentencode" for form in re.findall(r"\$\{[\w.]+:?(\w*)\}", link)), link
    queries = [target["query"] for target in panel["targets"]]
    used = {found for query in queries for found in re.findall(r"\$\{([^}]*)\}", query)}
    assert used <= {"network:regex", "part:regex", "station:regex", "__from", "__to"}


def test_links_lead_to_dashboards_and_variables_that_there_are() -> None:
    for name, panel in PANELS:
        for link in re.findall(r'"url": "(/d/[^"]*)"', json.dumps(panel)):
            path, _, query = link.partition("?")
            target = next(board for board in boards().values() if path == f"/d/{board['uid']}")
            variables = {variable["name"] for variable in target["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", query)) == variables, name


def _mapped(panel: Json) -> list[tuple[str, str]]:
    rules = [each for rule in panel["fieldConfig"]["overrides"] for each in rule["properties"]]
    maps = [
        *panel["fieldConfig"]["defaults"]["mappings"],
        *(mapping for each in rules if each["id"] == "mappings" for mapping in each["value"]),
    ]
    return [
        (result["text"], result["color"])
        for mapping in maps
        for result in (
            [mapping["options"]["result"]] if mapping["type"] == "range" else mapping["options"].values()
        )
    ]


@each_panel
def test_no_colour_stands_without_its_shape(panel: Json) -> None:
    for text, colour in _mapped(panel):
        assert text.startswith(f"{SHAPES[colour]} "), text


def test_the_colours_differ_for_those_who_do_not_tell_red_from_green() -> None:
    """In lightness (CIE L*), which everybody sees, or in blue against yellow, which nearly everybody does."""
    assert len(set(SHAPES.values())) == len(SHAPES) == 5
    for one, other in itertools.combinations((GOOD, WATCH, BAD), 2):
        light, blue = zip(_seen(one), _seen(other), strict=True)
        assert abs(light[0] - light[1]) > 10 or abs(blue[0] - blue[1]) > 40, (one, other)
    assert abs(_seen(PLAIN)[0] - _seen(UNKNOWN)[0]) > 20


def _seen(colour: str) -> tuple[float, float]:
    """Lightness and blue-yellow (CIE L*, b*) of ``#rrggbb``."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in parts)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    return 116 * y ** (1 / 3) - 16, 200 * (y ** (1 / 3) - z ** (1 / 3))


def test_the_readme_tells_of_each_panel() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for board in BOARDS:
        assert f"`waystation-{board.name}`" in text
        assert len(board.pieces) == len(boards()[board.name]["panels"])
        for piece in board.pieces:
            assert f"| {piece.told.title} | {piece.told.en} | {piece.told.red} |" in text
            assert "|" not in piece.told.en + piece.told.red
