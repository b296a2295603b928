"""Cells of tables that spreadsheets open. Pure."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, or as the end of the cell before it."""


def harmless(cell: str) -> str:
    """The text; with an apostrophe before what a spreadsheet would compute (OWASP: CSV injection)."""
    return f"'{cell}" if cell.lstrip(" \u3000").startswith(_FORMULA) else cell
