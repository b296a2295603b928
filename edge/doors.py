"""Two light beams across a door, told apart into people who came in and people who went out.

Beam A is the outer one, beam B the inner one. A person breaks one, then both, then only the other, then
none. Only that whole path counts; who turns back in the doorway comes out where they went in and is
not counted. How long somebody lingers does not matter, until the door counts as blocked.

The counter never corrects itself and never goes below what it was given: a room may have other doors.
"""

from collections.abc import Iterable
from typing import Final, Literal

Beam = Literal["A", "B"]

DEBOUNCE_MS: Final = 25
"""A person at a run (5 m/s, 20 cm deep) breaks a beam for 40 ms; insects and relay chatter stay below."""

BLOCKED_MS: Final = 30_000
"""Longer than people talk in a doorway, short enough to be told soon of a parcel in the beam."""


class DoorCounter:
    """Beam levels in, crossings out. Times come from any clock that never jumps.

    Attributes:
        in_total, out_total: crossings so far, with the totals handed in.
    """

    def __init__(
        self,
        in_total: int = 0,
        out_total: int = 0,
        *,
        mono_ms: int = 0,
        broken: Iterable[Beam] = (),
        debounce_ms: int = DEBOUNCE_MS,
        blocked_ms: int = BLOCKED_MS,
    ) -> None:
        """``broken`` are the beams already broken at ``mono_ms``: what is in the door then is not counted."""
        self.in_total = in_total
        self.out_total = out_total
        self._debounce_ms = debounce_ms
        self._blocked_ms = blocked_ms
        self._broken: set[Beam] = set(broken)
        self._pending: dict[Beam, int] = {}
        self._now = mono_ms
        self._since = mono_ms
        self._entered: Beam | None = None

    def feed(self, mono_ms: int, beam: Beam, broken: bool) -> int:
        """Beam ``beam`` changed at ``mono_ms``. Returns crossings known since the last call: in minus out."""
        crossings = self.settle(mono_ms)
        if broken == (beam in self._broken):
            self._pending.pop(beam, None)
        else:
            self._pending.setdefault(beam, self._now)
        return crossings

    def settle(self, mono_ms: int) -> int:
        """Let time pass up to ``mono_ms`` without a change. Returns crossings like :meth:`feed`."""
        self._now = max(self._now, mono_ms)
        crossings = 0
        for beam, since in sorted(self._pending.items(), key=lambda item: item[1]):
            if self._now - since >= self._debounce_ms:
                del self._pending[beam]
                crossings += self._change(beam, since)
        return crossings

    def blocked(self, mono_ms: int) -> bool:
        """Whether something has stood in the beams for too long to be a person."""
        return bool(self._broken) and mono_ms - self._since >= self._blocked_ms

    def _change(self, beam: Beam, at_ms: int) -> int:
        if beam not in self._broken:
            self._break(beam, at_ms)
            return 0
        stuck = self.blocked(at_ms)
        self._broken.discard(beam)
        return 0 if self._broken or stuck else self._leave(beam)

    def _break(self, beam: Beam, at_ms: int) -> None:
        if not self._broken:
            self._entered, self._since = beam, at_ms
        self._broken.add(beam)

    def _leave(self, beam: Beam) -> int:
        # One beam changes at a time, so another beam than the first can only be last after both were broken.
        entered, self._entered = self._entered, None
        if entered is None or entered == beam:
            return 0
        if entered == "A":
            self.in_total += 1
            return 1
        self.out_total += 1
        return -1
