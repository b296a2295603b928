"""A desk with a ledger, and alerts of any shape."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, get_args

from hypothesis import strategies as st

from server.accounts.audit import Entry, entries
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.ledger import PART, Ledger
from server.alerts.model import SEVERITIES, Alert, Change, Scope, State, Subject, Timer, Truth
from server.alerts.silences import Maintenance, Matcher, Silence
from server.desk import Desk
from server.state import AccessValue

NOW: Final = 1_800_000_000_000
MIN: Final = 60_000
DAY: Final = 86_400_000


def opened(path: Path) -> Desk:
    """``desk.db`` with all that a ledger needs."""
    return Desk.open(path, ACCOUNTS, PART)


def alert(n: int = 1, state: State = "firing", **fields: Any) -> Alert:
    """The ``n``-th alert: of station ``s<n>``, unless told otherwise."""
    given: dict[str, Any] = {
        "kind": "too_hot",
        "severity": "warning",
        "subject": Subject("station", f"s{n}"),
        "since_ms": NOW + n,
        "fired_ms": NOW + n + MIN,
    }
    return Alert(id=f"{n:016x}", state=state, **(given | fields))


def put(
    desk: Desk, stored: Iterable[Alert] = (), gone: Iterable[str] = (), changes: Iterable[Change] = ()
) -> None:
    """Write in a transaction of its own."""
    with desk.writing() as connection:
        Ledger(desk).write(connection, stored, gone, changes)


def audited(desk: Desk) -> list[Entry]:
    """The audit log, oldest first."""
    with desk.reading() as connection:
        return entries(connection, 1000)[::-1]


_TEXT: Final = st.text(st.characters(codec="utf-8"), max_size=20)
_MS: Final = st.integers(-(10**13), 2**62)
_TIMERS: Final = st.builds(Timer, st.booleans(), _MS, _MS)


def alerts() -> st.SearchStrategy[Alert]:
    """Any alert that is not closed, whether rules would make it or not."""
    open_states = [state for state in get_args(State) if state != "closed"]
    return st.builds(
        Alert,
        id=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        kind=_TEXT,
        severity=st.sampled_from(SEVERITIES),
        subject=st.builds(Subject, st.sampled_from(get_args(Scope)), _TEXT, _TEXT),
        state=st.sampled_from(open_states),
        since_ms=_MS,
        fired_ms=st.none() | _MS,
        resolved_ms=st.none() | _MS,
        measured_ms=_MS,
        values=st.dictionaries(_TEXT, _TEXT | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False)),
        truth=st.sampled_from(get_args(Truth)),
        by=_TEXT,
        flapping=st.booleans(),
        told_ms=st.lists(_MS, max_size=4).map(tuple),
        timer=_TIMERS,
        version=st.integers(0, 10**6),
    )


def _matchers(*, places: bool) -> st.SearchStrategy[Matcher]:
    names = st.lists(_TEXT, min_size=1, max_size=3).map(tuple)
    some = st.just(()) | names
    others = {} if places else {"kinds": some, "severities": st.just(()) | st.just(("warning", "info"))}
    return st.builds(Matcher, networks=names, districts=some, stations=some, **others)


def _silences(*, places: bool) -> st.SearchStrategy[Silence]:
    return st.builds(
        Silence,
        id=_TEXT,
        matcher=_matchers(places=places),
        from_ms=st.integers(NOW - DAY, NOW + DAY),
        until_ms=st.integers(NOW + 2 * DAY, NOW + 10 * DAY),
        by=_TEXT,
        reason=_TEXT.filter(lambda text: bool(text.strip())),
        preset=st.sampled_from(["", "waiting"]),
    )


def wishes() -> st.SearchStrategy[Silence | Maintenance]:
    """Any silence or maintenance that is not over at :data:`NOW`."""
    works = st.builds(Maintenance, _silences(places=True), st.sampled_from(get_args(AccessValue)))
    return _silences(places=False) | works
