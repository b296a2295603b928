"""What stands in the list of alerts: worst first, then what nobody has in hand; and never too much."""

from collections.abc import Mapping, Sequence

import pytest

from server.accounts.roles import Place
from server.alerts.kinds import KINDS
from server.alerts.lifecycle import NotPossibleError, Uptime, act, alert_id
from server.alerts.model import SEVERITIES, Alert, State, Subject
from server.web.staff.alerts.listing import (
    FOLD,
    FOLD_WIDE,
    PER_PAGE,
    Listing,
    Wanted,
    fits,
    listed,
    roots,
    wanted,
)
from server.web.staff.alerts.rows import POSSIBLE, Where

NOW = 1_800_000_000_000


def alert(kind: str, subject: Subject, since_ms: int = NOW, by: str = "", state: State = "firing") -> Alert:
    return Alert(
        alert_id(kind, subject, since_ms), kind, KINDS[kind].severity, subject, state, since_ms, by=by
    )


def station(number: int, district: int = 0) -> Subject:
    return Subject("station", f"s{district}-{number:04}")


def district(number: int = 0) -> Subject:
    return Subject("network", "city", f"d{number}")


def where(each: Alert) -> Where:
    scope, id_, unit = each.subject
    if scope == "server":
        return Where(None, "", "", "server", (), "UTC")
    here = unit if scope == "network" else f"d{id_[1]}"
    return Where(Place("city", here), "city", here, id_, ("city", here), "UTC")


def of(
    alerts: Sequence[Alert],
    asked: Wanted = Wanted(),  # noqa: B008  # frozen
    hidden: Mapping[str, str] | None = None,
    silenced: Sequence[Alert] = (),
) -> Listing:
    fitting = [each for each in alerts if fits(each, where(each), asked, "me")]
    return listed(fitting, where, asked, hidden=hidden or {}, silenced=[each.id for each in silenced])


def lines(found: Listing) -> list[tuple[str, int, int]]:
    """The kind of each line, how many it is, and how many it stands for."""
    return [
        (entry.first.kind, len(entry.alerts), len(entry.under))
        for _, entries in found.sections
        for entry in entries
    ]


def test_the_worst_is_first_and_then_at_one_moment_it_goes_by_place() -> None:
    found = of(
        [
            alert("counts_drifting", station(1)),
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


def test_many_of_a_kind_in_a_district_are_one_line_that_opens_into_all_of_them() -> None:
    alerts = [alert("too_hot", station(number), NOW - number) for number in range(90)]
    (line,) = of(alerts).sections[2][1]
    assert len(line.alerts) == 90
    assert line.first.since_ms == NOW - 89, "the oldest"
    asked = Wanted(kind="too_hot", place="city/d0")
    first, last = of(alerts, asked), of(alerts, Wanted(kind="too_hot", place="city/d0", page=3))
    assert (len(lines(first)), len(lines(last)), first.pages) == (PER_PAGE, 10, 3)


def test_a_few_of_a_kind_are_lines_of_their_own_and_safety_always_is() -> None:
    few = [alert("too_hot", station(number)) for number in range(FOLD - 1)]
    smoke = [alert("cabinet_smoke", Subject("station", f"s0-{n:04}", "c1")) for n in range(FOLD + 3)]
    assert len(lines(of([*few, *smoke]))) == 2 * FOLD + 2


@pytest.mark.parametrize(
    ("kind", "districts", "lines_", "why"),
    [
        ("socket_fault", (3, 2), [1] * 5, "few, here and there"),
        ("socket_fault", (3, 3), [FOLD_WIDE], "many in the network, few in each district"),
        ("socket_fault", (9, 5, 3), [17], "one line of the network, not one of each district"),
        ("socket_fault", (FOLD, 1), [FOLD, 1], "many in one district alone"),
        ("station_offline", (3, 3, 3), [1] * 9, "critical ones keep their places"),
        ("station_offline", (5, 4), [5, 4], "a line for each district"),
        ("cabinet_smoke", (9, 9), [1] * 18, "safety never"),
    ],
)
def test_many_single_ones_of_a_kind_fold(
    kind: str, districts: tuple[int, ...], lines_: list[int], why: str
) -> None:
    alerts = [alert(kind, station(n, place)) for place, count in enumerate(districts) for n in range(count)]
    assert [count for _, count, _ in lines(of(alerts))] == lines_, why


def test_a_folded_line_leads_to_all_of_it() -> None:
    alerts = [alert("socket_fault", station(n, n % 3)) for n in range(9)]
    (entry,) = next(entries for _, entries in of(alerts).sections if entries)
    assert (entry.network, entry.district) == ("city", "")
    assert len(lines(of(alerts, Wanted(kind="socket_fault", place="city")))) == 9


def test_a_city_that_is_offline_is_a_short_page() -> None:
    alerts = [alert("station_offline", station(n % 260, n // 260)) for n in range(2_080)]
    found = of(alerts)
    assert [count for _, count, _ in lines(found)] == [260] * 8
    assert (found.pages, found.counts["critical"]) == (1, 2_080)


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
