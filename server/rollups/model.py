"""What roll-ups say: values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from server.store import Quantity


class Summary(
    Struct, frozen=True, gc=False
):  # a month of a city's days holds 120,000, and is answered at once
    """The values of a quantity within some time, in its own unit.

    Attributes:
        count: number of values, at least one.
        mean: each value counting the same.
        last: the newest value.
    """

    count: int
    minimum: float
    maximum: float
    mean: float
    last: float


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour of a station.

    Attributes:
        at_ms: its beginning, UTC.
        measured: share of it that was measured, 0 to 1.
        visits, exits: people who came in and who went out, since the quarter before in which something was
            heard of the doors: what was crossed unheard of is told with the first word after it.
        of: all other quantities that were measured.
    """

    at_ms: int
    measured: float
    visits: int
    exits: int
    of: Mapping[Quantity, Summary]


class Visits(NamedTuple):
    """Of a :class:`Day` what two periods are compared by."""

    station_id: str
    day: date
    visits: int
    measured: float


class Day(NamedTuple):
    """A local day of a station.

    Attributes:
        visits, exits: people who came in and who went out, from the doors' totals alone.
        visits_by_hour: of each hour by the clock on the wall; 24 of them on every day.
        corrected: people that corrections have added, less those taken away; never a part of ``visits``.
        corrections: how often the count was corrected.
        measured: share of the day in which the doors spoke, 0 to 1; of the present day, of all of it. 0
            without a door, and while a counter does not answer though the rest of its station does.
        people_s: people inside × seconds, over the measured time; divided by the visits, the mean stay.
        temperature: of the room, in °C.
        occupancy: people inside.
        energy_wh: what the sockets gave, over the measured time; None where no meter has spoken.
        swaps: of batteries; None while the contract has no meter of them.
        made_ms: when this was worked out, UTC.
    """

    station_id: str
    day: date
    visits: int
    exits: int
    visits_by_hour: tuple[int, ...]
    corrected: int
    corrections: int
    measured: float
    people_s: int
    temperature: Summary | None
    occupancy: Summary | None
    energy_wh: float | None
    swaps: int | None
    made_ms: int
