"""The smallest server there can be: hears every station's telemetry and answers as it is told.

For tests of the station's side alone. It speaks to a real broker under the server's own user.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import decode, encode
from contract.messages import Ack, Snapshot, Telemetry
from contract.topics import everyones, parse, topic
from tests.support.mosquitto import Broker
from tests.support.wait import until

Answer = Callable[[Telemetry], Ack | None]


def commit_all(telemetry: Telemetry) -> Ack:
    """Every snapshot is committed."""
    return Ack(tuple((item.stream, item.seq, item.seq) for item in telemetry.snapshots))


def silence(_: Telemetry) -> None:
    """No answer: the server is away, though its queue is not."""


class AnsweringServer:
    """Connected while in its ``with``.

    Attributes:
        answer: what is said to each message; may be changed at any time.
        heard: every telemetry message so far, oldest first.
    """

    def __init__(self, broker: Broker, answer: Answer = commit_all) -> None:
        self.answer: Answer = answer
        self.heard: list[Telemetry] = []
        self._subscribed = False
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=broker.server_user)
        self._client.username_pw_set(broker.server_user, broker.server_password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)

    def committed(self) -> set[tuple[str, int]]:
        """Identities of all snapshots that were answered as committed at least once."""
        return {(item.stream, item.seq) for item in self.snapshots()}

    def snapshots(self) -> list[Snapshot]:
        """Every snapshot heard, repeats included."""
        return [snapshot for telemetry in list(self.heard) for snapshot in telemetry.snapshots]

    def say(self, station: str, payload: bytes) -> None:
        """Send anything as if it were an ack."""
        self._client.publish(topic(station, "ack"), payload)

    def _on_connect(self, *_: Any) -> None:
        self._client.subscribe(everyones("telemetry"), qos=1)

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed = True

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        telemetry = decode(Telemetry, bytes(message.payload))
        self.heard.append(telemetry)
        answer = self.answer(telemetry)
        if answer is not None:
            station, _leaf = parse(message.topic)
            self._client.publish(topic(station, "ack"), encode(answer))

    def __enter__(self) -> Self:
        self._client.loop_start()
        until(lambda: self._subscribed, 30, "the server hears telemetry")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
