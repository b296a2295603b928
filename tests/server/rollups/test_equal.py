"""Roll-ups equal the raw data: late, duplicated, out of order, pruned at any point, across time zones."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.messages import Climate, Door, Snapshot, Socket
from server.rollups.calendar import BRIDGE_MS, DAY_MS, QUARTER_MS, midnight_ms
from server.rollups.packing import Packed, pack
from server.rollups.partial import Partial, Sums, Totals, counted, merged, stretches
from server.store import Quantity
from tests.support.rollups import BOOT, HOUR_MS, MIDNIGHT, SHANGHAI, Rig

SPAN_MS = 30 * HOUR_MS
LATER_MS = SPAN_MS + DAY_MS
ZONES = [SHANGHAI, "Asia/Kathmandu", "America/New_York", "UTC"]


class When(NamedTuple):
    """From when on snapshots are made, and by which clocks their days are told."""

    begin_ms: int
    zones: list[str]


def noon(day: date, zone: str) -> When:
    """Of the day before the clocks there change, so that a day of 23 or 25 hours is within the span."""
    return When(midnight_ms(day, zone) + 12 * HOUR_MS, [zone, *ZONES])


WHENS: Final = {
    "no clock changes": When(MIDNIGHT, ZONES),
    "an hour is left out": noon(date(2026, 3, 28), "Europe/Berlin"),
    "an hour comes twice": noon(date(2026, 10, 31), "America/New_York"),
    "half an hour comes twice": noon(date(2026, 4, 4), "Australia/Lord_Howe"),
}


@dataclass(frozen=True)
class Step:
    """What happens before a snapshot: so long, so many come and leave, and perhaps a new outbox begins.

    Attributes:
        answer: whether the doors are in the snapshot.
    """

    after_ms: int
    came: int
    left: int
    anew: bool
    celsius: float | None
    watts: float | None
    answer: bool


steps = st.builds(
    Step,
    after_ms=st.sampled_from([1_000, 30_000, 30_001, 299_999, QUARTER_MS, 40 * 60_000, 5 * HOUR_MS]),
    came=st.integers(0, 5),
    left=st.integers(0, 5),
    anew=st.integers(0, 19).map(lambda number: number == 0),
    celsius=st.none() | st.integers(-100, 400).map(lambda tenths: tenths / 10),
    watts=st.none() | st.integers(0, 20_000).map(lambda tenths: tenths / 10),
    answer=st.integers(0, 3).map(bool),
)


def snapshots(begin_ms: int, told: Sequence[Step]) -> list[Snapshot]:
    """Of a station whose two doors have counted for long: a sum begins anew once, and stays below the old."""
    at_ms, came, left, made, long = begin_ms, 10_000, 10_000, [], True
    for seq, step in enumerate(told, 1):
        at_ms += step.after_ms
        came, left = (0, 0) if step.anew and long else (came + step.came, left + step.left)
        long = long and not step.anew
        made.append(
            Snapshot(
                "00c0ffee00c0ffee",
                seq,
                at_ms,
                0,
                BOOT,
                "synced",
                None if step.celsius is None else Climate(at_ms, step.celsius),
                (Door("main", came, left), Door("yard", came // 2, left // 3)) if step.answer else (),
                None,
                () if step.watts is None else (Socket("a1", "ac", "charging", at_ms, step.watts),),
            )
        )
    return made


def crossings(rows: Iterable[Snapshot]) -> dict[int, tuple[int, int]]:
    """Visits and exits by quarter, straight from the snapshots: the reference."""
    before: dict[str, tuple[int, int]] = {}
    found: dict[int, tuple[int, int]] = {}
    for row in sorted(rows, key=lambda row: row.at_ms):
        visits, exits = found.get(row.at_ms // QUARTER_MS, (0, 0))
        for door in row.doors:
            came, left = before.get(door.id, (door.in_total, door.out_total))
            visits += door.in_total - came if door.in_total >= came else door.in_total
            exits += door.out_total - left if door.out_total >= left else door.out_total
            before[door.id] = (door.in_total, door.out_total)
        found[row.at_ms // QUARTER_MS] = (visits, exits)
    return found


def around(rows: Sequence[Snapshot]) -> tuple[int, int]:
    """From when to when something may be known of them; full days in UTC."""
    return rows[0].at_ms // DAY_MS * DAY_MS - DAY_MS, rows[-1].at_ms // DAY_MS * DAY_MS + 2 * DAY_MS


def measured(rows: Sequence[Snapshot]) -> Counter[int]:
    """Milliseconds measured by quarter, straight from the snapshots: between two that are near enough."""
    found = Counter[int]()
    times = sorted(row.at_ms for row in rows)
    for before_ms, after_ms in pairwise(times):
        if after_ms - before_ms <= BRIDGE_MS:
            for quarter in range(before_ms // QUARTER_MS, after_ms // QUARTER_MS + 1):
                begin_ms, end_ms = quarter * QUARTER_MS, (quarter + 1) * QUARTER_MS
                found[quarter] += min(end_ms, after_ms) - max(begin_ms, before_ms)
    return +found


def check_measured(rig: Rig, rows: Sequence[Snapshot], zone: str) -> None:
    """The share of each quarter in which there were snapshots, of each day in which the doors spoke."""
    expected, days = measured(rows), Counter[date]()
    told = {each.at_ms // QUARTER_MS: each.measured for each in rig.quarters(*around(rows)) if each.measured}
    assert told == pytest.approx({quarter: ms / QUARTER_MS for quarter, ms in expected.items()})
    for quarter, ms in measured([row for row in rows if row.doors]).items():
        days[datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(zone)).date()] += ms
    lengths = {day: midnight_ms(day + timedelta(days=1), zone) - midnight_ms(day, zone) for day in days}
    assert {day: each.measured for day, each in rig.days().items() if each.measured} == pytest.approx(
        {day: ms / lengths[day] for day, ms in days.items()}
    )


def check_crossings(rig: Rig, rows: Sequence[Snapshot], zone: str) -> None:
    """Quarters, days and hours of the day tell what the snapshots say."""
    expected = {quarter: pair for quarter, pair in crossings(rows).items() if pair != (0, 0)}
    told = rig.quarters(*around(rows))
    assert {
        each.at_ms // QUARTER_MS: (each.visits, each.exits) for each in told if each.visits or each.exits
    } == expected
    visits, exits, hours = Counter[object](), Counter[object](), Counter[object]()
    for quarter, (came, left) in expected.items():
        local = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, ZoneInfo(zone))
        visits[local.date()] += came
        exits[local.date()] += left
        hours[local.date(), local.hour] += came
    days = rig.days().values()
    assert Counter({each.day: each.visits for each in days}) == visits
    assert Counter({each.day: each.exits for each in days}) == exits
    assert (
        Counter({(each.day, n): count for each in days for n, count in enumerate(each.visits_by_hour)})
        == hours
    )
    assert list(rig.rollups.visits(date(2000, 1, 1), date(2100, 1, 1), ["canteen"])) == [
        (each.station_id, each.day, each.visits, each.measured) for each in days
    ]


def check_values(rig: Rig, rows: Sequence[Snapshot]) -> None:
    """Counts, extremes, means and last values of what is measured with each snapshot."""
    told = {each.at_ms: each.of for each in rig.quarters(*around(rows))}
    found: dict[tuple[int, Quantity], list[tuple[int, float]]] = {}
    for row in rows:
        at_ms = row.at_ms // QUARTER_MS * QUARTER_MS
        if row.climate is not None and row.climate.temperature_c is not None:
            found.setdefault((at_ms, "temperature_c"), []).append((row.at_ms, row.climate.temperature_c))
        for socket in row.sockets:
            if socket.power_w is not None:
                found.setdefault((at_ms, "power_w"), []).append((row.at_ms, socket.power_w))
    for (at_ms, quantity), values in found.items():
        said, only = told[at_ms][quantity], [value for _, value in values]
        assert (said.count, said.minimum, said.maximum) == (len(only), min(only), max(only))
        assert said.mean == pytest.approx(sum(only) / len(only))
        assert said.last == max(values)[1]
    assert sum(len(values) for values in found.values()) == sum(
        of[quantity].count
        for of in told.values()
        for quantity in ("temperature_c", "power_w")
        if quantity in of
    )


def check_whole(rig: Rig, rows: Sequence[Snapshot]) -> None:
    """What needs all rows: people, and what the store's own history says of it."""
    for quantity in ("occupancy", "power_w", "sockets_free"):
        buckets = rig.store.history("canteen", quantity, *around(rows), QUARTER_MS)
        told = {each.at_ms: each.of[quantity] for each in rig.quarters(*around(rows)) if quantity in each.of}
        assert {
            at_ms: (said.count, said.minimum, said.maximum, said.last) for at_ms, said in told.items()
        } == {each.at_ms: (each.count, each.minimum, each.maximum, each.last) for each in buckets}
        for each in buckets:
            assert told[each.at_ms].mean == pytest.approx(each.mean)


