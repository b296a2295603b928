"""Until when a station need not be judged again although nothing new is heard of it."""

from dataclasses import replace

import pytest

from contract.messages import Status
from server.alerts.facts import Facts
from server.alerts.judging import AGAIN_MS, _due_ms
from server.alerts.model import Truth
from server.alerts.rules_room import station_offline
from tests.support.alert_facts import EMPTY, FACTS, LIMITS, NOW

LOST = Status("lost", "0f8b2c1d", "1.0", NOW)


def station(said_ago_s: int, heard_for_s: int, link: Status | None = None) -> Facts:
    snapshot = replace(EMPTY, at_ms=NOW - 1000 * said_ago_s)
    return replace(FACTS, snapshot=snapshot, hearing_since_ms=NOW - 1000 * heard_for_s, link=link)


def offline(facts: Facts, now_ms: int) -> list[Truth]:
    return [word.truth for word in station_offline(facts, LIMITS, now_ms)]


@pytest.mark.parametrize("link", [None, LOST])
@pytest.mark.parametrize("heard_for_s", [0, 40, 89, 91, 299, 301, 4000])
@pytest.mark.parametrize("said_ago_s", [0, 20, 60, 89, 91, 200, 299, 301, 5000])
def test_no_word_on_its_silence_changes_before_it_is_due(
    said_ago_s: int, heard_for_s: int, link: Status | None
) -> None:
    facts = station(said_ago_s, heard_for_s, link)
    due_ms = _due_ms(facts, LIMITS, NOW)
    assert NOW < due_ms <= NOW + AGAIN_MS
    for now_ms in range(NOW, due_ms, 500):
        assert offline(facts, now_ms) == offline(facts, NOW)


def test_a_city_is_not_judged_again_because_the_server_has_heard_it_for_long() -> None:
    assert _due_ms(station(10, 80), LIMITS, NOW) == NOW + AGAIN_MS
    assert _due_ms(station(85, 80), LIMITS, NOW) == NOW + 5001, "its own last word is 90 s old"
    assert _due_ms(station(200, 80), LIMITS, NOW) == NOW + 10_001, "it has been listened for over 90 s"
