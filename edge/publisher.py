"""Sends one station's outbox: birth, telemetry, commit acks, orderly end.

Without a thread of its own: :meth:`Publisher.step` does what is due and returns when it wants to be called
again; :mod:`edge.network` calls it. A row leaves the outbox only on the server's word.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

from contract import ContractError
from contract.codec import MAX_PAYLOAD, decode, encode
from contract.messages import Ack, Info, Link, Status
from edge.clock import Clock
from edge.config import BrokerConfig
from edge.connection import Closed, Connection, Delivered, Event, Received, Welcome
from edge.flow import BATCH_ROWS, Flow
from edge.link import LinkState
from edge.outbox import FRAME_BYTES, Outbox, Row

log = logging.getLogger(__name__)

RECONNECT_MS: Final = (1000, 2000, 4000, 8000)
"""Before the next attempt: a broker that is back is found within 8 s."""

REFUSED_MS: Final = 30_000
"""After a refused login, which a person has to put right. All pauses are shortened at random, to half at
most, so that a city does not come back at one moment."""

WELCOME_MS: Final = 20_000
"""From dialling to the broker's welcome, all included."""

OWN_MESSAGES: Final = 3
"""Birth, info and farewell: they count in the broker's window, too."""

FAREWELL_MS: Final = 2000
"""For the broker to acknowledge the end."""

STEP_MS: Final = 1000
BUSY_MS: Final = 100
"""Between steps when nothing happens, and while a backlog waits."""


