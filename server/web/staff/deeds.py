"""What an entry of the audit log says besides who, what and whom: as names and plain words. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from server.web.text import Text

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "role": ("staff.role",),
    "kind": ("staff.channels.kind", "notify.kind"),
    "kinds": ("notify.kind",),
    "severities": ("notify.head",),
    "severity": ("notify.head",),
    "language": ("staff.receivers.language",),
    "address": ("staff.audit.is",),
    "secret": ("staff.audit.is",),
    "reason": ("notify.refused",),
}
"""Values that are codes, with the beginnings of the strings that say them."""
_IDS: Final = frozenset({"channel", "second"})
_JSON: Final = frozenset({"takes", "quiet"})
"""Values of receivers that are JSON in a string."""
_APART: Final = {"places": "; ", "takes": "; "}


def told(text: Text, values: Mapping[str, object], named: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """What it says, by name. ``named``: the name of what has an id."""
    for name, value in values.items():
        known = json.loads(str(value)) if name in _JSON and value else value
        said = named(str(value)) if name in _IDS and value else _plain(text, name, known)
        yield text.known("staff.audit.value", name), said


def _plain(text: Text, name: str, value: object) -> str:
    """A value in one line; what is empty inside of it is left out."""
    if isinstance(value, bool):
        return text("staff.audit.yes" if value else "staff.audit.no")
    if isinstance(value, list):
        apart = _APART.get(name, text("list.separator"))
        return apart.join(_item(text, name, each) for each in value) or text("staff.audit.nothing")
    if isinstance(value, dict):
        return _pairs(text, value)
    if value in (None, ""):
        return text("staff.audit.nothing")
    if name.endswith("_min") and isinstance(value, int):
        return f"{value // 60}:{value % 60:02}"
    return _word(text, name, str(value))


def _item(text: Text, name: str, value: object) -> str:
    """One of several; a place is a network with its district, if it has one."""
    if isinstance(value, list):
        return "/".join(str(each) for each in value if each != "")
    return _plain(text, name, value)


def _pairs(text: Text, values: Mapping[str, object]) -> str:
    pairs = (
        f"{text.known('staff.audit.value', name)}: {_plain(text, name, each)}"
        for name, each in values.items()
        if each not in ([], "", None)
    )
    return text("list.separator").join(pairs) or text("staff.receivers.everything")


def _word(text: Text, name: str, code: str) -> str:
    """What stands for a code; the code where nothing does."""
    said = (text.known(prefix, code) for prefix in _WORDS.get(name, ()))
    return next((word for word in said if word != code), code)
