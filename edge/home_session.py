"""One connection to Home Assistant's broker. paho's own thread serves it; callbacks only note what was."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import HomeAssistantConfig
from edge.connection import tls_context
from edge.mqtt_callbacks import tell

BIRTH: Final = "homeassistant/status"
"""Where Home Assistant says ``online`` when it has started, whatever its discovery prefix is."""

KEEPALIVE_S: Final = 20
CONNECT_S: Final = 5.0
"""For the TCP connection, and again for the TLS handshake."""

ANSWER_S: Final = 20.0
"""For the broker's welcome, and for its word on a message; after that the connection is given up."""


class Session:
    """From dialling to the end. A new connection is a new session, so that nothing old waits in the library.

    Attributes:
        online: the broker has accepted the login.
        closed: why it has ended, "" before.
    """

    def __init__(
        self,
        settings: HomeAssistantConfig,
        client_id: str,
        ring: Callable[[], None] = lambda: None,
        *,
        will_topic: str = "",
    ) -> None:
        """``ring`` is called, from any thread, when there is something to look at. On ``will_topic`` the
        broker says ``offline`` when it loses the connection."""
        self.online = False
        self.closed = ""
        self._broker, self._ring = settings.broker, ring
        self._births = {BIRTH, f"{settings.prefix}/status"}
        self._born = False
        self._sent = self._taken = 0
        self._sent_s = time.monotonic()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv311, reconnect_on_failure=False
        )
        if will_topic:
            self._client.will_set(will_topic, b"offline", qos=1, retain=True)
        self._prepare(self._client)

    def _prepare(self, client: mqtt.Client) -> None:
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(tls_context(self._broker.tls_ca))
        client.connect_timeout = CONNECT_S
        tell(client, welcomed=self._on_welcome, refused=self._on_end, lost=self._on_end)
        client.on_publish = self._on_publish
        client.on_message = self._on_message

    def open(self) -> None:
        """Dial; blocks for up to twice :data:`CONNECT_S` and the name's lookup.

        Raises:
            OSError, ValueError: nobody answers there, or the name cannot be.
        """
        self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Hand over to the library, which sends from its own thread."""
        self._sent += 1
        self._sent_s = time.monotonic()
        self._client.publish(topic, payload, qos=1, retain=retain)

    @property
    def busy(self) -> bool:
        """Whether the broker has not yet taken all that was said."""
        return self._taken < self._sent

    @property
    def late(self) -> bool:
        """Whether the broker has owed a word for too long."""
        return (self.busy or not self.online) and time.monotonic() - self._sent_s > ANSWER_S

    def take_birth(self) -> bool:
        """Whether Home Assistant has started since this was last asked."""
        born, self._born = self._born, False
        return born

    def close(self) -> None:
        """End in good order if the broker has taken all, else as a cut cable would."""
        sock = self._client.socket()
        if self.online and not self.busy:
            self._client.disconnect()
        elif isinstance(sock, socket.socket):
            with suppress(OSError):  # it is gone already
                sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def _on_welcome(self) -> None:
        self._client.subscribe([(topic, 0) for topic in sorted(self._births)])
        self.online = True
        self._ring()

    def _on_end(self, reason: str) -> None:
        self.closed = self.closed or reason
        self._ring()

    def _on_publish(
        self, _client: mqtt.Client, _userdata: Any, _mid: int, _code: ReasonCode, _properties: Properties
    ) -> None:
        self._taken += 1
        self._ring()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        # A retained one tells of some earlier start.
        if message.topic in self._births and message.payload == b"online" and not message.retain:
            self._born = True
            self._ring()
