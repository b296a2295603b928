"""Rules about the machines: the Raspberry Pi of a station, a district of them, and the server."""

from collections.abc import Iterator

from contract.messages import Health
from server.alerts.facts import DistrictFacts, Facts, ServerFacts, raised
from server.alerts.kinds import AlertThresholds, ServerThresholds
from server.alerts.words import Word, word


def pi_undervoltage(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The supply is too weak."""
    if health := _health(facts, limits, now_ms):
        yield word("", health.undervoltage, facts.trend.health_at_ms)


def pi_hot(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The processor is so hot that it slows down."""
    health = _health(facts, limits, now_ms)
    if health is None or health.cpu_c is None:
        return
    back_c = limits.pi_hot_hysteresis_c if facts.raised("pi_hot") else 0
    hot = health.cpu_c >= limits.pi_hot_c - back_c
    yield word("", hot, facts.trend.health_at_ms, cpu_c=health.cpu_c, limit_c=limits.pi_hot_c)


def pi_disk_filling(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Little space is left where readings wait."""
    health = _health(facts, limits, now_ms)
    if health is None or health.disk_free_pct is None:
        return
    back_pct = limits.disk_hysteresis_pct if facts.raised("pi_disk_filling") else 0
    filling = health.disk_free_pct < limits.disk_free_pct + back_pct
    values = {"free_pct": health.disk_free_pct, "limit_pct": limits.disk_free_pct}
    yield word("", filling, facts.trend.health_at_ms, **values)


def outbox_failing(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The file in which readings wait is full, was replaced or is gone."""
    del limits, now_ms
    if facts.snapshot:
        fault = next((fault for fault in facts.snapshot.faults if fault.sensor == "outbox"), None)
        yield word("", fault is not None, facts.snapshot.at_ms, code=fault.code if fault else None)


def outbox_backlog(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """Readings wait although the station is heard: they come more slowly than they are made."""
    if health := _health(facts, limits, now_ms):
        share = 0.5 if facts.raised("outbox_backlog") else 1
        waiting = health.outbox_rows > limits.backlog_rows * share
        yield word("", waiting, facts.trend.health_at_ms, rows=health.outbox_rows, limit=limits.backlog_rows)


def clock_unsynced(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The station does not know what time it is."""
    del limits, now_ms
    if facts.snapshot:
        yield word("", facts.snapshot.clock == "unsynced", facts.snapshot.at_ms)


def data_lost(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The station has declared readings lost, lately."""
    health, lost_at_ms = _health(facts, limits, now_ms), facts.trend.lost_at_ms
    if health:
        lately = lost_at_ms is not None and now_ms - lost_at_ms <= limits.lost_hold_ms
        values = {"rows": facts.trend.lost_rows, "total": health.dropped_total}
        yield word("", lately, facts.trend.health_at_ms, **values)


def _health(facts: Facts, limits: AlertThresholds, now_ms: int) -> Health | None:
    return facts.trend.health if now_ms - facts.trend.health_at_ms <= limits.health_fresh_ms else None


def messages_rejected(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """The station sends what cannot be taken."""
    yield word("", facts.rejected >= limits.rejected_messages, now_ms, count=facts.rejected)


def district_offline(facts: DistrictFacts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """So many stations of a district are offline that the cause is not in them."""
    surely = _down(facts.offline, facts.heard, limits)
    maybe = _down(facts.offline + facts.unknown, facts.heard, limits)
    wrong = None if maybe and not surely else surely
    yield word(facts.district, wrong, now_ms, offline=facts.offline, stations=facts.heard)


def _down(offline: int, heard: int, limits: AlertThresholds) -> bool:
    return offline >= limits.district_stations and 100 * offline >= limits.district_pct * heard


def unknown_station(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """Somebody sends as a station that is not in the registry. One alert, however many there are."""
    del limits
    names = ", ".join(sorted(facts.unknown)[:3]) or None
    yield word("", bool(facts.unknown), now_ms, count=len(facts.unknown), names=names)


def server_clock_behind(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """So many stations send from the future that it is the server's clock that is wrong."""
    many = facts.future >= limits.future_stations and 100 * facts.future >= limits.future_pct * facts.heard
    yield word("", many, now_ms, count=facts.future)


def broker_down(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """The server is not connected to the broker."""
    del limits
    yield word("", not facts.broker_connected, now_ms)


def store_stalled(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """Readings come in and cannot be stored."""
    del limits
    yield word("", bool(facts.stalled), now_ms, why=facts.stalled or None)


def store_damaged(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """Data of the store was lost or moved aside, or cannot be pruned or rolled up. One for each file."""
    del limits
    found: dict[str, dict[str, float | str]] = {
        name: {"problem": "moved_aside"} for name in facts.moved_aside
    }
    if facts.not_pruned:
        found["readings.db"] = {"problem": "not_pruned"}
    if facts.not_made:
        found[""] = {"problem": "not_made"}
    if facts.lost:
        found["rollups.db"] = {"problem": "lost", "rows": facts.lost}
    told = {unit for kind, unit in facts.alerts if kind == "store_damaged"}
    for unit in sorted(told | found.keys()):
        yield word(unit, unit in found, now_ms, **found.get(unit, {}))


def server_disk_filling(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """Little space is left where the server keeps its files."""
    if facts.disk_free_pct is None:
        return
    back_pct = limits.disk_hysteresis_pct if raised(facts.alerts, "server_disk_filling", "") else 0
    filling = facts.disk_free_pct < limits.disk_free_pct + back_pct
    yield word("", filling, now_ms, free_pct=facts.disk_free_pct, limit_pct=limits.disk_free_pct)


def influx_behind(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """InfluxDB has not taken what was measured long ago."""
    if facts.influx:
        since_ms = facts.influx_since_ms
        late_ms = 0 if since_ms is None else now_ms - since_ms
        yield word("", late_ms > limits.influx_behind_ms, now_ms, minutes=late_ms // 60_000)


def channel_failing(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Word]:
    """Messages to staff cannot be delivered over a channel."""
    for channel, since_ms in facts.channels.items():
        failing = since_ms is not None and now_ms - since_ms >= limits.channel_failing_ms
        yield word(channel, failing, now_ms, since_ms=since_ms)
