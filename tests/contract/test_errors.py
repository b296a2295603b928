import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import ContractError


def test_it_says_where_what_and_what_else() -> None:
    error = ContractError("power_w", -1, "a number from 0 to 10000 W")
    assert str(error) == "power_w: got -1, expected a number from 0 to 10000 W"


@pytest.mark.parametrize(
    ("field", "parent", "joined"),
    [
        ("power_w", "sockets[2]", "sockets[2].power_w"),
        ("[2]", "sockets", "sockets[2]"),
        ("", "sockets", "sockets"),
        ("seq", "", "seq"),
        ("", "", ""),
    ],
)
def test_it_is_named_from_the_root(field: str, parent: str, joined: str) -> None:
    error = ContractError(field, "x", "y").below(parent)
    assert error.field == joined
    assert str(error) == f"{joined or 'message'}: got 'x', expected y"


HOSTILE: list[object] = [
    10**5000,
    -(10**5000),
    {"a": [10**5000]},
    [[[[[[[[]]]]]]]],
    list(range(100)),
    "x" * 1000,
    b"\0" * 1000,
    "\ud800\u202e\x1b[2J",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_any_value_is_shown_short(number: int) -> None:
    shown = ContractError("f", HOSTILE[number], "e").value
    assert shown.isprintable()
    assert len(shown) <= 80


@given(st.text(max_size=200))
def test_a_hostile_value_cannot_break_a_line_or_a_terminal(value: str) -> None:
    assert ContractError("f", value, "e").value.isprintable()
