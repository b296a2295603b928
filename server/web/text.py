"""Words, numbers and times in the rider's language: the public facts as text, icon and tone.

Pure. Strings stand in ``locales/<language>/`` and nowhere else; ``static/js/facts.js`` says the same
things on the phone from the same strings and the same :data:`LOOKS`, and a test compares the two.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from server.model import Qualifier
from server.web.networks import Declared
from server.web.public import visible_humidity, visible_temperature
from server.web.shapes import AccessFact, ComfortFact, CrowdingFact, Name, NoticeFact, StationStatus

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
Tone = Literal["good", "fair", "bad", "unknown"]
_LOCALES: Final = Path(__file__).parent / "locales"

LOOKS: Final[dict[str, dict[str, tuple[Tone, str]]]] = {
    "access": {
        "open": ("good", "door-open"),
        "closing_soon": ("fair", "clock"),
        "closed": ("bad", "door-closed"),
        "locked": ("bad", "lock"),
        "unknown": ("unknown", "door"),
    },
    "crowding": {
        "quiet": ("good", "people-1"),
        "busy": ("fair", "people-2"),
        "crowded": ("bad", "people-3"),
        "full": ("bad", "people-full"),
        "unknown": ("unknown", "people-2"),
    },
    "comfort": {
        "cool": ("good", "fan"),
        "warm": ("good", "warm"),
        "mild": ("fair", "thermometer"),
        "hot": ("bad", "sun"),
        "cold": ("bad", "snow"),
        "unknown": ("unknown", "thermometer"),
    },
}
"""Tone and icon of each word. The tone is the colour; word and icon say the same without it.

