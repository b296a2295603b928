"""A network's whole list for phones on a weak network: columns instead of rows, 2,080 stations in 40 kB.

The answer has two halves. ``registry`` is what seldom changes (names, places, amenities), named by ``tag``;
who has it asks with ``?registry=<tag>`` and gets ``status`` alone. Each half holds columns: one value for
each station, in the order of the ids. ``static/js/compact.js`` makes rows as of ``/api/v1/stations`` of them.

A column of few different values is ``{"of": [values], "at": digits}``: for each station the position of its
value in ``of``, the most frequent first. A column of many is a plain list. Numbers are written in
:data:`DIGITS`: the highest digits of all stations, then the second ones; how many there are follows from the
length. Besides:

    ids         a number n after an id stands for n more ids, each with the number at its end one higher
    region      the path without its last part
    last        that part, or how many characters of the Chinese name it is; null: no region at all
    lat, lon    {"from": n, "at": digits}: (from + number - 1) / 100,000 degrees, a metre; number 0: not known
    amenities   a word, its code, and who has it: one bit for each station, six to a digit, the first one the
                highest; or a list of positions, each as its distance from the one before
    access, crowding, comfort, sockets, batteries
                as in the rows, but for what has a column of its own; a ``measured_at`` of "" means: so many
                seconds before the newest reading as ``behind.<fact>`` says
    seconds     how old the newest reading is at ``at``; null: none
    forecast    crowding now and in 15, 30 and 45 minutes; left out when there is none anywhere
    notices     what staff tell riders, as in the rows; left out when there are none anywhere

Temperatures are the half degrees and humidities the fives that riders see.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from server.model import Station
from server.state import StationState
from server.web import public
from server.web.text import amenity_codes

DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DEGREE: Final = 100_000
"""Steps of a coordinate: a metre from south to north."""
_FEW: Final = 8
"""An amenity that one station in as many has is told by bits, a rarer one by positions."""

Words = Callable[[str, int], str | None]
"""A station's forecast: ``q``, ``b``, ``c``, ``f`` or ``-`` for a moment and the three quarters after it."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The half that seldom changes, encoded once for these stations."""

    stations: Sequence[Station]
    tag: str
    encoded: bytes

    @classmethod
    def of(cls, stations: Sequence[Station]) -> "Registry":
        """Encode and name it."""
        encoded = msgspec.json.encode(registry_columns(stations))
        return cls(stations, hashlib.blake2b(encoded, digest_size=6).hexdigest(), encoded)


def registry_columns(stations: Sequence[Station]) -> dict[str, Any]:
    """Names, places and what the stations are equipped with."""
    return {
        "ids": _ids(station.id for station in stations),
        "network": column([station.network for station in stations]),
        "zh": [station.name_zh for station in stations],
        "en": column([station.name_en for station in stations]),
        "aliases": column([station.aliases for station in stations]),
        "region": column([station.region[:-1] for station in stations]),
        "last": column([_last(station) for station in stations]),
        "lat": _coordinates(station.lat for station in stations),
        "lon": _coordinates(station.lon for station in stations),
        "places": column([station.places for station in stations]),
        "hours": column([station.hours for station in stations]),
        "amenities": _amenities(stations),
    }


FACTS: Final = ("access", "crowding", "comfort", "sockets", "batteries")
CELLS: Final = (
    "freshness", "simulated", *FACTS, "temperature_c", "humidity_pct", *(f"behind.{fact}" for fact in FACTS),
    "notices",
)  # fmt: skip


