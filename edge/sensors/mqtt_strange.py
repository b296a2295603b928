"""What a device says over MQTT that nobody understands, told to people; and who else speaks at its broker."""

from collections.abc import Collection, Sequence
from typing import Final

from paho.mqtt.client import topic_matches_sub

from edge.clock import Clock
from edge.sensors.mqtt_known import Heard, Missing, Talk
from edge.sensors.mqtt_line import Line, Message, Place

MOST_TOPICS: Final = 64
"""Topics that are remembered; a gateway may have one for each slot."""

MOST_SHOWN: Final = 60
"""Characters of a message."""

MOST_OTHERS: Final = 6
OTHERS_S: Final = 3.0
STEP_S: Final = 0.1


class Strange:
    """What one device said, as far as it told nothing."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._topics: set[str] = set()
        self._last: tuple[str, str] | None = None
        self._understood = False

    def note(self, message: Message, heard: Heard) -> None:
        """One message, and what was understood of it; a retained one counts for nothing anyhow."""
        if message.retained:
            return
        if len(self._topics) < MOST_TOPICS:
            self._topics.add(message.topic)
        if heard and not isinstance(heard, str):
            self._understood, self._last = True, None
        elif not heard and (not self._understood or message.topic == self._talk.measures):
            text = message.payload[: 4 * MOST_SHOWN].decode("utf-8", "replace")
            self._last = (message.topic, _on_one_line(text))

    @property
    def last(self) -> str:
        """The last message of which nothing was understood, with its topic; empty without one.

        Of a device that was understood only a measurement since counts: it may tell much that is nobody's.
        """
        return " ".join(self._last) if self._last else ""

    def lines(self, known: Collection[tuple[int, str]]) -> list[tuple[str, str, str]]:
        """What is missing in what it said, as :meth:`MqttDevice.explain` tells it: name, raw, meaning."""
        if self._last and not known:
            return [(*self._last, "nothing understood")]
        missing = [
            each
            for each in self._talk.expects
            if (each.slot, each.name) not in known
            and any(topic_matches_sub(each.topic, topic) for topic in self._topics)
        ]
        silent = {each.slot for each in missing} - {slot for slot, _ in known} - {0}
        first = {slot: next(each for each in missing if each.slot == slot) for slot in sorted(silent)}
        single = [_line(each.label, each) for each in missing if each.slot not in silent]
        return single + [_line(f"slot {slot}", each) for slot, each in first.items()]


def _line(label: str, missing: Missing) -> tuple[str, str, str]:
    return label, "-", f"nothing found at {missing.path}"


def _on_one_line(text: str) -> str:
    """Shortened, on one line, without what steers a terminal."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


class _Ear:
    """Whoever speaks."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = topics
        self.heard: dict[str, None] = {}

    def take_in(self, message: Message) -> None:
        if len(self.heard) < MOST_TOPICS:
            self.heard[_on_one_line(message.topic)] = None


def others(place: Place, clock: Clock, topics: Sequence[str]) -> list[str]:
    """Topics like ``topics`` on which somebody speaks there, after listening for :data:`OTHERS_S`."""
    ear, line = _Ear(topics), Line(place, clock)
    line.join(ear)
    line.start()
    for _ in range(round(OTHERS_S / STEP_S)):
        clock.wait(STEP_S)
    line.leave(ear)
    return sorted(ear.heard)[:MOST_OTHERS]
