"""What shares a line of the list of alerts: one kind at many stations, many troubles of one; safety never."""

import pytest

from server.alerts.model import Alert, Subject
from server.web.staff.alerts.folding import FOLD, FOLD_WIDE
from server.web.staff.alerts.listing import PER_PAGE, Wanted
from tests.support.listed_alerts import NOW, alert, district, lines, of, station


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


def troubles(number: int = 1, district: int = 0) -> list[Alert]:
    """Of one station, from the least to the worst; its oldest is a warning."""
    id_ = f"s{district}-{number:04}"
    return [
        alert("counts_drifting", station(number, district), NOW - 1),
        alert("too_hot", station(number, district), NOW - 99),
        *(alert("socket_fault", Subject("station", id_, f"s{each}"), NOW - each) for each in range(12)),
        alert("mains_lost", Subject("station", id_, "c1"), NOW - 5),
    ]


def test_what_is_wrong_at_one_station_is_one_line_that_stands_where_its_worst_does() -> None:
    found = of([*troubles(), alert("station_offline", station(2))])
    assert lines(found) == [("mains_lost", 15, 0), ("station_offline", 1, 0)], "critical, the older first"
    entry = found.sections[1][1][0]
    assert entry.station == "s0-0001"
    assert [each.kind for each in entry.alerts][:2] == ["mains_lost", "too_hot"], "worst first"
    assert entry.alerts[-1].kind == "counts_drifting"
    assert dict(found.counts) == {"critical": 2, "warning": 13, "info": 1}, "counted one by one"


def test_safety_is_never_among_other_troubles_of_its_station() -> None:
    smoke = [alert("cabinet_smoke", Subject("station", "s0-0001", f"c{n}")) for n in range(3)]
    heat = alert("cabinet_overheat", Subject("station", "s0-0001", "c1/3"))
    found = of([*troubles(), *smoke, heat])
    assert [count for _, count, _ in lines(found)] == [1] * 4 + [15]


@pytest.mark.parametrize(
    ("faults", "lines_", "why"),
    [
        ((19,), [19], "one station, not one kind of a district"),
        ((19, 1), [1, 19], "nearly all at one station"),
        ((1, 1, 1, 1, 16), [20], "many stations: one cause"),
        ((2, 2, 1), [1, 2, 2], "some at each of a few"),
    ],
)
def test_a_kind_is_folded_where_stations_share_it(
    faults: tuple[int, ...], lines_: list[int], why: str
) -> None:
    alerts = [
        alert("socket_fault", Subject("station", f"s0-{number:04}", f"s{each}"), NOW - each)
        for number, count in enumerate(faults)
        for each in range(count)
    ]
    assert sorted(count for _, count, _ in lines(of(alerts))) == lines_, why


def test_what_stations_share_is_told_of_all_of_them_and_the_rest_by_station() -> None:
    alerts = [each for number in range(FOLD) for each in troubles(number)]
    shared = {("mains_lost", FOLD), ("too_hot", FOLD), ("counts_drifting", FOLD), ("socket_fault", 12 * FOLD)}
    assert {(kind, count) for kind, count, _ in lines(of(alerts))} == shared


def test_a_station_stands_for_what_its_alerts_stand_for() -> None:
    out = alert("station_offline", station(1))
    refused = alert("messages_rejected", station(1))
    fault = alert("sensor_failing", station(1))
    hot = alert("too_hot", station(1))
    hidden = {hot.id: out.id}
    assert lines(of([out, refused, fault, hot], hidden=hidden)) == [("station_offline", 3, 1)]


@pytest.mark.parametrize(
    ("asked", "count", "why"),
    [
        (Wanted(station="s0-0001"), 15, "asked for by name: each on its own, with its buttons"),
        (Wanted(severity="warning"), 1, "what fits of it"),
        (Wanted(severity="info"), 1, "one that fits is no group"),
        (Wanted(kind="socket_fault", place="city"), 1, "all of a kind, by station"),
    ],
)
def test_filters_reach_into_a_station(asked: Wanted, count: int, why: str) -> None:
    assert len(lines(of(troubles(), asked))) == count, why


def test_what_a_district_stands_for_is_listed_by_station() -> None:
    down = alert("district_offline", district())
    alerts = [each for number in range(3) for each in troubles(number)]
    hidden = {each.id: down.id for each in alerts}
    found = of(alerts, Wanted(under=down.id), hidden=hidden)
    assert [count for _, count, _ in lines(found)] == [15, 15, 15]


def test_two_hundred_alerts_of_many_stations_are_a_short_page() -> None:
    alerts = [each for number in range(14) for each in troubles(number % 2, number // 2)]
    found = of(alerts)
    assert (len(alerts), len(lines(found)), found.pages) == (210, 17, 1)
