"""rollups.db: every quarter of an hour of every station for years, and every day for ever."""

from server.rollups.file import Rollups
from server.rollups.history import LongHistory
from server.rollups.model import Day, Quarter, Summary, Visits

__all__ = ["Day", "LongHistory", "Quarter", "Rollups", "Summary", "Visits"]
