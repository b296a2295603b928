"""Names as strangers may have written them, made fit for a chat. Pure."""

import re
from typing import Final

from server.notes import plain

MOST: Final = 40
"""Characters of a name; longer ones than the longest real one (26) say nothing more."""
_MORE: Final = "…"
_FULL_WIDTH: Final = {ord(sign): ord(sign) + 0xFEE0 for sign in "<>@&*_`~#[](){}|\\!$^\"'="}
"""Signs of markup, mentions and formulas become their wide twins, which mean nothing and read the same."""
_POINT: Final = re.compile(r"(?<=\w)\.(?=\w)")
_FORMULA: Final = re.compile(r"^[+\-]")
_WIDE: Final = {"+": "＋", "-": "－"}


def harmless(name: str) -> str:
    """One plain line of at most :data:`MOST` characters that no chat and no sheet takes for anything else.

    No mention (``@all``, ``<@…>``, ``<at>``), no markup, no address that becomes a link, no formula.
    """
    line = plain(name).translate(_FULL_WIDTH).replace("://", "：//")
    line = _FORMULA.sub(lambda sign: _WIDE[sign[0]], _POINT.sub("．", line))
    return line if len(line) <= MOST else line[: MOST - 1].rstrip() + _MORE