@st.composite
def deliveries(draw: st.DrawFn, begin_ms: int = MIDNIGHT) -> tuple[list[Snapshot], list[list[Snapshot]]]:
    """Snapshots in time order, and the portions in which they arrive: late, twice, in any order."""
    told = draw(st.lists(steps, min_size=1, max_size=30))
    made = snapshots(begin_ms, told)
    rows = [row for row in made if row.at_ms < begin_ms + SPAN_MS] or made[:1]
    portion = draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    twice = draw(st.lists(st.sampled_from(rows), max_size=3))
    portions = [
        [row for row, number in zip(rows, portion, strict=True) if number == each] for each in range(4)
    ]
    shuffled = [draw(st.permutations(each)) for each in portions]
    shuffled[3] = [*shuffled[3], *twice]
    return rows, shuffled


EXAMPLES = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


each_when = pytest.mark.parametrize("when", WHENS.values(), ids=list(WHENS))


@each_when
@EXAMPLES
@given(st.data())
def test_equal_while_the_raw_rows_are_there(when: When, data: st.DataObject) -> None:
    rows, portions = data.draw(deliveries(when.begin_ms))
    zone, now_ms = data.draw(st.sampled_from(when.zones)), when.begin_ms + LATER_MS
    with tempfile.TemporaryDirectory() as folder, closing(Rig(Path(folder), zone)) as rig:
        for number, portion in enumerate(portions):
            for row in portion:
                rig.commit(row, now_ms)
            rig.work(now_ms + number)
        check_crossings(rig, rows, zone)
        check_values(rig, rows)
        check_measured(rig, rows, zone)
        check_whole(rig, rows)


