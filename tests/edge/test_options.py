"""Errors in a station file say where, which key, what stood there and what may."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.options import ConfigError, Options

WHERE = "station.toml: [[sensor]] 3"


def options(**values: object) -> Options:
    return Options(values, WHERE, Path("/etc/waystation"))


READS: list[tuple[object, Callable[[Options], object], object, str]] = [
    (4, lambda o: o.whole("key", low=0, high=27), 4, "a whole number in range"),
    (0.5, lambda o: o.number("key", low=0, high=1), 0.5, "a number in range"),
    (
        1,
        lambda o: o.number("key", low=0, high=1),
        1.0,
        "a whole number is a number; the end of the range is in it",
    ),
    ("door", lambda o: o.text("key"), "door", "any text"),
    ("a1", lambda o: o.text("key", pattern="[a-z][0-9]"), "a1", "text that matches as a whole"),
    ("usb", lambda o: o.choice("key", ["ac", "usb"]), "usb", "one of the choices"),
    (True, lambda o: o.flag("key"), True, "a flag"),
    (["a", "b"], lambda o: o.texts("key"), ["a", "b"], "a list of texts"),
    ("ca.pem", lambda o: o.path("key"), Path("/etc/waystation/ca.pem"), "relative to the station file"),
    ("/ca.pem", lambda o: o.path("key"), Path("/ca.pem"), "an absolute path stays"),
]

REFUSALS: list[tuple[object, Callable[[Options], object], str, str]] = [
    (28, lambda o: o.whole("key", low=0, high=27), "a whole number from 0 to 27", "too high"),
    (4.0, lambda o: o.whole("key", low=0, high=27), "a whole number from 0 to 27", "no whole number"),
    (True, lambda o: o.whole("key", low=0, high=27), "a whole number from 0 to 27", "true is no number"),
    ("4", lambda o: o.number("key", low=0, high=9), "a number from 0 to 9", "a number in quotes"),
    (float("nan"), lambda o: o.number("key", low=0, high=9), "a number from 0 to 9", "TOML can say nan"),
    (float("inf"), lambda o: o.number("key"), "a number from", "TOML can say inf"),
    ("", lambda o: o.text("key"), "text", "empty text"),
    (4, lambda o: o.text("key"), "text", "a number where text belongs"),
    ("a1\n", lambda o: o.text("key", pattern="[a-z][0-9]", allowed="a name"), "a name", "a line end behind"),
    ("hdmi", lambda o: o.choice("key", ["ac", "usb"]), "one of ac, usb", "not among the choices"),
    (1, lambda o: o.flag("key"), "true or false", "1 is no flag"),
    (["a", 1], lambda o: o.texts("key"), "a list of texts", "a number in the list"),
    ([], lambda o: o.table("key"), "a table", "a list where a table belongs"),
    ([1], lambda o: o.tables("key"), "a list of tables", "a number where a table belongs"),
]


@pytest.mark.parametrize("row", READS, ids=[row[3] for row in READS])
def test_good_values_are_read(row: tuple[object, Callable[[Options], object], object, str]) -> None:
    value, read, expected, _ = row
    assert read(options(key=value)) == expected


@pytest.mark.parametrize("row", REFUSALS, ids=[row[3] for row in REFUSALS])
def test_bad_values_are_named(row: tuple[object, Callable[[Options], object], str, str]) -> None:
    value, read, allowed, _ = row
    with pytest.raises(ConfigError) as caught:
        read(options(key=value))
    error = caught.value
    assert (error.where, error.key, repr(error.value)) == (WHERE, "key", repr(value))
    assert error.allowed.startswith(allowed)
    assert str(error).startswith(f"{WHERE}: key is {value!r}; allowed: {allowed}")


def test_a_missing_key_is_said_to_be_missing() -> None:
    with pytest.raises(
        ConfigError, match=r"\[\[sensor\]\] 3: pin is missing; allowed: a whole number from 0 to 27"
    ):
        options().whole("pin", low=0, high=27)


def test_a_default_stands_for_a_missing_key() -> None:
    assert options().number("interval_s", default=2.5) == 2.5
    assert options().text("label", default="") == ""
    assert options().flag("pulseio", default=False) is False


def test_an_optional_key_is_asked_for_first() -> None:
    assert not options().has("led")
    assert options(led=5).has("led")


def test_unknown_keys_are_refused_with_what_is_known() -> None:
    table = options(pin=4, pni=5)
    table.whole("pin")
    table.has("led")
    with pytest.raises(ConfigError, match="pni is 5; allowed: only the keys led, pin"):
        table.done()


def test_the_key_that_was_probably_meant_is_named() -> None:
    with pytest.raises(ConfigError, match=r"adress is 5; .* address, baud; address is meant\?"):
        options(adress=5).only("baud", "address")


@pytest.mark.parametrize(
    ("slip", "near"), [("USB", "usb"), ("usbc", "usb"), ("Ac", "ac"), ("kw", "kW"), ("hdmi", None)]
)
def test_the_choice_that_was_probably_meant_is_named(slip: str, near: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        options(key=slip).choice("key", ["ac", "usb", "kW"])
    assert caught.value.allowed == "one of ac, usb, kW" + (f"; {near} is meant?" if near else "")


def test_a_misspelt_key_is_named_before_the_one_that_it_makes_missing() -> None:
    with pytest.raises(ConfigError, match="3: pni is 5; allowed: only the keys interval_s, pin"):
        options(pni=5, interval_s=1).only("pin", "interval_s")
    options(interval_s=1).only("pin", "interval_s")


def test_tables_below_are_named_by_their_place() -> None:
    table = options(columns={"at": 7}, beams=[{}, {"pin": -1}])
    with pytest.raises(ConfigError, match=r"3\.columns: at is 7"):
        table.table("columns").text("at")
    with pytest.raises(ConfigError, match=r"3\.beams 2: pin is -1"):
        table.tables("beams")[1].whole("pin")
    assert table.table("none").rest() == {}
    assert table.tables("none") == []


def test_the_rest_goes_to_whoever_comes_next() -> None:
    table = options(id="room", kind="dht22", pin=4)
    table.text("id")
    table.text("kind")
    assert table.rest() == {"pin": 4}
    table.done()
