"""One MQTT connection, from dialling to its end, as events.

Every connection is a new paho client with a clean start, so that nothing old waits in the library: the
outbox forgets nothing, and what it sends again carries a new ``sent_mono_ms``. Callbacks only hand over.
"""

import socket
import ssl
from collections import deque
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.topics import Leaf, topic
from edge.config import BrokerConfig

KEEPALIVE_S: Final = 20
"""A half-open link is noticed after twice this at most; staff see a lost station within 90 s."""

CONNECT_S: Final = 5.0
"""For the TCP connection, and again for the TLS handshake."""

WINDOW: Final = 50
"""Messages at most that the broker has not acknowledged; it may allow fewer."""

UNSPECIFIED: Final = 0x80
TAKEN_OVER: Final = 0x8E
"""The broker's reason when somebody else logged in under the same id."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """The broker accepted the login."""

    window: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The broker acknowledged message ``mid``; any ``code`` but 0 means that nobody got it."""

    mid: int
    code: int


@dataclass(frozen=True, slots=True)
class Received:
    """A message for this station."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The end. ``refused``: by the broker's decision, so that trying again at once is no use."""

    reason: str
    refused: bool


Event = Welcome | Delivered | Received | Closed


class Connection:
    """One attempt to be connected.

    Attributes:
        events: what happened, oldest first; the owner takes them out. The last one is :class:`Closed`.
    """

    def __init__(self, station: str, broker: BrokerConfig, will: bytes) -> None:
        """``will`` is what the broker publishes as the station's retained status when it is lost."""
        self.events: deque[Event] = deque()
        self._station = station
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=station, protocol=mqtt.MQTTv5
        )
        client.username_pw_set(broker.username, broker.password)
        client.will_set(topic(station, "status"), will, qos=1, retain=True)
        if broker.tls:
            client.tls_set_context(tls_context(broker.tls_ca))
        client.max_inflight_messages_set(WINDOW)
        client.connect_timeout = CONNECT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        client.connect_async(broker.host, broker.port, KEEPALIVE_S, clean_start=True)

    def dial(self) -> None:
        """Connect. Blocks for up to twice :data:`CONNECT_S` and the name's lookup; a failure is an event."""
        try:
            self._client.reconnect()
        except (OSError, ValueError) as error:  # names that cannot be are a ValueError
            self.events.append(Closed(str(error) or type(error).__name__, refused=False))

    def socket(self) -> socket.socket | None:
        """What to watch; None before the dialling and after the end."""
        return cast("socket.socket | None", self._client.socket())

    def wants_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._client.want_write()

    def read(self) -> None:
        """Take what has arrived."""
        self._client.loop_read()
        # TLS may hold a decrypted rest that the selector cannot see.
        while isinstance(sock := self.socket(), ssl.SSLSocket) and sock.pending():
            self._client.loop_read()

    def write(self) -> None:
        """Send what waits."""
        self._client.loop_write()

    def keep_alive(self) -> None:
        """Ping when it is time, and notice a broker that no longer answers. Call about once a second."""
        self._client.loop_misc()

    def listen(self, leaf: Leaf) -> None:
        """Ask for the station's own ``leaf``."""
        self._client.subscribe(topic(self._station, leaf), qos=0)

    def publish(self, leaf: Leaf, payload: bytes, *, retain: bool = False) -> int:
        """Send with QoS 1; returns the number that :class:`Delivered` will name."""
        return self._client.publish(topic(self._station, leaf), payload, qos=1, retain=retain).mid

    def say_goodbye(self) -> None:
        """End in good order, so that the broker forgets the will."""
        self._client.disconnect()

    def close(self) -> None:
        """End at once, as a cut cable would. The connection must not be used any more."""
        if sock := self.socket():
            sock.close()

    def _on_socket_open(self, _client: mqtt.Client, _userdata: Any, sock: Any) -> None:
        # A snapshot must not wait for the TCP acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self.events.append(Closed(str(code), refused=True))
            return
        window = int(getattr(properties, "ReceiveMaximum", WINDOW))
        max_bytes = int(getattr(properties, "MaximumPacketSize", 2**28))
        self.events.append(Welcome(min(window, WINDOW), max_bytes))

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        # Where the broker said nothing, paho speaks of an "Unspecified error".
        lost = code.value == UNSPECIFIED and not flags.is_disconnect_packet_from_server
        reason = "connection lost" if lost else str(code)
        self.events.append(Closed(reason, refused=code.value == TAKEN_OVER))

    def _on_publish(
        self, _client: mqtt.Client, _userdata: Any, mid: int, code: ReasonCode, _properties: Properties
    ) -> None:
        self.events.append(Delivered(mid, code.value))

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self.events.append(Received(bytes(message.payload)))


@cache
def tls_context(ca: Path | None) -> ssl.SSLContext:
    """One for all connections that trust ``ca``; None trusts the system's authorities."""
    return ssl.create_default_context(cafile=ca)
