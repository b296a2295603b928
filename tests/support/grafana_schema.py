"""Grafana's schema of dashboards, as ``grafana-foundation-sdk`` carries it: classes made from its CUE kinds.

Two ways to be wrong: a key that no class knows (it is gone when the JSON is read and written again), and a
value of another type or outside its enumeration (the classes do not look, so this does). Covered are the
dashboard, its variables and links, and each panel's options and field configuration. Not covered are the
queries (there is no kind for InfluxDB's) and what the kinds leave open: transformations, overrides, the
style of a map's layer.
"""

import enum
import json
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import panelcfg_config
from grafana_foundation_sdk.models.dashboard import Dashboard


def problems(board: dict[str, Any]) -> list[str]:
    """What Grafana's schema has against it."""
    register_default_plugins()
    unknown = [
        f"{panel['type']}: no such panel" for panel in board["panels"] if not panelcfg_config(panel["type"])
    ]
    read = Dashboard.from_json(board)
    return [*unknown, *_lost(board, _again(read), ""), *_wrong(read, Dashboard, "")]


def _again(read: object) -> Any:
    """The JSON that was read, written again."""
    return json.loads(json.dumps(read, cls=JSONEncoder))


def _lost(before: Any, after: Any, where: str) -> Iterator[str]:
    """What was in the JSON and is no more."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from _lost(value, after[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}: no such key"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from _lost(*pair, f"{where}[{number}]")
    elif before != after:
        yield f"{where}: {before!r} became {after!r}"


def _wrong(value: Any, hint: Any, where: str) -> Iterator[str]:
    """Values that are not what the class says of them."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        found = [list(_wrong(value, each, where)) for each in inner]
        if all(found):  # of the alternatives the one that fits furthest down
            yield from max(found, key=lambda each: len(each[0].partition(":")[0]))
    elif origin is list:
        yield from _each(value, inner[0], where)
    elif origin is dict:
        yield from _each_value(value, inner[1], where)
    elif isinstance(value, dict) and hasattr(hint, "from_json"):  # some are left as they were read
        read = hint.from_json(value)
        yield from [*_lost(value, _again(read), where), *_wrong(read, hint, where)]
    elif not _fits(value, hint):
        yield f"{where}: {value!r} is no {hint}"
    elif hasattr(value, "to_json"):
        for name, each in get_type_hints(type(value)).items():
            if hasattr(value, name):
                yield from _wrong(getattr(value, name), each, f"{where}.{name}")


def _each_value(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    for key, each in value.items():
        yield from _wrong(each, hint, f"{where}.{key}")


def _each(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for number, each in enumerate(value):
        yield from _wrong(each, hint, f"{where}[{number}]")


def _fits(value: Any, hint: Any) -> bool:
    if hint in (Any, object):
        return True
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if not isinstance(hint, type):
        return True
    if issubclass(hint, enum.Enum):
        return value in [each.value for each in hint]
    if hint in (int, float):
        whole = hint is int and isinstance(value, float)
        return isinstance(value, int | float) and not isinstance(value, bool) and not whole
    return isinstance(value, hint)
