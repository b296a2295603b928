"""Makes rollups.db from the store: follows the commits, notes which hours they touch, and makes those anew.

An hour is made once it is over and its last readings are counted, in one read. What is noted, how far was
followed and what was made are changed together, so that a kill at any time costs the repetition of one step.
While the rows of a quarter are all still in the store it is made anew from them; where some have been pruned,
those that are new are added to what is kept. Which it is, their number tells: a quarter knows how many rows
it was made from, and up to which commit.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date, timedelta
from itertools import groupby
from typing import Final, Protocol

from server.model import Thresholds
from server.rollups import reading, telling
from server.rollups.calendar import (
    BRIDGE_MS,
    DAY_MS,
    HOUR_MS,
    QUARTER_MS,
    Live,
    known_zone,
    local_day,
    midnight_ms,
    time_zone,
)
from server.rollups.partial import Partial, correct, fold, merged
from server.rollups.writing import Note, Writer
from server.store.raw import Raw, Row

SETTLED_MS: Final = 5 * 60_000
"""So long after its end, or its last late reading, an hour is made: a backlog's people are counted then."""
COMMITS_AT_ONCE: Final = 5_000
"""Commits that are looked at in one step; some 10 ms."""
REACH_HOURS: Final = 24
"""So far behind a late row the number of people may be another: until the room was surely empty."""
AHEAD_MS: Final = 2 * DAY_MS
"""Nothing is due later than that, unless the clock was ahead when it was noted."""
PUT_OFF_MS: Final = HOUR_MS
STEP_S: Final = 0.1
"""Of computing, and a step ends with what it is at; its transaction is one sync of the disk."""
_HOURS: Final = 24
_QUARTERS: Final = HOUR_MS // QUARTER_MS

Read = Callable[[str, int, int, Thresholds], Raw]


class History(Protocol):
    """What is read of :class:`server.store.reader.Reader`."""

    def committed(self, after_id: int, limit: int) -> tuple[int, list[tuple[str, int, int]]]:
        """What the next commits brought."""

    def raw(self) -> AbstractContextManager[Read]:
        """Hours of stations, whole."""


