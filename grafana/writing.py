"""The dashboards as JSON, and what ``README.md`` tells of each panel."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import fleet, network, station, wall
from grafana.boards import Board

FOLDER: Final = Path(__file__).parent
BOARDS: Final = (wall.BOARD, network.BOARD, station.BOARD, fleet.BOARD)
BEGIN: Final = "<!-- make dashboards writes from here -->"
END: Final = "<!-- to here -->"


def files() -> dict[Path, str]:
    """What each generated file has to hold."""
    made = {FOLDER / "dashboards" / f"{board.name}.json": as_json(board) for board in BOARDS}
    readme = FOLDER / "README.md"
    return made | {readme: _replaced(readme.read_text(encoding="utf-8"))}


def as_json(board: Board) -> str:
    """The dashboard as Grafana reads it; the same code always gives the same bytes."""
    return json.dumps(board.built(), cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _replaced(text: str) -> str:
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(_tables())
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def _tables() -> Iterator[str]:
    for board in BOARDS:
        yield f"### {board.title} (`waystation-{board.name}`)\n"
        yield f"{board.about}\n"
        yield "| panel | what it means | when it is red, or marked |"
        yield "|---|---|---|"
        yield from (f"| {piece.told.title} | {piece.told.en} | {piece.told.red} |" for piece in board.pieces)
        yield ""
