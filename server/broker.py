"""The link to the broker: one thread that reads, has committed, and answers.

MQTT 3.1.1 with a session that the broker keeps (fixed client id, clean session false) and PUBACKs by
hand, so whatever is not committed is delivered again. One thread drives paho through ``selectors``: it
reads until the socket is empty or enough is read, hands the run to the ingest, and only then writes the
PUBACKs and commit acks. A run that was read on a lost connection is dropped: the broker sends it again.

While the store cannot commit, nothing is answered; the broker's window of unanswered messages fills and
it queues the rest. An error nobody foresaw ends the thread and is handed to ``on_failure``.
"""

import logging
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from contract import topics
from server.buffered import BufferedClient
from server.ingest.answers import Answer, encoded
from server.ingest.ingest import Delivery, Ingest, StoreBusyError
from server.pipeline import Pipeline
from server.settings import Settings

log = logging.getLogger(__name__)

MAX_RUN: Final = 500
"""Deliveries in one commit."""
MAX_RUN_S: Final = 0.05
"""Reading goes on for so long before a commit, while there is more to read."""
MAX_PENDING: Final = 2_000
"""Deliveries read while the store cannot commit; the broker's window is usually smaller."""
RETRY_S: Final = 1.0
"""Between attempts of a store that cannot commit."""
TICK_S: Final = 1.0
RECONNECT_S: Final = 5.0
"""Longest wait before connecting again; the waits are random, so that servers do not come in step."""
CONNECT_TIMEOUT_S: Final = 5.0
GATHER_S: Final = 0.05
"""Least time between the beginnings of two commits: what comes sooner shares the next one. A message that
comes alone is committed at once; a city's steady trickle costs half as much (ADR 2 has the figures)."""
UNAWAITED_GATHER_S: Final = 0.4
"""The same while no page could be told of it yet and little comes. A station goes on sending meanwhile, and
smoke is told within a second: alerts look that often at what is committed."""
BUSY: Final = 500
"""Snapshots in the last second or two, four times what a city sends: a backlog comes, which must not wait."""
SHOW_S: Final = 1.0
"""Under load, readers see the new state so often; otherwise at once."""


