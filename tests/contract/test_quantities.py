import math

import pytest

from contract import ContractError
from contract.quantities import MAX_INT, QUANTITIES, check, describe


@pytest.mark.parametrize("name", QUANTITIES)
def test_both_ends_of_a_range_are_possible_and_nothing_beyond(name: str) -> None:
    quantity = QUANTITIES[name]
    step = 1 if quantity.whole else 0.001
    for possible in (quantity.low, quantity.high):
        check(name, possible)
    for impossible in (quantity.low - step, quantity.high + step):
        with pytest.raises(ContractError) as caught:
            check(name, impossible)
        assert (caught.value.field, caught.value.expected) == (name, describe(name))


@pytest.mark.parametrize("name", QUANTITIES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, 10**400, "1", None, 1j])
def test_what_is_no_number(name: str, value: object) -> None:
    with pytest.raises(ContractError):
        check(name, value)  # type: ignore[arg-type]  # a caller that does not keep to the types


@pytest.mark.parametrize("name", [name for name, quantity in QUANTITIES.items() if quantity.whole])
def test_a_count_is_never_a_fraction(name: str) -> None:
    for fraction in (QUANTITIES[name].low + 0.5, float(QUANTITIES[name].low + 1)):
        with pytest.raises(ContractError):
            check(name, fraction)


def test_the_unit_is_in_the_name() -> None:
    endings = {"c": "°C", "pct": "%", "ppm": "ppm", "w": "W", "s": "s", "ms": "ms", "v": "V"}
    for name, quantity in QUANTITIES.items():
        assert quantity.unit == endings.get(name.rsplit("_", 1)[-1], ""), name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("temperature_c", "a number from -40 to 125 °C"),
        ("humidity_pct", "a number from 0 to 100 %"),
        ("sample_s", "a number from 0.1 to 3600 s"),
        ("seq", f"a whole number from 1 to {MAX_INT}"),
        ("n", "a whole number from 1 to 999"),
    ],
)
def test_a_range_in_words(name: str, words: str) -> None:
    assert describe(name) == words
