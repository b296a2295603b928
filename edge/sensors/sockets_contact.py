"""Charging sockets with a contact behind each: something is plugged in, or nothing is.

A contact sees a plug, not a current: the state is ``in_use`` or ``free``.
"""

from collections.abc import Mapping, Sequence

from contract.messages import SensorInfo, Socket, SocketInfo
from edge.clock import Clock, Instant
from edge.config import SensorEntry
from edge.options import ConfigError, Options
from edge.sensors import Parts, Reading
from edge.sensors.parts import socket_info, unit_id
from edge.sensors.pins import WIRING_KEYS, Input, SteadyInput, Wiring, close_all, wiring


class SocketsContact:
    """Some sockets, each with a contact on a pin of its own."""

    def __init__(self, entry: SensorEntry, totals: Mapping[str, tuple[int, int]], clock: Clock) -> None:
        del totals, clock
        options = entry.read_options()
        options.only("socket", *WIRING_KEYS)
        wired = wiring(options)
        tables = options.tables("socket")
        if not tables:
            raise ConfigError(entry.where, "socket", None, "at least one [[sensor.socket]]")
        self.info = SensorInfo(entry.id, entry.kind)
        self.interval_s = entry.interval_s or 1.0
        self._inputs: list[Input] = []
        try:
            self._sockets = [self._open(table, wired) for table in tables]
        except BaseException:
            self.close()
            raise

    def parts(self) -> Parts:
        return Parts(sockets=tuple(info for info, _ in self._sockets))

    def read(self, now: Instant) -> Sequence[Reading]:
        return [_socket(info, *contact.look(now)) for info, contact in self._sockets]

    def close(self) -> None:
        close_all(self._inputs)

    def _open(self, table: Options, wired: Wiring) -> tuple[SocketInfo, SteadyInput]:
        table.only("id", "socket_kind", "label", "pin")
        info = socket_info(table, unit_id(table))
        self._inputs.append(Input(table, "pin", wired))
        return info, SteadyInput(self._inputs[-1])


def _socket(info: SocketInfo, plugged: bool, since_ms: int) -> Socket:
    return Socket(info.id, info.kind, "in_use" if plugged else "free", max(0, since_ms))
