"""The form of alert thresholds: what each is of, in units that people read, and what was typed. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from server.alerts import kinds
from server.alerts.kinds import AlertThresholds
from server.web.text import Text

_MINUTE_MS: Final = 60_000
_NUMBER: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?", re.ASCII)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "air": ("too_hot_c", "too_hot_feels_c", "too_cold_c", "comfort_hysteresis_c", "cooled_c", "warming_c"),
    "people": (
        "over_capacity_pct",
        "over_capacity_hysteresis_pct",
        "drift_days",
        "drift_people",
        "drift_pct",
    ),
    "sensors": ("flat_ms", "flat_whole_ms", "jump_c", "jump_pct", "jumps"),
    "power": ("overload_ac_w", "overload_usb_w", "overload_hysteresis_pct", "overheat_hysteresis_c"),
    "line": (
        "unheard_ms",
        "lost_link_ms",
        "district_stations",
        "district_pct",
        "backlog_rows",
        "lost_hold_ms",
        "rejected_messages",
    ),
    "machine": (
        "pi_hot_c",
        "pi_hot_hysteresis_c",
        "disk_free_pct",
        "disk_hysteresis_pct",
        "health_fresh_ms",
    ),
}
"""Every threshold once, by what it is about."""
KINDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "too_hot_c": ("too_hot",),
    "too_hot_feels_c": ("too_hot",),
    "too_cold_c": ("too_cold",),
    "comfort_hysteresis_c": ("too_hot", "too_cold"),
    "cooled_c": ("cooling_failing",),
    "warming_c": ("cooling_failing",),
    "over_capacity_pct": ("over_capacity",),
    "over_capacity_hysteresis_pct": ("over_capacity",),
    "flat_ms": ("sensor_flat",),
    "flat_whole_ms": ("sensor_flat",),
    "jump_c": ("sensor_jumping",),
    "jump_pct": ("sensor_jumping",),
    "jumps": ("sensor_jumping",),
    "drift_days": ("counts_drifting",),
    "drift_people": ("counts_drifting",),
    "drift_pct": ("counts_drifting",),
    "overload_ac_w": ("socket_overload",),
    "overload_usb_w": ("socket_overload",),
    "overload_hysteresis_pct": ("socket_overload",),
    "overheat_hysteresis_c": ("cabinet_overheat",),
    "pi_hot_c": ("pi_hot",),
    "pi_hot_hysteresis_c": ("pi_hot",),
    "disk_free_pct": ("pi_disk_filling",),
    "disk_hysteresis_pct": ("pi_disk_filling",),
    "backlog_rows": ("outbox_backlog",),
    "health_fresh_ms": ("pi_undervoltage", "pi_hot", "pi_disk_filling", "outbox_backlog", "data_lost"),
    "lost_hold_ms": ("data_lost",),
    "unheard_ms": ("station_offline",),
    "lost_link_ms": ("station_offline",),
    "rejected_messages": ("messages_rejected",),
    "district_stations": ("district_offline",),
    "district_pct": ("district_offline",),
}
"""The kinds of alert that a threshold decides on; ``docs/alerts.md`` says how, and the tests compare."""
_WHOLE: Final = frozenset(field.name for field in fields(AlertThresholds) if field.type is int)


@dataclass(frozen=True, slots=True)
class Row:
    """One threshold in the form; numbers as people read them.

    Attributes:
        default: of the program. ``inherited``: what holds where nothing of its own is set, and ``own``.
        typed: what stands in the field.
        wrong: why that is not taken, "" when it is.
    """

    key: str
    unit: str
    kinds: tuple[str, ...]
    default: str
    inherited: str
    own: str
    least: str
    most: str
    typed: str = ""
    wrong: str = ""


def read(form: Mapping[str, str]) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers that were typed, and by key what is no possible number; an empty field is no number."""
    numbers: dict[str, float] = {}
    wrong: dict[str, str] = {}
    for key in KINDS_OF:
        text = form.get(key, "").strip().replace("，", ".").replace("。", ".")
        if not text or form.get("reset") == key:
            continue
        value = _number(key, text)
        if value is None:
            wrong[key] = "whole" if key in _WHOLE and not key.endswith("_ms") else "number"
            continue
        low, high = kinds.possible(key)
        if low <= value <= high:
            numbers[key] = value
        else:
            wrong[key] = "range"
    return numbers, wrong


def together(limits: AlertThresholds) -> dict[str, str]:
    """By key what cannot be beside the others: a room may not be too hot and too cold at once."""
    back_c = limits.comfort_hysteresis_c
    wrong = {}
    if limits.too_cold_c + back_c >= limits.too_hot_c - back_c:
        wrong["too_cold_c"] = "crossed"
    if limits.lost_link_ms > limits.unheard_ms:
        wrong["lost_link_ms"] = "later"
    return wrong


def rows(
    inherited: AlertThresholds,
    own: Mapping[str, float],
    text: Text,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> dict[str, list[Row]]:
    """The whole form by groups; ``typed``: what was sent, when it was not taken."""
    return {
        group: [
            replace(
                _row(key, inherited, own, text),
                typed=plain(key, own[key]) if typed is None and key in own else (typed or {}).get(key, ""),
                wrong=(wrong or {}).get(key, ""),
            )
            for key in keys
        ]
        for group, keys in GROUPS.items()
    }


def plain(key: str, value: float) -> str:
    """A number as it stands in a field: milliseconds as minutes, no needless decimals."""
    return f"{value / _MINUTE_MS if key.endswith('_ms') else value:.10g}"


def _row(key: str, inherited: AlertThresholds, own: Mapping[str, float], text: Text) -> Row:
    low, high = kinds.possible(key)
    return Row(
        key,
        text(f"staff.thresholds.unit.{key}"),
        KINDS_OF[key],
        plain(key, getattr(AlertThresholds(), key)),
        plain(key, getattr(inherited, key)),
        plain(key, own[key]) if key in own else "",
        plain(key, low),
        plain(key, high),
    )


def _number(key: str, text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    if key.endswith("_ms"):
        return round(float(text) * _MINUTE_MS)
    if key in _WHOLE:
        return int(text) if "." not in text else None
    return float(text)
