"""A battery-swap cabinet of plain contacts: a battery in the slot, the slot's door closed.

Contacts know nothing of charge: ``charge`` stays ``unknown``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contract.messages import Cabinet, SensorInfo, Slot, SlotDoor
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.options import ConfigError, Options
from edge.sensors import Parts, Reading
from edge.sensors.parts import cabinet_info
from edge.sensors.pins import WIRING_KEYS, Input, SteadyInput, Wiring, close_all, wiring


@dataclass(frozen=True, slots=True)
class _SlotContacts:
    n: int
    battery: SteadyInput
    closed: SteadyInput | None

    def look(self, now: Instant) -> Slot:
        door: SlotDoor = "unknown"
        if self.closed is not None:
            door = "closed" if self.closed.look(now)[0] else "open"
        return Slot(self.n, "present" if self.battery.look(now)[0] else "absent", door=door)


class CabinetContact:
    """One cabinet, each slot with a battery contact and, if wired, a door contact."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals, clock
        options = entry.read_options()
        options.only("slot", "label", "voltage_v", *WIRING_KEYS)
        wired = wiring(options)
        tables = options.tables("slot")
        self._info = cabinet_info(options, entry.id, len(tables) or 1)
        if not tables:
            raise ConfigError(entry.where, "slot", None, "at least one [[sensor.slot]]")
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        self._inputs: list[Input] = []
        try:
            self._slots = [self._slot(table, wired) for table in tables]
        except BaseException:
            self.close()
            raise

    def parts(self) -> Parts:
        return Parts(cabinets=(self._info,))

    def read(self, now: Instant) -> Sequence[Reading]:
        return [Cabinet(self._info.id, online=True, slots=tuple(slot.look(now) for slot in self._slots))]

    def close(self) -> None:
        close_all(self._inputs)

    def _slot(self, table: Options, wired: Wiring) -> _SlotContacts:
        table.only("n", "pin_battery", "pin_closed")
        n = table.whole("n", low=1, high=999)
        battery = self._open(table, "pin_battery", wired)
        closed = self._open(table, "pin_closed", wired) if table.has("pin_closed") else None
        return _SlotContacts(n, battery, closed)

    def _open(self, table: Options, key: str, wired: Wiring) -> SteadyInput:
        self._inputs.append(Input(table, key, wired))
        return SteadyInput(self._inputs[-1])
