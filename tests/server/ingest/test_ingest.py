"""What becomes of each delivery, and that nothing is answered before it is committed."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import codec
from contract.messages import Ack, Info, Snapshot, Status
from server.ingest import decoding
from server.ingest.answers import MAX_ACK_ENTRIES, Answer
from server.ingest.dating import DAY_MS, Window
from server.ingest.ingest import Delivery, Ingest, StoreBusyError
from server.live import Live
from server.model import Network, Station
from server.pipeline import Pipeline
from server.store import Accepted, Verdict
from server.store.sqlite import Store
from tests.support.corpus import AT_MS, BOOT_ID, MALFORMED, ODD, STREAM, as_bytes, snapshot, telemetry

NOW = AT_MS + 1_000
STATIONS = {name: Station(name, "net", name) for name in ("canteen", "library")}


@dataclass
class Kit:
    """An ingest with all that it needs."""

    ingest: Ingest
    store: Store
    live: Live
    pipeline: Pipeline

    def take(self, *payloads: bytes, station: str = "canteen", leaf: str = "telemetry") -> list[Answer]:
        topic = f"waystation/v1/{station}/{leaf}"
        return self.ingest.take([Delivery(topic, payload, NOW) for payload in payloads])

    def seqs(self, station: str = "canteen") -> list[int]:
        return [stored.snapshot.seq for stored in self.store.snapshots(station, 0, 2**53)]


def assemble(store: Store) -> Kit:
    live, pipeline = Live(store), Pipeline()
    live.refresh_registry({"net": Network("net", "网", "net")}, STATIONS, NOW)
    ingest = Ingest(store, live, pipeline, Window(), lambda: NOW)
    ingest.set_stations(STATIONS)
    return Kit(ingest, store, live, pipeline)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    store = Store.open(tmp_path / "readings.db")
    yield assemble(store)
    store.close()


def batch(*seqs: int) -> bytes:
    return as_bytes(telemetry(*(snapshot(seq, AT_MS + seq) for seq in seqs)))


# --- good -----------------------------------------------------------------------------------------


def test_one_ack_per_station_for_a_run_of_deliveries(kit: Kit) -> None:
    topic = "waystation/v1/{}/telemetry"
    answers = kit.ingest.take(
        [
            Delivery(topic.format("canteen"), batch(1, 2), NOW),
            Delivery(topic.format("library"), batch(7), NOW),
            Delivery(topic.format("canteen"), batch(3, 9), NOW),
        ]
    )
    assert answers == [
        ("canteen", Ack(committed=((STREAM, 1, 3), (STREAM, 9, 9)))),
        ("library", Ack(committed=((STREAM, 7, 7),))),
    ]
    assert (kit.seqs(), kit.seqs("library")) == ([1, 2, 3, 9], [7])


def test_a_repeat_is_answered_again_and_counted_apart(kit: Kit) -> None:
    first = kit.take(batch(1))
    assert kit.take(batch(1), batch(1)) == first
    assert (kit.pipeline.committed_total, kit.pipeline.repeated_total, kit.seqs()) == (1, 2, [1])


def test_what_was_committed_is_live_once_shown(kit: Kit) -> None:
    kit.take(batch(1))
    kit.ingest.show()
    state = kit.live.state("canteen")
    assert state is not None
    assert (state.freshness, state.comfort.temperature_c, state.sockets.free) == ("fresh", 24.5, 1)


def test_info_and_status_are_kept(kit: Kit) -> None:
    info = Info("1.0", 1, 30, simulated=True)
    status = Status("online", BOOT_ID, "1.0", AT_MS)
    assert kit.take(codec.encode(info), leaf="info") == []
    assert kit.take(codec.encode(status), leaf="status") == []
    kit.ingest.show()
    state = kit.live.state("canteen")
    assert state is not None
    assert state.simulated
    assert (kit.live.link("canteen"), kit.store.infos()) == (status, {"canteen": info})


@pytest.mark.parametrize("reason", ODD)
def test_what_only_looks_wrong_is_committed(kit: Kit, reason: str) -> None:
    [(station, ack)] = kit.take(ODD[reason])
    assert (station, ack.refused, kit.pipeline.committed_total) == ("canteen", (), 1)


# --- bad ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", MALFORMED)
def test_a_malformed_message_is_refused_and_the_good_one_behind_it_committed(kit: Kit, reason: str) -> None:
    bad = MALFORMED[reason]
    answers = kit.take(bad, batch(2))
    assert kit.seqs() == [2]
    assert [ack.committed for _, ack in answers] == [((STREAM, 2, 2),)]
    assert kit.pipeline.refused.total() == 1
    assert set(kit.pipeline.refused) <= {"malformed", "impossible", "oversize"}
    [letter] = kit.store.dead_letters()
    assert letter.topic == "waystation/v1/canteen/telemetry"
    assert letter.detail
    assert len(letter.payload) <= 4096


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=200), st.sampled_from(["telemetry", "info", "status", "ack", "", "x/y"]))
def test_no_bytes_do_harm(kit: Kit, payload: bytes, leaf: str) -> None:
    before = len(kit.seqs())
    assert kit.take(payload, leaf=leaf) == []
    assert len(kit.seqs()) == before


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(
            snapshot(2, AT_MS, climate={"at_ms": 1, "temperature_c": 999}), "impossible", id="too hot"
        ),
        pytest.param(
            snapshot(2, AT_MS, climate={"at_ms": 1, "temperature_c": "9"}), "malformed", id="a string"
        ),
        pytest.param(snapshot(2, AT_MS, clock="maybe"), "malformed", id="an unknown word"),
        pytest.param(snapshot(2, AT_MS - 41 * DAY_MS), "too_old", id="41 days ago"),
        pytest.param(snapshot(2, AT_MS + 400_000), "too_new", id="more than 5 min ahead"),
    ],
)
def test_a_bad_snapshot_never_costs_its_batch(kit: Kit, bad: dict[str, object], reason: str) -> None:
    payload = as_bytes(telemetry(snapshot(1), bad, snapshot(3)))
    assert kit.take(payload) == [("canteen", Ack(((STREAM, 1, 1), (STREAM, 3, 3)), ((STREAM, 2, reason),)))]
    assert kit.pipeline.refused == {reason: 1}
    assert kit.pipeline.refused_lately(NOW) == {"canteen": 1}
    [letter] = kit.store.dead_letters()
    assert (letter.reason, letter.stream, letter.seq) == (reason, STREAM, 2)
    assert b'"seq": 2' in letter.payload


def test_a_bad_snapshot_without_an_identity_is_kept_but_cannot_be_named(kit: Kit) -> None:
    payload = as_bytes(telemetry(snapshot(1), snapshot(seq="x")))
    assert kit.take(payload) == [("canteen", Ack(((STREAM, 1, 1),)))]
    assert kit.pipeline.refused == {"malformed": 1}


def test_another_body_under_a_known_identity_is_a_conflict(kit: Kit) -> None:
    kit.take(batch(1))
    other = as_bytes(telemetry(snapshot(1, AT_MS + 1, climate={"at_ms": AT_MS, "temperature_c": 30})))
    assert kit.take(other) == [("canteen", Ack((), ((STREAM, 1, "conflict"),)))]
    [letter] = kit.store.dead_letters()
    assert (letter.reason, letter.seq, kit.pipeline.refused) == ("conflict", 1, {"conflict": 1})
    assert kit.pipeline.dead_letters == 1


def test_what_is_committed_is_live_even_when_a_conflict_cannot_be_kept(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes again as a repeat, and repeats change nothing."""
    kit.take(batch(1))
    other = as_bytes(telemetry(snapshot(1, AT_MS + 1, climate={"at_ms": AT_MS, "temperature_c": 30})))
    commit = kit.store.commit

    def full_for_letters(batch: Any, letters: Any = (), infos: Any = MappingProxyType({})) -> Any:
        if letters:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return commit(batch, letters, infos)

    monkeypatch.setattr(kit.store, "commit", full_for_letters)
    with pytest.raises(StoreBusyError):
        kit.take(other, batch(2))
    kit.ingest.show()
    state = kit.live.state("canteen")
    assert state is not None
    assert state.at_ms == AT_MS + 2


