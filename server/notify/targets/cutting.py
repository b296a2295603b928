"""Texts made as long as a target takes, in bytes of UTF-8, without cutting a character. Pure."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from server.notify.model import Message

MORE: Final = "…"
_JOINER: Final = "\u200d"


def cut(text: str, most_bytes: int) -> str:
    """``text`` in at most ``most_bytes``; a shortened one ends in :data:`MORE` where that fits.

    What is read as one character (a letter with its accents, a flag, a family) stays or goes as one.
    """
    if len(text.encode()) <= most_bytes:
        return text
    mark = MORE if most_bytes >= len(MORE.encode()) else ""
    kept = len(text.encode()[: most_bytes - len(mark.encode())].decode(errors="ignore"))
    while kept > 0 and _belongs(text[:kept], text[kept]):
        kept -= 1
    return text[:kept].rstrip() + mark


def _belongs(before: str, char: str) -> bool:
    """Whether ``char`` is read as one with the end of ``before``."""
    if unicodedata.category(char).startswith("M") or char == _JOINER or before[-1] == _JOINER:
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return True  # skin of the emoji before it
    flags = len(before) - len(before.rstrip(_FLAG_LETTERS))
    return char in _FLAG_LETTERS and flags % 2 == 1


_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def letter(message: Message, most_bytes: int) -> str:
    """The whole message as text in at most ``most_bytes``, its link last and never cut.

    Raises:
        ValueError: not even a title of some words fits beside the link.
    """
    tail = f"\n{message.link}"
    room = most_bytes - len(tail.encode())
    if room < len(MORE.encode()):
        raise ValueError(f"{most_bytes} bytes have no room for a link of {len(message.link.encode())}")
    return "\n".join(lines_within((message.title, *message.lines), room)) + tail


def lines_within(lines: Sequence[str], most_bytes: int) -> tuple[str, ...]:
    """The first lines that fit, with the breaks between them; of the next one as much as fits."""
    kept: list[str] = []
    room = most_bytes
    for line in lines:
        size = len(line.encode()) + (1 if kept else 0)
        if size > room:
            kept += filter(None, [cut(line, room - 1 if kept else room)]) if room > 1 else []
            break
        kept.append(line)
        room -= size
    return tuple(kept)
