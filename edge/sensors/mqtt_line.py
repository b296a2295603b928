"""What devices of the station say over its own MQTT broker; this end only listens, and never publishes.

One connection for all devices of a broker. paho's thread takes what comes in and dials again where it is cut.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.clock import Clock, Instant
from edge.mqtt_callbacks import tell

log = logging.getLogger(__name__)

KEEPALIVE_S: Final = 20
REDIAL_S: Final = (1, 30)
MOST_BYTES: Final = 32 * 1024
"""Of one message; what is longer is no plug's and no cabinet's."""
MOST_TOLD: Final = 16
"""Topics whose messages were too long and of which the log tells; each once."""

MOST_TOPIC: Final = 200
"""Characters of a topic. A broker hangs up on whoever asks for one that it takes for an attack."""


def is_topic(text: str) -> bool:
    """Whether a broker lets us listen to ``text``. One that it does not would end the line of all devices."""
    levels = text.split("/")
    names = levels[:-1] if levels[-1] == "#" else levels
    wild = any("#" in name or ("+" in name and name != "+") for name in names)
    return 0 < len(text) <= MOST_TOPIC and text.isprintable() and not wild


@dataclass(frozen=True, slots=True)
class Place:
    """A broker and the login for it; an empty name is none."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


class Message(NamedTuple):
    """What came in, and when.

    Attributes:
        retained: the broker had kept it, nobody knows for how long.
        session: of the line's connections the one that it came over; between two, words are missed.
    """

    topic: str
    payload: bytes
    retained: bool
    at: Instant
    session: int


class Listener(Protocol):
    """A device in the eyes of its line."""

    topics: Sequence[str]

    def take_in(self, message: Message) -> None:
        """Called from the line's thread; only keeps the message."""


class Line:
    """One broker with its listeners.

    Attributes:
        connected: logged in and listening.
        session: how many connections there have been.
        trouble: why not, in the broker's or the system's words.
    """

    def __init__(self, place: Place, clock: Clock) -> None:
        self.place = place
        self.connected = False
        self.session = 0
        self.trouble = ""
        self._clock = clock
        self._listeners: tuple[Listener, ...] = ()
        self._started = False
        self._starting = threading.Lock()
        self._refused: set[str] = set()
        self._client = client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if place.username:
            client.username_pw_set(place.username, place.password)
        client.reconnect_delay_set(*REDIAL_S)
        tell(client, welcomed=self._on_welcome, refused=self._on_refusal, lost=self._on_loss)
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        # They are logged; else the first one would end paho's thread, and with it all devices of the broker.
        client.suppress_exceptions = True

    def join(self, listener: Listener) -> None:
        """One more; before :meth:`start`."""
        self._listeners = (*self._listeners, listener)

    def leave(self, listener: Listener) -> bool:
        """One fewer; whether it was the last one, with which the connection ends."""
        self._listeners = tuple(each for each in self._listeners if each is not listener)
        if not self._listeners and self._started:
            self._client.disconnect()
            self._client.loop_stop()
        return not self._listeners

    def start(self) -> None:
        """Begin to listen, if that has not begun yet; does not wait for the broker."""
        with self._starting:
            if not self._started:
                self._started = True
                self._client.connect_async(self.place.host, self.place.port, KEEPALIVE_S)
                self._client.loop_start()

    def _on_welcome(self) -> None:
        self.session += 1
        topics = sorted({name for listener in self._listeners for name in listener.topics})
        self._client.subscribe([(name, 1) for name in topics])

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        _mid: int,
        codes: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self.connected = not any(code.is_failure for code in codes)
        self.trouble = "" if self.connected else "the broker lets this login not listen to all of its topics"

    def _on_connect_fail(self, _client: mqtt.Client, _userdata: Any) -> None:
        self.trouble = "nobody answers there; does the broker run?"

    def _on_refusal(self, reason: str) -> None:
        self.trouble = f"{reason}; check username and password"

    def _on_loss(self, reason: str) -> None:
        if self.connected:
            self.trouble = reason
        self.connected = False

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        if len(message.payload) > MOST_BYTES:
            self._refuse(message)
            return
        now = self._clock.now()
        heard = Message(message.topic, bytes(message.payload), message.retain, now, self.session)
        for listener in self._listeners:
            if any(mqtt.topic_matches_sub(name, heard.topic) for name in listener.topics):
                listener.take_in(heard)

    def _refuse(self, message: mqtt.MQTTMessage) -> None:
        if message.topic not in self._refused and len(self._refused) < MOST_TOLD:
            log.warning(
                "broker=%s topic=%s bytes=%d refused", self.place, message.topic, len(message.payload)
            )
            self._refused.add(message.topic)


_lines: dict[Place, Line] = {}
_lines_lock = threading.Lock()


def join(place: Place, clock: Clock, listener: Listener) -> Line:
    """The one line to ``place``, with ``listener`` on it."""
    with _lines_lock:
        line = _lines.get(place)
        if line is None:
            line = _lines[place] = Line(place, clock)
        line.join(listener)
        return line


def leave(line: Line, listener: Listener) -> None:
    """Take ``listener`` off; with the last one the connection ends."""
    with _lines_lock:
        if line.leave(listener):
            _lines.pop(line.place, None)
