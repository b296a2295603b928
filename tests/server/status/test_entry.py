"""Freshness and access, as tables; the reason stands beside each row."""

import pytest

from contract.messages import Door
from server import status
from server.model import Thresholds
from server.state import Access, Notice, Posted

MIN = 60_000
NOW = 1_753_430_400_000  # 2025-07-25 16:00 in Beijing
T = Thresholds()

OPEN = Posted(True, NOW + 300 * MIN)
SHUT = Posted(False, NOW + 300 * MIN)
UNPUBLISHED = Posted(None)


@pytest.mark.parametrize(
    ("at_ms", "word", "why"),
    [
        (None, "none", "a station without live data is not an error"),
        (NOW, "fresh", "just measured"),
        (NOW - 5 * MIN, "fresh", "five minutes are still fresh"),
        (NOW - 5 * MIN - 1, "stale", "older than five minutes"),
        (NOW - 10 * MIN, "stale", "ten minutes are still stale"),
        (NOW - 10 * MIN - 1, "offline", "older than ten minutes"),
        (NOW + 4 * MIN, "fresh", "a clock that runs ahead makes nothing old"),
    ],
)
def test_freshness(at_ms: int | None, word: str, why: str) -> None:
    assert status.freshness(at_ms, NOW, T) == word, why


@pytest.mark.parametrize(
    ("posted", "facts", "expected", "why"),
    [
        (OPEN, {}, Access("open", "timetable", OPEN.changes_at_ms), "open by the timetable"),
        (SHUT, {}, Access("closed", "timetable", SHUT.changes_at_ms), "closed by the timetable"),
        (UNPUBLISHED, {}, Access("unknown", "none"), "no hours are published, nothing else is known"),
        (
            Posted(True, NOW + 30 * MIN),
            {},
            Access("closing_soon", "timetable", NOW + 30 * MIN),
            "it closes in half an hour",
        ),
        (
            Posted(True, NOW + 30 * MIN + 1),
            {},
            Access("open", "timetable", NOW + 30 * MIN + 1),
            "it closes a moment later than in half an hour",
        ),
        (Posted(True), {}, Access("open", "timetable"), "open day and night: nothing changes"),
        (
            Posted(True, NOW + 90 * MIN, True),
            {},
            Access("open", "timetable", NOW + 90 * MIN, hours_unconfirmed=True),
            "the year's holidays are not published",
        ),
        (
            OPEN,
            {"moved_at_ms": NOW - 10 * MIN},
            Access("open", "verified", OPEN.changes_at_ms, at_ms=NOW - 10 * MIN),
            "somebody moved ten minutes ago",
        ),
        (
            OPEN,
            {"moved_at_ms": NOW - 10 * MIN - 1},
            Access("open", "timetable", OPEN.changes_at_ms),
            "a movement longer ago proves nothing, and silence is never locked",
        ),
        (
            Posted(True, NOW + MIN),
            {"moved_at_ms": NOW},
            Access("closing_soon", "verified", NOW + MIN, at_ms=NOW),
            "people inside do not keep it open",
        ),
        (
            UNPUBLISHED,
            {"moved_at_ms": NOW - MIN},
            Access("open", "verified", at_ms=NOW - MIN),
            "without hours, people inside show that it is open",
        ),
        (
            SHUT,
            {"moved_at_ms": NOW},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "a cleaner at night does not open the station",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - MIN},
            Access("locked", "contact", OPEN.changes_at_ms, at_ms=NOW - MIN),
            "posted as open, but the bolt is shut",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - 9 * MIN},
            Access("locked", "contact", OPEN.changes_at_ms, at_ms=NOW - 9 * MIN),
            "a stale contact is told with its age",
        ),
        (
            OPEN,
            {"bolted": True, "at_ms": NOW - 11 * MIN},
            Access("open", "timetable", OPEN.changes_at_ms),
            "offline: only the timetable speaks",
        ),
        (
            SHUT,
            {"bolted": True, "at_ms": NOW},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "locked at night is simply closed",
        ),
        (
            UNPUBLISHED,
            {"bolted": True, "at_ms": NOW, "moved_at_ms": NOW},
            Access("locked", "contact", at_ms=NOW),
            "the bolt is stronger than a movement behind it",
        ),
        (
            OPEN,
            {"bolted": False, "at_ms": NOW},
            Access("open", "timetable", OPEN.changes_at_ms),
            "an open bolt promises nothing beyond the timetable",
        ),
        (
            OPEN,
            {"notice": Notice("closed", NOW - MIN, NOW + MIN), "moved_at_ms": NOW},
            Access("closed", "notice", NOW + MIN, at_ms=NOW - MIN),
            "staff's word stands above all",
        ),
        (
            SHUT,
            {"notice": Notice("open", NOW - MIN)},
            Access("open", "notice", None, at_ms=NOW - MIN),
            "a notice without an end holds until it is taken back",
        ),
        (
            SHUT,
            {"notice": Notice("open", NOW - 2 * MIN, NOW)},
            Access("closed", "timetable", SHUT.changes_at_ms),
            "a notice ends at its minute",
        ),
    ],
)
def test_access(posted: Posted, facts: dict[str, object], expected: Access, why: str) -> None:
    assert status.access(posted, NOW, T, **facts) == expected, why  # type: ignore[arg-type]  # table


@pytest.mark.parametrize(
    ("locked", "word", "why"),
    [
        ([], None, "no doors"),
        ([None], None, "no contact at the bolt: silence is not locked"),
        ([True], True, "the only door is bolted"),
        ([True, False], False, "one way in is enough"),
        ([True, None], None, "the other door may be open"),
        ([None, False], False, "this door is not bolted"),
    ],
)
def test_bolted(locked: list[bool | None], word: bool | None, why: str) -> None:
    doors = [Door(f"d{n}", 0, 0, locked=each) for n, each in enumerate(locked)]
    assert status.bolted(doors) is word, why
