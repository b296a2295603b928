"""Who is told what and when, by a simulated clock."""

from dataclasses import replace

import pytest

from server.alerts.lifecycle import Action, alert_id
from server.alerts.model import Place, Subject
from server.alerts.silences import Matcher
from server.notify.receivers.grouping import Book
from server.notify.receivers.model import Quiet, Receiver
from tests.support.world import ALL, DISTRICTS, HOUR, MIN, NOON, TICK, S, World, most_within, station


def test_one_alert_is_told_once_and_once_that_it_is_over() -> None:
    world = World().say("too_hot", "true").run(HOUR)
    assert world.told() == [(10 * 60 + 30, "new", 1, 0, 0)]
    world.say("too_hot", "false").run(HOUR)
    assert world.told()[1:] == [(3600 + 10 * 60 + 30, "more", 0, 0, 1)]
    assert world.book == Book(), "and then it is forgotten"


def test_within_thirty_seconds_one_message() -> None:
    world = World(stations=23).say("messages_rejected", "true", station(0)).run(20 * S)
    world.say("messages_rejected", "true", station(11), station(22)).run(HOUR)
    assert world.told() == [(30, "new", 3, 0, 0)]


def test_more_of_the_same_waits_five_minutes() -> None:
    world = World(stations=23).say("messages_rejected", "true", station(0)).run(40 * S)
    world.say("messages_rejected", "true", station(11), station(22)).run(HOUR)
    assert world.told() == [(30, "new", 1, 0, 0), (330, "more", 2, 0, 0)]
    assert world.sent[1][1].standing == 1


def test_another_kind_or_district_does_not_wait() -> None:
    world = World().say("messages_rejected", "true", station(0)).run(MIN)
    world.say("messages_rejected", "true", station(1)).say("unknown_station", "true", Subject("server", "x"))
    assert world.run(HOUR).told()[1:] == [(90, "new", 1, 0, 0), (90, "new", 1, 0, 0)]


def test_what_nobody_takes_is_repeated_every_four_hours() -> None:
    world = World().say("too_hot", "true").run(13 * HOUR)
    assert [why for _, why, *_ in world.told()] == ["new", "repeat", "repeat", "repeat"]
    assert world.told()[1][0] - world.told()[0][0] in range(4 * 3600, 4 * 3600 + 60)


@pytest.mark.parametrize("action", ["acknowledge", "take"])
def test_what_somebody_has_in_hand_is_not_told_again_until_it_has_cleared(action: Action) -> None:
    world = World().say("too_hot", "true").run(20 * MIN).act(action, "too_hot").run(24 * HOUR)
    assert len(world.told()) == 1
    world.say("too_hot", "false").run(HOUR).say("too_hot", "true").run(HOUR)
    assert [row[1:] for row in world.told()[1:]] == [("more", 0, 0, 1), ("new", 1, 0, 0)]


def test_what_was_taken_before_it_was_told_is_not_told() -> None:
    world = World().say("too_hot", "true").run(10 * MIN + 20 * S).act("take", "too_hot").run(5 * HOUR)
    assert world.say("too_hot", "false").run(HOUR).told() == []


def test_what_went_and_came_back_between_two_messages_is_told_again() -> None:
    world = World().say("data_lost", "true").run(MIN).say("data_lost", "false").run(TICK)
    world.say("data_lost", "true").run(HOUR)
    assert world.told() == [(30, "new", 1, 0, 0), (330, "more", 1, 0, 0)]


def test_a_person_s_word_is_told_too() -> None:
    world = World().say("too_hot", "true").run(20 * MIN).say("too_hot", "unknown").run(20 * MIN)
    world.act("resolve", "too_hot").run(HOUR)
    assert world.told()[1:] == [(40 * 60 + 30, "more", 0, 0, 1)]


def test_unknown_neither_resolves_nor_repeats() -> None:
    world = World().say("too_hot", "true").run(20 * MIN).say("too_hot", "unknown").run(30 * HOUR)
    assert len(world.told()) == 1
    assert world.say("too_hot", "true").run(MIN).told()[1][1:] == ("repeat", 1, 0, 0)


def test_a_reading_from_before_a_stop_wakes_nobody() -> None:
    world = World().say("too_hot", "true").run(10 * MIN + 10 * S)
    assert [change.what for change in world.changes] == ["fired"]
    world.restart(10 * HOUR).say("too_hot", "unknown").run(5 * HOUR)
    assert world.told() == [], "killed before it was told, and nobody knows how it is now"
    world.say("too_hot", "false").run(HOUR)
    assert world.told() == [], "it had passed"


