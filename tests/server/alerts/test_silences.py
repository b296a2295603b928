"""Silences and maintenance: whom they fit, when, and whom never."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from server.alerts.model import Alert, Place, Subject
from server.alerts.silences import Maintenance, Matcher, Silence, silenced
from server.model import Network, Station

HOUR = 3_600_000
NOW = 1_753_400_000_000
NETWORKS = {
    "gz": Network("gz", "广州", "Guangzhou"),
    "th": Network("th", "天河南", "Tianhe South", parent="gz"),
    "nj": Network("nj", "南京", "Nanjing"),
}
PLACE = Place.of_station(Station("s1", "th", "一号驿站", region=("鼓楼区", "石牌街")), NETWORKS)
ALERT = Alert("0" * 16, "too_hot", "warning", Subject("station", "s1"), "firing", NOW, fired_ms=NOW)


def silence(*, from_ms: int = NOW, until_ms: int = NOW + HOUR, **matcher: Any) -> Silence:
    return Silence("1", Matcher(**matcher), from_ms, until_ms, "lin", "roof works")


@pytest.mark.parametrize(
    ("matcher", "fits", "why"),
    [
        ({"stations": ("s1",)}, True, "the station"),
        ({"stations": ("s0", "s1")}, True, "one of two"),
        ({"stations": ("s2",)}, False, "another station"),
        ({"networks": ("th",)}, True, "its network"),
        ({"networks": ("gz",)}, True, "the network around its own"),
        ({"networks": ("nj",)}, False, "another city"),
        ({"networks": ("gz",), "districts": ("鼓楼区",)}, True, "its district"),
        ({"networks": ("gz",), "districts": ("天河区",)}, False, "another district"),
        ({"networks": ("nj",), "districts": ("鼓楼区",)}, False, "a district of that name in another city"),
        ({"kinds": ("too_hot",)}, True, "the kind, wherever"),
        ({"kinds": ("too_cold",)}, False, "another kind"),
        ({"severities": ("info", "warning")}, True, "its severity"),
        ({"severities": ("critical",)}, False, "another severity"),
        ({"stations": ("s1",), "kinds": ("too_cold",)}, False, "every field has to fit"),
        ({"networks": ("gz",), "kinds": ("too_hot",), "severities": ("warning",)}, True, "every field does"),
    ],
)
def test_matchers(matcher: dict[str, Any], fits: bool, why: str) -> None:
    given = silence(**matcher)
    assert silenced(ALERT, PLACE, [given], NOW) == (given if fits else None), why


@pytest.mark.parametrize(
    ("after", "holds", "why"),
    [
        (-1, False, "not yet"),
        (0, True, "it begins"),
        (HOUR - 1, True, "its last millisecond"),
        (HOUR, False, "it has ended by itself"),
    ],
)
def test_a_silence_has_an_end(after: int, holds: bool, why: str) -> None:
    assert (silenced(ALERT, PLACE, [silence(stations=("s1",))], NOW + after) is not None) == holds, why


def test_nothing_silences_safety() -> None:
    smoke = replace(ALERT, kind="cabinet_smoke", severity="safety")
    for fitting in silence(stations=("s1",)), silence(networks=("gz",)), silence(kinds=("cabinet_smoke",)):
        assert silenced(smoke, PLACE, [fitting], NOW) is None


def test_of_two_silences_the_one_that_ends_last_is_shown() -> None:
    short, long = silence(stations=("s1",)), silence(networks=("gz",), until_ms=NOW + 2 * HOUR)
    assert silenced(ALERT, PLACE, [short, long], NOW) == long
    assert silenced(ALERT, PLACE, [short, long], NOW + HOUR) == long


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "a silence needs a network"),
        ({"severities": ("safety",)}, "safety cannot be silenced"),
        ({"severities": ("safety", "info")}, "safety cannot be silenced"),
        ({"districts": ("鼓楼区",)}, "name their network too"),
        ({"stations": ("s1",), "until_ms": NOW}, "later than from_ms"),
        ({"stations": ("s1",), "until_ms": NOW - 1}, "later than from_ms"),
    ],
)
def test_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        silence(**given)


@pytest.mark.parametrize("reason", ["", " \n", "x" * 201])
def test_reasons_are_asked_for(reason: str) -> None:
    with pytest.raises(ValueError, match=r"reason of \d+ characters"):
        Silence("1", Matcher(stations=("s1",)), NOW, NOW + 1, "lin", reason)


def test_a_usual_reason_needs_no_words() -> None:
    usual = Silence("1", Matcher(stations=("s1",)), NOW, NOW + 1, "lin", "", "waiting")
    assert (usual.preset, usual.reason) == ("waiting", "")
    with pytest.raises(ValueError, match=r"reason of 201 characters"):
        replace(usual, reason="x" * 201)


def test_silences_are_stored_and_read_back() -> None:
    work = Maintenance(silence(networks=("gz",), districts=("鼓楼区",)))
    assert msgspec.json.decode(msgspec.json.encode(work), type=Maintenance) == work


@pytest.mark.parametrize("matcher", [{"kinds": ("too_hot",)}, {"stations": ("s1",), "severities": ("info",)}])
def test_maintenance_is_of_places(matcher: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="places"):
        Maintenance(silence(**matcher))


def test_a_ring_of_networks_ends() -> None:
    ring = {"a": Network("a", "甲", "A", parent="b"), "b": Network("b", "乙", "B", parent="a")}
    assert Place.of_network("a", ring).networks == ("a", "b")
