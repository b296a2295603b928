"""The words of riders and staff on panels: number, Chinese word, shape and colour of each.

The words are those of the riders' pages (``server/web/locales``), the numbers those of
:mod:`server.influx.words`. A colour never stands alone: each word has a shape before it, and the four
colours (after Okabe and Ito) differ for those who cannot tell red from green. There is no green.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardRangeMapOptions,
    RangeMap,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from server.influx import words

GOOD: Final = "#56B4E9"
WATCH: Final = "#E69F00"
BAD: Final = "#FF5A1F"
UNKNOWN: Final = "#9AA0A6"
PLAIN: Final = "#E8EAED"

SHAPES: Final = {GOOD: "●", WATCH: "▲", BAD: "■", UNKNOWN: "✕", PLAIN: "○"}

_WORDS: Final = Path(__file__).parents[1] / "server/web/locales/zh/words.json"

_COLOURS: Final[Mapping[str, Mapping[str, str]]] = {
    "access": {"open": GOOD, "closing_soon": WATCH, "closed": PLAIN, "locked": BAD},
    "crowding": {"quiet": GOOD, "busy": GOOD, "crowded": WATCH, "full": BAD},
    "comfort": {"cool": GOOD, "warm": GOOD, "mild": GOOD, "hot": BAD, "cold": BAD},
    "socket.state": {
        "free": GOOD,
        "charging": PLAIN,
        "full": PLAIN,
        "in_use": PLAIN,
        "off": BAD,
        "fault": BAD,
    },
    "slot": {
        "charged": GOOD,
        "charging": PLAIN,
        "empty": PLAIN,
        "present": PLAIN,
        "open": WATCH,
        "disabled": WATCH,
        "faulty": BAD,
        "offline": BAD,
    },
}
_CODES: Final[Mapping[str, Mapping[Any, int]]] = {
    "access": words.ACCESS,
    "crowding": words.CROWDING,
    "comfort": words.COMFORT,
    "socket.state": words.SOCKET,
    "slot": words.SLOT,
}


def mapped(values: Mapping[str, tuple[str, str]]) -> ValueMapping:
    """Numbers as text: word and colour of each; the colour's shape is set before the word."""
    return ValueMap(
        {
            number: ValueMappingResult(f"{SHAPES[colour]} {word}", colour, index=index)
            for index, (number, (word, colour)) in enumerate(values.items())
        }
    )


def word_of(kind: str) -> ValueMapping:
    """The words of ``access``, ``crowding``, ``comfort``, ``socket.state`` or ``slot``."""
    said = json.loads(_WORDS.read_text(encoding="utf-8"))
    colours = _COLOURS[kind]
    return mapped(
        {
            str(code): (said[f"{kind}.{word}"], colours.get(word, UNKNOWN))
            for word, code in _CODES[kind].items()
        }
    )


def from_to(low: float, high: float, word: str, colour: str) -> ValueMapping:
    """All numbers of a range as one word."""
    text = ValueMappingResult(f"{SHAPES[colour]} {word}", colour)
    return RangeMap(DashboardRangeMapOptions(low, high, text))


def yes_no(yes: tuple[str, str], no: tuple[str, str]) -> ValueMapping:
    """1 and 0."""
    return mapped({"1": yes, "0": no})
