"""A smart plug of Shelly's second generation or later, by what it publishes over MQTT.

Its notifications hold only what has changed; they are laid over what is known. Its times are left alone: a
word counts from its arrival.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from edge.clock import Clock
from edge.config import SensorEntry
from edge.sensors import Verdict
from edge.sensors.device_parts import SocketPart
from edge.sensors.mqtt_device import BROKER_KEYS, MqttDevice, check_topics, read_silent_ms
from edge.sensors.mqtt_known import Heard, Missing, Said, number, parse, written
from edge.sensors.mqtt_line import Message
from edge.sensors.power import LIMIT_KEYS, SAFETY_KEYS
from edge.sensors.values import SOCKET_VALUES, Number

SILENT_S: Final = 200.0
"""A metered plug tells its energy each minute: three of these, and some."""

_NUMBERS: Final = {"apower": "power_w", "voltage": "voltage_v", "current": "current_a", "pf": "power_factor"}
_ERRORS: Final = {
    "overtemp": "hot",
    "overpower": "overload",
    "overvoltage": "overvoltage",
    "undervoltage": "low_voltage",
}
_THERE: Final[Mapping[bytes, Heard]] = {b"true": "online", b"false": "offline"}
_YES_NO: Final = {True: "yes", False: "no"}
_COMPONENT: Final = re.compile(r"[a-z0-9]{1,16}:\d{1,2}")
_CHANGES: Final = "NotifyStatus"
_WHOLE: Final = "NotifyFullStatus"


class ShellyTalk:
    """What the messages of one component of a plug mean.

    Args:
        prefix: the plug's MQTT prefix.
        component: e.g. ``switch:0``; ``pm1:0`` of a meter without a relay.
    """

    changes_only = True
    others: Sequence[str] = ("+/online",)
    expects: Sequence[Missing] = ()

    def __init__(self, prefix: str, component: str) -> None:
        self.component = component
        self.online, self.events = f"{prefix}/online", f"{prefix}/events/rpc"
        self.measures = self.status = f"{prefix}/status/{component}"
        self.topics: Sequence[str] = (self.online, self.events, self.status)

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> Heard:
        """One message; a retained measurement may be of any age and says nothing."""
        if topic == self.online:
            return _THERE.get(payload, ())
        told = None if retained else parse(payload)
        whole = topic == self.status or (isinstance(told, dict) and told.get("method") == _WHOLE)
        if topic == self.events:
            told = self.notified(told)
        return _said(told, whole=whole) if isinstance(told, dict) else ()

    def notified(self, told: object) -> object:
        """What a notification says of this component; None when nothing."""
        if not isinstance(told, dict) or told.get("method") not in (_CHANGES, _WHOLE):
            return None
        params = told.get("params")
        return params.get(self.component) if isinstance(params, dict) else None

    def other_meters(self, said: Sequence[Message]) -> Sequence[str]:
        """Components of another type that measure: of this type there may be several, and some are quiet."""
        own = self.component.partition(":")[0]
        heard = (parse(message.payload) for message in said if message.topic == self.events)
        params = [told.get("params") for told in heard if isinstance(told, dict)]
        parts = [item for each in params if isinstance(each, dict) for item in each.items()]
        meters = {key for key, status in parts if isinstance(status, dict) and "apower" in status}
        return sorted(each for each in meters if _COMPONENT.fullmatch(each) and each.partition(":")[0] != own)


def _said(status: Mapping[str, object], *, whole: bool) -> list[Said]:
    found = [_number(name, status[key]) for key, name in _NUMBERS.items() if key in status]
    if isinstance(heat := status.get("temperature"), dict) and "tC" in heat:
        found.append(_number("temperature_c", heat["tC"]))
    if isinstance(energy := status.get("aenergy"), dict) and "total" in energy:
        found.append(_number("energy_wh", energy["total"]))
    if "output" in status:
        output = status["output"]
        found.append(
            Said(0, "on", written(output), _YES_NO.get(output) if isinstance(output, bool) else None)
        )
    if whole or "errors" in status:
        found += _alarms(status.get("errors"))
    return found


def _alarms(errors: object) -> list[Said]:
    """Without errors the key is left out of a whole status, and null in the change that tells their end."""
    listed = [] if errors is None else errors
    if not isinstance(listed, list):
        return []
    return [
        Said(0, f"alarm:{error}", str(error in listed).lower(), code if error in listed else "none")
        for error, code in _ERRORS.items()
    ]


def _number(name: str, said: object) -> Said:
    meant = SOCKET_VALUES[name]
    assert isinstance(meant, Number)
    return Said(0, name, written(said), number(said, meant.low, meant.high))


class Shelly(MqttDevice):
    """One component of a plug: one socket."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals
        options = entry.read_options()
        options.only(
            *("prefix", "component", "silent_s", "label", "socket_kind"),
            *(*BROKER_KEYS, *LIMIT_KEYS, *SAFETY_KEYS),
        )
        self._shelly = ShellyTalk(
            options.text("prefix", pattern=r"[^#+]+", allowed="the plug's MQTT prefix, without wildcards"),
            options.text(
                "component",
                default="switch:0",
                pattern=_COMPONENT.pattern,
                allowed="a component with its number, e.g. switch:0 or pm1:0",
            ),
        )
        check_topics(options, "prefix", self._shelly.topics)
        silent_ms = read_silent_ms(options, SILENT_S)
        super().__init__(entry, clock, self._shelly, SocketPart(entry.id, options, silent_ms), silent_ms)

    def judge(self, said: Sequence[Message]) -> Verdict | None:
        """Whether the whole status comes too (``status_ntf``), which is off in a plug that is new."""
        topics = {message.topic for message in said if not message.retained}
        notified = any(
            message.topic == self._shelly.events and self._shelly.notified(parse(message.payload))
            for message in said
        )
        if meters := self._shelly.other_meters(said):
            text = f"it measures at {', '.join(meters)}, and not at {self._shelly.component}: see component"
            return Verdict(False, text)
        if self._shelly.status in topics:
            return Verdict(True, "it is there, and tells its whole status") if self._known.said else None
        if notified:
            return Verdict(
                False, "status_ntf is off: it tells changes only; switch 'Generic status update' on"
            )
        return Verdict(
            True,
            "it is there, but nothing has changed meanwhile: whether status_ntf is on cannot be known; "
            "plug something in and check again",
        )
