"""Single rows of the outbox, written in the transactions of others."""

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from server.alerts.model import SEVERITIES, Alert, Bundle, Severity
from server.notify.tables import OUTBOX, RECEIVERS, STAND_INS, TOLD, from_json, to_json

log = logging.getLogger(__name__)

State = Literal["waiting", "sent", "over", "refused", "given_up", "nobody"]
"""``over``: nothing of it was worth telling any more; ``refused``: for good, by what it says; ``given_up``:
a day old; ``nobody``: its receiver is gone. Only what a target said it has is ``sent``."""
KINDS: Final = ("alerts", "test")
_ID_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A message that waits.

    Attributes:
        message: its id for programs, the same at every try.
        path: receivers in whose stead it goes to this one, the first one first.
        bundle: None for a monthly self-test.
        tries: how often it was begun to be sent.
    """

    id: int
    message: str
    receiver: str
    path: tuple[str, ...]
    severity: Severity
    made_ms: int
    tries: int
    bundle: Bundle | None


def add(
    connection: Connection, receiver: str, bundle: Bundle | None, now_ms: int, path: Sequence[str] = ()
) -> None:
    """A new message; ``bundle`` None is a self-test."""
    row = {
        "message": secrets.token_hex(_ID_BYTES),
        "receiver": receiver,
        "path": to_json(path),
        "kind": "alerts" if bundle else "test",
        "severity": worst(bundle) if bundle else "info",
        "state": "waiting",
        "bundle": to_json(bundle) if bundle else None,
        "made_ms": now_ms,
        "due_ms": now_ms,
        "tries": 0,
        "blocked": False,
        "channel": "",
        "title": "",
        "reason": "",
        "detail": "",
    }
    connection.execute(OUTBOX.insert(), row)


def worst(bundle: Bundle) -> Severity:
    """How much it matters that it arrives: by what is wrong now; what is over is no more than a note."""
    alerts = (*bundle.firing, *bundle.flapping) or [each for each in bundle.resolved if each.safety]
    return min((alert.severity for alert in alerts), key=SEVERITIES.index, default="info")


class UnreadableError(Exception):
    """A row that cannot be understood: damaged, or of another version of this program."""


def row_of(found: RowMapping) -> Row:
    """The message in a row of the table.

    Raises:
        UnreadableError: it cannot be understood.
    """
    try:
        path = from_json(found["path"], tuple[str, ...])
        bundle = from_json(found["bundle"], Bundle) if found["bundle"] else None
    except msgspec.MsgspecError as error:
        raise UnreadableError(f"message={found['message']} {error}") from error
    return Row(
        found["id"],
        found["message"],
        found["receiver"],
        path,
        found["severity"],
        found["made_ms"],
        found["tries"],
        bundle,
    )


def waiting(connection: Connection, row_id: int) -> Row | None:
    """The message, None when it does not wait any more.

    Raises:
        UnreadableError: it cannot be understood.
    """
    wanted = select(OUTBOX).where(OUTBOX.c.id == row_id, OUTBOX.c.state == "waiting")
    found = connection.execute(wanted).mappings().one_or_none()
    return row_of(found) if found else None


def finish(connection: Connection, row_id: int, state: State, now_ms: int) -> None:
    """It does not wait any more; what it was about goes, that it was there stays."""
    done = update(OUTBOX).where(OUTBOX.c.id == row_id)
    connection.execute(done.values(state=state, done_ms=now_ms, bundle=None, blocked=False))


def give_up(connection: Connection, row_id: int, error: UnreadableError, now_ms: int) -> None:
    """An unreadable one does not wait any more: it must not hold up those behind it."""
    log.error("message unreadable, given up: %s", error)
    finish(connection, row_id, "given_up", now_ms)


def of_channel(channel_id: str) -> ColumnElement[bool]:
    """Rows of receivers that are told by a channel."""
    return OUTBOX.c.receiver.in_(select(RECEIVERS.c.id).where(RECEIVERS.c.channel == channel_id))


def of_receiver(receiver_id: str) -> ColumnElement[bool]:
    """Rows for a receiver."""
    return OUTBOX.c.receiver == receiver_id


def release(connection: Connection, which: ColumnElement[bool], now_ms: int) -> None:
    """Have these rows tried now, whatever pause they were given."""
    free = update(OUTBOX).where(OUTBOX.c.state == "waiting", which)
    connection.execute(free.values(due_ms=now_ms, blocked=False))


def believed(connection: Connection, receiver: str) -> dict[str, int]:
    """Ids of alerts that a receiver was told of and that were not called over to them, with when it was."""
    told = select(TOLD.c.alert, TOLD.c.at_ms).where(TOLD.c.receiver == receiver)
    return {row.alert: row.at_ms for row in connection.execute(told)}


def believe(connection: Connection, receiver: str, bundle: Bundle, now_ms: int) -> None:
    """Note that a receiver has got a bundle."""
    standing = [
        {"receiver": receiver, "alert": alert.id, "at_ms": now_ms}
        for alert in (*bundle.firing, *bundle.flapping)
    ]
    if standing:
        told = insert(TOLD)
        again = told.on_conflict_do_update(
            index_elements=["receiver", "alert"], set_={"at_ms": told.excluded.at_ms}
        )
        connection.execute(again, standing)
    ended = [{"whom": receiver, "which": alert.id} for alert in bundle.resolved]
    if ended:
        forgotten = delete(TOLD).where(
            TOLD.c.receiver == bindparam("whom"), TOLD.c.alert == bindparam("which")
        )
        connection.execute(forgotten, ended)


def stand_in(connection: Connection, first: str, second: str, alerts: Iterable[Alert], now_ms: int) -> None:
    """Note that ``second`` was to be told of alerts in the stead of ``first``."""
    noted = [{"first": first, "alert": alert.id, "second": second, "at_ms": now_ms} for alert in alerts]
    if noted:
        connection.execute(insert(STAND_INS).on_conflict_do_nothing(), noted)


def stand_ins(connection: Connection, bundle: Bundle) -> dict[str, tuple[Alert, ...]]:
    """Alerts whose end a bundle tells, by who was told of them in its receiver's stead; forgets who."""
    ended = {alert.id: alert for alert in bundle.resolved}
    if not ended:
        return {}
    noted = STAND_INS.c.first == bundle.receiver
    pairs = connection.execute(select(STAND_INS.c.second, STAND_INS.c.alert).where(noted)).all()
    found: dict[str, tuple[Alert, ...]] = {}
    for second, alert_id in pairs:
        if alert_id in ended:
            found[second] = (*found.get(second, ()), ended[alert_id])
            connection.execute(delete(STAND_INS).where(noted, STAND_INS.c.alert == alert_id))
    return found
