"""rollups.db: the reading API."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Self

from server.rollups.model import Day, Quarter
from server.store import Quantity


class Rollups:
    """The file. Writing methods belong to one thread; reading methods to any."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open it for writing."""
        raise NotImplementedError

    @classmethod
    def open_reader(cls, path: Path) -> Self:
        """For reading only, from any thread; a file that is not there yet is empty."""
        raise NotImplementedError

    def quarters(self, station_id: str, from_ms: int, to_ms: int) -> list[Quarter]:
        """The measured quarters that begin from ``from_ms`` on and before ``to_ms``, in time order."""
        raise NotImplementedError

    def people(self, station_id: str, since: date, time_zone: str) -> dict[date, list[float | None]]:
        """Mean people inside by local day, in its 96 quarters; None where less than half was measured."""
        raise NotImplementedError

    def hours_of_week(
        self, station_id: str, quantity: Quantity, from_ms: int, to_ms: int, time_zone: str
    ) -> list[float | None]:
        """The mean in each local hour of the week, 168 from Monday 00:00; visits and exits: people an hour."""
        raise NotImplementedError

    def days(self, first: date, last: date, stations: Collection[str] | None = None) -> list[Day]:
        """The days from ``first`` to ``last``, both included, of these stations or of all."""
        raise NotImplementedError

    def reached(self) -> int:
        """All commits of readings.db up to this one are in the roll-ups; 0 at the beginning."""
        raise NotImplementedError

    def settled(self, now_ms: int) -> bool:
        """Nothing is due: all that is noted are hours that are not over yet, or have come just now."""
        raise NotImplementedError
