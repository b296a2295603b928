"""What the attributes of one maker's cabinet mean: data, because makers differ in scale and in polarity.

The maps that are known lie in ``firmware_config/devices/``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal, cast, get_args

from contract.messages import Battery, Charge, SlotDoor
from contract.quantities import QUANTITIES
from edge.options import ConfigError, Options
from edge.sensors.tower_frames import Fact

Of = Literal["cabinet", "slot", "battery"]
"""Whose it is. What a battery said is forgotten when it leaves its slot."""

OTHER: Final = "*"
"""In ``values``: any text that is neither empty nor named."""

NONE: Final = "none"
"""The word for: no alarm."""

SMOKE: Final = "smoke"

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_YES_NO: Final = ("yes", "no")
_TEMPERATURE: Final = (QUANTITIES["temperature_c"].low, QUANTITIES["temperature_c"].high)
_SHARE: Final = (0.0, 100.0)
_SHOWN: Final = (-100_000.0, 100_000_000.0)

_Allowed = tuple[str, ...] | tuple[float, float]
CABINET_VALUES: Final[Mapping[str, _Allowed]] = {
    "temperature_c": _TEMPERATURE,
    "mains_ok": _YES_NO,
    "smoke": _YES_NO,
    **dict.fromkeys(("voltage_v", "current_a", "energy_kwh"), _SHOWN),
}
SLOT_VALUES: Final[Mapping[str, _Allowed]] = {
    "battery": get_args(Battery),
    "charge": get_args(Charge),
    "door": get_args(SlotDoor),
    "enabled": _YES_NO,
    "soc_pct": _SHARE,
    "soh_pct": _SHARE,
    "temperature_c": _TEMPERATURE,
    **dict.fromkeys(("voltage_v", "current_a"), _SHOWN),
}
"""What an attribute may be: words, or the range of a number. Volts, amperes, kilowatt hours and the health of
a battery are only shown by ``waystation-edge read``."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One attribute's meaning. ``signal`` may end in ``*``: all that begin so."""

    signal: str
    of: Of
    value: str
    words: Mapping[str, str]
    scale: float
    low: float
    high: float

    def word(self, text: str) -> str | None:
        """The word for ``text``, None where the map has none."""
        return self.words.get(text, self.words.get(OTHER) if text else None)

    def number(self, text: str) -> float | None:
        """The number in its unit; None for what is none, or cannot be."""
        try:
            number = round(float(text) * self.scale, 6)
        except ValueError:
            return None
        return number if isfinite(number) and self.low <= number <= self.high else None

    def meaning(self, text: str) -> str:
        """For people."""
        found = self.word(text) if self.words else self.number(text)
        return f"{self.value} {'not understood' if found is None else found}"


@dataclass(frozen=True, slots=True)
class AlarmSignal:
    """An alarm's meaning, for alarm messages and for reports that list what is wrong."""

    signal: str
    of: Of
    words: Mapping[str, str]

    def codes(self, text: str) -> frozenset[str]:
        """The alarms that ``text`` names. One of a slot that has no word is ``other``: better safe."""
        unknown = self.words.get(OTHER, NONE if self.of == "cabinet" else "other")
        codes = {self.words.get(part, unknown) for part in text.split(",") if part}
        return frozenset(codes - {NONE})

    def began(self, text: str) -> frozenset[str]:
        """The same for an alarm message: there a word that stands for all others goes before ``none``."""
        general = self.words.get(OTHER)
        return self.codes(text) or frozenset({general} if general else ())


@dataclass(frozen=True, slots=True)
class TowerMap:
    """All that is known of one maker's cabinets."""

    name: str
    signals: tuple[Signal, ...]
    alarms: tuple[AlarmSignal, ...]

    def signals_of(self, fact: Fact) -> list[Signal]:
        """What a fact says; one attribute may say two things."""
        own = fact.slot == 0
        return [each for each in self.signals if _named(each.signal, fact) and (each.of == "cabinet") == own]

    def alarms_of(self, fact: Fact) -> list[AlarmSignal]:
        """What a fact says of alarms; one of the cabinet may name the slot where it was seen."""
        return [
            each for each in self.alarms if _named(each.signal, fact) and (each.of == "cabinet" or fact.slot)
        ]


def _named(signal: str, fact: Fact) -> bool:
    return fact.signal.startswith(signal[:-1]) if signal.endswith("*") else fact.signal == signal


def read_map(options: Options) -> TowerMap:
    """A whole map.

    Raises:
        ConfigError: naming the file, the table, the key, its value and what is allowed.
    """
    options.only("name", "signal", "alarm")
    name = options.text("name", default="")
    signals = tuple(_signal(table) for table in options.tables("signal"))
    if not any(each.value == "battery" for each in signals):
        raise ConfigError(options.where, "signal", None, 'a [[signal]] with value = "battery"')
    return TowerMap(name, signals, tuple(_alarm(table) for table in options.tables("alarm")))


def _signal(table: Options) -> Signal:
    table.only("id", "of", "value", "values", "scale")
    of = _of(table)
    allowed = CABINET_VALUES if of == "cabinet" else SLOT_VALUES
    value = table.choice("value", tuple(allowed))
    meant = allowed[value]
    if isinstance(meant[0], str):
        if table.has("scale"):
            raise table.wrong("scale", "left out: this value is a word")
        words = _words(table, [str(each) for each in meant])
        return Signal(_id(table), of, value, words, 1, 0, 0)
    if table.has("values"):
        raise table.wrong("values", "left out: this value is a number")
    scale = table.number("scale", default=1, low=1e-6, high=1e6)
    low, high = map(float, meant)
    return Signal(_id(table), of, value, {}, scale, low, high)


def _alarm(table: Options) -> AlarmSignal:
    table.only("id", "of", "values")
    return AlarmSignal(_id(table), _of(table), _words(table, ()))


def _id(table: Options) -> str:
    return table.text(
        "id", pattern=r"\w{1,32}\*?", allowed="a number or name, * at its end for all that begin so"
    )


def _of(table: Options) -> Of:
    return cast(Of, table.choice("of", get_args(Of)))


def _words(table: Options, allowed: Iterable[str]) -> Mapping[str, str]:
    """``values``, each one of ``allowed``; any code where nothing is named."""
    given, known = table.table("values").rest(), tuple(allowed)
    if not given:
        raise table.wrong("values", 'a table, e.g. { "0" = "closed", "1" = "open" }')
    for text, word in given.items():
        right = isinstance(word, str) and (word in known if known else _CODE.fullmatch(word) is not None)
        if not right:
            words = ", ".join(known) if known else "a code of a-z, 0-9 and '_', or none"
            raise ConfigError(f"{table.where}.values", text, word, f"one of: {words}")
    return cast("dict[str, str]", given)
