"""Why something of the store is not done at present, for staff."""

import sqlite3
from typing import Final, NamedTuple, Self

_PASSING: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class Trouble(NamedTuple):
    """What is wrong.

    Attributes:
        said: a sentence for staff, "" when all is well.
        passing: the disk is full, which has alerts of its own, or the file is locked for a moment.
    """

    said: str = ""
    passing: bool = False

    @classmethod
    def of(cls, what: str, error: Exception) -> Self:
        """``what`` is not done because of ``error``."""
        passing = getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
        return cls(f"{what} at present: {error}", passing)


WELL: Final = Trouble()