class BrokerLink:
    """Runs the ingest on what the broker delivers.

    Args:
        tick: called about every second in the same thread, with the wall clock.
        awaited_ms: from when on (monotonic) somebody with a page open waits for news.
        on_failure: called once, from the thread, when it ends by an error.
    """

    def __init__(
        self,
        settings: Settings,
        ingest: Ingest,
        pipeline: Pipeline,
        *,
        tick: Callable[[int], None],
        awaited_ms: Callable[[], float],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._ingest = ingest
        self._pipeline = pipeline
        self._tick = tick
        self._awaited_ms = awaited_ms
        self._on_failure = on_failure
        self._client = self._new_client()
        self._selector = selectors.DefaultSelector()
        self._wakers = socket.socketpair()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._pending: list[Delivery] = []
        self._mids: list[int] = []
        self._attempt = 0
        self._connect_at = 0.0
        self._retry_at = 0.0
        self._tick_at = 0.0
        self._show_at = 0.0
        self._gather_until = 0.0
        self._answered = (0, 0)  # at the two ticks before

    def start(self) -> None:
        """Begin to connect, and keep at it until :meth:`stop`."""
        self._selector.register(self._wakers[0], selectors.EVENT_READ)
        self._pipeline.alive = True
        self._thread.start()

    def stop(self) -> None:
        """Stop reading, commit and answer what was read, disconnect; returns when that is done."""
        self._stopping.set()
        if self._thread.ident is None:
            self._close()
            return
        with suppress(OSError):  # it may have ended by itself
            self._wakers[1].send(b"x")
        self._thread.join()

    # --- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._step()
            self._finish()
        except BaseException as error:
            log.exception("ingest_failed")
            self._on_failure(error)
        finally:
            self._pipeline.alive = self._pipeline.connected = False
            self._close()

    def _step(self) -> None:
        now = time.monotonic()
        if now >= self._tick_at:
            self._tick_at = now + TICK_S
            self._answered = (self._answered[1], self._pipeline.answered_total)
            self._tick(_now_ms())
            self._client.loop_misc()
        if self._client.socket() is None and now >= self._connect_at:
            self._connect()
        self._wait()
        if self._client.socket() is not None:
            self._read()
            self._commit()
            self._write()

    def _wait(self) -> None:
        """Wait until there is something to do."""
        # Messages gather in the socket meanwhile, without waking us one by one.
        self._stopping.wait(max(0.0, self._gather_until - time.monotonic()))
        full = bool(self._pipeline.stalled) and len(self._pending) >= MAX_PENDING
        until = min([self._tick_at, *self._deadlines(full)])
        timeout_s = max(0.0, until - time.monotonic())
        if full:
            self._stopping.wait(timeout_s)  # what lies in the socket must not wake us
        elif self._selector.select(timeout_s) and self._stopping.is_set():
            self._wakers[0].recv(1)

    def _deadlines(self, full: bool) -> Iterator[float]:
        if self._client.socket() is None:
            yield self._connect_at
        if self._pending:
            yield self._retry_at
        if self._client.socket() is not None and not self._client.drained and not full:
            yield 0.0

    def _read(self) -> None:
        """Packets until the socket is empty or a run is full; the callbacks only hand over."""
        client = self._client
        limit = MAX_PENDING if self._pipeline.stalled else MAX_RUN
        end = time.monotonic() + MAX_RUN_S
        client.drained = False
        while not client.drained and len(self._pending) < limit and client.socket() is not None:
            client.loop_read()
            if time.monotonic() > end:
                break

    def _commit(self) -> None:
        now = time.monotonic()
        if not self._pending or now < self._retry_at:
            return
        run = self._pending[:MAX_RUN]
        try:
            answers = self._ingest.take(run)
        except StoreBusyError as error:
            self._stall(str(error))
            return
        self._recover()
        self.acknowledge(self._mids[: len(run)])
        self.tell(answers)
        del self._pending[: len(run)], self._mids[: len(run)]
        self._pipeline.pending = len(self._pending)
        if self._client.drained:
            self._gather_until = now + self._gather_s(now)
        if self._client.drained or now >= self._show_at:
            self._ingest.show()
            self._show_at = now + SHOW_S

    def _gather_s(self, now: float) -> float:
        if self._pipeline.answered_total - self._answered[0] > BUSY:
            return GATHER_S
        return min(max(GATHER_S, self._awaited_ms() / 1000 - now), UNAWAITED_GATHER_S)

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Let the broker forget what is committed."""
        for mid in mids:
            if mid:  # 0: sent with QoS 0, which nobody waits for
                self._client.put_puback(mid)

    def tell(self, answers: Iterable[Answer]) -> None:
        """Say to each station what is committed and what is refused."""
        for station, ack in answers:
            self._client.put_publish(topics.topic(station, "ack"), encoded(ack))

    def _stall(self, reason: str) -> None:
        self._retry_at = time.monotonic() + RETRY_S
        if self._pipeline.stalled != reason:
            log.error("store_busy reason=%r pending=%d", reason, len(self._pending))
        self._pipeline.stalled = reason
        self._pipeline.pending = len(self._pending)

    def _recover(self) -> None:
        if self._pipeline.stalled:
            log.warning("store_back after=%r", self._pipeline.stalled)
            self._pipeline.stalled = ""

    def _write(self) -> None:
        client = self._client
        client.loop_write()
        sock = client.socket()
        if sock is None:
            return
        try:
            done = client.flush()
        except OSError as error:
            log.warning("broker_lost error=%s", error)
            client.drop()
            return
        events = selectors.EVENT_READ if done else selectors.EVENT_READ | selectors.EVENT_WRITE
        if self._selector.get_key(sock).events != events:
            self._selector.modify(sock, events)

    def _finish(self) -> None:
        if self._client.socket() is None:
            return
        self._commit()
        self._ingest.show()
        self._write()
        self._client.unbuffered = True
        self._client.disconnect()
        self._client.loop_write()

    def _close(self) -> None:
        self._client.drop()
        self._selector.close()
        for waker in self._wakers:
            waker.close()

    # --- connection -----------------------------------------------------------------------------------

    def _new_client(self) -> BufferedClient:
        settings = self._settings
        client = BufferedClient(settings.broker_client_id)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if settings.broker_username:
            client.username_pw_set(settings.broker_username, settings.broker_password)
        if settings.broker_tls_ca:
            client.tls_set(ca_certs=str(settings.broker_tls_ca))
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        return client

    def _connect(self) -> None:
        settings = self._settings
        self._client.fresh()
        try:
            self._client.connect(settings.broker_host, settings.broker_port, settings.broker_keepalive_s)
            self._write()
        except (OSError, ValueError) as error:
            self._later(str(error))

    def _later(self, reason: str) -> None:
        if self._attempt == 0 or self._pipeline.connected:
            log.warning("broker_away reason=%r", reason)
        self._pipeline.connected = False
        self._attempt += 1
        longest_s = min(RECONNECT_S, 0.25 * 2 ** min(self._attempt, 10))
        self._connect_at = time.monotonic() + random.uniform(0.1, longest_s)  # noqa: S311 # not a secret

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            if self._attempt == 0:
                log.error("broker_refused reason=%r", str(reason))
            return
        leaves: tuple[topics.Leaf, ...] = ("telemetry", "status", "info")
        client.subscribe([(topics.everyones(leaf), 1) for leaf in leaves])

    def _on_subscribe(
        self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("subscription_refused reasons=%s", [str(reason) for reason in reasons])
            client.disconnect()
            return
        log.info("broker_connected host=%s port=%d", self._settings.broker_host, self._settings.broker_port)
        self._pipeline.connected = True
        self._attempt = 0

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        # What was read on this connection can never be answered: the broker delivers it again.
        self._pending.clear()
        self._mids.clear()
        self._pipeline.pending = 0
        if not self._stopping.is_set():
            self._later(str(reason))

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._pending.append(Delivery(message.topic, bytes(message.payload), _now_ms()))
        self._mids.append(message.mid)

    def _on_socket_open(self, _client: mqtt.Client, _data: Any, sock: Any) -> None:
        self._selector.register(sock, selectors.EVENT_READ)

    def _on_socket_close(self, _client: mqtt.Client, _data: Any, sock: Any) -> None:
        self._selector.unregister(sock)

    def _on_register_write(self, _client: mqtt.Client, _data: Any, _sock: Any) -> None:
        """Its presence makes paho queue packets; :meth:`_write` sends them."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