def test_what_comes_and_goes_within_seconds_is_told_all_the_same() -> None:
    world = World().say("locked_in_hours", "true").run(10 * MIN)
    for _ in range(4):
        world.say("locked_in_hours", "false").run(2 * TICK).say("locked_in_hours", "true").run(TICK)
    assert world.told() == [], "it has not been true for ten minutes without a break"
    world.run(10 * MIN).say("locked_in_hours", "false").run(2 * TICK)
    assert world.told() == [], "and after that it looks as if it were over"
    assert len(world.say("locked_in_hours", "true").run(TICK).told()) == 1, "but is not: told without delay"


class TestFlapping:
    def test_four_messages_an_hour_and_then_calm(self) -> None:
        world = World()
        for _ in range(24 * 60):
            world.say("data_lost", "true").run(30 * S).say("data_lost", "false").run(30 * S)
        times = [ms for ms, _ in world.sent]
        assert 1 <= most_within(times, HOUR) <= 4
        assert sum(len(bundle.flapping) for _, bundle in world.sent) >= 1
        told = len(times)
        world.run(2 * HOUR)
        assert [row[1:] for row in world.told()[told:]] == [("more", 0, 0, 1)], "away for an hour"

    @pytest.mark.parametrize("every_min", [12, 20, 28, 40])
    def test_slower(self, every_min: int) -> None:
        world = World()
        for _ in range(24 * 60 // every_min):
            world.say("data_lost", "true").run(every_min // 2 * MIN)
            world.say("data_lost", "false").run(every_min // 2 * MIN)
        assert 2 <= most_within([ms for ms, _ in world.sent], HOUR) <= 4

    def test_a_whole_city(self) -> None:
        everybody = [station(n) for n in range(110)]
        world = World(stations=110)
        for _ in range(12):
            world.say("data_lost", "true", *everybody).run(5 * MIN)
            world.say("data_lost", "false", *everybody).run(5 * MIN)
        assert 2 <= most_within([ms for ms, _ in world.sent], HOUR) <= 4


class TestEscalation:
    first = Receiver("desk", (Matcher(networks=("gz",)),), second="boss")
    boss = Receiver("boss", ())

    def test_what_nobody_takes_in_ten_minutes_goes_to_the_second(self) -> None:
        world = World(self.first, self.boss).say("station_offline", "true").run(3 * HOUR)
        assert world.told("desk") == [(150, "new", 1, 0, 0)]
        assert world.told("boss") == [(120 + 600, "escalated", 1, 0, 0)]
        world.act("take", "station_offline").say("station_offline", "false").run(HOUR)
        assert world.told("boss")[1][1:] == ("more", 0, 0, 1), "who was told hears that it is over"

    def test_a_second_that_is_gone_is_told_nothing_and_stops_nobody(self) -> None:
        world = World(self.first, self.boss).say("station_offline", "true").run(HOUR)
        del world.receivers["boss"]
        world.say("station_offline", "false").run(HOUR)
        assert [row[1:] for row in world.told("desk")] == [("new", 1, 0, 0), ("more", 0, 0, 1)]
        assert len(world.told("boss")) == 1
        assert world.book == Book()

    def test_taken_in_time(self) -> None:
        world = World(self.first, self.boss).say("station_offline", "true").run(11 * MIN)
        world.act("acknowledge", "station_offline").run(3 * HOUR)
        assert world.told("boss") == []

    def test_a_warning_can_wait(self) -> None:
        world = World(self.first, self.boss).say("too_hot", "true").run(3 * HOUR)
        assert (len(world.told("desk")), world.told("boss")) == (1, [])

    def test_downtime_is_not_somebody_s_delay(self) -> None:
        world = World(self.first, self.boss).say("station_offline", "true").run(4 * MIN)
        world.restart(HOUR).run(7 * MIN).act("take", "station_offline").run(HOUR)
        assert (len(world.told("desk")), world.told("boss")) == (1, [])

    def test_when_it_comes_back_it_is_the_first_s_again(self) -> None:
        world = World(self.first, self.boss).say("station_offline", "true").run(20 * MIN)
        world.say("station_offline", "false").run(20 * MIN).say("station_offline", "true").run(9 * MIN)
        assert [row[1] for row in world.told("boss")] == ["escalated", "more"]
        assert [row[1] for row in world.told("desk")] == ["new", "more", "new"]
        assert world.run(10 * MIN).told("boss")[2][1] == "escalated"

    def test_quiet_hours_are_no_reason_to_leave_it_lying(self) -> None:
        asleep = replace(self.first, quiet=Quiet(0, 1439))
        world = World(asleep, self.boss).say("station_offline", "true").run(HOUR)
        assert (world.told("desk"), len(world.told("boss"))) == ([], 1)

    def test_who_has_it_anyway_is_not_told_twice(self) -> None:
        boss = Receiver("boss", ALL)
        world = World(self.first, boss).say("station_offline", "true").run(3 * HOUR)
        assert len(world.told("boss")) == 1


class TestSafety:
    smoke = Subject("station", "s0", "c1")

    def world(self, *receivers: Receiver) -> World:
        world = World(*receivers, stations=220)
        world.places[self.smoke] = world.places[station(0)]
        return world.say("cabinet_smoke", "true", self.smoke)

    def test_at_once_and_alone(self) -> None:
        others = [Subject("station", "s0", f"c{n}") for n in range(2, 9)]
        world = self.world().say("cabinet_smoke", "true", *others).run(TICK)
        assert world.told() == [(0, "new", 1, 0, 0)] * 8

    def test_before_everything_else_and_whatever_else_there_is(self) -> None:
        world = self.world().say("cabinet_smoke", "false", self.smoke)
        world.say("data_lost", "true", *(station(n) for n in range(220))).run(30 * S)
        world.say("cabinet_smoke", "true", self.smoke).run(TICK)
        assert [bundle.firing[0].kind for _, bundle in world.sent] == ["cabinet_smoke", "data_lost"]
        assert len(world.sent[0][1].firing) == 1

    def test_never_muted_and_never_quiet(self) -> None:
        world = self.world(Receiver("desk", ALL, quiet=Quiet(0, 1439)))
        world.say("broker_down", "true", Subject("server", "broker"))
        world.silenced = {alert_id("cabinet_smoke", self.smoke, NOON)}
        assert world.run(HOUR).told() == [(0, "new", 1, 0, 0)]

    def test_smoke_and_then_silence_is_still_smoke(self) -> None:
        first = Receiver("desk", ALL, second="boss")
        world = self.world(first, Receiver("boss", ())).run(TICK)
        world.say("cabinet_smoke", "unknown", self.smoke).restart(HOUR).run(20 * MIN)
        assert [row[1] for row in world.told("boss")] == ["escalated"]

    def test_what_is_nobody_s_is_everybody_s(self) -> None:
        elsewhere = (Matcher(networks=("nj",)),)
        world = self.world(Receiver("a", elsewhere), Receiver("b", elsewhere)).run(HOUR)
        assert (len(world.told("a")), len(world.told("b"))) == (1, 1)
        assert World(Receiver("a", elsewhere)).say("too_hot", "true").run(HOUR).told("a") == []

    def test_one_more_message_when_it_is_over(self) -> None:
        world = self.world().run(HOUR).say("cabinet_smoke", "false", self.smoke).run(HOUR)
        assert [row[1:] for row in world.told()] == [("new", 1, 0, 0), ("more", 0, 0, 1)]


class TestMuted:
    def mute(self, world: World) -> World:
        world.silenced = {alert.id for alert in world.alerts.values()}
        return world

    def test_what_is_still_wrong_when_the_silence_ends_is_told_then(self) -> None:
        world = self.mute(World().say("too_hot", "true").run(10 * MIN + TICK)).run(3 * HOUR)
        assert world.told() == []
        world.silenced = set()
        assert [row[1:] for row in world.run(MIN).told()] == [("new", 1, 0, 0)]

    def test_what_is_over_by_then_is_not(self) -> None:
        world = (
            self.mute(World().say("too_hot", "true").run(10 * MIN + TICK)).say("too_hot", "false").run(HOUR)
        )
        world.silenced = set()
        assert world.run(HOUR).told() == []

    def test_what_was_told_before_is_told_to_be_over_afterwards(self) -> None:
        world = self.mute(World().say("too_hot", "true").run(HOUR)).say("too_hot", "false").run(HOUR)
        assert len(world.told()) == 1
        world.silenced = set()
        assert world.run(HOUR).told()[1][1:] == ("more", 0, 0, 1)


def test_a_message_each_by_severity_worst_first() -> None:
    world = (
        World().say("too_hot", "true").run(8 * MIN).say("station_offline", "true", station(1)).run(5 * MIN)
    )
    assert [bundle.firing[0].severity for _, bundle in world.sent] == ["critical", "warning"]


def test_a_receiver_that_is_no_more_leaves_nothing_behind() -> None:
    world = World().say("too_hot", "true").run(HOUR)
    world.receivers = {}
    assert world.run(MIN).book.groups == ()


def test_an_alert_that_is_no_more_is_forgotten() -> None:
    world = World().say("too_hot", "true").run(HOUR)
    world.truths, world.alerts = {}, {}
    assert (len(world.run(HOUR).told()), world.book) == (1, Book())


def test_a_station_that_moves_is_not_told_anew() -> None:
    world = World().say("too_hot", "true").run(15 * MIN)
    before = world.told()
    world.places[station(0)] = Place(("gz",), DISTRICTS[5], "s0")
    assert world.run(20 * MIN).told() == before
    world.say("too_hot", "false").run(20 * MIN)
    assert [each[1:] for each in world.told()[len(before) :]] == [("more", 0, 0, 1)]
