"""A short fault run, and the proof that such a run can fail."""

from pathlib import Path

from contract.codec import encode
from contract.messages import Climate, Snapshot
from server.broker import UNAWAITED_GATHER_S
from server.store import Stored
from tests.faults.oracle import Findings, Notes, digest, judge
from tests.faults.report import table
from tests.faults.run import EDGES, EVERY_S, STATIONS, Run
from tests.faults.schedule import POINTS, faults

KILLS = 60
SEED = 7
SEED_OF_DOUBLE_FAULTS = 143
"""Its first kills take server and broker together more often than most."""
IN_FLIGHT = EDGES * STATIONS * (UNAWAITED_GATHER_S + EVERY_S) / EVERY_S
"""Readings at most that have no answer yet when somebody is killed, and are sent again.

Those of a commit that gathers, and the next of each station.
"""
BACK_S = 2.0
"""Until the first commit after a kill where nothing else is done; what waits longer is sent again, too."""


def test_nothing_is_lost_doubled_or_made_up_by_kills(tmp_path: Path) -> None:
    outcome = Run(tmp_path, SEED).play(KILLS)
    assert outcome.findings.sound, table(outcome)
    assert outcome.findings.made > 5 * KILLS
    assert outcome.dropped == 0
    assert sum(outcome.kills.values()) >= KILLS
    assert set(POINTS) <= set(outcome.kills)
    late_s = sum(max(0.0, each - BACK_S) for took in outcome.recovery_s.values() for each in took)
    once = outcome.findings.stored * (1 + late_s / outcome.seconds)
    assert outcome.deliveries <= once + IN_FLIGHT * sum(outcome.kills.values()), table(outcome)


def test_the_same_run_finds_losses_when_stations_trust_the_broker(tmp_path: Path) -> None:
    outcome = Run(tmp_path, SEED_OF_DOUBLE_FAULTS, forget_on_puback=True).play(12)
    assert outcome.findings.lost, table(outcome)
    assert not outcome.findings.phantoms


def test_a_seed_gives_the_same_faults() -> None:
    assert list(faults(3, 50, 2)) == list(faults(3, 50, 2)) != list(faults(4, 50, 2))
    assert 50 <= sum(fault.kills for fault in faults(3, 50, 2)) <= 51


BODY = digest(b"one")


def _snapshot(seq: int, at_ms: int = 5_000) -> Snapshot:
    return Snapshot("0" * 16, seq, at_ms, 1, "0123abcd", "synced", climate=Climate(at_ms, 20.0))


def _row(seq: int, at_ms: int = 5_000, row_id: int = 0) -> Stored:
    return Stored(row_id, "room-01", _snapshot(seq, at_ms), at_ms, "measured")


def _findings(
    *made: int, stored: list[Stored], live_s: int | None = 5, damage: tuple[str, ...] = ()
) -> Findings:
    notes = Notes()
    lines = [
        f"{word}\n"
        for seq in made
        for word in (
            f"try {'0' * 16} {seq} 5000 {digest(encode(_snapshot(seq)))}",
            f"made {'0' * 16} {seq}",
        )
    ]
    notes.read("room-01", lines)
    return judge(notes, stored, {"room-01": live_s}, damage)


def test_what_is_made_and_stored_once_is_sound() -> None:
    findings = _findings(1, 2, stored=[_row(1), _row(2)])
    assert findings.sound
    assert (findings.made, findings.stored) == (2, 2)


def test_what_is_made_and_not_stored_is_lost() -> None:
    findings = _findings(1, 2, stored=[_row(1)])
    assert findings.lost == {("room-01", "0" * 16, 2)}
    assert not findings.sound


def test_what_is_stored_and_never_made_is_a_phantom() -> None:
    assert _findings(1, stored=[_row(1), _row(9)]).phantoms == {("room-01", "0" * 16, 9)}


def test_what_is_stored_with_another_body_is_changed() -> None:
    assert _findings(1, stored=[_row(1, at_ms=5_001)]).changed == {("room-01", "0" * 16, 1)}


def test_what_is_stored_twice_is_doubled() -> None:
    assert _findings(1, stored=[_row(1), _row(1, row_id=1)]).doubled == {("room-01", "0" * 16, 1)}


def test_live_that_is_not_the_newest_is_behind() -> None:
    assert _findings(1, stored=[_row(1)], live_s=4).behind == ("room-01",)
    assert _findings(1, stored=[_row(1)], live_s=None).behind == ("room-01",)


def test_damage_to_the_store_is_not_sound() -> None:
    assert not _findings(1, stored=[_row(1)], damage=("row 5 missing from index",)).sound


def test_a_line_that_a_kill_cut_short_does_not_count() -> None:
    notes = Notes()
    notes.read("room-01", [f"try {'0' * 16} 1 5000 {BODY}\n", f"made {'0' * 16} 1"])
    assert notes.tried
    assert not notes.made
