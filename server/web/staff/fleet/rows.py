"""The fleet as rows: how each station's machine is, which of them are shown, in which order. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from contract.messages import Health, Info, Snapshot, Status
from server.accounts.roles import Place, place_of
from server.state import StationState

State = Literal["offline", "never", "stale", "online", "static"]
STATES: Final[tuple[State, ...]] = ("offline", "never", "stale", "online", "static")
"""Worst first. ``never``: a Raspberry Pi belongs to it, and it was never heard; ``static``: none does."""
Trouble = Literal["sensor", "clock", "backlog", "lost", "power", "heat", "disk"]
TROUBLES: Final[tuple[Trouble, ...]] = ("lost", "backlog", "clock", "sensor", "power", "heat", "disk")
Sort = Literal["worst", "name", "age", "version", "backlog", "lost"]
SORTS: Final[tuple[Sort, ...]] = ("worst", "name", "age", "version", "backlog", "lost")
PAGE_ROWS: Final = 50
FEW: Final = 10
"""Fewer stations in trouble than this are named before everything else on a phone."""

_WORDS: Final[Mapping[str, State]] = {"fresh": "online", "stale": "stale", "offline": "offline"}


@dataclass(frozen=True, slots=True)
class Heard:
    """The last that was heard of a station, each None while it never was."""

    snapshot: Snapshot | None = None
    health: tuple[int, Health] | None = None
    info: Info | None = None
    link: Status | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a machine is in trouble; the numbers of the alerts."""

    backlog_rows: int
    disk_free_pct: float
    pi_hot_c: float


@dataclass(frozen=True, slots=True)
class Row:
    """One station.

    Attributes:
        place: its own network and district. ``name``: in the reader's language.
        at_ms: time of the newest snapshot; ``health_ms``: of the newest word on the machine.
        backlog, lost: rows that wait for the server, rows that the station had to give up; None: never said.
        version: of the agent, "" while it is not known.
    """

    id: str
    name: str
    place: Place
    state: State
    at_ms: int | None
    link: str
    version: str
    backlog: int | None
    lost: int | None
    health_ms: int | None
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see; "" stands for all."""

    network: str = ""
    district: str = ""
    state: str = ""
    trouble: str = ""
    version: str = ""
    search: str = ""
    sort: Sort = "worst"
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether more is chosen than a place."""
        return replace(self, network="", district="") != Choice()

    def parameters(self, **other: object) -> dict[str, object]:
        """As in an address, with ``other`` in the place of what is chosen."""
        sort = "" if self.sort == "worst" else self.sort
        mine = {
            "network": self.network, "district": self.district, "state": self.state, "trouble": self.trouble,
            "version": self.version, "q": self.search, "sort": sort,
        }  # fmt: skip
        return mine | other


def row_of(state: StationState, name: str, heard: Heard, limits: Limits) -> Row:
    """What is known of one station."""
    health = heard.health[1] if heard.health else None
    version = heard.info.agent_version if heard.info else heard.link.agent_version if heard.link else ""
    return Row(
        id=state.station.id,
        name=name,
        place=place_of(state.station),
        state=_state(state),
        at_ms=state.at_ms,
        link=heard.link.state if heard.link else "",
        version=version,
        backlog=health.outbox_rows if health else None,
        lost=health.dropped_total if health else None,
        health_ms=heard.health[0] if heard.health else None,
        troubles=tuple(_troubles(heard.snapshot, health, limits)),
    )


def _state(state: StationState) -> State:
    if state.freshness == "none":
        return "never" if state.station.instrumented else "static"
    return _WORDS[state.freshness]


def _troubles(snapshot: Snapshot | None, health: Health | None, limits: Limits) -> Iterable[Trouble]:
    free_pct = health.disk_free_pct if health else None
    found: dict[Trouble, bool] = {
        "lost": health is not None and health.dropped_total > 0,
        "backlog": health is not None and health.outbox_rows > limits.backlog_rows,
        "clock": snapshot is not None and snapshot.clock == "unsynced",
        "sensor": snapshot is not None and bool(snapshot.faults),
        "power": health is not None and bool(health.undervoltage),
        "heat": health is not None and (health.cpu_c or 0) >= limits.pi_hot_c,
        "disk": free_pct is not None and free_pct < limits.disk_free_pct,
    }
    return (trouble for trouble in TROUBLES if found[trouble])


def chosen(rows: Iterable[Row], choice: Choice, family: frozenset[str] | None) -> list[Row]:
    """The rows that are wanted, in the order that is; ``family``: the network with those inside it."""
    word = choice.search.casefold()
    found = [
        row
        for row in rows
        if (family is None or row.place.network in family)
        and choice.district in ("", row.place.district)
        and choice.state in ("", row.state)
        and (not choice.trouble or choice.trouble in row.troubles)
        and choice.version in ("", row.version)
        and (not word or word in row.name.casefold() or word in row.id)
    ]
    return sorted(found, key=_ORDERS[choice.sort])


def page_of(rows: Sequence[Row], page: int) -> tuple[Sequence[Row], int, int]:
    """The rows of a page, its number and how many there are; beyond the last is the last."""
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(1, page), pages)
    return rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS], page, pages


def few_wrong(rows: Sequence[Row]) -> Sequence[Row]:
    """The stations that were heard and are silent or in trouble, if they are few; the worst first."""
    wrong = [row for row in rows if row.state in ("stale", "offline") or row.troubles]
    return sorted(wrong, key=_worst) if len(wrong) < FEW else ()


def states(rows: Iterable[Row]) -> Mapping[str, int]:
    """How many there are of each state, of those that have none too."""
    counted = Counter(row.state for row in rows)
    return {state: counted[state] for state in STATES}


def troubles(rows: Iterable[Row]) -> Mapping[str, int]:
    """How many stations have each trouble, of those that some have."""
    counted = Counter(trouble for row in rows for trouble in row.troubles)
    return {trouble: counted[trouble] for trouble in TROUBLES if counted[trouble]}


def versions(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """The agents' versions with how many stations run them, the oldest first."""
    counted = Counter(row.version for row in rows if row.version)
    return sorted(counted.items(), key=lambda pair: _age(pair[0]))


def _age(version: str) -> tuple[tuple[int, ...], str]:
    """``0.10.0`` is newer than ``0.9.1``."""
    return tuple(int(part[:9]) for part in re.findall(r"[0-9]+", version)), version


def _worst(row: Row) -> tuple[object, ...]:
    trouble = min((TROUBLES.index(each) for each in row.troubles), default=len(TROUBLES))
    well = row.state == "online" and not row.troubles
    return STATES.index(row.state), well, trouble, row.at_ms or 0, row.id


_ORDERS: Final[Mapping[Sort, Callable[[Row], tuple[object, ...]]]] = {
    "worst": _worst,
    "name": lambda row: (row.name, row.id),
    "age": lambda row: (row.at_ms is None, row.at_ms or 0, row.id),
    "version": lambda row: (not row.version, _age(row.version), row.id),
    "backlog": lambda row: (-(row.backlog or 0), row.id),
    "lost": lambda row: (-(row.lost or 0), row.id),
}
