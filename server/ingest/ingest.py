"""Deliveries in, answers out: validate, commit, then say so. Nothing is answered before its COMMIT.

What happens to a snapshot:

    valid, of a known station, dated in the window   committed (or seen again), acked
    malformed, impossible, too_old, too_new, conflict   dead-lettered, named under ``refused``
    of a station that the registry does not know     counted and listed, no answer: its rows wait

A whole message that cannot be read (``malformed``, ``oversize``) is dead-lettered without an answer, as
it names no snapshot. A batch that the store cannot take for a passing reason (disk full, locked) raises
:class:`StoreBusyError` and is to be handed in again; one that fails for another reason is halved until
the message that is to blame stands alone.
"""

import logging
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import msgspec

from contract import ContractError, codec, topics
from contract.messages import Info, Status
from server.ingest import decoding
from server.ingest.answers import Answer, answers
from server.ingest.dating import Window, dated
from server.ingest.decoding import Envelope, RefusedError
from server.ingest.refusals import RefusalLog
from server.live import Live
from server.pipeline import Pipeline
from server.store import Accepted, DeadLetter
from server.store.schema import is_corrupt
from server.store.sqlite import Store

log = logging.getLogger(__name__)

KEPT_PAYLOAD: Final = 4096
"""Bytes kept of a refused message."""

_TRANSIENT: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)


class StoreBusyError(Exception):
    """The store cannot commit at present; the same deliveries are to be handed in again."""


class Delivery(NamedTuple):
    """One message as the broker handed it over."""

    topic: str
    payload: bytes
    received_ms: int


@dataclass(slots=True)
class _Batch:
    """What a run of deliveries comes to."""

    accepted: list[Accepted] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    refused: list[tuple[str, DeadLetter]] = field(default_factory=list)
    infos: dict[str, Info] = field(default_factory=dict)
    links: dict[str, Status] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


