"""How few messages a great trouble makes, and that a restart in the middle of it makes none of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import Climate
from server.alerts.silences import Matcher
from server.model import Network
from server.notify.receivers.directory import Directory, ReceiverEntry
from tests.support.shift import MIN, Shift, most_within, station

CITY = 2_080
DISTRICTS = [f"区{number}" for number in range(10)]
NETWORKS = [Network("city", "市", "City"), Network("street", "街", "Street", parent="city")]
HOUR = 60 * MIN


def built(folder: Path, count: int) -> Shift:
    """Stations in ten districts; each eighth is of a network inside the other."""
    stations = [
        station(f"s{n}", "street" if n % 8 == 0 else "city", DISTRICTS[n % len(DISTRICTS)])
        for n in range(count)
    ]
    shift = Shift(folder, stations, NETWORKS)
    boss = shift.receiver("boss")
    shift.receiver("everything", second=boss)
    shift.receiver("district", [Matcher(networks=("city",), districts=(DISTRICTS[3],))], second=boss)
    shift.receiver("street", [Matcher(networks=("street",))])
    return shift


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Shift]:
    shift = built(tmp_path, CITY)
    yield shift
    shift.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Shift]:
    shift = built(tmp_path, 80)
    yield shift
    shift.close()


def test_a_whole_city_out_at_once_is_few_messages(city: Shift) -> None:
    city.all_say()
    city.go(7 * MIN, every_ms=3 * MIN, faults=())
    city.links("lost")
    city.go(13 * MIN)
    down = [alert for alert in city.engine.alerts() if alert.kind == "station_offline"]
    assert len(down) == CITY
    assert {alert.state for alert in down} == {"firing"}, "each has its alert all the same"
    told = city.told()
    assert {each.receiver for each in told} >= {row.id for row in receivers(city)}, "everybody is told"
    assert most_within(told, 10 * MIN) <= 5
    assert all("station_offline" not in each.kinds.get("firing", ()) for each in told), "the district says it"
    city.links("online")
    city.all_say()
    city.go(9 * MIN, every_ms=3 * MIN, faults=())
    assert city.active() == set()
    assert most_within(city.told(), 10 * MIN) <= 5
    assert any("district_offline" in each.kinds.get("resolved", ()) for each in city.told())


def test_many_different_troubles_are_few_messages_too(town: Shift) -> None:
    """Every station has a trouble of its own, of eight kinds, beginning over eight minutes."""
    town.settle_in()
    for minute in range(30):
        for number, id_ in enumerate(town.stations):
            wrong = minute > number % 8
            at = town.now_ms
            town.say(id_, climate=Climate(at, (31.0, 33.0, 10.0)[number % 3] if wrong else 25.0, 40.0))
        town.go(MIN)
    assert len(town.active()) >= 80
    assert most_within(town.told(), 10 * MIN) <= 5


def test_a_flapping_station_is_told_four_times_an_hour(town: Shift) -> None:
    town.settle_in()
    begun_ms = town.now_ms
    while town.now_ms < begun_ms + 3 * HOUR:
        town.go(6 * MIN, faults=())
        town.links("lost", ["s1"])
        for _ in range(5):
            town.hear({id_: town.snapshot() for id_ in town.stations if id_ != "s1"})
            town.go(MIN)
        town.links("online", ["s1"])
    told = [each for each in town.told() if any("station_offline" in kinds for kinds in each.kinds.values())]
    assert told, "it is told"
    assert most_within(told, HOUR) <= 4
    assert any("flapping" in each.kinds for each in told), "and that it flaps"


def test_a_restart_in_the_middle_says_nothing_of_its_own(town: Shift) -> None:
    town.settle_in()
    town.links("lost")
    town.go(10 * MIN)
    before = town.told()
    alerts = {alert.id: alert.state for alert in town.engine.alerts()}
    assert set(alerts.values()) == {"firing"}
    for down_ms in (1_000, 30 * MIN, 3 * HOUR):
        town.restart(down_ms)
        assert town.engine.alerts() == ()
        town.step(0)
        assert {alert.id: alert.state for alert in town.engine.alerts()} == alerts
        town.links("lost")
        town.go(9 * MIN)  # of which the first six are not believed
        assert {alert.id: alert.state for alert in town.engine.alerts()} == alerts
    later = town.told()[len(before) :]
    assert {each.bundle.why for each in later} <= {"escalated"}, "only what time itself has brought"
    assert not any("resolved" in each.kinds for each in later)


def test_what_was_well_before_a_restart_is_not_told_after_it(town: Shift) -> None:
    """Down for hours: the stations' last readings are old, and some are a while in coming back."""
    town.settle_in()
    for down_ms in (10 * MIN, 5 * HOUR):
        town.restart(down_ms)
        town.go(5 * MIN)
        town.go(30 * MIN, faults=())
    assert town.told() == []
    assert town.engine.alerts() == ()


