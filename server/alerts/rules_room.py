"""Rules about the room: whether it is heard of, its air, its people, its doors and its sensors."""

from collections.abc import Iterator

from contract.messages import Climate
from server import status
from server.alerts.facts import Facts
from server.alerts.kinds import AlertThresholds
from server.alerts.trends import DayCount, Days
from server.alerts.words import Word, word


def station_offline(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Nothing measured for so long; sooner when the broker says that the connection is gone.

    A station that never spoke is not offline, and what a deaf server does not hear is no silence.
    """
    if facts.snapshot is None or facts.hearing_since_ms is None:
        return
    at_ms = facts.snapshot.at_ms
    lost = facts.link is not None and facts.link.state != "online"
    limit_ms = limits.lost_link_ms if lost else limits.unheard_ms
    old = now_ms - at_ms > limit_ms
    listened = now_ms - facts.hearing_since_ms > limit_ms
    yield word("", listened or None if old else False, at_ms, minutes=(now_ms - at_ms) // 60_000)


def too_hot(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The air is too hot, or feels so."""
    climate = facts.climate(now_ms)
    if climate is None or climate.temperature_c is None:
        return
    back_c = limits.comfort_hysteresis_c if facts.raised("too_hot") else 0
    feels_c = status.heat_index_c(climate.temperature_c, climate.humidity_pct)
    hot = climate.temperature_c > limits.too_hot_c - back_c
    sultry = feels_c is not None and feels_c >= limits.too_hot_feels_c - back_c
    yield _air(climate, hot or sultry, limit_c=limits.too_hot_c, feels_c=feels_c if sultry else None)


def too_cold(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The air is too cold."""
    climate = facts.climate(now_ms)
    if climate is None or climate.temperature_c is None:
        return
    back_c = limits.comfort_hysteresis_c if facts.raised("too_cold") else 0
    yield _air(climate, climate.temperature_c < limits.too_cold_c + back_c, limit_c=limits.too_cold_c)


def cooling_failing(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """In summer, a room that is not cooled warms on; until it is cooled again."""
    climate, warming_c = facts.climate(now_ms), facts.trend.warming_c
    if climate is None or climate.temperature_c is None:
        return
    warm = facts.season == "summer" and climate.temperature_c > limits.cooled_c
    if warm and facts.raised("cooling_failing"):
        yield _air(climate, True, limit_c=limits.cooled_c, warming_c=warming_c)
    elif not warm or warming_c is not None:
        failing = warm and warming_c is not None and warming_c >= limits.warming_c
        yield _air(climate, failing, limit_c=limits.cooled_c, warming_c=warming_c)


def _air(climate: Climate, wrong: bool, **values: float | None) -> Word:
    measured = {"temperature_c": climate.temperature_c, "humidity_pct": climate.humidity_pct}
    return word("", wrong, climate.at_ms, **measured, **values)


def over_capacity(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """More people than the places allow; not while crossings may have been missed."""
    crowding = facts.state.crowding
    if crowding.people is None or not crowding.places or crowding.at_ms is None or crowding.estimated:
        return
    if not facts.fresh(crowding.at_ms, now_ms):
        return
    back_pct = limits.over_capacity_hysteresis_pct if facts.raised("over_capacity") else 0
    over = 100 * crowding.people / crowding.places > limits.over_capacity_pct - back_pct
    yield word("", over, crowding.at_ms, people=crowding.people, places=crowding.places)


def sensor_failing(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A sensor gives no reading. The motion sensor may also say itself that it is not well."""
    del limits, now_ms
    if facts.snapshot is None:
        return
    at_ms, presence = facts.snapshot.at_ms, facts.snapshot.presence
    faults = {fault.sensor: fault for fault in facts.snapshot.faults if fault.sensor != "outbox"}
    for sensor, fault in faults.items():
        yield word(sensor, True, at_ms, code=fault.code, since_ms=fault.since_ms)
    if presence and "motion" not in faults:
        # With a fault listed it is most likely the motion sensor's own, which is told already.
        yield word("motion", None if faults and not presence.ok else not presence.ok, at_ms, code="not_well")
    for kind, unit in facts.alerts:
        if kind == "sensor_failing" and unit not in faults and unit != "motion":
            yield word(unit, False, at_ms)


def sensor_flat(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Temperature and humidity have been the very same for too long to be measured."""
    climate, trend = facts.climate(now_ms), facts.trend
    if climate is None or trend.climate is None or climate.at_ms != trend.climate.at_ms:
        return
    whole = all(
        value is None or value == int(value) for value in (climate.temperature_c, climate.humidity_pct)
    )
    flat_ms = climate.at_ms - trend.flat_since_ms
    flat = flat_ms >= (limits.flat_whole_ms if whole else limits.flat_ms)
    yield _air(climate, flat, hours=flat_ms // 3_600_000)


def sensor_jumping(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Readings leap as no room does, again and again in an hour."""
    climate = facts.climate(now_ms)
    if climate is None:
        return
    steps = [
        step
        for step in facts.trend.steps
        if now_ms - step.at_ms < 3_600_000 and (step.by_c >= limits.jump_c or step.by_pct >= limits.jump_pct)
    ]
    by_c, by_pct = (max((step[part] for step in steps), default=None) for part in (1, 2))
    yield word("", len(steps) >= limits.jumps, climate.at_ms, jumps=len(steps), by_c=by_c, by_pct=by_pct)


def counts_drifting(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Day after day the doors count more in than out, or the other way round."""
    del now_ms
    if facts.snapshot is None:
        return
    days = _last_days(facts.days, limits.drift_days)
    if days is None:
        return
    signs = {_drift(day, limits) for day in days}
    came, left = sum(day.came for day in days), sum(day.left for day in days)
    drifting = len(signs) == 1 and 0 not in signs
    yield word("", drifting, facts.snapshot.at_ms, days=len(days), came=came, left=left)


def _last_days(days: Days, wanted: int) -> tuple[DayCount, ...] | None:
    """The ``wanted`` days before the present one, None unless all were counted."""
    last = days.finished[-wanted:]
    expected = list(range(days.day - wanted, days.day))
    return last if [day.day for day in last] == expected else None


def _drift(day: DayCount, limits: AlertThresholds) -> int:
    """Which way a day's counts lean: 1 for in, -1 for out, 0 for neither."""
    more = abs(day.came - day.left)
    least = max(limits.drift_people, limits.drift_pct / 100 * max(day.came, day.left))
    return 0 if more < least else 1 if day.came > day.left else -1


def door_blocked(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Something stands in the beams of a door, so that nobody is counted."""
    del limits, now_ms
    if facts.snapshot:
        for door in facts.snapshot.doors:
            yield word(door.id, door.blocked, facts.snapshot.at_ms)


def locked_in_hours(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """All bolts are shut although the station is posted as open."""
    del limits, now_ms
    if facts.snapshot:
        yield word("", status.bolted(facts.snapshot.doors), facts.snapshot.at_ms)
