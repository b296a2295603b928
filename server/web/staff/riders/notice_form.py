"""The form of a notice: what is filled in, what it means, and the usual ones ready-made. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.board import Posting
from server.notices import Draft
from server.web.text import strings

WORDS: Final = "words"
"""What the form calls a notice that says nothing of getting in."""
ACCESS: Final = (WORDS, "closed", "locked", "open")
MOST_FOUND: Final = 8
"""Stations offered when a name fits several."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A notice as it is often written; its words are in the locales. ``hours``: how long it usually takes."""

    key: str
    access: str
    hours: int
    works: bool = False


USUAL: Final = (
    Usual("power", "closed", 4),
    Usual("repair", "closed", 4, works=True),
    Usual("holiday", "closed", 24),
    Usual("heat", "open", 4),
    Usual("water", WORDS, 4),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields as they stand in the form.

    Attributes:
        place: ``network`` or ``network/district``. ``station``: an id or a piece of a name.
        start, end: local time, ``2026-11-23T14:00``; ``start`` "" is now.
        pick: id of one of the stations that ``station`` fits, where that is not clear.
    """

    place: str = ""
    station: str = ""
    access: str = WORDS
    start: str = ""
    end: str = ""
    zh: str = ""
    en: str = ""
    works: bool = False
    pick: str = ""

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> "Filled":
        """As it was sent."""
        names = ("place", "station", "access", "start", "end", "zh", "en", "pick")
        given = {name: form.get(name, "") for name in names}
        return cls(**given, works="works" in form)

    @classmethod
    def of(cls, posting: Posting, zone: str) -> "Filled":
        """A notice as it is."""
        place = f"{posting.network}/{posting.district}" if posting.district else posting.network
        start, end = (local(at_ms, zone) for at_ms in (posting.from_ms, posting.until_ms))
        access = posting.access or WORDS
        return cls(place, posting.station, access, start, end, posting.zh, posting.en, posting.works)

    def usual(self, key: str, now_ms: int, zone: str) -> "Filled":
        """The same place with a usual notice; without it for one that there is not."""
        found = next((each for each in USUAL if each.key == key), None)
        if found is None:
            return self
        zh, en = (strings(language)[f"staff.notices.usual.{key}.text"] for language in ("zh", "en"))
        end = local(now_ms + found.hours * 3_600_000, zone)
        return replace(self, access=found.access, end=end, zh=zh, en=en, works=found.works)

    def draft(self, network: str, district: str, station: str, begun: Posting | None, zone: str) -> Draft:
        """What it asks for; a beginning that was not touched stays as it is, to the millisecond."""
        start_ms = instant(self.start, zone) if self.start else 0
        if begun is not None and self.start == local(begun.from_ms, zone):
            start_ms = begun.from_ms
        access = "" if self.access == WORDS else self.access
        until_ms = instant(self.end, zone)
        return Draft(network, district, station, access, start_ms, until_ms, self.zh, self.en, self.works)


def local(at_ms: int, zone: str) -> str:
    """A moment as a form's field has it, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def instant(text: str, zone: str) -> int:
    """The moment of a form's field, -1 for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return -1
        return max(-1, round(moment.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return -1


def latest(now_ms: int, zone: str) -> str:
    """The end of the time that can be chosen: a year from now."""
    return local(now_ms + round(timedelta(days=366).total_seconds() * 1000), zone)
