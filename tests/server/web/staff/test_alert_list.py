"""What stands in the list of alerts: worst first, then what nobody has in hand; and never too much."""

import pytest

from server.alerts.lifecycle import NotPossibleError, Uptime, act
from server.alerts.model import SEVERITIES, Subject
from server.web.staff.alerts.listing import Wanted, roots, wanted
from server.web.staff.alerts.rows import POSSIBLE
from tests.support.listed_alerts import NOW, alert, district, lines, of, station


def test_the_worst_is_first_and_then_at_one_moment_it_goes_by_place() -> None:
    found = of(
        [
            alert("counts_drifting", station(4)),
            alert("too_hot", station(2, 1)),
            alert("too_hot", station(1)),
            alert("station_offline", station(3)),
            alert("cabinet_smoke", Subject("station", "s0-0001", "c1")),
            alert("broker_down", Subject("server", "broker")),
        ]
    )
    kinds = [kind for kind, _, _ in lines(found)]
    assert kinds == [
        "cabinet_smoke",
        "broker_down",
        "station_offline",
        "too_hot",
        "too_hot",
        "counts_drifting",
    ]
    assert dict(found.counts) == {"safety": 1, "critical": 2, "warning": 2, "info": 1}


def test_what_nobody_has_in_hand_is_before_what_somebody_has_and_then_the_oldest() -> None:
    found = of(
        [
            alert("station_offline", station(1), NOW - 9, "tian", "in_progress"),
            alert("station_offline", station(2), NOW - 8, "tian", "acknowledged"),
            alert("station_offline", station(3), NOW - 1),
            alert("door_blocked", Subject("station", "s0-0004", "front"), NOW - 99),
            alert("mains_lost", Subject("station", "s1-0005", "c1"), NOW - 2),
        ]
    )
    told = [entry.first.subject.id for _, entries in found.sections for entry in entries]
    assert told == ["s1-0005", "s0-0003", "s0-0002", "s0-0001", "s0-0004"], "but severity is before that"


def test_a_district_that_is_down_is_one_line_that_stands_for_all_of_it() -> None:
    down = alert("district_offline", district())
    stations = [alert("station_offline", station(number)) for number in range(200)]
    hidden = {each.id: down.id for each in stations}
    found = of([*stations, down], hidden=hidden)
    assert lines(found) == [("district_offline", 1, 200)]
    assert found.counts["critical"] == 1


def test_a_chain_of_causes_stands_below_the_first_of_them() -> None:
    broker = alert("broker_down", Subject("server", "broker"))
    down, out = alert("district_offline", district()), alert("station_offline", station(1))
    hot = alert("too_hot", station(1))
    hidden = {down.id: broker.id, out.id: down.id, hot.id: out.id}
    assert lines(of([broker, down, out, hot], hidden=hidden)) == [("broker_down", 1, 3)]


def test_what_is_hidden_by_something_that_is_not_shown_stands_for_itself() -> None:
    down = alert("district_offline", district())
    out = alert("station_offline", station(1))
    assert lines(of([out], hidden={out.id: down.id})) == [("station_offline", 1, 0)]
    asked = Wanted(kind="station_offline")
    assert lines(of([down, out], asked, hidden={out.id: down.id})) == [("station_offline", 1, 0)]


def test_a_ring_of_causes_hides_nothing_for_ever() -> None:
    one, two = alert("too_hot", station(1)), alert("station_offline", station(1))
    assert roots({one.id: two.id, two.id: one.id}, [one.id, two.id]).keys() <= {one.id, two.id}


def test_silenced_ones_are_apart_with_what_they_stand_for() -> None:
    down, out = alert("district_offline", district()), alert("station_offline", station(1))
    hot = alert("too_hot", station(2))
    alerts, hidden = [down, out, hot], {out.id: down.id}
    told, quiet = (
        of(alerts, hidden=hidden, silenced=[down]),
        of(alerts, Wanted(show="silenced"), hidden=hidden, silenced=[down]),
    )
    assert (lines(told), told.silenced) == ([("too_hot", 1, 0)], 1)
    assert lines(quiet) == [("district_offline", 1, 1)]
    assert dict(told.counts) == {"warning": 1}


@pytest.mark.parametrize(
    ("asked", "kinds", "why"),
    [
        (Wanted(), {"too_hot", "station_offline", "broker_down", "district_offline"}, "all"),
        (Wanted(severity="warning"), {"too_hot"}, "by severity"),
        (
            Wanted(place="city"),
            {"too_hot", "station_offline", "district_offline"},
            "a network with all in it",
        ),
        (Wanted(place="city/d1"), {"station_offline"}, "a district"),
        (Wanted(place="city/nowhere"), set(), "a district that is not there"),
        (Wanted(station="s0-0001"), {"too_hot"}, "a station"),
        (Wanted(kind="broker_down"), {"broker_down"}, "a kind"),
        (Wanted(mine=True), {"station_offline"}, "what I have"),
        (Wanted(severity="warning", mine=True), set(), "both"),
    ],
)
def test_filters(asked: Wanted, kinds: set[str], why: str) -> None:
    alerts = [
        alert("too_hot", station(1), by="somebody"),
        alert("station_offline", station(1, 1), by="me"),
        alert("broker_down", Subject("server", "broker")),
        alert("district_offline", district()),
    ]
    assert {kind for kind, _, _ in lines(of(alerts, asked))} == kinds, why


@pytest.mark.parametrize(
    ("query", "asked", "why"),
    [
        ({}, Wanted(), "nothing"),
        ({"severity": "critical", "page": "3"}, Wanted(severity="critical", page=3), "known"),
        ({"severity": "<b>", "kind": "x", "show": "all"}, Wanted(), "not known"),
        ({"page": "0"}, Wanted(), "no page"),
        ({"page": "-1"}, Wanted(), "no page"),
        ({"page": "٣"}, Wanted(), "no digit of ours"),
        ({"page": "9" * 400}, Wanted(), "no page of this world"),
        ({"mine": "yes"}, Wanted(), "only 1 is said by our links"),
    ],
)
def test_an_address_made_by_hand_is_no_error(query: dict[str, str], asked: Wanted, why: str) -> None:
    assert wanted(query) == asked, why


def test_links_say_again_what_is_asked_for() -> None:
    asked = Wanted(severity="critical", place="city/小店区", kind="too_hot", mine=True, page=4)
    assert wanted(asked.link(page=4)) == asked
    assert wanted(asked.link(severity="")) == Wanted(place="city/小店区", kind="too_hot", mine=True)


def test_what_is_offered_is_what_can_be_done() -> None:
    at = Uptime(0, 0).at(NOW, 1)
    for state, offered in POSSIBLE.items():
        standing = alert("too_hot", station(1), state=state)
        for action in ("acknowledge", "take", "resolve", "close"):
            if action in offered:
                act(standing, action, "me", at)
            else:
                with pytest.raises(NotPossibleError):
                    act(standing, action, "me", at)
    assert SEVERITIES[0] == "safety"