@each_when
@EXAMPLES
@given(st.data())
def test_equal_whatever_is_pruned_meanwhile_and_whatever_the_clock(when: When, data: st.DataObject) -> None:
    """After each portion some hours are pruned, and the network may have got another time zone."""
    rows, portions = data.draw(deliveries(when.begin_ms))
    zones = data.draw(st.lists(st.sampled_from(when.zones), min_size=4, max_size=4))
    pruned_hours = data.draw(st.lists(st.integers(0, SPAN_MS // HOUR_MS + 1), min_size=4, max_size=4))
    now_ms = when.begin_ms + LATER_MS
    with tempfile.TemporaryDirectory() as folder, closing(Rig(Path(folder), zones[0])) as rig:
        for number, portion in enumerate(portions):
            for row in portion:
                rig.commit(row, now_ms)
            rig.work(now_ms + number)
            rig.prune(when.begin_ms + pruned_hours[number] * HOUR_MS)
            rig.set_zone(zones[number])
            for station_id in rig.keeper.moved():
                rig.keeper.move(station_id, now_ms)
        check_crossings(rig, rows, zones[3])
        check_values(rig, rows)
        check_measured(rig, rows, zones[3])


# --- the parts --------------------------------------------------------------------------------------------

points = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=12, unique_by=lambda each: each[0]
)


@given(points)
def test_the_ends_of_stretches_count_what_all_totals_count(found: list[tuple[int, int]]) -> None:
    ordered = sorted(found)
    ends = stretches(found)
    assert counted(ends) == counted(ordered)
    assert ends[:1] == ordered[:1]
    assert ends[-1:] == ordered[-1:]
    assert stretches(ends) == ends


def partial_of(rows: Mapping[int, tuple[int, int]]) -> Partial:
    """Of a quarter with these totals and values, by milliseconds."""
    if not rows:
        return Partial()
    ordered = sorted(rows)
    values = [rows[at_ms][1] for at_ms in ordered]
    sums = Sums(len(rows), sum(values), min(values), max(values), values[-1], ordered[-1])
    totals = stretches((at_ms, rows[at_ms][0]) for at_ms in ordered)
    return Partial(len(rows), 0, ordered[0], ordered[-1], {"main": Totals(totals, totals)}, {"co2_ppm": sums})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5_000)), max_size=20))
def test_partials_add_up_in_any_order(told: list[tuple[int, int, int]]) -> None:
    """Growing totals, dealt out to three partials."""
    begin_ms, total = MIDNIGHT, 0
    hands: list[dict[int, tuple[int, int]]] = [{}, {}, {}, {}]
    for number, (hand, grown, value) in enumerate(told):
        total += grown
        hands[hand][begin_ms + number * 1_000] = (total, value)
    whole = partial_of(hands[0] | hands[1] | hands[2])
    a, b, c = (partial_of(hand) for hand in hands[:3])
    assert merged(merged(a, b), c) == whole
    assert merged(a, merged(b, c)) == whole
    assert merged(c, merged(b, a)) == whole


@given(deliveries())
def test_packed_and_unpacked_is_the_same(delivered: tuple[list[Snapshot], list[list[Snapshot]]]) -> None:
    rows, _ = delivered
    by_quarter: dict[int, dict[int, tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        value = (row.doors[0].in_total if row.doors else number, number * 7)
        by_quarter.setdefault(row.at_ms // QUARTER_MS, {})[row.at_ms] = value
    partials = {quarter: partial_of(own) for quarter, own in by_quarter.items()}
    first = next(iter(partials))
    partials[first] = replace(partials[first], upto=2**40, corrected=-3, corrections=2)
    for day in {quarter // 96 for quarter in partials}:
        own = {quarter: each for quarter, each in partials.items() if quarter // 96 == day}
        assert Packed(day, pack(day, own)).partials() == own
        assert Packed(day, pack(day, own)).sums("co2_ppm") == {
            quarter: each.of["co2_ppm"] for quarter, each in own.items()
        }
