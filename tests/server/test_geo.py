"""Coordinates from Chinese maps back to WGS-84."""

from math import cos, hypot, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.geo import gcj02_to_bd09, in_china, to_wgs84, wgs84_to_gcj02
from server.model import Datum

TIANANMEN = (39.915, 116.404)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return 111_320 * hypot(one[0] - other[0], (one[1] - other[1]) * cos(radians(one[0])))


def test_the_shift_is_the_known_one() -> None:
    """The figures that the usual libraries (coordtransform) give for this place."""
    assert wgs84_to_gcj02(*TIANANMEN) == pytest.approx((39.91640428150164, 116.41024449916938), abs=1e-12)
    assert gcj02_to_bd09(*TIANANMEN) == pytest.approx((39.92133699351021, 116.41036949371029), abs=1e-12)


def test_the_way_back_is_the_known_one_but_exact() -> None:
    """The usual one-step inverse is a metre or two off; this one leads back to the place itself."""
    back = to_wgs84(*TIANANMEN, "gcj02")
    assert metres(back, (39.91359571849836, 116.39775550083061)) < 5
    assert metres(wgs84_to_gcj02(*back), TIANANMEN) < 0.01


IN_CHINA = st.tuples(st.floats(18, 53), st.floats(74, 135))


@settings(deadline=None)
@given(IN_CHINA)
def test_there_and_back_to_a_centimetre(place: tuple[float, float]) -> None:
    shown = wgs84_to_gcj02(*place)
    assert metres(to_wgs84(*shown, "gcj02"), place) < 0.01
    assert metres(to_wgs84(*gcj02_to_bd09(*shown), "bd09"), place) < 0.01
    assert metres(shown, place) < 1000, "nowhere does the shift reach a kilometre; in places it is but 20 m"


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize(
    ("place", "where"), [((59.91, 10.75), "Oslo"), ((-33.9, 151.2), "Sydney"), ((40.7, -74.0), "New York")]
)
def test_outside_china_nothing_is_shifted(place: tuple[float, float], where: str, datum: Datum) -> None:
    assert not in_china(*place), where
    assert to_wgs84(*place, datum) == place


def test_wgs84_stays_as_it_is() -> None:
    assert to_wgs84(*TIANANMEN, "wgs84") == TIANANMEN
