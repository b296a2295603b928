"""Service numbers entered by hand: kept, changed, taken out, and all of it in the audit log."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from server.accounts import audit
from server.accounts.tables import PART as ACCOUNTS
from server.desk import Desk
from server.served.model import Number
from server.served.numbers import PART, NumberError, Numbers

TODAY = date(2026, 8, 3)
JULY = Number("count", "city", "小店区", "", date(2026, 7, 1), date(2026, 7, 31), 320, "余", note="登记簿")
EVENT = Number(
    "event", "city", "", "city-0001", date(2026, 7, 5), date(2026, 7, 5), 85, events=2, title="义诊"
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk.open(tmp_path / "desk.db", ACCOUNTS, PART)
    yield opened
    opened.close()


def add(desk: Desk, number: Number) -> int:
    return Numbers(desk).add(number, "max", today=TODAY, now_ms=1_000).id


def told(desk: Desk) -> list[tuple[str, str, object, object]]:
    with desk.reading() as connection:
        found = audit.entries(connection, 100)[::-1]
    return [(each.by, each.what, each.values.get("count"), each.values.get("before")) for each in found]


def test_they_are_found_by_network_and_days(desk: Desk) -> None:
    for number in (JULY, EVENT, replace(JULY, network="town")):
        add(desk, number)
    kept = Numbers(desk).within(["city"], date(2026, 7, 5), date(2026, 7, 5))
    assert [each.number for each in kept] == [EVENT, JULY]
    assert [each.number for each in Numbers(desk).within(["city"], date(2026, 7, 6), date(2026, 8, 9))] == [
        JULY
    ]
    assert Numbers(desk).within(["city"], date(2026, 8, 1), date(2026, 8, 9)) == []
    assert [each.id for each in Numbers(desk).newest(2)] == [3, 2]


def test_a_change_and_a_removal_are_in_the_log_with_what_was(desk: Desk) -> None:
    numbers, id_ = Numbers(desk), add(desk, JULY)
    moved = replace(JULY, count=300, network="town", district="")
    changed = numbers.change(id_, 1, moved, "ada", today=TODAY, now_ms=2_000)
    assert (changed.number.count, changed.number.network, changed.version) == (300, "city", 2), (
        "its place stays"
    )
    numbers.remove(id_, 2, "ada", 3_000)
    assert numbers.find(id_) is None
    before = {
        "kind": "count", "network": "city", "district": "小店区", "first": "2026-07-01", "last": "2026-07-31",
        "count": 320, "qualifier": "余", "note": "登记簿",
    }  # fmt: skip
    assert told(desk) == [
        ("max", "served.added", 320, None),
        ("ada", "served.changed", 300, before),
        ("ada", "served.removed", 300, None),
    ]


def test_two_who_change_it_at_once_do_not_overwrite_each_other(desk: Desk) -> None:
    numbers, id_ = Numbers(desk), add(desk, JULY)
    numbers.change(id_, 1, replace(JULY, count=1), "ada", today=TODAY, now_ms=2_000)
    with pytest.raises(NumberError, match="changed"):
        numbers.change(id_, 1, replace(JULY, count=2), "max", today=TODAY, now_ms=2_000)
    with pytest.raises(NumberError, match="changed"):
        numbers.remove(id_, 1, "max", 2_000)
    numbers.remove(id_, 2, "max", 2_000)
    with pytest.raises(NumberError, match="gone"):
        numbers.remove(id_, 2, "max", 2_000)


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        (replace(JULY, last=date(2026, 6, 30)), "last", "order"),
        (replace(JULY, first=date(2025, 7, 1)), "last", "long_span"),
        (replace(JULY, last=date(2026, 8, 4)), "last", "future"),
        (replace(JULY, first=date(1999, 7, 1), last=date(1999, 7, 1)), "first", "unread"),
        (replace(JULY, count=-1), "count", "count"),
        (replace(JULY, count=10_000_001), "count", "count"),
        (replace(EVENT, events=0), "events", "events"),
        (replace(JULY, qualifier="左右"), "qualifier", "qualifier"),  # type: ignore[arg-type]  # what is refused
        (replace(JULY, kind="guess"), "kind", "kind"),  # type: ignore[arg-type]  # what is refused
        (replace(JULY, title="长" * 121), "title", "long"),
        (replace(JULY, note="长" * 121), "note", "long"),
        (replace(JULY, network=""), "place", "place"),
    ],
)
def test_what_cannot_be_is_not_kept(desk: Desk, wrong: Number, field: str, reason: str) -> None:
    with pytest.raises(NumberError) as refused:
        add(desk, wrong)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert Numbers(desk).newest(9) == []
    assert told(desk) == []


def test_words_are_one_plain_line(desk: Desk) -> None:
    id_ = add(desk, replace(EVENT, title=" 义诊\u202e\n第二场 "))
    kept = Numbers(desk).find(id_)
    assert kept is not None
    assert kept.number.title == "义诊 第二场"
