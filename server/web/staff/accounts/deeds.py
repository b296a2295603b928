"""What an entry of the audit log says besides who, what and when: as names and plain words. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from server.accounts.audit import Entry
from server.web.staff import times
from server.web.staff.alerts import limit_form
from server.web.staff.alerts.words import reason_of
from server.web.text import Text

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "role": ("staff.role",),
    "kind": ("staff.channels.kind", "notify.kind", "served.number"),
    "kinds": ("notify.kind",),
    "severities": ("notify.head",),
    "severity": ("notify.head",),
    "language": ("staff.receivers.language",),
    "address": ("staff.audit.is",),
    "secret": ("staff.audit.is",),
    "reason": ("notify.refused",),
    "access": ("staff.notices.access",),
}
"""Values that are codes, with the beginnings of the strings that say them."""
_JSON: Final = frozenset({"takes", "quiet"})
"""Values of receivers that are JSON in a string."""
_APART: Final = {"places": " / ", "takes": " / "}


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called.

    Attributes:
        people, stations, networks: by id, in the reader's language; ``others``: channels and receivers.
        zone: time zone that moments are told in.
    """

    people: Mapping[str, str]
    stations: Mapping[str, str]
    networks: Mapping[str, str]
    others: Mapping[str, str]
    zone: str

    def of(self, name: str, id_: str) -> str:
        """What stands for an id below that name of a value; anything else as it is."""
        tables = {
            "station": self.stations,
            "stations": self.stations,
            "network": self.networks,
            "networks": self.networks,
        }
        return tables.get(name, self.others).get(id_, id_)


@dataclass(frozen=True, slots=True)
class Said:
    """A name or a value; ``path``: of the page about it, "" where there is none."""

    text: str
    path: str = ""


def whom(text: Text, entry: Entry, names: Names) -> Said:
    """Whom or what it was done to; nothing where that has only a number that nobody knows it by."""
    group = entry.what.partition(".")[0]
    if group == "alert":
        kind = text.known("notify.kind", str(entry.values.get("kind", entry.whom)))
        return Said(kind, f"/staff/alerts/{entry.whom}")
    if group == "notice":
        return Said(text("staff.audit.notice", id=entry.whom), f"/staff/notices/{entry.whom}")
    if group == "served":
        return Said(text("staff.audit.served", id=entry.whom))
    if group in ("silence", "maintenance") or entry.whom == entry.by:
        return Said("")
    if entry.whom in names.stations and group in ("thresholds", "occupancy"):
        return _station(entry.whom, names)
    tables = {"user": names.people, "session": names.people, "thresholds": names.networks}
    return Said(tables.get(group, names.others).get(entry.whom, entry.whom))


def told(text: Text, values: Mapping[str, object], names: Names) -> Iterator[tuple[str, Said]]:
    """What it says, by name."""
    for name, value in _whole(text, _flat(values)).items():
        known = json.loads(str(value)) if name in _JSON and value else value
        if name == "station" and value in names.stations:
            yield _label(text, name), _station(str(value), names)
        else:
            yield _label(text, name), Said(_plain(text, name, known, names))


def _station(station_id: str, names: Names) -> Said:
    return Said(names.stations[station_id], f"/staff/stations/{station_id}")


def _flat(values: Mapping[str, object]) -> Mapping[str, object]:
    """Of an alert's subject where and which part; its kind is said already."""
    if "scope" not in values:
        return values
    where = {str(values["scope"]): values.get("id"), "unit": values.get("unit")}
    rest = {name: value for name, value in values.items() if name not in ("kind", "scope", "id", "unit")}
    return {name: value for name, value in where.items() if value} | rest


def _whole(text: Text, values: Mapping[str, object]) -> Mapping[str, object]:
    """A usual reason and the words beside it as one reason."""
    if "preset" not in values:
        return values
    reason = reason_of(text, str(values["preset"]), str(values.get("reason", "")))
    named = {"reason" if name == "preset" else name: value for name, value in values.items()}
    return named | {"reason": reason}


def _label(text: Text, name: str) -> str:
    """What a value is; a limit is called what it is called where it is set."""
    if name in limit_form.KINDS_OF:
        return text(f"staff.thresholds.key.{name}")
    return text.known("staff.audit.value", name)


def _plain(text: Text, name: str, value: object, names: Names) -> str:
    """A value in one line; what is empty inside of it is left out."""
    if isinstance(value, bool):
        return text("staff.audit.yes" if value else "staff.audit.no")
    if isinstance(value, list):
        apart = _APART.get(name, text("list.separator"))
        return apart.join(_item(text, name, each, names) for each in value) or text("staff.audit.nothing")
    if isinstance(value, dict):
        return _pairs(text, value, names)
    return _limit(text, name, value) if name in limit_form.KINDS_OF else _single(text, name, value, names)


def _single(text: Text, name: str, value: object, names: Names) -> str:
    """A number or a word."""
    if value in (None, ""):
        return text("staff.audit.nothing")
    if isinstance(value, int):
        return _number(text, name, value, names)
    return names.of(name, _word(text, name, str(value)))


def _number(text: Text, name: str, value: int, names: Names) -> str:
    if name.endswith("_ms"):
        return times.moment(text, value, names.zone)
    return f"{value // 60}:{value % 60:02}" if name.endswith("_min") else str(value)


def _limit(text: Text, name: str, value: object) -> str:
    """A limit with its unit; None is that which holds where none is set."""
    if not isinstance(value, int | float):
        return text("staff.audit.usual")
    return f"{limit_form.plain(name, value)} {text(f'staff.thresholds.unit.{name}')}"


def _item(text: Text, name: str, value: object, names: Names) -> str:
    """One of several; a place is a network with its district, if it has one."""
    if isinstance(value, list):
        network, *district = (str(each) for each in value if each != "")
        return " · ".join([*district, names.networks.get(network, network)])
    return _plain(text, name, value, names)


def _pairs(text: Text, values: Mapping[str, object], names: Names) -> str:
    pairs = (
        text("staff.audit.pair", name=_label(text, name), value=_plain(text, name, each, names))
        for name, each in values.items()
        if each not in ([], "", None)
    )
    return text("list.separator").join(pairs) or text("staff.receivers.everything")


def _word(text: Text, name: str, code: str) -> str:
    """What stands for a code; the code where nothing does."""
    said = (text.known(prefix, code) for prefix in _WORDS.get(name, ()))
    return next((word for word in said if word != code), code)