def test_an_unknown_station_gets_no_answer_and_is_listed(kit: Kit) -> None:
    assert kit.take(batch(1), batch(2), station="stranger") == []
    assert kit.pipeline.unknown_stations == {"stranger": 2}
    assert kit.pipeline.unknown_lately(NOW) == {"stranger": 2}
    assert kit.store.counts().snapshots == 0
    kit.ingest.set_stations([*STATIONS, "stranger"])
    assert kit.take(batch(1), station="stranger") != []


def test_a_foreign_topic_is_refused(kit: Kit) -> None:
    assert kit.ingest.take([Delivery("waystation/v2/canteen/telemetry", batch(1), NOW)]) == []
    assert kit.pipeline.refused == {"topic": 1}
    assert kit.pipeline.refused_lately(NOW) == {}, "it is of no station"


def test_a_long_ack_is_split(kit: Kit) -> None:
    odd = range(1, 2 * MAX_ACK_ENTRIES + 3, 2)
    answers = kit.take(*(batch(seq) for seq in odd))
    assert [len(ack.committed) for _, ack in answers] == [MAX_ACK_ENTRIES, 1]
    assert all(codec.encode(ack) for _, ack in answers)


# --- the store in trouble -------------------------------------------------------------------------


def test_on_a_full_disk_nothing_is_answered_and_nothing_lost(kit: Kit) -> None:
    pages = kit.store._connection.execute("PRAGMA page_count").fetchone()[0]
    kit.store._connection.execute(f"PRAGMA max_page_count = {pages}")
    payloads = [batch(*range(first, first + 40)) for first in range(1, 400, 40)]
    for _ in range(2):
        with pytest.raises(StoreBusyError, match="full"):
            kit.take(*payloads)
    assert (kit.seqs(), kit.pipeline.committed_total, kit.pipeline.refused.total()) == ([], 0, 0)
    kit.store._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert kit.take(*payloads) == [("canteen", Ack(((STREAM, 1, 400),)))]


