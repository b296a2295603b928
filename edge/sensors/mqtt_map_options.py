"""The keys of a gateway's map, in the station file or in a file of its own, read into a map."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import jsonpath
from jsonpath import JSONPath, JSONPathError

from contract.messages import MAX_UNITS
from edge.options import ConfigError, Options
from edge.sensors.mqtt_line import is_topic
from edge.sensors.mqtt_sources import GatewayMap, Source
from edge.sensors.values import (
    CABINET_VALUES,
    SLOT_VALUES,
    SOCKET_VALUES,
    STATES,
    Meant,
    read_scale,
    read_words,
)

_PRESENCE: Final = ("online", "offline")
_EXAMPLE: Final = '{ "0" = "no", "1" = "yes" }'
_TOPIC: Final = "an MQTT topic of at most 200 characters; + and # only as a whole level"
_SOURCE_KEYS: Final = ("value", "topic", "path", "scale", "unit", "values")


def read_map(options: Options, device: str) -> GatewayMap:
    """A whole map; ``device`` stands for ``{device}`` in its topics and paths.

    Raises:
        ConfigError: naming the file, the table, the key, its value and what is allowed.
    """
    options.only("name", "device", "slots", "changes_only", "availability", "value", "slot_value")
    cabinet = options.choice("device", ("socket", "cabinet")) == "cabinet"
    slots = options.whole("slots", low=1, high=MAX_UNITS) if cabinet else 0
    if not cabinet and (options.has("slots") or options.has("slot_value")):
        raise options.wrong("slot_value", 'slots only with device = "cabinet"')
    return GatewayMap(
        options.text("name", default=""),
        slots,
        options.flag("changes_only", default=False),
        _sources(options, slots, device),
        _availability(options, device) if options.has("availability") else None,
    )


def _sources(options: Options, slots: int, device: str) -> tuple[Source, ...]:
    found = [
        _source(table, CABINET_VALUES if slots else SOCKET_VALUES, {"device": device})
        for table in options.tables("value")
    ]
    for table in options.tables("slot_value"):
        if "{n}" not in table.text("topic") + table.text("path", default=""):
            raise table.wrong("path", "{n}, the slot's number, in topic or path")
        found += [
            _source(table, SLOT_VALUES, {"device": device, "n": str(slot)}, slot)
            for slot in range(1, slots + 1)
        ]
    if slots and not any(source.slot for source in found):
        raise ConfigError(options.where, "slot_value", None, "at least one [[slot_value]]")
    if not slots and not {source.name for source in found} & set(STATES):
        raise ConfigError(options.where, "value", None, f"a [[value]] with one of {', '.join(STATES)}")
    return tuple(_apart(source, number) for number, source in enumerate(found))


def _apart(source: Source, number: int) -> Source:
    """Each alarm stands by itself: what one source calls well must not end what another one tells of."""
    return replace(source, name=f"alarm:{number}") if source.name == "alarm" else source


def _source(
    table: Options, kinds: Mapping[str, Meant], stands_for: Mapping[str, str], slot: int = 0
) -> Source:
    table.only(*_SOURCE_KEYS)
    name = table.choice("value", tuple(kinds))
    topic, path = _topic(table, stands_for), _path(table, stands_for)
    meant = kinds[name]
    if isinstance(meant, tuple):
        return Source(name, slot, topic, path, words=read_words(table, meant, _EXAMPLE))
    return Source(name, slot, topic, path, read_scale(table, meant), meant)


def _availability(options: Options, device: str) -> Source:
    table = options.table("availability")
    table.only("topic", "path", "values")
    stands_for = {"device": device}
    words = read_words(table, _PRESENCE, '{ "Online" = "online", "Offline" = "offline" }')
    return Source("availability", 0, _topic(table, stands_for), _path(table, stands_for), words=words)


def _topic(table: Options, stands_for: Mapping[str, str]) -> str:
    topic = _filled(table, "topic", table.text("topic", allowed=_TOPIC), stands_for)
    if not is_topic(topic):
        raise table.wrong("topic", _TOPIC)
    return topic


def _path(table: Options, stands_for: Mapping[str, str]) -> JSONPath | None:
    if not table.has("path"):
        return None
    path = _filled(table, "path", table.text("path", pattern=r"\$.+", allowed="a JSONPath"), stands_for)
    try:
        compiled = jsonpath.compile(path)
    except JSONPathError as error:
        raise table.wrong("path", f"a JSONPath ({str(error).splitlines()[0]})") from None
    if not isinstance(compiled, JSONPath):
        raise table.wrong("path", "one JSONPath")
    return compiled


def _filled(table: Options, key: str, text: str, stands_for: Mapping[str, str]) -> str:
    for name, value in stands_for.items():
        if f"{{{name}}}" in text and not value:
            raise table.wrong(key, f"no {{{name}}}, or a {name} in the sensor's table")
        text = text.replace(f"{{{name}}}", value)
    return text