class StatusCells:
    """What the columns say of each station, kept until its state is another."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[StationState, tuple[Hashable, ...]]] = {}

    def of(self, state: StationState) -> tuple[Hashable, ...]:
        """In the order of :data:`CELLS`."""
        kept = self._kept.get(state.station.id)
        if kept is None or kept[0] is not state:
            kept = self._kept[state.station.id] = (state, _cells(state))
        return kept[1]


def status_columns(
    states: Sequence[StationState], cells: StatusCells, now_ms: int, words: Words | None
) -> dict[str, Any]:
    """What changes, and how old the readings are."""
    rows = [cells.of(state) for state in states]
    columns = {name: column([row[place] for row in rows]) for place, name in enumerate(CELLS)}
    if not any(state.notices for state in states):
        del columns["notices"]
    columns["seconds"] = column([_seconds(state.at_ms, now_ms) for state in states])
    forecasts = [(words and words(state.station.id, now_ms)) or "" for state in states]
    return columns | ({"forecast": column(forecasts)} if any(forecasts) else {})


def _cells(state: StationState) -> tuple[Hashable, ...]:
    row = public.status(state)
    told = [getattr(row, name) for name in FACTS]
    newest_ms, behind = state.at_ms, [0] * len(FACTS)
    if newest_ms is not None:
        for place, (fact, at_ms) in enumerate(zip(told, public.fact_times_ms(state), strict=True)):
            if fact is not None and fact.measured_at is not None:
                told[place] = replace(fact, measured_at="")
                behind[place] = _seconds(at_ms, newest_ms) or 0
    access, crowding, comfort, sockets, batteries = told
    return (
        row.freshness,
        row.simulated,
        access,
        replace(crowding, places=None),
        replace(comfort, temperature_c=None, humidity_pct=None),
        sockets,
        batteries,
        public.visible_temperature(comfort.temperature_c),
        public.visible_humidity(comfort.humidity_pct),
        *behind,
        row.notices,
    )


def _seconds(at_ms: int | None, later_ms: int) -> int | None:
    """Between two instants as they are told: in whole seconds."""
    return None if at_ms is None else later_ms // 1000 - at_ms // 1000


def column(values: Sequence[Hashable]) -> Any:
    """The values of all stations, by position where few of them differ."""
    of = [value for value, _ in Counter(values).most_common()]
    if 2 * len(of) > len(values):
        return values
    place = {value: n for n, value in enumerate(of)}
    return {"of": of, "at": _numbers([place[value] for value in values], len(of))}


def _digits(values: int) -> int:
    """How many digits tell so many values apart."""
    digits = 1
    while len(DIGITS) ** digits < values:
        digits += 1
    return digits


def _numbers(values: Sequence[int], below: int) -> str:
    """Numbers ``below`` a limit in digits, the highest of all first: being much alike they pack well."""
    powers = [len(DIGITS) ** n for n in reversed(range(_digits(below)))]
    return "".join(DIGITS[value // power % len(DIGITS)] for power in powers for value in values)


_COUNTED: Final = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)


def _ids(ids: Iterable[str]) -> list[str | int]:
    told: list[str | int] = []
    before = ""
    for each in ids:
        if each != _next(before):
            told.append(each)
        elif isinstance(told[-1], int):
            told[-1] += 1
        else:
            told.append(1)
        before = each
    return told


def _next(before: str) -> str | None:
    match = _COUNTED.fullmatch(before)
    return match and match[1] + str(int(match[2]) + 1).zfill(len(match[2]))


def _last(station: Station) -> str | int | None:
    if not station.region:
        return None
    last = station.region[-1]
    return len(last) if station.name_zh.startswith(last) else last


def _coordinates(values: Iterable[float | None]) -> dict[str, Any]:
    steps = [None if public.finite(value) is None else round((value or 0) * DEGREE) for value in values]
    known = [step for step in steps if step is not None]
    first = min(known, default=0)
    numbers = [0 if step is None else step - first + 1 for step in steps]
    return {"from": first, "at": _numbers(numbers, max(numbers, default=0) + 1)}


def _amenities(stations: Sequence[Station]) -> list[tuple[str, str, str | list[int]]]:
    """Each word with its code and who has it, the most frequent first."""
    who: dict[str, list[int]] = {}
    for position, station in enumerate(stations):
        for word in dict.fromkeys(station.amenities):
            who.setdefault(word, []).append(position)
    codes: Mapping[str, str] = amenity_codes()
    return [
        (word, codes.get(word.strip().lower(), word), _who(positions, len(stations)))
        for word, positions in sorted(who.items(), key=lambda each: -len(each[1]))
    ]


def _who(positions: Sequence[int], stations: int) -> str | list[int]:
    if len(positions) * _FEW < stations:
        return [position - before for before, position in zip((0, *positions), positions, strict=False)]
    bits = [0] * (-(-stations // 6))
    for position in positions:
        bits[position // 6] |= 32 >> position % 6
    return "".join(DIGITS[each] for each in bits)
