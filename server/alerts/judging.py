"""Which stations have to be judged now, and what was found of the others. Used by the engine's thread.

A city's stations say the same most of the time. So findings are kept, and a station is judged anew when
something of it is new, or when the clock may change a word: a reading ages, a silence becomes too long. What
is kept still makes time go by for its alerts.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from contract.messages import Cabinet, Snapshot, Status
from server.alerts import rules
from server.alerts.board import Board
from server.alerts.facts import Facts
from server.alerts.gather import Gather
from server.alerts.kinds import KINDS, AlertThresholds, ServerThresholds
from server.alerts.model import ACTIVE, Finding, Scope
from server.alerts.trends import Trend
from server.live import Live
from server.state import StationState

log = logging.getLogger(__name__)

AGAIN_MS: Final = 60_000
"""A station is judged so often, whether or not anything of it is new."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A station when it was judged last.

    Attributes:
        heard, silent: whether it ever spoke, and whether it is offline now (None: nobody can say).
        due_ms: until then nothing new can be said if nothing new is heard.
    """

    state: StationState
    trend: Trend
    link: Status | None
    rejected: int
    findings: tuple[Finding, ...]
    heard: bool
    silent: bool | None
    due_ms: int


class Judging:
    """Findings of all stations, networks and the server."""

    def __init__(self, live: Live, gather: Gather) -> None:
        self._live, self._gather = live, gather
        self._judged: dict[str, _Judged] = {}
        self._before_ms = 0
        self._failing: set[tuple[str, str]] = set()

    def anew(self, subjects: Iterable[tuple[Scope, str]]) -> None:
        """Judge these again, as their alerts have changed: what counts as well depends on that."""
        for scope, id_ in subjects:
            if scope == "station":
                self._judged.pop(id_, None)

    def all_anew(self) -> None:
        """Judge all stations again."""
        self._judged.clear()

    def findings(self, board: Board, now_ms: int) -> Iterator[Finding]:
        """What is to be said now, the server first."""
        if now_ms < self._before_ms:  # the clock was set back
            self.all_anew()
        self._before_ms = now_ms
        yield from self._of_server(board, now_ms)
        stations = self._gather.registry.stations
        silent: dict[str, bool | None] = {}
        for station_id in stations:
            judged = self._station(station_id, board, now_ms)
            if judged is not None:
                yield from judged.findings
                if judged.heard:
                    silent[station_id] = judged.silent
        yield from self._of_districts(silent, board, now_ms)

    def burns(self, station_id: str, snapshot: Snapshot, board: Board, now_ms: int) -> bool:
        """Whether a snapshot shows smoke or heat in a cabinet of which no such alert is active."""
        known = self._gather.registry.stations.get(station_id)
        if known is None or now_ms - snapshot.at_ms > known.thresholds.fresh_ms:
            return False
        for cabinet in snapshot.cabinets:
            kinds = _burning(cabinet, known.thresholds.overheat_c)
            alerts = board.open("station", station_id) if kinds else {}
            if any(alerts.get((kind, cabinet.id)) not in ACTIVE for kind in kinds):
                return True
        return False

    def burning(self, station_id: str, snapshot: Snapshot, board: Board, now_ms: int) -> Iterator[Finding]:
        """What burns by a snapshot that is the newest no more: a sign that short is a sign too."""
        facts = self._gather.facts(station_id, board.open("station", station_id), now_ms)
        if facts is None or facts.snapshot is snapshot:
            return
        limits = self._gather.registry.limits[station_id]
        failed = partial(self._fail, station_id)
        for found in rules.judge(replace(facts, snapshot=snapshot), limits, now_ms, failed):
            if KINDS[found.kind].safety and found.truth == "true":
                yield found

    def _of_server(self, board: Board, now_ms: int) -> Iterator[Finding]:
        alerts = {
            pair: state for part in rules.PARTS.values() for pair, state in board.open("server", part).items()
        }
        facts = self._gather.server(alerts, now_ms)
        return rules.judge_server(facts, ServerThresholds(), now_ms)

    def _of_districts(
        self, silent: Mapping[str, bool | None], board: Board, now_ms: int
    ) -> Iterator[Finding]:
        limits = self._gather.registry.network_limits
        for district in self._gather.registry.districts:
            alerts = board.open("network", district.network)
            own = {pair: state for pair, state in alerts.items() if pair[1] == district.district}
            facts = self._gather.district(district, silent, own)
            yield from rules.judge_district(facts, limits[district.network], now_ms)

    def _station(self, station_id: str, board: Board, now_ms: int) -> _Judged | None:
        before, state = self._judged.get(station_id), self._live.state(station_id)
        if (
            before is not None
            and before.state is state
            and now_ms < before.due_ms
            and before.trend is self._gather.trend(station_id)
            and before.link is self._live.link(station_id)
            and before.rejected == self._gather.rejected(station_id)
        ):
            return before
        facts = self._gather.facts(station_id, board.open("station", station_id), now_ms)
        if facts is None:
            self._judged.pop(station_id, None)
            return None
        limits, failed = self._gather.registry.limits[station_id], partial(self._fail, station_id)
        try:
            judged = _judge(facts, limits, now_ms, failed)
        except Exception:  # what one station says must not silence the others
            failed("")
            return before
        self._judged[station_id] = judged
        return judged

    def _fail(self, station_id: str, rule: str) -> None:
        """Say it once: it happens again every minute."""
        if (station_id, rule) not in self._failing:
            log.exception("station_not_judged station=%s rule=%s", station_id, rule)
        self._failing.add((station_id, rule))


def _judge(facts: Facts, limits: AlertThresholds, now_ms: int, failed: Callable[[str], None]) -> _Judged:
    return _Judged(
        facts.state,
        facts.trend,
        facts.link,
        facts.rejected,
        tuple(rules.judge(facts, limits, now_ms, failed)),
        facts.snapshot is not None,
        _silent(facts, limits, now_ms),
        _due_ms(facts, limits, now_ms),
    )


def _silent(facts: Facts, limits: AlertThresholds, now_ms: int) -> bool | None:
    words = [word.truth for word in rules.RULES["station_offline"](facts, limits, now_ms)]
    return {"true": True, "false": False}.get(words[0]) if words else None


def _due_ms(facts: Facts, limits: AlertThresholds, now_ms: int) -> int:
    """The first moment from now on at which the clock alone may change a word."""
    since: list[int] = []
    snapshot, hearing_since_ms = facts.snapshot, facts.hearing_since_ms
    if snapshot is not None:
        since.append(snapshot.at_ms)
        if snapshot.climate is not None:
            since.append(snapshot.climate.at_ms)
        # The silence of one that was heard since counts from its own last word.
        if hearing_since_ms is not None and snapshot.at_ms < hearing_since_ms:
            since.append(hearing_since_ms)
    spans = (limits.lost_link_ms, limits.unheard_ms, facts.thresholds.fresh_ms)
    moments = [at_ms + span_ms + 1 for at_ms in since for span_ms in spans]
    return min(each for each in (*moments, now_ms + AGAIN_MS) if each > now_ms)


def _burning(cabinet: Cabinet, limit_c: float) -> list[str]:
    """The kinds of safety alerts that a cabinet gives cause for."""
    kinds = ["cabinet_smoke"] if cabinet.smoke else []
    if (cabinet.temperature_c is not None and cabinet.temperature_c >= limit_c) or any(
        slot.temperature_c is not None and slot.temperature_c >= limit_c for slot in cabinet.slots
    ):
        kinds.append("cabinet_overheat")
    return kinds
