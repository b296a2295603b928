"""docs/contract.md says what the dataclasses say: every topic, message, field, word and quantity."""

import re
import types
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from contract import messages
from contract.codec import MAX_BRACKETS, MAX_PAYLOAD
from contract.messages import CommittedRange, Refusal
from contract.quantities import MAX_INT, QUANTITIES, Quantity
from contract.topics import LEAVES, ROOT

PAGE: Final = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
KINDS: Final[dict[str, type[Any]]] = {
    name: kind for name, kind in vars(messages).items() if isinstance(kind, type) and is_dataclass(kind)
}
_PLAIN: Final[dict[Any, str]] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    CommittedRange: "[stream, first seq, last seq]",
    Refusal: "[stream, seq, reason]",
}


def _rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = re.search(rf"^#+ {heading}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"docs/contract.md has no section {heading}"
    lines = [line for line in section[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _type_in_words(hint: Any) -> str:
    origin = get_origin(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in (Union, types.UnionType):
        return _type_in_words(get_args(hint)[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in get_args(hint))
    if origin is tuple:
        return f"list of {_type_in_words(get_args(hint)[0])}"
    return str(hint.__name__)


@pytest.mark.parametrize("name", KINDS)
def test_every_message_with_every_field_is_in_its_section(name: str) -> None:
    hints = get_type_hints(KINDS[name])
    expected = [
        [f"`{field.name}`", _type_in_words(hints[field.name]), "yes" if field.default is MISSING else "no"]
        for field in fields(KINDS[name])
    ]
    assert [row[:3] for row in _rows(name)] == expected


def test_every_topic_is_in_its_table() -> None:
    assert [row[0] for row in _rows("Topics")] == [f"`{ROOT}/<station>/{leaf}`" for leaf in LEAVES]


def test_every_quantity_is_in_its_table() -> None:
    assert _rows("Quantities") == [_cells(name, quantity) for name, quantity in QUANTITIES.items()]


def _cells(name: str, quantity: Quantity) -> list[str]:
    high = "2⁵³ − 1" if quantity.high == MAX_INT else f"{quantity.high:g}"
    whole = "yes" if quantity.whole else "no"
    return [f"`{name}`", quantity.unit, f"{quantity.low:g}", high, whole, quantity.meaning]


def test_the_limits_are_named() -> None:
    for limit in (f"{MAX_PAYLOAD // 1024} KiB", f"{MAX_BRACKETS:,} brackets", f"than {messages.MAX_UNITS}"):
        assert limit in PAGE
