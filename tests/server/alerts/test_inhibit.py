"""Which alert hides which."""

from dataclasses import replace

import pytest

from server.alerts.inhibit import LINGER_MS, hidden
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Kind, Place, Severity, State, Subject

NOW = 1_753_400_000_000
TABLE = {
    kind.code: kind
    for kind in (
        Kind("broker", "critical", "server"),
        Kind("city", "critical", "network", inhibited_by=("broker",)),
        Kind("offline", "critical", inhibited_by=("broker", "city")),
        Kind("cabinet", "critical", inhibited_by=("offline", "city", "broker")),
        Kind("slot", "warning", inhibited_by=("cabinet", "offline", "city", "broker")),
        Kind("hot", "warning", inhibited_by=("offline", "city", "broker")),
        Kind("smoke", "safety", inhibited_by=("broker", "city", "offline", "cabinet")),
        Kind("disk", "critical", "server"),
    )
}
BROKER = Subject("server", "broker")
CITY, DISTRICT = Subject("network", "gz"), Subject("network", "gz", "天河区")
STATION, OTHER = Subject("station", "s1"), Subject("station", "s2")
CABINET, SLOT = Subject("station", "s1", "c1"), Subject("station", "s1", "c1/3")


def place(subject: Subject) -> Place:
    if subject.scope == "server":
        return Place()
    if subject.scope == "network":
        return Place((subject.id,), subject.unit)
    return Place(("street", "gz"), "天河区" if subject.id == "s1" else "海珠区", subject.id)


def alert(
    kind: str, subject: Subject, state: State = "firing", *, severity: Severity = "critical", ago: int = 0
) -> Alert:
    over = state in ("resolved", "closed")
    return Alert(
        f"{kind} {subject.id}",
        kind,
        severity,
        subject,
        state,
        NOW,
        fired_ms=NOW,
        resolved_ms=NOW - ago if over else None,
    )


def hides(*alerts: Alert) -> dict[str, str]:
    return hidden(alerts, {each.subject: place(each.subject) for each in alerts}, TABLE, NOW)


@pytest.mark.parametrize(
    ("source", "target", "expected", "why"),
    [
        (("broker", BROKER), ("offline", STATION), True, "nobody can be heard"),
        (("broker", BROKER), ("hot", OTHER), True, "nor believed"),
        (("broker", BROKER), ("city", DISTRICT), True, "a district neither"),
        (
            ("broker", BROKER),
            ("disk", Subject("server", "disk")),
            False,
            "the server's disk is another trouble",
        ),
        (("city", CITY), ("offline", STATION), True, "the whole city, and networks within it"),
        (("city", DISTRICT), ("offline", STATION), True, "its district is down"),
        (("city", DISTRICT), ("offline", OTHER), False, "another district"),
        (
            ("city", Subject("network", "nj", "天河区")),
            ("offline", STATION),
            False,
            "another city's district",
        ),
        (("offline", STATION), ("hot", STATION), True, "what was last heard is old"),
        (("offline", STATION), ("slot", SLOT), True, "of its parts too"),
        (("offline", STATION), ("hot", OTHER), False, "another station"),
        (("cabinet", CABINET), ("slot", SLOT), True, "a slot of that cabinet"),
        (("cabinet", CABINET), ("slot", Subject("station", "s1", "c2/3")), False, "another cabinet"),
        (("cabinet", CABINET), ("slot", Subject("station", "s1", "c11/3")), False, "a longer name"),
        (("slot", SLOT), ("cabinet", CABINET), False, "the kind does not say so"),
        (("hot", STATION), ("hot", STATION), False, "nothing hides itself"),
    ],
)
def test_hidden(source: tuple[str, Subject], target: tuple[str, Subject], expected: bool, why: str) -> None:
    one, two = alert(*source), replace(alert(*target), id="target")
    assert (hides(one, two).get("target") == one.id) == expected, why


@pytest.mark.parametrize(
    ("state", "ago", "expected", "why"),
    [
        ("pending", 0, False, "it may be nothing"),
        ("acknowledged", 0, True, "known, and still so"),
        ("in_progress", 0, True, "being mended"),
        ("resolved", LINGER_MS - 1, True, "stations have not tried again yet"),
        ("resolved", LINGER_MS, False, "they had time to"),
        ("resolved", -LINGER_MS, False, "the clock was ahead then, perhaps by years"),
        ("closed", 0, False, "over and done with"),
    ],
)
def test_by_the_state_of_the_source(state: State, ago: int, expected: bool, why: str) -> None:
    found = hides(alert("broker", BROKER, state, ago=ago), alert("offline", STATION))
    assert bool(found) == expected, why


def test_a_station_that_is_back_is_told_of_at_once() -> None:
    assert not hides(alert("offline", STATION, "resolved"), alert("hot", STATION))


def test_what_is_over_is_not_hidden() -> None:
    assert not hides(alert("broker", BROKER), alert("hot", STATION, "resolved"))


def test_nothing_hides_safety() -> None:
    sources = alert("broker", BROKER), alert("city", DISTRICT), alert("offline", STATION)
    assert not hides(*sources[1:], alert("smoke", CABINET, severity="safety")).get("smoke s1")
    assert not hides(sources[0], alert("smoke", CABINET, severity="safety"))


def test_a_subject_that_is_nowhere_is_hidden_by_the_server_only() -> None:
    lost, broker, city = alert("offline", STATION), alert("broker", BROKER), alert("city", CITY)
    assert hidden([lost, city], {}, TABLE, NOW) == {}
    assert hidden([lost, broker], {}, TABLE, NOW) == {lost.id: broker.id}


def test_a_kind_that_is_no_more_neither_fails_nor_is_hidden() -> None:
    assert not hides(alert("broker", BROKER), alert("of_an_older_version", STATION))


def hiding(code: str) -> set[str]:
    """All kinds that may hide ``code``, also by way of others."""
    found: set[str] = set()
    left = [code]
    while left:
        more = set(KINDS[left.pop()].inhibited_by) - found
        found |= more
        left += more
    return found


@pytest.mark.parametrize("code", list(KINDS))
def test_no_kind_hides_itself_in_a_ring(code: str) -> None:
    assert code not in hiding(code)


def test_no_kind_of_safety_names_one_that_would_hide_it() -> None:
    assert [kind.code for kind in KINDS.values() if kind.safety and kind.inhibited_by] == []