An unknown fact keeps an icon of its own kind, so that a glance tells what is not known.
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the three words, ready to be shown: ``note`` is the short reason, ``full`` the whole one."""

    kind: str
    value: str
    word: str
    tone: Tone
    icon: str
    note: str
    full: str
    measured_at: str | None


def choose(wanted: str | None, accept_language: str) -> Language:
    """The language of a page: the one asked for by name, else by the browser, else Chinese.

    An unknown language is no error: the page is shown all the same.
    """
    if wanted in ("zh", "en"):
        return "en" if wanted == "en" else "zh"
    ranges = [_weight(part) for part in accept_language.lower().split(",")[:16]]
    for weight, code in sorted(ranges, key=lambda pair: -pair[0]):
        if weight > 0 and code in ("zh", "en"):
            return "en" if code == "en" else "zh"
    return "zh"


_LANGUAGE_RANGE: Final = re.compile(r"\s*([a-z*-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{1,3})?))?\s*")


def _weight(part: str) -> tuple[float, str]:
    match = _LANGUAGE_RANGE.fullmatch(part)
    return (float(match[2] or 1), match[1].split("-")[0]) if match else (0.0, "")


@cache
def strings(language: Language) -> Mapping[str, str]:
    """All strings of a language by key; a folder of files, one for each part of the interface."""
    table: dict[str, str] = {}
    for path in sorted((_LOCALES / language).glob("*.json")):
        table |= json.loads(path.read_text(encoding="utf-8"))
    return table


@cache
def amenity_codes() -> Mapping[str, str]:
    """What operators call an amenity in Chinese, with the code of its string."""
    table: dict[str, list[str]] = json.loads((_LOCALES / "amenities.json").read_text(encoding="utf-8"))
    return {word: code for code, words in table.items() for word in words}


class Text:
    """One language, and the present moment for "tomorrow"."""

    def __init__(self, language: Language, now_ms: int) -> None:
        self.language = language
        self.now_ms = now_ms
        self._strings = strings(language)

    def __call__(self, key: str, **values: object) -> str:
        """The string of ``key`` with its blanks filled in; KeyError for one that is not in the locale.

        With a ``count`` of 1 it is the string of ``key.one`` where the language has one.
        """
        if str(values.get("count")) == "1":
            key = f"{key}.one" if f"{key}.one" in self._strings else key
        return self._strings[key].format(**values) if values else self._strings[key]

    def name(self, name: Name) -> str:
        """A name in this language, in Chinese where there is no other."""
        return name.en or name.zh if self.language == "en" else name.zh

    def number(self, value: float) -> str:
        """Thousands are grouped in English only; no needless decimals."""
        plain = f"{value:g}" if value % 1 else str(int(value))
        return f"{value:,.0f}" if self.language == "en" and not value % 1 else plain

    def known(self, prefix: str, key: str) -> str:
        """The string of ``prefix.key``, or ``key`` itself where operators use words of their own."""
        return self._strings.get(f"{prefix}.{key}", key)

    def amenity(self, word: str) -> str:
        """An amenity in this language; a word that nobody knows, and Chinese in Chinese, as it was given."""
        code = word if self.language == "zh" else amenity_codes().get(word.strip().lower(), word)
        return self.known("amenity", code)

    def amenities(self, words: Iterable[str]) -> tuple[str, ...]:
        """Each amenity once, in this language."""
        return tuple(dict.fromkeys(map(self.amenity, words)))

    def tells_voltage(self, label: str, voltage_v: float) -> bool:
        """Whether a cabinet's label says its voltage already."""
        return f"{self.number(voltage_v)}v" in label.replace(" ", "").lower()

    def is_older(self, measured_at: str, newest: str | None) -> bool:
        """Whether a fact's own age is worth its place: a minute older than its station's newest reading."""
        if newest is None:
            return True
        behind = datetime.fromisoformat(newest) - datetime.fromisoformat(measured_at)
        return behind.total_seconds() >= _SAME_S

    def declared(self, declared: Declared) -> str:
        """The declared count with its qualifier, e.g. ``2080 余`` or ``about 2,080``."""
        return self.qualified(declared.count, declared.qualifier)

    def qualified(self, value: float, qualifier: Qualifier) -> str:
        """A number with 约 多 余 超 as it was declared."""
        count = self.number(value)
        return self(f"qualifier.{qualifier}", count=count) if qualifier else count

    def date(self, partial: str) -> str:
        """A date of any precision, ``2025-03`` as 2025年3月; anything else as it was written."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", partial)
        if match is None:
            return partial
        year, month, day = match.groups()
        key = "date.day" if day else "date.month" if month else "date.year"
        if self.language == "zh":
            month, day = (month or "").lstrip("0"), (day or "").lstrip("0")
        return self(key, year=year, month=month, day=day)

    def moment(self, instant: str, zone: str) -> str:
        """Clock time of an instant; with tomorrow or the weekday where it is not today."""
        local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
        today = datetime.fromtimestamp(self.now_ms / 1000, ZoneInfo(zone)).date()
        days = (local.date() - today).days
        time = f"{local.hour}:{local.minute:02}"
        if days == 0:
            return self("day.today", time=time)
        if days == 1:
            return self("day.tomorrow", time=time)
        if abs(days) > 7:
            return self("day.date", month=local.month, day=local.day, time=time)
        return self("day.weekday", day=self(f"weekday.{local.weekday()}"), time=time)

    def turn(self, instant: str, zone: str) -> str:
        """A coming moment in the fewest words: the night belongs to its evening, so midnight needs no day.

        Nor does what is less than 12 hours away; all else is told as by :meth:`moment`. On an old copy of a
        page it has passed, and nobody may take yesterday's closing for today's.
        """
        local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
        hours = (local.timestamp() * 1000 - self.now_ms) / 3_600_000
        if abs(hours) < 12 or (0 < hours <= 24 and local.hour == local.minute == 0):
            return self("day.today", time=f"{local.hour}:{local.minute:02}")
        return self.moment(instant, zone)

    def facts(self, row: StationStatus, zone: str) -> tuple[Fact, Fact, Fact]:
        """The three words of a station: access, crowding, comfort."""
        return (
            self._fact(
                "access", row.access.value, self._access_notes(row.access, zone), row.access.measured_at
            ),
            self._fact(
                "crowding", row.crowding.value, self._crowding_notes(row.crowding), row.crowding.measured_at
            ),
            self._fact(
                "comfort", row.comfort.value, self._comfort_notes(row.comfort), row.comfort.measured_at
            ),
        )

    def _fact(self, kind: str, value: str, notes: Sequence[str], measured_at: str | None) -> Fact:
        tone, icon = LOOKS[kind][value]
        full = self("sentence.separator").join(notes)
        return Fact(kind, value, self(f"{kind}.{value}"), tone, icon, notes[0], full, measured_at)

    def _access_notes(self, access: AccessFact, zone: str) -> list[str]:
        notes = []
        if access.changes_at is not None and (access.then or access.value not in ("locked", "unknown")):
            notes.append(self(_TURNS[_then(access)], time=self.turn(access.changes_at, zone)))
        notes.append(self(f"evidence.{access.evidence}"))
        if access.hours_unconfirmed:
            notes.append(self("access.unconfirmed"))
        return notes

    def notice(self, notice: NoticeFact, zone: str) -> str:
        """A notice as one line: what it means for getting in, its words, and when."""
        words = [self(f"notice.access.{notice.access}")] if notice.access else []
        words += [self.name(notice.text)] if notice.text.zh or notice.text.en else []
        times = {"start": self.moment(notice.start, zone)}
        begun = datetime.fromisoformat(notice.start).timestamp() * 1000 <= self.now_ms
        if notice.end is not None:
            times["end"] = self.moment(notice.end, zone)
        key = "until" if begun else "planned"
        if notice.end is not None or not begun:
            words.append(self(f"notice.{key}" if notice.end else "notice.from", **times))
        return self("notice.separator").join(words)

    def nearest(self, notices: Sequence[NoticeFact]) -> Sequence[NoticeFact]:
        """The one for a card: what holds now, else what begins within a day."""
        first = notices[:1]
        soon = first and datetime.fromisoformat(first[0].start).timestamp() * 1000 - self.now_ms <= _DAY_MS
        return first if soon else ()

    def _crowding_notes(self, crowding: CrowdingFact) -> list[str]:
        if crowding.value == "unknown":
            return [self(f"crowding.reason.{crowding.reason}")]
        taken = crowding.taken_pct_from
        notes = [self("crowding.few") if taken is None else self(f"crowding.taken.{taken}")]
        if crowding.reason == "held":
            notes = [self("crowding.reason.held")]
        if crowding.places:
            notes.append(self("crowding.places", count=self.number(crowding.places)))
        if crowding.estimated:
            notes.append(self("crowding.estimated"))
        return notes

    def _comfort_notes(self, comfort: ComfortFact) -> list[str]:
        temperature = visible_temperature(comfort.temperature_c)
        humidity = visible_humidity(comfort.humidity_pct)
        notes = []
        if temperature is not None:
            notes.append(self("comfort.temperature", value=f"{temperature:g}"))
        if humidity is not None:
            notes.append(self("comfort.humidity", value=humidity))
        reason = self(f"comfort.reason.{comfort.reason}")
        if temperature is not None and comfort.reason == "heat_index":
            notes[0] += self("sentence.separator") + reason
        return notes or [reason]

    def hours(self, hours: str) -> str:
        """OSM opening hours as a rider reads them; what is not understood stays as it was written."""
        return self("hours.always") if hours.strip() == "24/7" else _HOURS_WORD.sub(self._hours_word, hours)

    def _hours_word(self, match: re.Match[str]) -> str:
        word = match[0]
        if word in _DAYS:
            return self(f"weekday.{_DAYS.index(word)}")
        if word in ("PH", "SH"):
            return self(f"hours.{word}")
        if word.strip() in ("off", "closed"):
            # Chinese sets no blank before it.
            return ("" if self.language == "zh" or not word[0].isspace() else " ") + self("hours.off")
        if word == "-":
            return "–" if match.string[match.start() - 1].isdigit() else self("hours.range")
        return self(_HOURS_SIGNS[word.strip()])


_DAY_MS: Final = 86_400_000
_TURNS: Final = {"open": "access.opens", "closed": "access.closes", "unknown": "access.changes"}


def _then(access: AccessFact) -> str:
    """What is true after the next change: as a notice has it, else the opposite of now."""
    if access.then:
        return access.then
    return "unknown" if access.evidence == "notice" else "open" if access.value == "closed" else "closed"


_SAME_S: Final = 60
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOURS_SIGNS: Final = {"Mo-Su": "hours.daily", ";": "hours.between", ",": "hours.days"}
_HOURS_WORD: Final = re.compile(
    r"\s+(?:off|closed)\b|\bMo-Su\b|\b(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH|off|closed)\b|\s*;\s*|\s*,\s*|(?<=[a-zH])-(?=[A-Z])|(?<=\d)-(?=\d)"
)