class Publisher:
    """The station's side of the conversation with broker and server.

    Attributes:
        station: its id.
        connection: whose socket is to be watched; a new one here wants to be dialled.
        online: whether the broker has welcomed the station.
        link: how the link is and has been, to be read from any thread.
        finished: whether the end that :meth:`stop` asked for is reached.
    """

    def __init__(
        self, station: str, broker: BrokerConfig, info: Info, outbox: Outbox, *, clock: Clock, random: Random
    ) -> None:
        """``clock`` stamps what is sent; ``random`` keeps many stations from acting as one."""
        self.station = station
        self.connection: Connection | None = None
        self.online = False
        self.link = LinkState("connecting", clock.now().mono_ms)
        self.finished = False
        self._broker = broker
        self._info = info
        self._outbox = outbox
        self._clock = clock
        self._random = random
        self._flow = Flow(random)
        self._in_flight: dict[int, list[int]] = {}
        self._silence = False
        self._window = 0
        self._limit = MAX_PAYLOAD
        self._attempts = 0
        self._due_ms = 0
        self._stopping = False
        self._farewell: int | None = None
        self._times_right = False
        self._dating = False
        self._last_trouble = ""

    def stop(self) -> None:
        """Begin the orderly end. May be called from any thread."""
        self._stopping = True

    def step(self, mono_ms: int) -> int:
        """Do what is due; returns when to step again at the latest.

        ``mono_ms`` is the driver's own clock that never goes back; it is not sent.
        """
        self._date_rows()
        if self.connection is not None:
            if self.online:
                self.connection.keep_alive()
            self._hear(self.connection, mono_ms)
        if self.connection is None:
            self._offline(mono_ms)
        elif self.online:
            self._speak(self.connection, mono_ms)
        elif mono_ms >= self._due_ms or self._stopping:
            self._drop(self.connection, mono_ms, Closed("no welcome", refused=False))
        return mono_ms + (BUSY_MS if self._busy() else STEP_MS)

    def _busy(self) -> bool:
        return self._dating or (self.online and self._flow.flowing and self._waiting())

    def _offline(self, mono_ms: int) -> None:
        if self._stopping:
            self.finished = True
        elif mono_ms >= self._due_ms:
            self._due_ms = mono_ms + WELCOME_MS
            self.connection = Connection(self.station, self._broker, self._status("lost"))

    def _hear(self, connection: Connection, mono_ms: int) -> None:
        while connection.events and self.connection is connection:
            self._take(connection, connection.events.popleft(), mono_ms)

    def _take(self, connection: Connection, event: Event, mono_ms: int) -> None:
        match event:
            case Welcome():
                self._greet(connection, event)
            case Delivered():
                self._delivered(event, mono_ms)
            case Received():
                self._answered(event.payload, mono_ms)
            case Closed():
                self._drop(connection, mono_ms, event)

    def _greet(self, connection: Connection, welcome: Welcome) -> None:
        log.info("station=%s broker=online", self.station)
        self.online = True
        self.link = self.link.online(self._clock.now().mono_ms)
        self._last_trouble = ""
        self._window = max(1, welcome.window - OWN_MESSAGES)
        self._limit = min(MAX_PAYLOAD, welcome.max_bytes - FRAME_BYTES)
        self._flow.connected()
        self._in_flight.clear()
        # Before the first telemetry, so that no ack finds nobody listening.
        connection.listen("ack")
        connection.publish("status", self._status("online"), retain=True)
        connection.publish("info", encode(self._info), retain=True)

    def _delivered(self, event: Delivered, mono_ms: int) -> None:
        self._attempts = 0
        rows = self._in_flight.pop(event.mid, None)
        if rows is not None:
            self._flow.delivered(mono_ms, rows)
        if rows is not None and event.code:
            self._trouble(f"the broker passes telemetry to nobody (reason {event.code:#x})")
            self._flow.unheard(mono_ms)
        if event.mid == self._farewell:
            self._due_ms = mono_ms

    def _answered(self, payload: bytes, mono_ms: int) -> None:
        try:
            ack = decode(Ack, payload)
        except ContractError as error:
            log.warning("station=%s ack=ignored error=%r", self.station, str(error))
            return
        rows = self._outbox.confirm(ack.committed) if ack.committed else []
        rows += self._outbox.set_aside(ack.refused) if ack.refused else []
        self._flow.answered(mono_ms, rows)
        self.link = replace(self.link, acked_mono_ms=self._clock.now().mono_ms)

    def _drop(self, connection: Connection, mono_ms: int, event: Closed) -> None:
        self._trouble(event.reason)
        self.link = self.link.ended(self._clock.now().mono_ms, event.reason, refused=event.refused)
        connection.close()
        self.connection = None
        self.online = False
        pause = REFUSED_MS if event.refused else RECONNECT_MS[min(self._attempts, len(RECONNECT_MS) - 1)]
        self._attempts += 1
        self._due_ms = mono_ms + round(pause * self._random.uniform(0.5, 1))
        self.finished = self._stopping

    def _trouble(self, reason: str) -> None:
        if reason != self._last_trouble and not self._stopping:
            log.warning(
                "station=%s broker=%s:%d trouble=%r",
                self.station,
                self._broker.host,
                self._broker.port,
                reason,
            )
            self._last_trouble = reason

    def _speak(self, connection: Connection, mono_ms: int) -> None:
        self._flow.check(mono_ms)
        self._tell_silence()
        newest = self._outbox.newest()
        if newest and self._room() and self._flow.may_send_newest(mono_ms, newest.id):
            self._flow.sent_newest(mono_ms, newest)
            self._send(connection, [newest])
        if self._stopping:
            self._say_goodbye(connection, mono_ms)
        elif self._room() and self._waiting() and not self._dating and self._flow.may_send_backlog(mono_ms):
            size = min(self._limit - FRAME_BYTES, self._flow.batch_bytes)
            rows = self._flow.cut(self._outbox.backlog(self._flow.on_their_way, BATCH_ROWS, size))
            self._flow.sent_backlog(mono_ms, rows)
            self._send(connection, rows)

    def _tell_silence(self) -> None:
        if self._flow.quiet != self._silence:
            self._silence = self._flow.quiet
            self.link = replace(self.link, silent=self._silence)
            log.info("station=%s server=%s", self.station, "silent" if self._silence else "answers")

    def _room(self) -> bool:
        return len(self._in_flight) < self._window

    def _waiting(self) -> bool:
        return len(self._outbox) > len(self._flow.on_their_way)

    def _send(self, connection: Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        payload = frame(self._clock.boot_id, self._clock.now().mono_ms, [row.body for row in rows])
        if len(payload) > self._limit:
            # The broker would drop the connection, and all that waits behind this row with it.
            self._outbox.set_aside((row.stream, row.seq, "too_big") for row in rows)
            self._flow.taken_back(row.id for row in rows)
            return
        if unsealed := [row.id for row in rows if not row.sealed]:
            self._outbox.seal(unsealed)
        self._in_flight[connection.publish("telemetry", payload)] = [row.id for row in rows]

    def _say_goodbye(self, connection: Connection, mono_ms: int) -> None:
        if self._farewell is None:
            self._farewell = connection.publish("status", self._status("offline"), retain=True)
            self._due_ms = mono_ms + FAREWELL_MS
        elif mono_ms >= self._due_ms:
            connection.say_goodbye()
            self._drop(connection, mono_ms, Closed("stopped", refused=False))

    def _date_rows(self) -> None:
        """Some rows in each step, so that sampling and network go on; none is sent before its turn."""
        now = self._clock.now()
        synced = now.clock == "synced"
        dated = 0
        if synced and not self._times_right:
            dated = self._outbox.correct_times(self._clock.boot_id, now)
            log.info("station=%s clock=synced dated=%d", self.station, dated)
        self._dating = dated > 0
        self._times_right = synced and not self._dating

    def _status(self, state: Link) -> bytes:
        now = self._clock.now()
        return encode(Status(state, self._clock.boot_id, self._info.agent_version, max(0, now.at_ms)))


def frame(boot_id: str, sent_mono_ms: int, bodies: Sequence[bytes]) -> bytes:
    """A :class:`contract.messages.Telemetry` from snapshots that are JSON already."""
    head = f'{{"boot_id":"{boot_id}","sent_mono_ms":{sent_mono_ms},"snapshots":['
    return b"".join((head.encode(), b",".join(bodies), b"]}"))
