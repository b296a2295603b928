"""What is due next: announced at the start and when asked, said when it is new, never when it is old."""

import json

from contract.messages import Info
from edge.discovery import Plan
from edge.discovery_turns import AGAIN_S, ANNOUNCE_S, Message, News, Turns

PLAN = Plan("canteen-1", Info("1.0", 1, 30), "zh", "homeassistant", "waystation/canteen-1")


def what(messages: list[Message]) -> list[str]:
    return [message.topic.rsplit("/", 1)[1] for message in messages]


def test_at_first_the_device_then_values_as_they_come() -> None:
    turns, first, second = Turns(PLAN), News(0.0, {"co2": 400.0}), News(1.0, {"co2": 401.0})
    assert turns.is_new
    assert what(turns.next(0.0, first, ())) == ["config", "availability", "state"]
    assert not turns.is_new
    assert what(turns.next(0.5, first, ())) == []
    (said,) = turns.next(1.0, second, ())
    assert (said.topic, json.loads(said.payload), said.retain) == (
        "waystation/canteen-1/state",
        {"co2": 401.0},
        False,
    )


def test_values_are_said_again_once_the_entities_are_there() -> None:
    turns, news = Turns(PLAN), News(0.0, {})
    turns.next(0.0, news, ())
    assert what(turns.next(AGAIN_S - 0.1, news, ())) == []
    assert what(turns.next(AGAIN_S, news, ())) == ["state"]
    assert what(turns.next(AGAIN_S + 20, news, ())) == [], "once"


def test_a_device_without_news_is_announced_all_the_same() -> None:
    first, second = Turns(PLAN).next(0.0, None, ())
    assert (first.topic, first.retain) == ("homeassistant/device/waystation_canteen-1/config", True)
    assert second == Message("waystation/canteen-1/availability", b"online", True)


def test_a_birth_is_answered_and_many_births_once() -> None:
    turns, news = Turns(PLAN), News(0.0, {})
    turns.next(0.0, news, ())
    turns.next(AGAIN_S, news, ())
    assert what(turns.next(ANNOUNCE_S, news, (), born=True)) == ["config", "availability", "state"]
    for tenth in range(1, 50):
        assert "config" not in what(turns.next(ANNOUNCE_S + tenth / 10, news, (), born=True))
    assert what(turns.next(2 * ANNOUNCE_S, news, ())) == ["config", "availability", "state"], "not forgotten"
    assert "config" not in what(turns.next(3 * ANNOUNCE_S, news, ()))


def test_what_turns_out_later_is_announced_later() -> None:
    turns, news = Turns(PLAN), News(0.0, {})
    (before, *_) = turns.next(0.0, news, set())
    assert "config" not in what(turns.next(1.0, news, {"co2"}))
    (after, *_) = turns.next(ANNOUNCE_S, news, {"co2"})
    assert b"co2" not in before.payload
    assert b"co2" in after.payload


def test_what_is_too_old_is_not_said() -> None:
    news = News(0.0, {"co2": 400.0})
    assert what(Turns(PLAN).next(PLAN.expire_s, news, ())) == ["config", "availability"]
    assert what(Turns(PLAN).next(PLAN.expire_s - 1, news, ())) == ["config", "availability", "state"]
