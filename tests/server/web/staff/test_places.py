"""Networks and districts as boxes, and what is a receiver's as matchers: both ways, and what nobody takes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.roles import Place
from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES, Alert, Subject
from server.alerts.model import Place as Whereabouts
from server.alerts.silences import Matcher
from server.model import Network, Station
from server.notify.receivers.model import Receiver
from server.web.staff import choosing
from server.web.staff.messages.coverage import Gap, gaps, is_nobodys
from server.web.staff.messages.takes import SERVER_KINDS, Theirs, matchers, theirs_of

CITY = Network("city", "城市", "City")
STREET = Network("street", "街道", "Street", parent="city")
NETWORKS = {"city": CITY, "street": STREET}
STATIONS = [
    Station("a-1", "city", "甲", region=("小店区",)),
    Station("a-2", "city", "乙"),
    Station("b-1", "street", "丙", region=("桥东",)),
]
KNOWN = {"city": ("小店区", "桥东"), "street": ("桥东",)}
EVERYTHING = Receiver("all", (Matcher(),))


def test_a_network_has_the_districts_of_those_inside_it() -> None:
    assert choosing.districts(NETWORKS, STATIONS) == KNOWN


def test_boxes_are_there_for_all_and_for_what_is_gone() -> None:
    ticked = [Place("city", "小店区"), Place("city", "旧区"), Place("lost", "东区")]
    city, street, lost = choosing.branches(NETWORKS, KNOWN, ticked)
    assert [(box.value, box.ticked, box.gone) for box in city.districts] == [
        ("city/小店区", True, False),
        ("city/桥东", False, False),
        ("city/旧区", True, True),
    ]
    assert (city.open, street.open, lost.open) == (True, False, True)
    assert street.inside is not None
    assert street.inside.zh == "城市"
    assert (lost.network.gone, lost.network.ticked) == (True, False)


def test_what_was_ticked_is_read_back() -> None:
    places = (Place("city"), Place("street", "桥东"))
    assert choosing.chosen(map(choosing.value, places)) == places
    assert choosing.chosen(["city/小店区", "city", "city/桥东"]) == (Place("city"),)


def test_only_what_is_registered_is_known() -> None:
    places = [Place("city", "桥东"), Place("city", "没有"), Place("none"), Place("street")]
    assert list(choosing.unknown(places, NETWORKS, KNOWN)) == [Place("city", "没有"), Place("none")]


_CODES = st.lists(st.sampled_from(list(KINDS)), unique=True, max_size=4).map(tuple)
_SEVERITIES = st.lists(st.sampled_from(SEVERITIES), unique=True, max_size=3).map(tuple)
_PLACES = st.lists(
    st.builds(Place, st.sampled_from(["city", "street", "far"]), st.sampled_from(["", "甲区", "乙区"])),
    unique=True,
    max_size=4,
)


@given(st.booleans(), st.booleans(), _PLACES, _CODES, _SEVERITIES)
def test_what_is_read_back_from_the_matchers_takes_the_same(
    everywhere: bool,
    server: bool,
    places: list[Place],
    kinds: tuple[str, ...],
    severities: tuple[str, ...],
) -> None:
    chosen = choosing.chosen(map(choosing.value, places))
    given_ = Theirs(everywhere, server, chosen, kinds, severities)  # type: ignore[arg-type]  # sampled from them
    takes = matchers(given_)
    if takes:
        assert {in_order(each) for each in matchers(theirs_of(takes))} == {in_order(each) for each in takes}


def in_order(matcher: Matcher) -> Matcher:
    """The same, with its kinds and severities in one order: it is all the same which stands first."""
    return replace(matcher, kinds=tuple(sorted(matcher.kinds)), severities=tuple(sorted(matcher.severities)))


@pytest.mark.parametrize(
    ("theirs", "expected", "why"),
    [
        (Theirs(everywhere=True), (Matcher(),), "all of it is one matcher"),
        (Theirs(), (), "nothing is nobody's matcher"),
        (
            Theirs(places=(Place("city", "甲区"), Place("street"), Place("city", "乙区"))),
            (Matcher(networks=("street",)), Matcher(networks=("city",), districts=("甲区", "乙区"))),
            "districts go with their own network, or those of another with the same name would fit",
        ),
        (Theirs(server=True), (Matcher(kinds=SERVER_KINDS),), "the server's troubles are at no network"),
        (Theirs(server=True, kinds=("too_hot",)), (), "a room of the server cannot be too hot"),
    ],
)
def test_matchers_say_what_is_ticked(theirs: Theirs, expected: tuple[Matcher, ...], why: str) -> None:
    assert matchers(theirs) == expected, why


def found(*receivers: Receiver) -> tuple[Gap, ...]:
    return gaps(NETWORKS, {Place("city", "小店区"), Place("city"), Place("street", "桥东")}, receivers)


def test_without_receivers_everything_is_nobodys_safety_too() -> None:
    assert found() == (Gap(None), Gap(Place("city")), Gap(Place("street")))
    smoke = Alert("1", "cabinet_smoke", "safety", Subject("station", "a-1"), "firing", 0)
    assert is_nobodys(smoke, Whereabouts(("city",), "小店区", "a-1"), ())


def test_who_takes_everything_leaves_nothing() -> None:
    assert found(EVERYTHING) == ()


def test_what_is_left_over_is_told_by_place_and_kind() -> None:
    one = Receiver("a", (Matcher(networks=("city",), districts=("小店区",)),))
    hot = Receiver("b", (Matcher(kinds=("too_hot", "too_cold")),))
    told = [
        kind for kind in KINDS.values() if kind.scope != "server" and kind.severity not in ("info", "safety")
    ]
    left = tuple(kind.code for kind in told if kind.code not in ("too_hot", "too_cold"))
    assert found(one, hot) == (Gap(None), Gap(Place("city"), left), Gap(Place("street"), left))


def test_a_network_takes_those_inside_it_with_it() -> None:
    city = Receiver("a", (Matcher(networks=("city",)), Matcher(kinds=SERVER_KINDS)))
    assert found(city) == ()


def test_not_to_be_told_of_mere_notes_is_no_gap() -> None:
    serious = Receiver("a", (Matcher(severities=("safety", "critical", "warning")),))
    assert found(serious) == ()


def test_safety_that_is_nobodys_is_everybodys_and_so_no_gap() -> None:
    left = found(Receiver("a", (Matcher(networks=("far",)),)))
    assert left == (Gap(None), Gap(Place("city")), Gap(Place("street")))
    smoke = Alert("1", "cabinet_smoke", "safety", Subject("station", "a-1"), "firing", 0)
    assert not is_nobodys(smoke, Whereabouts(("city",), "小店区", "a-1"), [Receiver("a", ())])
