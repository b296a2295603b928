"""Alerts and silences as rows of their tables, and back.

A row that cannot be understood is left out and logged: one of them must not silence all others.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import Row, case, func
from sqlalchemy.dialects.sqlite import Insert, insert

from server.alerts.model import Alert, Change
from server.alerts.silences import Maintenance, Matcher, Silence
from server.alerts.tables import ALERTS
from server.state import AccessValue

log = logging.getLogger(__name__)

Wish = Silence | Maintenance
"""What staff wish not to hear of."""


def _put_alert() -> Insert:
    """An alert that is there keeps when it was closed, until it is not closed any more."""
    row = insert(ALERTS)
    closed_ms = case(
        (row.excluded.closed_ms.is_not(None), func.coalesce(ALERTS.c.closed_ms, row.excluded.closed_ms))
    )
    new = {name: row.excluded[name] for name in ("counted_ms", "body", "measured")}
    return row.on_conflict_do_update(index_elements=["id"], set_=new | {"closed_ms": closed_ms})


PUT_ALERT: Final = _put_alert()


def row_of(alert: Alert, closed: Mapping[str, int]) -> dict[str, Any]:
    """The row of an alert; ``closed`` says when each was. One that it does not name counts from its end."""
    end_ms = alert.resolved_ms or alert.fired_ms or alert.since_ms
    return {
        "id": alert.id,
        "scope": alert.subject.scope,
        "subject": alert.subject.id,
        "unit": alert.subject.unit,
        "closed_ms": closed.get(alert.id, end_ms) if alert.state == "closed" else None,
        "counted_ms": max(alert.timer.mark_ms, *alert.told_ms, 0),
        "body": msgspec.json.encode(replace(alert, values={})).decode(),
        "measured": json.dumps(dict(alert.values)),
    }


def alerts_of(rows: Iterable[Row[Any]]) -> Iterator[Alert]:
    """The alerts in rows of all columns."""
    for row in rows:
        try:
            alert = msgspec.json.decode(row.body, type=Alert)
            yield replace(alert, values=json.loads(row.measured))
        except (msgspec.MsgspecError, ValueError) as error:
            log.error("alert unreadable, left out: id=%s error=%s", row.id, error)


def line_of(change: Change) -> dict[str, Any]:
    """The row of a change in the timeline."""
    return {
        "alert": change.alert.id,
        "at_ms": change.at_ms,
        "what": change.what,
        "by": change.by,
        "text": change.text,
    }


def silence_of(wish: Wish) -> Silence:
    """What maintenance holds back, or the silence itself."""
    return wish.silence if isinstance(wish, Maintenance) else wish


def silence_row(wish: Wish) -> dict[str, Any]:
    """The row of a silence or maintenance that has not been ended."""
    silence = silence_of(wish)
    return {
        "id": silence.id,
        "matcher": msgspec.json.encode(silence.matcher).decode(),
        "from_ms": silence.from_ms,
        "until_ms": silence.until_ms,
        "by": silence.by,
        "reason": silence.reason,
        "preset": silence.preset,
        "access": wish.access if isinstance(wish, Maintenance) else None,
    }


def wishes_of(rows: Iterable[Row[Any]]) -> Iterator[tuple[Wish, Row[Any]]]:
    """The silences and maintenance in rows of all columns, each with its row."""
    for row in rows:
        try:
            yield _wish(row), row
        except (msgspec.MsgspecError, ValueError) as error:
            log.error("silence unreadable, left out: id=%s error=%s", row.id, error)


def _wish(row: Row[Any]) -> Wish:
    matcher = msgspec.json.decode(row.matcher, type=Matcher)
    silence = Silence(row.id, matcher, row.from_ms, row.until_ms, row.by, row.reason, row.preset)
    return silence if row.access is None else Maintenance(silence, msgspec.convert(row.access, AccessValue))