def test_a_locked_store_is_busy(kit: Kit) -> None:
    kit.store._connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(kit.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="locked"):
        kit.take(batch(1))
    other.execute("ROLLBACK")
    other.close()
    assert kit.take(batch(1)) == [("canteen", Ack(((STREAM, 1, 1),)))]


class _Failing(Store):
    """A store that cannot take one sequence number."""

    error: Callable[[], Exception]
    seq = 3

    def _put(self, accepted: Accepted) -> Verdict:
        if accepted.snapshot.seq == self.seq:
            raise self.error()
        return super()._put(accepted)


def failing(folder: Path, error: Callable[[], Exception]) -> _Failing:
    store = _Failing.open(folder / "readings.db")
    store.error = error
    return store


def test_a_message_that_always_fails_is_found_and_given_up_alone(tmp_path: Path) -> None:
    kit = assemble(failing(tmp_path, lambda: ValueError("nobody foresaw this")))
    answers = kit.take(*(batch(seq) for seq in range(1, 8)))
    committed = [
        seq for _, ack in answers for _, first, last in ack.committed for seq in range(first, last + 1)
    ]
    refused = [entry for _, ack in answers for entry in ack.refused]
    assert (sorted(committed), refused) == ([1, 2, 4, 5, 6, 7], [(STREAM, 3, "store_error")])
    assert kit.seqs() == [1, 2, 4, 5, 6, 7]
    assert "nobody foresaw this" in kit.store.dead_letters()[0].detail
    assert (kit.pipeline.messages_total, kit.pipeline.refused) == (7, {"store_error": 1})
    kit.store.close()


def test_a_message_that_cannot_even_be_read_is_given_up_alone(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = decoding.snapshot

    def trip(raw: msgspec.Raw) -> Snapshot:
        snapshot = decode(raw)
        if snapshot.seq == 3:
            raise ZeroDivisionError
        return snapshot

    monkeypatch.setattr(decoding, "snapshot", trip)
    kit.take(*(batch(seq) for seq in range(1, 6)))
    assert kit.seqs() == [1, 2, 4, 5]
    assert kit.pipeline.refused == {"store_error": 1}


def test_a_store_found_corrupt_is_replaced_and_the_run_handed_in_again(tmp_path: Path) -> None:
    def corrupt() -> Exception:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        return error

    store = failing(tmp_path, corrupt)
    kit = assemble(store)
    with pytest.raises(StoreBusyError, match="corrupt"):
        kit.take(batch(1), batch(3))
    assert Path(kit.pipeline.store_replaced).exists()
    store.seq = 0
    assert kit.take(batch(1), batch(3)) == [("canteen", Ack(((STREAM, 1, 1), (STREAM, 3, 3))))]
    store.close()
