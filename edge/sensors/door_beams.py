"""A door with two light beams on two pins; optionally a contact at the leaf and one at the bolt."""

from collections.abc import Mapping, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from contract.messages import Door, SensorInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.doors import BLOCKED_MS, DEBOUNCE_MS, Beam, DoorCounter
from edge.sensors import Parts, Reading
from edge.sensors.pins import WIRING_KEYS, Input, SteadyInput, close_all, wiring

INTERVAL_S: Final = 0.5
_BEAMS: Final[tuple[Beam, Beam]] = ("A", "B")
_PINS: Final = ("pin_a", "pin_b", "pin_closed", "pin_locked")


class DoorBeams:
    """Counts people through one door. The pins' thread only notes edges; counting is done when asked."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        options = entry.read_options()
        options.only("debounce_ms", "blocked_s", "contacts", *_PINS, *WIRING_KEYS)
        debounce_ms = options.whole("debounce_ms", default=DEBOUNCE_MS, low=0, high=200)
        blocked_s = options.number("blocked_s", default=BLOCKED_MS / 1000, low=5, high=3600)
        wired, contacts = wiring(options), options.table("contacts")
        contacts.only(*WIRING_KEYS)
        contact_wired = wiring(contacts)
        self._inputs: list[Input] = []
        self._edges: SimpleQueue[tuple[int, Beam, bool]] = SimpleQueue()
        self._clock = clock
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or INTERVAL_S
        try:
            beams = {beam: self._open(Input(options, f"pin_{beam.lower()}", wired)) for beam in _BEAMS}
            self._leaf, self._bolt = (
                SteadyInput(self._open(Input(options, key, contact_wired))) if options.has(key) else None
                for key in ("pin_closed", "pin_locked")
            )
        except BaseException:
            self.close()
            raise
        in_total, out_total = totals.get(entry.id, (0, 0))
        self._counter = DoorCounter(
            in_total,
            out_total,
            mono_ms=clock.now().mono_ms,
            broken=[beam for beam, source in beams.items() if source.active],
            debounce_ms=debounce_ms,
            blocked_ms=round(blocked_s * 1000),
        )
        for beam, source in beams.items():
            source.on_change(partial(self._note, beam))

    def parts(self) -> Parts:
        return Parts(doors=(self.info.id,))

    def read(self, now: Instant) -> Sequence[Reading]:
        self._count(now.mono_ms)
        return [
            Door(
                self.info.id,
                self._counter.in_total,
                self._counter.out_total,
                self._counter.blocked(now.mono_ms),
                open=None if self._leaf is None else not self._leaf.look(now)[0],
                locked=None if self._bolt is None else self._bolt.look(now)[0],
            )
        ]

    def close(self) -> None:
        close_all(self._inputs)

    def _open(self, source: Input) -> Input:
        self._inputs.append(source)
        return source

    def _note(self, beam: Beam, broken: bool) -> None:
        self._edges.put((self._clock.now().mono_ms, beam, broken))

    def _count(self, mono_ms: int) -> None:
        while True:
            try:
                edge = self._edges.get_nowait()
            except Empty:
                break
            self._counter.feed(*edge)
        self._counter.settle(mono_ms)
