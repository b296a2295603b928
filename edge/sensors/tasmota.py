"""A smart plug with Tasmota, by what it publishes: energy, switch, whether it is there.

Tasmota's own times have no zone, so a word counts from its arrival.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from edge.clock import Clock
from edge.config import SensorEntry
from edge.sensors.device_parts import SocketPart
from edge.sensors.mqtt_device import BROKER_KEYS, MqttDevice, check_topics, read_silent_ms
from edge.sensors.mqtt_known import SWITCHED_OFF, Heard, Missing, Said, number, parse, written
from edge.sensors.power import LIMIT_KEYS, SAFETY_KEYS
from edge.sensors.values import SOCKET_VALUES, Number

SILENT_S: Final = 660.0
"""Twice the plug's usual TelePeriod of 300 s, and a minute."""

_ENERGY: Final = {
    "Power": "power_w",
    "Voltage": "voltage_v",
    "Current": "current_a",
    "Factor": "power_factor",
}
_SHARED: Final = "Voltage"
"""What one number may tell of all channels; one number for the power of several is nobody's."""
_SWITCH: Final = {"ON": "yes", "OFF": "no"}
_THERE: Final[Mapping[bytes, Heard]] = {b"Online": "online", b"Offline": "offline"}


class TasmotaTalk:
    """What the messages of one channel of a plug mean.

    Args:
        full_topic: as in the plug, with ``%prefix%`` and ``%topic%``.
        topic: the plug's own.
        channel: from 1 on; plugs with one socket have only that.
    """

    changes_only = False
    others: Sequence[str] = ("tele/+/LWT", "+/tele/LWT")
    expects: Sequence[Missing] = ()

    def __init__(self, full_topic: str, topic: str, channel: int) -> None:
        whole = full_topic.replace("%topic%", topic).rstrip("/") + "/"
        self._telemetry, self._answers = whole.replace("%prefix%", "tele"), whole.replace("%prefix%", "stat")
        self._channel = channel
        self._switches = (f"POWER{channel}", "POWER") if channel == 1 else (f"POWER{channel}",)
        self.measures = f"{self._telemetry}SENSOR"
        self.topics: Sequence[str] = (
            *(f"{self._telemetry}{name}" for name in ("LWT", "SENSOR", "STATE")),
            *(f"{self._answers}{name}" for name in ("RESULT", *self._switches)),
        )

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> Heard:
        """One message; a retained measurement may be of any age and says nothing."""
        prefix, name = topic[: topic.rindex("/") + 1], topic[topic.rindex("/") + 1 :]
        if name == "LWT":
            return _THERE.get(payload, ())
        if retained:
            return ()
        if prefix == self._answers and name in self._switches:
            return self._switch(payload.decode("ascii", "replace"))
        told = parse(payload)
        if not isinstance(told, dict):
            return ()
        energy = told.get("ENERGY") if name == "SENSOR" else None
        found = list(self._energy(energy)) if isinstance(energy, dict) else []
        return found + [said for key in self._switches if key in told for said in self._switch(told[key])]

    def _switch(self, word: object) -> list[Said]:
        switched = _SWITCH.get(word) if isinstance(word, str) else None
        if switched != "no":
            return [Said(0, "on", written(word), switched)]
        # What the meter said while it was on holds no longer; it says nothing of its own at this moment.
        return [Said(0, "on", written(word), switched), Said(0, "power_w", SWITCHED_OFF, None)]

    def _energy(self, energy: Mapping[str, object]) -> Sequence[Said]:
        found = []
        for key, name in _ENERGY.items():
            said = energy.get(key)
            if isinstance(said, list):
                said = said[self._channel - 1] if len(said) >= self._channel else None
            elif self._channel > 1 and key != _SHARED:
                said = None
            if said is not None:
                meant = SOCKET_VALUES[name]
                assert isinstance(meant, Number)
                found.append(Said(0, name, written(said), number(said, meant.low, meant.high)))
        return found


class Tasmota(MqttDevice):
    """One channel of a plug: one socket."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only(
            *("topic", "full_topic", "channel", "silent_s", "label", "socket_kind"),
            *(*BROKER_KEYS, *LIMIT_KEYS, *SAFETY_KEYS),
        )
        talk = TasmotaTalk(
            options.text(
                "full_topic",
                default="%prefix%/%topic%/",
                pattern=r"[^#+]*%prefix%[^#+]*",
                allowed="as in the plug, with %prefix% and %topic%",
            ),
            options.text("topic", pattern=r"[^#+]+", allowed="the plug's topic, without wildcards"),
            options.whole("channel", default=1, low=1, high=32),
        )
        check_topics(options, "topic", talk.topics)
        silent_ms = read_silent_ms(options, SILENT_S)
        super().__init__(entry, clock, talk, SocketPart(entry.id, options, silent_ms), silent_ms)