class Ingest:
    """Takes runs of deliveries; used by one thread.

    Args:
        now_ms: the wall clock, UTC milliseconds.
    """

    def __init__(
        self, store: Store, live: Live, pipeline: Pipeline, window: Window, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._live = live
        self._pipeline = pipeline
        self._refusals = RefusalLog()
        self._window = window
        self._now_ms = now_ms
        self._known: frozenset[str] = frozenset()
        self._topics: dict[str, tuple[str, str]] = {}

    def set_stations(self, station_ids: Iterable[str]) -> None:
        """The stations that may send; the registry's."""
        self._known = frozenset(station_ids)

    def take(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        """Commit a run of deliveries, then move the live state, then return the answers.

        Raises:
            StoreBusyError: nothing was committed and nothing may be answered yet.
        """
        batch = _Batch()
        try:
            for delivery in deliveries:
                self._sort(delivery, batch)
            told = self._commit(batch)
        except sqlite3.Error as error:
            return self._after_error(error, deliveries)
        except Exception as error:  # whatever one message does must not cost the others
            return self._halve(error, deliveries)
        self._count(deliveries, batch)
        return told

    def show(self) -> None:
        """Let readers see what was committed."""
        self._live.show(self._now_ms())

    # --- what a delivery is ---------------------------------------------------------------------------

    def _sort(self, delivery: Delivery, batch: _Batch) -> None:
        try:
            station, leaf = self._address(delivery.topic)
            if station not in self._known:
                batch.unknown.append(station)
            elif leaf == "telemetry":
                self._telemetry(station, delivery, batch)
            elif leaf == "info":
                batch.infos[station] = decoding.message(Info, delivery.payload)
            elif leaf == "status":
                batch.links[station] = decoding.message(Status, delivery.payload)
        except RefusedError as refused:
            batch.letters.append(_letter(delivery, refused.reason, refused.detail))

    def _address(self, topic: str) -> tuple[str, str]:
        known = self._topics.get(topic)
        if known is None:
            try:
                known = topics.parse(topic)
            except ContractError as error:
                raise RefusedError("topic", str(error)) from None
            if known[0] in self._known:
                self._topics[topic] = known
        return known

    def _telemetry(self, station: str, delivery: Delivery, batch: _Batch) -> None:
        envelope = decoding.envelope(delivery.payload)
        for raw in envelope.snapshots:
            try:
                batch.accepted.append(self._accept(station, delivery, envelope, raw))
            except RefusedError as refused:
                letter = _letter(delivery, refused.reason, refused.detail, bytes(raw))
                batch.refused.append((station, letter))

    def _accept(self, station: str, delivery: Delivery, envelope: Envelope, raw: msgspec.Raw) -> Accepted:
        snapshot, dating = dated(
            decoding.snapshot(raw), envelope.boot_id, envelope.sent_mono_ms, delivery.received_ms
        )
        reason = self._window.refuses(snapshot.at_ms, delivery.received_ms)
        if reason:
            raise RefusedError(reason, f"at_ms: {snapshot.at_ms}, received at {delivery.received_ms}")
        digest = zlib.crc32(raw) - 2**31
        return Accepted(station, snapshot, delivery.received_ms, dating, digest)

    # --- what becomes of it ---------------------------------------------------------------------------

    def _commit(self, batch: _Batch) -> list[Answer]:
        letters = batch.letters + [letter for _, letter in batch.refused]
        verdicts = self._store.commit(batch.accepted, letters, batch.infos)
        judged = list(zip(batch.accepted, verdicts, strict=True))
        new = [one for one, verdict in judged if verdict == "committed"]
        self._show(batch, new)  # first of all: were the next commit to fail, these would come as repeats
        conflicts = [(one.station_id, _conflict(one)) for one, verdict in judged if verdict == "conflict"]
        if conflicts:
            self._store.commit((), [letter for _, letter in conflicts])
            batch.refused += conflicts
        self._pipeline.committed_total += len(new)
        self._pipeline.repeated_total += len(judged) - len(new) - len(conflicts)
        kept = [one for one, verdict in judged if verdict != "conflict"]
        return answers(kept, batch.refused)

    def _show(self, batch: _Batch, new: Collection[Accepted]) -> None:
        for station, info in batch.infos.items():
            self._live.set_info(station, info)
        for station, link in batch.links.items():
            self._live.set_link(station, link)
        for one in new:
            self._live.apply(one.station_id, one.snapshot, one.received_ms, one.dating)

    def _after_error(self, error: sqlite3.Error, deliveries: Sequence[Delivery]) -> list[Answer]:
        if is_corrupt(error):
            self._pipeline.store_replaced = self._store.replace(error)
            raise StoreBusyError(f"corrupt, moved aside: {error}") from error
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _TRANSIENT:
            raise StoreBusyError(str(error)) from error
        return self._halve(error, deliveries)

    def _halve(self, error: Exception, deliveries: Sequence[Delivery]) -> list[Answer]:
        if len(deliveries) > 1:
            middle = len(deliveries) // 2
            return self.take(deliveries[:middle]) + self.take(deliveries[middle:])
        log.exception("message_failed topic=%s error=%s", deliveries[0].topic, error)
        return self._give_up(deliveries[0], error)

    def _give_up(self, delivery: Delivery, error: Exception) -> list[Answer]:
        letter = _letter(delivery, "store_error", f"{type(error).__name__}: {error}")
        batch = _Batch()
        with suppress(Exception):  # what cannot even be read names nothing
            self._sort(delivery, batch)
        refused = [
            (one.station_id, replace(letter, stream=one.snapshot.stream, seq=one.snapshot.seq))
            for one in batch.accepted
        ]
        try:
            self._store.commit((), [letter])
        except sqlite3.Error as failed:
            raise StoreBusyError(str(failed)) from failed
        self._pipeline.messages_total += 1
        self._pipeline.refuse(letter.reason, max(1, len(refused)))
        self._note_sender(letter)
        self._pipeline.dead_letters = min(self._pipeline.dead_letters + 1, self._store.dead_letters_max)
        return answers((), refused)

    def _count(self, deliveries: Sequence[Delivery], batch: _Batch) -> None:
        pipeline = self._pipeline
        pipeline.messages_total += len(deliveries)
        pipeline.last_message_ms = deliveries[-1].received_ms if deliveries else pipeline.last_message_ms
        pipeline.last_commit_ms = self._now_ms()
        for station in batch.unknown:
            pipeline.unknown(station, self._now_ms())
        letters = batch.letters + [letter for _, letter in batch.refused]
        for letter in letters:
            pipeline.refuse(letter.reason)
            self._note_sender(letter)
            self._refusals.tell(letter)
        kept = pipeline.dead_letters + len(letters)
        pipeline.dead_letters = min(kept, self._store.dead_letters_max)

    def _note_sender(self, letter: DeadLetter) -> None:
        if letter.topic in self._topics:
            self._pipeline.refuse_of(self._topics[letter.topic][0], letter.received_ms, letter.reason)


def _letter(delivery: Delivery, reason: str, detail: str, payload: bytes | None = None) -> DeadLetter:
    """Of the whole delivery, or of ``payload``, one snapshot of it."""
    named = decoding.identity(payload) if payload is not None else None
    stream, seq = named or (None, None)
    kept = (delivery.payload if payload is None else payload)[:KEPT_PAYLOAD]
    return DeadLetter(delivery.received_ms, delivery.topic, reason, detail, stream, seq, kept)


def _conflict(one: Accepted) -> DeadLetter:
    topic = topics.topic(one.station_id, "telemetry")
    body = codec.encode(one.snapshot)[:KEPT_PAYLOAD]
    detail = "another body was committed under this stream and seq"
    return DeadLetter(one.received_ms, topic, "conflict", detail, one.snapshot.stream, one.snapshot.seq, body)
