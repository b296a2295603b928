"""What the messages of a gateway mean, by a map: which topic, and which place in its JSON, is what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jsonpath import JSONPath, JSONPathError
from paho.mqtt.client import topic_matches_sub

from edge.sensors.mqtt_known import Heard, Missing, Said, number, parse, written
from edge.sensors.values import Number, Scale, Value


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value is found, and what it means.

    Attributes:
        topic: may hold MQTT's wildcards.
        path: RFC 9535; None for a message that is the value itself.
        scale, meant: of a quantity.
        words: of anything else: what each text means.
    """

    name: str
    slot: int
    topic: str
    path: JSONPath | None
    scale: Scale | None = None
    meant: Number | None = None
    words: Mapping[str, str] | None = None

    def find(self, payload: bytes, told: object) -> Said | None:
        """The value in a message, ``told`` being its JSON; None when it says nothing of it."""
        found = [_text(payload)] if self.path is None else _found(self.path, told)
        if len(found) != 1:
            return None
        raw = written(found[0])
        return Said(self.slot, self.name, raw, self._value(found[0], raw))

    def _value(self, found: object, raw: str) -> Value:
        if self.words is not None:
            return self.words.get(raw)
        assert self.scale is not None
        assert self.meant is not None
        said = number(found, -1e15, 1e15)
        scaled = None if said is None else round(said * self.scale.factor + self.scale.summand, 6)
        return number(scaled, self.meant.low, self.meant.high)


@dataclass(frozen=True, slots=True)
class GatewayMap:
    """All about one kind of gateway.

    Attributes:
        slots: of a cabinet; 0 for a socket.
        changes_only: it leaves out what is as it was.
        availability: its words are ``online`` and ``offline``; None when nothing says so.
    """

    name: str
    slots: int
    changes_only: bool
    sources: tuple[Source, ...]
    availability: Source | None = None


class MapTalk:
    """What the messages of a gateway mean."""

    def __init__(self, gateway: GatewayMap) -> None:
        self.changes_only = gateway.changes_only
        self._sources, self._availability = gateway.sources, gateway.availability
        own = [gateway.availability] if gateway.availability else []
        self.topics: Sequence[str] = tuple(dict.fromkeys(each.topic for each in (*own, *gateway.sources)))
        self.measures = gateway.sources[0].topic
        self.others: Sequence[str] = ("#",)  # a gateway's topics may be anything
        self.expects: Sequence[Missing] = [
            Missing(each.slot, each.name, each.topic, str(each.path)) for each in gateway.sources if each.path
        ]

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> Heard:
        """One message; a retained measurement may be of any age and says nothing."""
        told = parse(payload)
        if self._availability and topic_matches_sub(self._availability.topic, topic):
            there = self._availability.find(payload, told)
            if there and there.value in ("online", "offline"):
                return "online" if there.value == "online" else "offline"
        return () if retained else list(self._said(topic, payload, told))

    def _said(self, topic: str, payload: bytes, told: object) -> Iterable[Said]:
        for source in self._sources:
            if topic_matches_sub(source.topic, topic) and (said := source.find(payload, told)):
                yield said


def _found(path: JSONPath, told: object) -> list[object]:
    if not isinstance(told, (dict, list)):
        return []
    try:
        return list(path.findall(told))
    except JSONPathError:  # nested deeper than it goes
        return []


def _text(payload: bytes) -> str:
    return payload.decode("utf-8", "replace").strip()
