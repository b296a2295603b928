"""The judge: facts in, findings out. Pure, and cheap enough for a city every ten seconds.

A finding is made of everything that is wrong, and of everything that has an alert not yet closed: that one
is true, false or, when nobody can say, unknown. Nothing is said of what is well and has no alert.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

from server.alerts import rules_machine as machine
from server.alerts import rules_power as power
from server.alerts import rules_room as room
from server.alerts.facts import DistrictFacts, Facts, Open, ServerFacts
from server.alerts.kinds import KINDS, AlertThresholds, ServerThresholds
from server.alerts.model import Finding, Subject
from server.alerts.words import Word

StationRule = Callable[[Facts, AlertThresholds, int], Iterator[Word]]
ServerRule = Callable[[ServerFacts, ServerThresholds, int], Iterator[Word]]

_STATION: Final[tuple[StationRule, ...]] = (
    room.station_offline,
    room.too_hot,
    room.too_cold,
    room.cooling_failing,
    room.over_capacity,
    room.sensor_failing,
    room.sensor_flat,
    room.sensor_jumping,
    room.counts_drifting,
    room.door_blocked,
    room.locked_in_hours,
    power.socket_fault,
    power.socket_overload,
    power.slot_fault,
    power.cabinet_offline,
    power.mains_lost,
    power.no_charged_battery,
    power.cabinet_overheat,
    power.cabinet_smoke,
    machine.pi_undervoltage,
    machine.pi_hot,
    machine.pi_disk_filling,
    machine.outbox_failing,
    machine.outbox_backlog,
    machine.clock_unsynced,
    machine.data_lost,
    machine.messages_rejected,
)
_SERVER: Final[tuple[ServerRule, ...]] = (
    machine.unknown_station,
    machine.server_clock_behind,
    machine.broker_down,
    machine.store_stalled,
    machine.store_damaged,
    machine.server_disk_filling,
    machine.influx_behind,
    machine.channel_failing,
)
RULES: Final[Mapping[str, StationRule]] = {rule.__name__: rule for rule in _STATION}
"""The rules about stations by the code of their kind; each is named as its kind."""
SERVER_RULES: Final[Mapping[str, ServerRule]] = {rule.__name__: rule for rule in _SERVER}

PARTS: Final[Mapping[str, str]] = {
    "unknown_station": "registry",
    "server_clock_behind": "clock",
    "broker_down": "broker",
    "store_stalled": "store",
    "store_damaged": "store",
    "server_disk_filling": "disk",
    "influx_behind": "influx",
    "channel_failing": "channel",
}
"""The part of the server that each kind is about."""

_truth: Final = attrgetter("truth")

_BY_SILENCE: Final = frozenset({"station_offline", "messages_rejected"})
"""Judged without a fresh snapshot."""
_ALWAYS: Final = _BY_SILENCE | {code for code in RULES if KINDS[code].schedule == "always"}
"""Judged also while nobody may expect to be let in."""


def judge(
    facts: Facts, limits: AlertThresholds, now_ms: int, failed: Callable[[str], None] | None = None
) -> Iterator[Finding]:
    """What is to be said of one station; nothing fires or clears on what is not fresh.

    Args:
        failed: called with the code of a rule that raises, in the handler of its exception; nobody can say
            then what it is about, and the other rules are heard. None: the exception goes on.
    """
    at_ms = facts.snapshot.at_ms if facts.snapshot else None
    due: Container[str] = _BY_SILENCE
    if facts.fresh(at_ms, now_ms):
        due = RULES if facts.open else _ALWAYS
    alerted = {kind for kind, _ in facts.alerts}
    for code, rule in RULES.items():
        words: tuple[Word, ...] = ()
        try:
            words = tuple(rule(facts, limits, now_ms)) if code in due else ()
        except Exception:
            if failed is None:
                raise
            failed(code)
        if code in alerted or "true" in map(_truth, words):
            yield from _findings(code, facts.station.id, words, facts.alerts, at_ms or 0)


def judge_district(facts: DistrictFacts, limits: AlertThresholds, now_ms: int) -> Iterator[Finding]:
    """What is to be said of a district as a whole."""
    words = machine.district_offline(facts, limits, now_ms)
    yield from _findings("district_offline", facts.network, words, facts.alerts, now_ms)


def judge_server(facts: ServerFacts, limits: ServerThresholds, now_ms: int) -> Iterator[Finding]:
    """What is to be said of the server, which always knows how it is."""
    for code, rule in SERVER_RULES.items():
        yield from _findings(code, PARTS[code], rule(facts, limits, now_ms), facts.alerts, now_ms)


def _findings(code: str, id: str, words: Iterable[Word], alerts: Open, at_ms: int) -> Iterator[Finding]:
    scope = KINDS[code].scope
    silent = {unit for kind, unit in alerts if kind == code} if alerts else set()
    for said in words:
        if said.truth == "true" or said.unit in silent:
            silent.discard(said.unit)
            values = {name: value for name, value in said.values.items() if value is not None}
            yield Finding(code, Subject(scope, id, said.unit), said.truth, said.at_ms, values)
    for unit in sorted(silent):
        yield Finding(code, Subject(scope, id, unit), "unknown", at_ms)
