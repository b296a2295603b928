"""Who is told what and when if a whole city is out, by a simulated clock."""

import pytest

from server.alerts.model import Subject, Truth
from server.notify.receivers.model import Receiver
from tests.support.world import ALL, DISTRICTS, HOUR, MIN, TICK, S, World, most_within, station


class TestCity:
    """2,080 stations in 11 districts, as the country's largest networks have them."""

    everybody = tuple(station(n) for n in range(2080))

    def out(self, world: World, minutes: int) -> World:
        """Each falls silent at the next of its own 30 seconds."""
        for third in range(3):
            world.say("station_offline", "true", *self.everybody[third::3]).run(TICK)
        return world.run(minutes * MIN)

    def back(self, world: World, minutes: int) -> World:
        """They try again up to five minutes apart."""
        for part in range(30):
            world.say("station_offline", "false", *self.everybody[part::30]).run(TICK)
        return world.run(minutes * MIN)

    def test_all_out_at_once(self) -> None:
        second = Receiver("boss", ALL[:0])
        world = self.out(World(Receiver("desk", ALL, "boss"), second, stations=2080), 13)
        assert 1 <= most_within([ms for ms, _ in world.sent], 10 * MIN) <= 5
        told = {alert.id for _, bundle in world.sent if bundle.receiver == "desk" for alert in bundle.firing}
        assert len(told) == 2080, "and nobody is left out"
        self.back(world, 10)
        assert most_within([ms for ms, _ in world.sent], 10 * MIN) <= 5
        over = {alert.id for _, bundle in world.sent for alert in bundle.resolved}
        assert over == told

    def test_by_districts(self) -> None:
        world = World(stations=2080)
        for third in range(3):
            world.say("station_offline", "true", *self.everybody[third::3]).run(TICK)
        world.say("district_offline", "true", *(Subject("network", "gz", name) for name in DISTRICTS))
        world.run(10 * MIN)
        assert world.told() == [(80 + 40, "new", 11, 0, 0)]
        assert {alert.kind for _, bundle in world.sent for alert in bundle.firing} == {"district_offline"}

    def test_one_district_is_one_message(self) -> None:
        world = World(stations=2080).say("station_offline", "true", *self.everybody[3::11])
        world.say("district_offline", "true", Subject("network", "gz", "3区")).run(HOUR)
        assert [row[1:] for row in world.told()] == [("new", 1, 0, 0)]

    def test_a_broker_that_is_down_is_one_message_and_one_when_it_is_back(self) -> None:
        world = World(stations=2080).say("broker_down", "true", Subject("server", "broker"))
        self.out(world, 20)
        world.say("broker_down", "false", Subject("server", "broker"))
        self.back(world, 10)
        assert [row[1:] for row in world.told()] == [("new", 1, 0, 0), ("more", 0, 0, 1)]
        assert {alert.kind for _, bundle in world.sent for alert in bundle.firing} == {"broker_down"}

    @pytest.mark.parametrize("at_s", [100, 130, 170])
    def test_a_restart_in_the_middle(self, at_s: int) -> None:
        world = World(stations=2080)
        world.say("station_offline", "true", *self.everybody).run(at_s * S)
        world.restart(3 * HOUR).run(12 * MIN)
        assert most_within([ms for ms, _ in world.sent], 10 * MIN) <= 5
        firing = [alert.id for _, bundle in world.sent for alert in bundle.firing]
        assert len(firing) == len(set(firing)) == 2080, "each is told once, on whichever side of the restart"

    def test_a_restart_of_a_server_that_is_well(self) -> None:
        world = (
            World(stations=2080).say("station_offline", "false", *self.everybody).run(MIN).restart(3 * HOUR)
        )
        world.say("station_offline", "true", *self.everybody)
        self.back(world, 10)
        assert world.told() == [], "all were silent for hours, because nobody was there to hear them"


def test_messages_are_few_whatever_happens() -> None:
    kinds = ["data_lost", "sensor_flat", "sensor_jumping", "messages_rejected", "counts_drifting"]
    world = World(stations=55)
    for n in range(330):
        truth: Truth = "true" if n % 7 else "false"
        world.say(kinds[n % 5], truth, station(n * 7 % 55)).run(TICK)
    assert 1 <= most_within([ms for ms, _ in world.sent], 10 * MIN) <= 4
