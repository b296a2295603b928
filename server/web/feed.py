"""What changed in a network since a reader last heard: the thinking behind the event stream.

Pure: states in, frames out, ``now`` handed in. Each station remembers the number of the frame in which it
last changed, so any reader that names the last frame it saw gets exactly what it missed, however long ago,
and nothing has to be kept for it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from server.state import StationState
from server.web.networks import district
from server.web.public import fact_times_ms, iso, status, visible

FRAME_MS: Final = 1_000
"""At most one frame of changes per network in this time; the first one goes at once."""
TIMES_MS: Final = 60_000
"""How often the measured-at times of unchanged stations are told."""


@dataclass(slots=True)
class _Seen:
    state: StationState
    visible: tuple[object, ...]
    row: bytes
    district: str
    frame: int
    told_at_ms: int | None


Row = tuple[str, bytes]
"""District and encoded status of one changed station."""


class NetworkFeed:
    """The changes of one network, numbered from 1; ``epoch`` names this process and this set of stations."""

    def __init__(self, epoch: str, states: Iterable[StationState]) -> None:
        self.frame = 0
        self._boot = epoch
        self._generation = 0
        self._seen = {state.station.id: _see(state, 0) for state in states}

    @property
    def last_id(self) -> str:
        """The event id of the newest frame."""
        return f"{self._boot}.{self._generation}-{self.frame}"

    def advance(self, states: Collection[StationState]) -> list[Row] | None:
        """Take in the newest states; the changed rows, or None when the set of stations is another."""
        if len(states) != len(self._seen) or any(state.station.id not in self._seen for state in states):
            self._generation += 1
            self._seen = {state.station.id: _see(state, self.frame) for state in states}
            return None
        changed = [seen for state in states if (seen := self._changed(state)) is not None]
        if changed:
            self.frame += 1
            for seen in changed:
                seen.frame = self.frame
        return [(seen.district, seen.row) for seen in changed]

    def since(self, event_id: str) -> list[Row] | None:
        """Rows that changed after the frame ``event_id``; None when that is unknown here: start anew."""
        epoch, _, number = event_id.rpartition("-")
        frame = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None
        if epoch != f"{self._boot}.{self._generation}" or frame is None or frame > self.frame:
            return None
        return [(seen.district, seen.row) for seen in self._seen.values() if seen.frame > frame]

    def times(self) -> list[tuple[str, str, tuple[int | None, ...]]]:
        """District, id and times (newest reading, then each fact) of stations with newer readings."""
        newer = [seen for seen in self._seen.values() if seen.state.at_ms != seen.told_at_ms]
        for seen in newer:
            seen.told_at_ms = seen.state.at_ms
        return [
            (seen.district, seen.state.station.id, (seen.state.at_ms, *fact_times_ms(seen.state)))
            for seen in newer
        ]

    def _changed(self, state: StationState) -> _Seen | None:
        seen = self._seen[state.station.id]
        if seen.state is state:
            return None
        seen.state = state
        now_visible = visible(state)
        if now_visible == seen.visible:
            return None
        seen.visible, seen.row, seen.district = now_visible, _encode_row(state), district(state)
        seen.told_at_ms = state.at_ms
        return seen


def _see(state: StationState, frame: int) -> _Seen:
    return _Seen(state, visible(state), _encode_row(state), district(state), frame, state.at_ms)


def _encode_row(state: StationState) -> bytes:
    return msgspec.json.encode(status(state))


def narrowed(rows: Iterable[Row], districts: frozenset[str]) -> list[bytes]:
    """The rows of some districts; no districts means all."""
    return [row for name, row in rows if not districts or name in districts]


def changes_event(event_id: str, rows: Iterable[bytes]) -> bytes:
    """The frame that tells of changed stations, each with its whole status."""
    return _event("changes", event_id, b'{"stations":[' + b",".join(rows) + b"]}")


def refresh_event(event_id: str) -> bytes:
    """The frame that asks a reader to fetch the list again; also the greeting of a new one."""
    return _event("refresh", event_id, b"{}")


def times_event(now_ms: int, times: Iterable[tuple[str, tuple[int | None, ...]]]) -> bytes:
    """Measured-at times, small: seconds before ``at``, one number where all facts are equally old.

    Otherwise a list: newest reading, access, crowding, comfort, sockets, batteries; null is not measured.
    """
    now_ms -= now_ms % 1000
    ages = {station: _seconds_before(now_ms, moments) for station, moments in times}
    payload = {
        "at": iso(now_ms),
        "seconds_before": {name: age for name, age in ages.items() if age is not None},
    }
    return _event("times", "", msgspec.json.encode(payload))


def _seconds_before(now_ms: int, moments: tuple[int | None, ...]) -> int | list[int | None] | None:
    ages = [None if moment is None else -((moment - now_ms) // 1000) for moment in moments]
    known = {age for age in ages if age is not None}
    return ages[0] if known == {ages[0]} else ages


def _event(kind: str, event_id: str, data: bytes) -> bytes:
    # The id of a times frame stays the one before it: times are not numbered, nothing is lost with them.
    head = f"id: {event_id}\nevent: {kind}\ndata: " if event_id else f"event: {kind}\ndata: "
    return head.encode() + data + b"\n\n"
