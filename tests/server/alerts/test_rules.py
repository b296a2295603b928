"""What the judge does with the words of all rules, and what comes of a real recording."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.messages import Cabinet, Climate, Door, Presence, Slot, Snapshot, Socket
from server.alerts.model import State, Truth
from server.alerts.rules import RULES, SERVER_RULES, judge
from server.alerts.trends import Trend, advance, fold
from server.state import CabinetState
from tests.support.alert_facts import EMPTY, FACTS, LIMITS, NOW, STATE, air, machine, told
from tests.support.office import HEAT_C_A_MINUTE, office

PARTS_OF_THE_RULES = ("room", "power", "machine")


def test_every_rule_has_its_table() -> None:
    folder = Path(__file__).parent
    text = "".join((folder / f"test_rules_{part}.py").read_text("utf-8") for part in PARTS_OF_THE_RULES)
    tables = set(re.findall(r"^def test_(\w+)", text, re.MULTILINE))
    assert set(RULES) | {"district_offline"} <= tables
    assert set(re.findall(r'^        \("(\w+)", ', text, re.MULTILINE)) >= set(SERVER_RULES)


@pytest.mark.parametrize("state", ["pending", "firing", "acknowledged", "in_progress"])
def test_hysteresis_holds_what_is_on_its_way_or_active(state: State) -> None:
    said = told(air(29.5), "too_hot", alert=state)
    assert said
    assert said.truth == "true"


def test_hysteresis_brings_nothing_back() -> None:
    said = told(air(29.5), "too_hot", alert="resolved")
    assert said
    assert said.truth == "false", "29.5 °C would not have raised it"


@pytest.mark.parametrize("code", RULES)
def test_a_station_of_which_nothing_is_known(code: str) -> None:
    silent = replace(FACTS, snapshot=None, hearing_since_ms=None)
    assert told(silent, code, "x") is None
    said = told(silent, code, "x", "firing")
    assert said
    assert said.truth == "unknown"


def test_a_station_that_is_well_has_nothing_said_of_it() -> None:
    slots = Slot(3, "present", "charging", temperature_c=30), Slot(4, "present", "full", temperature_c=30)
    snapshot = replace(
        EMPTY,
        climate=Climate(NOW, 25.3, 50.2),
        doors=(Door("main", 5, 5, locked=False),),
        presence=Presence(NOW),
        sockets=(Socket("s1", "ac", "charging", NOW, 30),),
        cabinets=(Cabinet("c1", True, slots, True, 30, False),),
    )
    state = replace(
        STATE, cabinets=(CabinetState("c1", online=True, slots=((3, "charging"), (4, "charged")), charged=1),)
    )
    facts = replace(machine(cpu_c=50, undervoltage=False, disk_free_pct=60), snapshot=snapshot, state=state)
    assert not list(judge(facts, LIMITS, NOW))


# --- a real room --------------------------------------------------------------------------------------


def turns(snapshots: Iterable[Snapshot]) -> list[tuple[str, Truth, datetime]]:
    """Each change of a word, with its instant, when the rules are asked every half minute."""
    said: dict[str, Truth] = {}
    changes = []
    trend, facts = Trend(), replace(FACTS, season="winter", hearing_since_ms=0)
    for snapshot in snapshots:
        trend = advance(trend, snapshot)
        for now_ms in (snapshot.at_ms, snapshot.at_ms + 30_000):
            alerts: dict[tuple[str, str], State] = {
                (kind, ""): "firing" for kind, truth in said.items() if truth == "true"
            }
            facts = replace(facts, snapshot=snapshot, trend=trend, alerts=alerts)
            for found in judge(facts, LIMITS, now_ms):
                if said.get(found.kind, "false") != found.truth:
                    at = datetime.fromtimestamp(now_ms / 1000, UTC)
                    changes.append((found.kind, found.truth, at))
                    said[found.kind] = found.truth
    return changes


def test_six_days_of_a_real_room_raise_nothing(recordings: Path) -> None:
    assert len(list(office(recordings))) == 8143
    assert turns(office(recordings)) == []


def test_the_same_room_heated_is_too_hot_once(recordings: Path) -> None:
    heated = list(office(recordings, HEAT_C_A_MINUTE))
    (hot, begins), (well, ends) = ((word, at) for kind, word, at in turns(heated) if kind == "too_hot")
    assert (hot, well) == ("true", "false"), "hot once and well once"
    assert {kind for kind, _, _ in turns(heated)} == {"too_hot"}, "and nothing else is wrong"
    above = [each.at_ms for each in heated if each.climate and (each.climate.temperature_c or 0) > 30]
    assert begins.timestamp() * 1000 == above[0], "with the first reading above 30 °C"
    assert 0 < ends.timestamp() * 1000 - above[-1] < 10 * 60_000, "a degree lower, so a little later"


def test_heated_in_summer_the_cooling_fails_first(recordings: Path) -> None:
    trend, first = Trend(), dict[str, int]()
    for snapshot in office(recordings, HEAT_C_A_MINUTE):
        trend = advance(trend, snapshot)
        facts = replace(FACTS, snapshot=snapshot, trend=trend)
        for found in judge(facts, LIMITS, snapshot.at_ms):
            first.setdefault(found.kind, snapshot.at_ms)
    assert first.keys() == {"cooling_failing", "too_hot"}
    assert first["too_hot"] - first["cooling_failing"] > 5 * 60_000, "there is time to do something"


def test_a_backlog_raises_nothing(recordings: Path) -> None:
    """Yesterday's heat arrives late: the newest reading stands, and the trend does not move back."""
    heated = list(office(recordings, HEAT_C_A_MINUTE))
    newest = heated.pop()
    trend = fold(Trend(), (newest, *heated))
    facts = replace(FACTS, snapshot=newest, trend=trend)
    assert not list(judge(facts, LIMITS, newest.at_ms))