def test_downtime_does_not_count(town: Shift) -> None:
    """Too hot for 9 minutes, the server away for 20, too hot for half a minute: that is not 10 minutes."""
    town.settle_in()

    def hot(minutes: float) -> None:
        for _ in range(round(minutes * 2)):
            town.hear({id_: town.snapshot(climate=Climate(town.now_ms, 33.0, 40.0)) for id_ in town.stations})
            town.go(30_000)

    hot(9)
    assert {alert.state for alert in town.engine.alerts()} == {"pending"}
    town.restart(20 * MIN)
    hot(6.5)  # of which the first six are not believed
    assert {alert.state for alert in town.engine.alerts()} == {"pending"}
    hot(2)
    assert {alert.state for alert in town.engine.alerts()} == {"firing"}


def test_a_restart_between_told_and_sent_tells_nothing_twice(town: Shift) -> None:
    town.settle_in()
    town.links("lost")
    while not town.told():
        town.step()
    count = len(town.told())
    town.restart()
    town.links("lost")
    town.go(9 * MIN)  # of which the first six are not believed
    assert len([each for each in town.told() if each.bundle.why != "escalated"]) == count


def test_a_deaf_server_says_that_and_no_more(town: Shift) -> None:
    town.settle_in()
    town.pipeline.connected = False
    town.go(30 * MIN)
    assert {kind for kind, _ in town.active()} == {"broker_down"}
    town.pipeline.connected = True
    town.go(80_000)
    assert {kind for kind, _ in town.active()} == {"broker_down"}, "silence counts from now"
    town.go(15 * MIN, faults=())
    assert town.active() == set()
    told = [kinds for each in town.told() for kinds in each.kinds.values()]
    assert set().union(*told) == {"broker_down"}


def test_a_clock_that_jumps_makes_nobody_offline(town: Shift) -> None:
    town.settle_in()
    for jump_ms in (3 * HOUR, -2 * HOUR):
        town.now_ms += jump_ms
        town.go(4 * MIN)
        town.go(15 * MIN, faults=())
    assert town.told() == []


def test_a_district_out_is_told_once_to_those_whose_it_is(town: Shift) -> None:
    town.settle_in()
    lost = [id_ for id_, each in town.stations.items() if each.region[0] == DISTRICTS[3]]
    town.links("lost", lost)
    for _ in range(10):
        town.hear({id_: town.snapshot() for id_ in town.stations if id_ not in lost})
        town.go(MIN)
    assert ("district_offline", "city") in town.active()
    assert sum(kind == "station_offline" for kind, _ in town.active()) == len(lost)
    assert set(town.engine.hidden()) == {
        alert.id for alert in town.engine.alerts() if alert.kind == "station_offline"
    }
    by_name = {row.name: row.id for row in receivers(town)}
    assert [each.kinds for each in town.told(by_name["district"])] == [{"firing": {"district_offline"}}]
    assert town.told(by_name["street"]) == []


def receivers(shift: Shift) -> tuple[ReceiverEntry, ...]:
    return Directory(shift.desk).receivers()
