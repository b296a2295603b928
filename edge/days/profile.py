"""What a simulated station is like; everything that happens in it follows from this and the time."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from contract.messages import CabinetInfo, SocketInfo
from edge.days.calendar import LONG_DAY, Window

Conditioning = Literal["good", "weak", "failing", "none"]
"""How well the room is cooled and heated; ``failing`` gives up on some afternoons."""
CONDITIONING: Final[tuple[Conditioning, ...]] = get_args(Conditioning)

LEAST_VISITS: Final = 10
MOST_VISITS: Final = 300
"""Visits on an open day: from Liuyang's mean of about 10 to the busiest of Chengdu's, above 300."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A simulated station.

    Attributes:
        seed: names its fate; two stations with different seeds share nothing but the weather.
        visits_per_day: mean of an open working day, 10 to 300.
        week: opening window of each weekday from Monday, ``None`` for a closed day.
        climate: whose weather, a key of :data:`edge.days.climate.WEATHER`.
        doors: counted doors, 1 or 2.
        bolt: whether a contact at the bolt says ``locked``.
        co2: whether carbon dioxide is measured.
        metered: sockets have power meters; otherwise contacts, which only know "in use".
        troubles: 1 for as many faults as in real life, 0 for none.
    """

    seed: int = 0
    visits_per_day: float = 80
    week: tuple[Window | None, ...] = (LONG_DAY,) * 7
    climate: str = "taiyuan"
    conditioning: Conditioning = "good"
    doors: int = 1
    bolt: bool = False
    co2: bool = False
    sockets: tuple[SocketInfo, ...] = ()
    metered: bool = True
    cabinets: tuple[CabinetInfo, ...] = ()
    troubles: float = 1.0

    def door_ids(self) -> tuple[str, ...]:
        """``front``, and ``back`` where there are two."""
        return ("front", "back")[: self.doors]

    def parts(self) -> tuple[str, ...]:
        """What the station has sensors for."""
        sockets = ("sockets",) if self.sockets else ()
        cabinet = ("cabinet",) if self.cabinets else ()
        return ("climate", "door", "presence", *sockets, *cabinet)
