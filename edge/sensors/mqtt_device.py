"""A device that publishes over the station's own MQTT broker, as a sensor: a plug, or behind a gateway."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from contract.messages import SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry, read_password
from edge.options import Options
from edge.sensors import Parts, Reading, SensorError, Standing, Verdict
from edge.sensors.device_parts import Part
from edge.sensors.mqtt_known import NOT_UNDERSTOOD, Known, Snap, Talk
from edge.sensors.mqtt_line import Message, Place, is_topic, join, leave
from edge.sensors.mqtt_strange import Strange, others
from edge.sensors.values import Value

PATIENCE_MS: Final = 60_000
"""For the broker to answer after the station's start; it may start later."""

GRACE_MS: Final = 10_000
"""For a broker that was lost, e.g. restarted; until then what was said last stands."""

MOST_WAITING: Final = 256
"""Messages that wait for the sampler, which looks every second; of more, the newest."""

LOOK_MS: Final = 100
"""A look at what has come in ends after so long, as other sensors wait; the rest is for the next one."""

VERIFY_S: Final = 5.0
STEP_S: Final = 0.1
MOST_NAMED: Final = 4
"""Values that one line of ``check`` names."""

BROKER_KEYS: Final = ("host", "port", "username", "password", "password_file")


class MqttDevice:
    """One device: its kind's :class:`Talk` tells what messages mean, its :class:`Part` what it stands for."""

    def __init__(self, entry: SensorEntry, clock: Clock, talk: Talk, part: Part, silent_ms: int) -> None:
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        self.topics = talk.topics
        self._clock, self._talk, self._part = clock, talk, part
        self._known = Known(silent_ms=silent_ms, changes_only=talk.changes_only)
        self._strange = Strange(talk)
        self._waiting: deque[Message] = deque(maxlen=MOST_WAITING)
        self._line = join(_place(entry.read_options()), clock, self)
        self._silent_ms = silent_ms
        self._connected_ms: int | None = None
        self._patient_until_ms = 0
        self._fed: Mapping[tuple[int, str], Value] = {}
        self._session = 0
        self._heard_ms: int | None = None

    def parts(self) -> Parts:
        return self._part.parts()

    def take_in(self, message: Message) -> None:
        """From the line's thread."""
        self._waiting.append(message)

    def read(self, now: Instant) -> Sequence[Reading]:
        """What the messages so far come to.

        Raises:
            SensorError: the broker is away, the device has left, or it says nothing that can be relied on.
        """
        self._line.start()
        if self._connected_ms is None:
            self._patient_until_ms = now.mono_ms + self._silent_ms
        if self._connected_ms is None or self._line.connected:
            self._connected_ms = now.mono_ms
        session = self._line.session
        self._hear()
        self._enter(session, now.mono_ms)
        snap = self._known.at(now)
        if not self._line.connected or self._known.online is False or snap is None:
            if failure := self._failure(now.mono_ms):
                raise failure
            return []
        self._patient_until_ms = now.mono_ms
        if snap.values != self._fed:  # some of it has grown too old since
            self._feed(snap)
        return self._part.readings(now)

    def _hear(self) -> None:
        until_ms = self._clock.now().mono_ms + LOOK_MS
        while self._waiting and self._clock.now().mono_ms <= until_ms:
            message = self._waiting.popleft()
            self._enter(message.session, message.at.mono_ms)
            heard = self._talk.hear(message.topic, message.payload, retained=message.retained)
            self._known.hear(heard, message.at.mono_ms)
            self._strange.note(message, heard)
            if not message.retained and heard != "offline":  # else it is the broker's word
                self._heard_ms = message.at.mono_ms
            if heard == "offline":
                self._part.forget()
            if not isinstance(heard, str) and heard and (snap := self._known.at(message.at)):
                self._feed(snap)

    def _enter(self, session: int, mono_ms: int) -> None:
        """A new connection: who says only what has changed may have said so while nobody listened."""
        if session <= self._session:
            return
        if self._session and self._talk.changes_only:
            self._known.forget()
            self._part.forget()
            self._patient_until_ms = mono_ms
        self._session = session

    def _feed(self, snap: Snap) -> None:
        self._fed = snap.values
        self._part.feed(snap)

    def _failure(self, mono_ms: int) -> SensorError | None:
        if not self._line.connected:
            return self._without_broker(mono_ms)
        if self._known.online is False:
            self._patient_until_ms = mono_ms + self._silent_ms
            return SensorError("offline", "it has left its broker: has it power, does its network reach?")
        if self._known.explain():
            return SensorError("not_understood", "what it says cannot be; see waystation-edge read")
        if mono_ms >= self._patient_until_ms:
            return self._silence()
        return None

    def _without_broker(self, mono_ms: int) -> SensorError | None:
        self._patient_until_ms = mono_ms + self._silent_ms
        away_ms = mono_ms - (self._connected_ms or 0)
        if away_ms <= (GRACE_MS if self._line.session else PATIENCE_MS):
            return None
        # Whatever it does now is said to nobody.
        self._known.forget()
        self._part.forget()
        hint = f"{self._line.place}: {self._line.trouble or 'no answer yet; does the broker run?'}"
        return SensorError("no_broker", hint)

    def _silence(self) -> SensorError:
        if self._strange.last:
            return SensorError(
                "not_understood", "nothing is understood of what it says; see waystation-edge read"
            )
        if self._known.online:
            return SensorError("silent", f"it is there, but says nothing on {self._talk.measures}")
        return SensorError("silent", f"nobody publishes {self._talk.measures}: is that its topic?")

    def explain(self) -> Sequence[tuple[str, str, str]]:
        """What it last said, value by value: name, raw, meaning; then what is missing in it."""
        return [*self._known.explain(), *self._strange.lines(self._known.said)]

    def standing(self, now: Instant) -> Standing:
        """When it last spoke, and why it is unknown what goes on there."""
        return Standing(self._heard_ms, self._doubt(now.mono_ms))

    def _doubt(self, mono_ms: int) -> str:
        if not self._line.connected:
            return f"the broker is away: {self._line.place}: {self._line.trouble or 'no answer yet'}"
        if not self._known.said:
            return f"nothing is heard yet on {self._talk.measures}"
        return self._part.doubt(mono_ms)

    def verify(self) -> Verdict:
        """Listen for some seconds: whether the broker takes us, and the device is there."""
        self._line.start()
        said = self._listen()
        if not self._line.connected:
            return Verdict(False, f"{self._line.place}: {self._line.trouble or 'no answer'}")
        if self._known.online is False:
            return Verdict(False, "the broker says that it has left: has it power, does its network reach?")
        if not said:
            return Verdict(
                False, f"nobody publishes {self._talk.measures}: is that its topic?{self._others()}"
            )
        return self._misunderstood() or self.judge(said) or self._understood()

    def _misunderstood(self) -> Verdict | None:
        wrong = [line for line in self._known.explain() if line[2] == NOT_UNDERSTOOD]
        if not wrong:
            return None
        told = ", ".join(f"{name} is {raw}" for name, raw, _ in wrong[:MOST_NAMED])
        return Verdict(False, f"not all of what it says is understood: {told}; see waystation-edge read")

    def _understood(self) -> Verdict:
        missing = [name for name, _, _ in self._strange.lines(self._known.said)]
        if self._known.said and missing:
            named = ", ".join(missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
            return Verdict(True, f"it is there and is understood, but does not say: {named}")
        if self._known.said:
            return Verdict(True, "it is there and is understood")
        if self._strange.last:
            return Verdict(False, f"nothing is understood of what it says: {self._strange.last}")
        return Verdict(True, f"it is there; it measured nothing within {VERIFY_S:g} s, which may be its pace")

    def _others(self) -> str:
        found = others(self._line.place, self._clock, self._talk.others)
        if found:
            return f" There is: {', '.join(found)}"
        # A broker says yes to whoever wants to listen, and then lets nothing through.
        name = self._line.place.username
        return f" Nobody like it is heard: is it on, and may {name or 'a login without a name'} listen there?"

    def judge(self, said: Sequence[Message]) -> Verdict | None:
        """What one kind makes of all that a device that is there ``said`` within :data:`VERIFY_S`."""
        del said
        return None

    def _listen(self) -> list[Message]:
        said: list[Message] = []
        for _ in range(round(VERIFY_S / STEP_S)):
            self._clock.wait(STEP_S)
            said += self._waiting
            self._hear()
        return said

    def close(self) -> None:
        leave(self._line, self)


def read_silent_ms(options: Options, usual_s: float) -> int:
    """``silent_s``: after so long without a word on it a value is unknown."""
    return round(options.number("silent_s", default=usual_s, low=1, high=86_400) * 1000)


def check_topics(options: Options, key: str, topics: Sequence[str]) -> None:
    """Refuse ``key`` where a broker would refuse what is made of it."""
    if not all(map(is_topic, topics)):
        raise options.wrong(key, "part of an MQTT topic: printable, 200 characters in all")


def _place(options: Options) -> Place:
    username = options.text("username", default="")
    return Place(
        options.host("host", default="127.0.0.1"),
        options.whole("port", default=1883, low=1, high=65535),
        username,
        read_password(options) if username else "",
    )
