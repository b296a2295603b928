"""The monthly self-test: who does not get it learns that alerts would not come either."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from server.desk import Desk
from server.notify import rows
from server.notify.receivers.directory import ReceiverEntry, entries
from server.notify.tables import RECEIVERS

HOURS: Final = range(10, 20)
"""By the receiver's own clock, from the first of the month on: a server that was down is late with it, but
does not wake anybody."""


def look(desk: Desk, now_ms: int) -> None:
    """Put the tests that are due into the outbox; takes no write lock when none is.

    Raises:
        DeskError: the desk cannot be read or written.
    """
    with desk.reading() as connection:
        if not _due(connection, now_ms):
            return
    with desk.writing() as connection:
        due = _due(connection, now_ms)
        for receiver in _one_each(each for each, was in due if was):
            rows.add(connection, receiver.id, None, now_ms)
        for receiver, _ in due:
            month = _local(receiver, now_ms).strftime("%Y-%m")
            known = update(RECEIVERS).where(RECEIVERS.c.id == receiver.id)
            connection.execute(known.values(tested=month))


def _due(connection: Connection, now_ms: int) -> list[tuple[ReceiverEntry, str]]:
    """Receivers that have not had this month's, with the month of the last; "" for a new one, who waits."""
    months = connection.execute(select(RECEIVERS.c.id, RECEIVERS.c.tested))
    tested = {row.id: row.tested for row in months}
    due = []
    for receiver in entries(connection):
        local, was = _local(receiver, now_ms), tested[receiver.id]
        if was != local.strftime("%Y-%m") and (not was or local.hour in HOURS):
            due.append((receiver, was))
    return due


def _one_each(receivers: Iterable[ReceiverEntry]) -> Iterable[ReceiverEntry]:
    """One for each channel and language: a group is not told once for every receiver in it."""
    return {(each.channel, each.language): each for each in receivers}.values()


def _local(receiver: ReceiverEntry, now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(receiver.time_zone))
