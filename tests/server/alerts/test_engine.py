"""The engine over a real store and desk: what it tells of, how often, and what a failure leaves behind."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import Cabinet, Climate, Info, Link, Slot, Socket, SocketInfo
from server.alerts.lifecycle import GRACE_MS, NotPossibleError
from server.alerts.model import Place, Subject
from server.alerts.silences import Matcher, Silence
from server.alerts.standing import ChangedError, UnknownAlertError
from server.model import Network
from tests.support.shift import MIN, PASS_MS, Shift, station

SMOKE = Cabinet("c1", True, (), smoke=True)
NO_SMOKE = Cabinet("c1", True, (), smoke=False)


@pytest.fixture
def shift(tmp_path: Path) -> Iterator[Shift]:
    shift = Shift(tmp_path, [station("a"), station("b", district="西区")])
    yield shift
    shift.close()


def hot(shift: Shift) -> Climate:
    return Climate(shift.now_ms, 33.0, 40.0)


def test_all_well_says_nothing(shift: Shift) -> None:
    shift.receiver("chat")
    shift.settle_in()
    shift.go(30 * MIN, faults=())
    assert shift.engine.alerts() == ()
    assert shift.told() == []
    assert shift.engine.well()


def test_a_room_too_hot_is_told_once_and_its_end_once(shift: Shift) -> None:
    chat = shift.receiver("chat")
    shift.settle_in()
    began_ms = shift.now_ms
    for _ in range(40):
        shift.say("a", climate=hot(shift))
        shift.say("b")
        shift.go(30_000)
    alert = shift.one("too_hot")
    assert alert.state == "firing"
    assert alert.fired_ms is not None
    assert 10 * MIN <= alert.fired_ms - began_ms <= 10 * MIN + 30_000
    assert (alert.subject, alert.values["temperature_c"]) == (Subject("station", "a"), 33.0)
    shift.go(30 * MIN, faults=())
    assert shift.one("too_hot").state == "resolved"
    assert shift.lines(alert) == [("fired", ""), ("resolved", "")]
    assert [told.kinds for told in shift.told(chat)] == [{"firing": {"too_hot"}}, {"resolved": {"too_hot"}}]
    shift.step(24 * 60 * MIN)
    closed = shift.engine.find(alert.id)
    assert closed
    assert closed.state == "closed"
    assert "too_hot" not in {each.kind for each in shift.engine.alerts()}


def test_who_has_taken_an_alert_has_it_until_it_clears(shift: Shift) -> None:
    shift.receiver("chat")
    shift.settle_in()
    for _ in range(30):
        shift.say("a", climate=hot(shift))
        shift.go(30_000)
    alert = shift.one("too_hot")
    seen = shift.engine.version
    news = []
    shift.engine.listen(lambda: news.append(shift.engine.version))
    taken = shift.engine.act(alert.id, "take", "tian", version=alert.version)
    assert (taken.state, taken.by) == ("in_progress", "tian")
    assert shift.one("too_hot") == taken
    assert news == [seen + 1]
    with pytest.raises(ChangedError):
        shift.engine.act(alert.id, "resolve", "max", version=alert.version)
    with pytest.raises(NotPossibleError):
        shift.engine.act(alert.id, "close", "max")
    with pytest.raises(UnknownAlertError):
        shift.engine.act("0" * 16, "take", "max")
    shift.go(20 * MIN, faults=())
    assert shift.one("too_hot").by == ""
    done = shift.engine.act(alert.id, "close", "max")
    assert done.state == "closed"
    assert shift.engine.act(alert.id, "comment", "tian", "Filter gewechselt").state == "closed"
    assert shift.lines(alert)[1:] == [
        ("taken", "tian"),
        ("resolved", ""),
        ("closed", "max"),
        ("commented", "tian"),
    ]


def test_what_is_taken_at_once_is_one_change_and_is_done_once(shift: Shift) -> None:
    shift.all_say(cabinets=(SMOKE,))
    shift.step()
    ids = [each.id for each in shift.engine.alerts()]
    news: list[int] = []
    shift.engine.listen(lambda: news.append(shift.engine.version))
    for _ in range(2):
        taken = shift.engine.take_up([*ids, ids[0], "0" * 16], "tian")
        assert [(each.id, each.state, each.by) for each in taken] == [
            (each, "in_progress", "tian") for each in ids
        ]
    assert [shift.lines(each) for each in taken] == [[("fired", ""), ("taken", "tian")]] * 2
    assert len(news) == 1


def test_what_a_person_has_resolved_is_judged_as_if_it_had_never_been(shift: Shift) -> None:
    """29.5 °C holds an alert and raises none: said at once, not when the station speaks again."""
    shift.settle_in()
    for _ in range(30):
        shift.say("a", climate=hot(shift))
        shift.go(30_000)
    shift.say("a", climate=Climate(shift.now_ms, 29.5, 40.0))
    shift.step()
    alert = shift.one("too_hot")
    assert (alert.state, alert.truth) == ("firing", "true")
    shift.engine.act(alert.id, "resolve", "tian")
    shift.step()
    assert shift.one("too_hot").truth == "false"


def test_smoke_is_told_by_the_next_look_even_in_the_first_minutes(shift: Shift) -> None:
    chat = shift.receiver("chat")
    shift.all_say()
    shift.step()
    assert shift.now_ms - shift.live.newest("a").at_ms < GRACE_MS  # type: ignore[union-attr] # it spoke
    shift.say("a", cabinets=(SMOKE,))
    shift.now_ms, shift.mono_ms = shift.now_ms + 500, shift.mono_ms + 500
    assert shift.engine.turn(shift.now_ms, shift.mono_ms), "no ten seconds are waited for"
    assert shift.active() == {("cabinet_smoke", "a")}
    assert [told.kinds for told in shift.told(chat)] == [{"firing": {"cabinet_smoke"}}]
    shift.say("a", cabinets=(SMOKE,))
    assert not shift.engine.turn(shift.now_ms + 500, shift.mono_ms + 500), "it is known already"


def test_smoke_that_has_gone_before_the_pass_is_told_too(shift: Shift) -> None:
    shift.receiver("chat")
    shift.all_say(cabinets=(NO_SMOKE,))
    shift.step()
    shift.say("a", cabinets=(SMOKE,))
    shift.now_ms += 200
    shift.say("a", cabinets=(NO_SMOKE,))
    shift.engine.turn(shift.now_ms, shift.mono_ms + 500)
    assert shift.active() == {("cabinet_smoke", "a")}


@pytest.mark.parametrize(
    ("cabinet", "burns"),
    [
        pytest.param(Cabinet("c1", True, (Slot(1, "present", temperature_c=70),)), True, id="a hot battery"),
        pytest.param(Cabinet("c1", True, (), temperature_c=61), True, id="a hot cabinet"),
        pytest.param(Cabinet("c1", True, (Slot(1, "present", temperature_c=59),)), False, id="a warm one"),
    ],
)
def test_heat_is_looked_at_at_once(shift: Shift, cabinet: Cabinet, burns: bool) -> None:
    shift.all_say()
    shift.step()
    shift.say("a", cabinets=(cabinet,))
    assert shift.engine.turn(shift.now_ms, shift.mono_ms + 500) is burns


def test_smoke_of_yesterday_out_of_a_backlog_is_none(shift: Shift) -> None:
    shift.all_say()
    shift.step()
    shift.hear({"a": shift.snapshot(shift.now_ms - 10 * MIN, cabinets=(SMOKE,))})
    assert not shift.engine.turn(shift.now_ms, shift.mono_ms + 500)
    shift.step()
    assert shift.active() == set()


@pytest.mark.parametrize(("link", "limit_ms"), [("lost", 90_000), ("online", 5 * MIN)])
def test_silence_is_noticed_by_the_clock_alone(shift: Shift, link: Link, limit_ms: int) -> None:
    shift.settle_in()
    shift.say("a")
    last_ms = shift.now_ms
    shift.links(link, ["a"])
    while not shift.active():
        shift.say("b")
        shift.step()
    fired_ms = shift.one("station_offline").fired_ms
    assert fired_ms
    assert 0 < fired_ms - last_ms - limit_ms - 2 * MIN <= 2 * PASS_MS


def test_what_is_old_fires_and_clears_nothing(shift: Shift) -> None:
    shift.receiver("chat")
    shift.settle_in()
    for _ in range(30):
        shift.hear({"a": shift.snapshot(climate=Climate(shift.now_ms - 6 * MIN, 35.0, 40.0))})
        shift.say("b")
        shift.go(30_000)
    assert shift.engine.alerts() == (), "a reading of six minutes ago is none"
    for _ in range(30):
        shift.say("a", climate=hot(shift))
        shift.say("b")
        shift.go(30_000)
    assert ("too_hot", "a") in shift.active()
    for _ in range(60):
        shift.hear({"a": shift.snapshot(climate=Climate(shift.now_ms - 6 * MIN, 20.0, 40.0))})
        shift.say("b")
        shift.go(30_000)
    assert ("too_hot", "a") in shift.active()
    assert shift.one("too_hot").truth == "unknown"


def test_silences_hold_back_messages_and_nothing_else(shift: Shift) -> None:
    chat = shift.receiver("chat")
    quiet = Silence("1", Matcher(stations=("a",)), shift.now_ms, shift.now_ms + 60 * MIN, "max", "Umbau")
    shift.ledger.add_silence(quiet, "max", shift.now_ms)
    shift.settle_in()
    for _ in range(40):
        shift.say("a", climate=hot(shift))
        shift.say("b")
        shift.go(30_000)
    alert = shift.one("too_hot")
    assert alert.state == "firing"
    assert shift.engine.silenced() == {alert.id: quiet}
    assert shift.told(chat) == []
    shift.ledger.end_silence("1", "max", shift.now_ms)
    for _ in range(4):
        shift.say("a", climate=hot(shift))
        shift.go(30_000)
    assert shift.engine.silenced() == {}
    assert [told.kinds for told in shift.told(chat)] == [{"firing": {"too_hot"}}]


def test_thresholds_of_a_network_and_a_station_hold_from_the_next_pass(shift: Shift) -> None:
    shift.settle_in()
    shift.networks["net"] = Network("net", "网", "Net", alert_limits={"too_hot_c": 24})
    shift.stations["b"] = station("b", alert_limits={"too_hot_c": 26})
    shift.register()
    shift.go(11 * MIN, faults=())
    assert shift.active() == {("too_hot", "a")}
    del shift.stations["b"]
    shift.stations["a"] = station("a", alert_limits={"too_hot_c": 26})
    shift.register()
    shift.go(11 * MIN, faults=())
    assert shift.active() == set()


def test_what_is_taken_away_has_no_alerts(shift: Shift) -> None:
    socket = Socket("s1", "ac", "fault", shift.now_ms)
    info = Info("1", 1, 30, sockets=(SocketInfo("s1", "ac"),))
    shift.live.set_info("a", info)
    shift.settle_in(sockets=(socket,))
    shift.go(12 * MIN, sockets=(socket,))
    assert shift.active() == {("socket_fault", "a"), ("socket_fault", "b")}
    shift.all_say()
    shift.step()
    assert len(shift.active()) == 2, "not spoken of is not taken away"
    shift.live.set_info("a", Info("1", 1, 30))
    del shift.stations["b"]
    shift.register()
    shift.step()
    assert shift.active() == set()
    assert shift.engine.alerts() == ()


def test_nobody_hears_resolved_of_what_is_taken_away(shift: Shift) -> None:
    theirs = shift.receiver("theirs", (Matcher(networks=("net",)),))
    socket = Socket("s1", "ac", "fault", shift.now_ms)
    shift.settle_in(sockets=(socket,))
    shift.go(12 * MIN, sockets=(socket,))
    told_of = [alert for told in shift.told(theirs) for alert in told.bundle.firing]
    fallen = {alert.id for alert in told_of if alert.subject.id == "b"}
    assert fallen
    del shift.stations["b"]
    shift.register()
    shift.go(6 * MIN)
    over = [alert for told in shift.told(theirs) for alert in told.bundle.resolved]
    assert fallen <= {alert.id for alert in over}, "they are told that it has ended"
    assert {alert.withdrawn for alert in over if alert.id in fallen} == {True}


def test_a_clock_set_back_is_one_trouble_of_the_server(tmp_path: Path) -> None:
    shift = Shift(tmp_path, [station(f"s{number}") for number in range(30)])
    try:
        chat = shift.receiver("chat")
        shift.settle_in()
        for _ in range(4):
            for id_ in shift.stations:
                shift.pipeline.refuse_of(id_, shift.now_ms, "too_new")
            shift.go(MIN)
        assert [told.kinds for told in shift.told(chat)] == [{"firing": {"server_clock_behind"}}]
    finally:
        shift.close()


def test_places_and_networks_inside_networks(tmp_path: Path) -> None:
    outer, inner = Network("city", "市", "City"), Network("street", "街", "Street", parent="city")
    shift = Shift(tmp_path, [station("a", "street"), station("b", "city")], [outer, inner])
    try:
        shift.step()
        assert shift.engine.place(Subject("station", "a")) == Place(("street", "city"), "东区", "a")
        assert shift.engine.place(Subject("network", "street", "东区")) == Place(("street", "city"), "东区")
        assert shift.engine.place(Subject("server", "broker")) == Place()
        assert shift.engine.place(Subject("station", "gone")) == Place(station="gone")
    finally:
        shift.close()


def test_the_thread_passes_by_itself_and_ends(shift: Shift) -> None:
    passed = threading.Event()
    shift.engine.listen(passed.set)
    shift.say("a", cabinets=(SMOKE,))
    shift.engine.start()
    try:
        assert passed.wait(30)
        assert shift.active() == {("cabinet_smoke", "a")}
    finally:
        shift.engine.stop()
    assert not any(thread.name == "alerts" for thread in threading.enumerate())