class Keeper:
    """Its steps are called by one thread.

    Args:
        keep_days: so many days of quarters are kept.
        renewed: hears of stations of which days before the present one were made anew.
    """

    def __init__(
        self,
        store: History,
        writer: Writer,
        live: Live,
        keep_days: int,
        renewed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._writer, self._live = store, writer, live
        self._keep_days, self._renewed = keep_days, renewed

    def follow(self, now_ms: int) -> bool:
        """Note what some more commits touched; whether there may be further ones."""
        commits, base = self._writer.followed()
        before = commits - base
        last, spans = self._store.committed(before, COMMITS_AT_ONCE)
        if last == before:
            return False
        if last < before:  # else what is in it already would be added to itself
            raise RuntimeError(f"readings.db ends at reading {last:,}, roll-ups have {before:,}")
        with self._writer.transaction():
            self._writer.bring_forward(now_ms + AHEAD_MS, now_ms + SETTLED_MS)
            for station_id, from_ms, to_ms in spans:
                self._touch(station_id, from_ms // HOUR_MS, to_ms // HOUR_MS, base + before + 1, now_ms)
            self._writer.follow(base + last, base)
        return last - before == COMMITS_AT_ONCE

    def _touch(self, station_id: str, first: int, last: int, first_id: int, now_ms: int) -> None:
        """Note a span of hours and those behind it, the present one apart from those that are over."""
        no, _ = self._writer.station(station_id, time_zone(self._live, station_id))
        present = now_ms // HOUR_MS
        for begin, end in ((first, min(last + REACH_HOURS, present - 1)), (max(first, present), last)):
            if begin <= end:
                due_ms = max(now_ms, (end + 1) * HOUR_MS) + SETTLED_MS
                self._writer.touch(no, Note(station_id, begin, end, due_ms, first_id))

    def catch_up(self, now_ms: int) -> None:
        """Make all hours that are over, without a rest: for a history that is known to be whole."""
        while self.follow(now_ms):
            pass
        while self.make(now_ms + SETTLED_MS, now_ms):
            pass

    def make(self, due_ms: int, now_ms: int) -> bool:
        """Make some of the hours that were due by ``due_ms``; whether there were any."""
        if self._writer.due(due_ms) is None:
            return False
        began_s, note = time.thread_time(), None
        renewed = []
        try:
            with self._writer.transaction(), self._store.raw() as read:
                while (note := self._writer.due(due_ms)) and time.thread_time() - began_s < STEP_S:
                    if self._make(note, read, due_ms, now_ms):
                        renewed.append(note.station_id)
        except Exception:
            if note is not None:
                self._put_off(note, now_ms)
            raise
        for station_id in dict.fromkeys(renewed):
            self._renewed(station_id)
        return True

    def _put_off(self, note: Note, now_ms: int) -> None:
        """Have all others made before one that fails, lest a damaged page of one station stop them."""
        with self._writer.transaction():
            no, _ = self._writer.station(note.station_id, "UTC")
            self._writer.touch(no, note._replace(due_ms=now_ms + PUT_OFF_MS))

    def _make(self, note: Note, read: Read, due_ms: int, now_ms: int) -> bool:
        """Make a note's hours, up to the end of a day in UTC; whether any were of a day before today."""
        no, zone = self._writer.station(note.station_id, "UTC")
        last = min(note.last_hour, note.first_hour // _HOURS * _HOURS + _HOURS - 1)
        day = note.first_hour // _HOURS
        kept = self._writer.partials(no, day)
        hours = (note.first_hour * HOUR_MS, (last + 1) * HOUR_MS)
        raw = read(note.station_id, *hours, self._thresholds(note.station_id))
        partials = _remade(kept, raw, hours, self._writer.followed()[1])
        self._writer.done(no, note._replace(last_hour=last), due_ms)
        whole_ms = self._whole_ms(no, now_ms)
        if not partials or (not kept and day * DAY_MS < whole_ms):
            return False
        if _inside(kept, last) != _inside(partials, last) and last + 1 < now_ms // HOUR_MS:
            end = min(last + REACH_HOURS, now_ms // HOUR_MS - 1)
            self._writer.touch(no, Note(note.station_id, last + 1, end, due_ms, note.first_id))
        self._writer.put_partials(no, day, partials, self._keep_days)
        for each in self._days(no, zone, hours, partials):
            if midnight_ms(each, zone) < whole_ms and self._writer.has_day(no, each):
                continue
            span = (midnight_ms(each, zone), midnight_ms(each + timedelta(days=1), zone))
            told = reading.told(self._writer.connection, no, span, {day: partials}, telling.OF_A_DAY)
            self._writer.put_days(no, telling.days(note.station_id, told, zone, now_ms))
        return local_day(hours[0], zone) < local_day(now_ms, zone)

    def _whole_ms(self, no: int, now_ms: int) -> int:
        """From when on a day's quarters are all kept; nothing can be added to the days before."""
        oldest = reading.oldest_day(self._writer.connection, no)
        forgotten_ms = now_ms - (self._keep_days - 1) * DAY_MS
        return 0 if oldest is None else min(oldest * DAY_MS, forgotten_ms)

    def _thresholds(self, station_id: str) -> Thresholds:
        state = self._live.state(station_id)
        network = self._live.networks().get(state.station.network) if state else None
        own = state.station.thresholds if state else None
        return own or (network.thresholds if network else Thresholds())

    def _days(
        self, no: int, zone: str, hours: tuple[int, int], partials: Mapping[int, Partial]
    ) -> list[date]:
        """The local days that depend on these hours of a day in UTC, which has become ``partials``.

        Those that they are a part of, the one before where it reaches them across a gap, and that of the
        next quarter: who came in through the doors unheard of is told there.
        """
        first, last = local_day(hours[0] - BRIDGE_MS, zone), local_day(hours[1] - 1, zone)
        days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
        end = hours[1] // QUARTER_MS
        behind = [quarter for quarter in partials if quarter >= end]
        if not behind:
            following = self._writer.next_day(no, hours[0] // DAY_MS)
            behind = list(self._writer.partials(no, following)) if following is not None else []
        if behind:
            days.add(local_day(min(behind) * QUARTER_MS, zone))
        return sorted(days)

    # --- another clock --------------------------------------------------------------------------------

    def moved(self) -> list[str]:
        """Stations whose network has another time zone than the one their days are made by."""
        return [
            station_id
            for _, station_id, zone in self._writer.stations()
            if known_zone(self._live, station_id) not in {None, zone}
        ]

    def move(self, station_id: str, now_ms: int) -> None:
        """Make all days of a station anew, as far back as its quarters reach, by its present clock."""
        with self._writer.transaction():
            no, before = self._writer.station(station_id, "UTC")
            zone = time_zone(self._live, station_id)
            self._writer.set_zone(no, zone)
            span = self._writer.span_ms(no)
            if span is None:
                return
            first = local_day(span[0], zone)
            if span[0] <= now_ms - (self._keep_days - 1) * DAY_MS:
                first += timedelta(days=1)  # what was before is forgotten, so this day is not whole
                self._writer.clear_days(no, first)
            else:  # by the clock of before it may have begun a date earlier
                self._writer.clear_days(no, min(first, local_day(span[0], before)))
            span = (midnight_ms(first, zone), span[1])
            told = reading.told(self._writer.connection, no, span, {}, telling.OF_A_DAY)
            self._writer.put_days(no, telling.days(station_id, told, zone, now_ms))
        self._renewed(station_id)


def _remade(kept: dict[int, Partial], raw: Raw, hours: tuple[int, int], base: int) -> dict[int, Partial]:
    """A day with these hours of it brought up to date; empty when nothing is known of it."""
    from_ms, to_ms = hours
    rows = [row for row in raw.rows if from_ms <= row.at_ms < to_ms]
    chosen: list[Row] = []
    pruned: set[int] = set()
    found = {quarter: list(own) for quarter, own in groupby(rows, lambda row: row.at_ms // QUARTER_MS)}
    for quarter in range(from_ms // QUARTER_MS, to_ms // QUARTER_MS):
        own, before = found.get(quarter, []), kept.get(quarter)
        if before is not None and before.rows:
            new = [row for row in own if base + row.id > before.upto]
            if len(own) - len(new) != before.rows:
                pruned.add(quarter)
                own = new
        chosen += own
    made = dict(kept)
    for quarter, partial in fold(raw, chosen).items():
        partial.upto += base
        made[quarter] = merged(kept[quarter], partial) if quarter in pruned else partial
    whole = (
        quarter for quarter in range(from_ms // QUARTER_MS, to_ms // QUARTER_MS) if quarter not in pruned
    )
    correct(made, raw.corrections, whole)
    return made


def _inside(partials: Mapping[int, Partial], hour: int) -> int | None:
    """How many people were inside at the end of an hour, as far as that day tells."""
    end = (hour + 1) * _QUARTERS
    known = [quarter for quarter, each in partials.items() if quarter < end and "occupancy" in each.of]
    return partials[max(known)].of["occupancy"].last if known else None
