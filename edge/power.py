"""Watts at a socket, turned into what a rider wants to know: free, charging or full.

A meter with steps of 1 or 2 W cannot tell an empty socket from a phone that is full and draws nothing:
both read as ``free``. Only a contact in the socket can (:mod:`edge.sensors.sockets_contact`).
"""

from dataclasses import dataclass
from typing import Final

from contract.messages import SocketState

SILENT_MS: Final = 60_000
"""Without a word for this long the meter is ``unknown``; house meters report every 1 to 20 s."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where one state ends and the next begins.

    The defaults come from recordings of metered phone chargers (docs/hardware.md): an empty charger reads
    0 W with blips of 2 W that last some 8 s, a charging phone 2 to 6 W for 27 to 68 minutes.

    Attributes:
        idle_w: below this the socket is free, once it has lasted for ``idle_ms``.
        charging_w: from this on something charges, once it has lasted for ``charging_ms``.
        full_share: at or below this share of the session's peak it is full, after ``full_ms``.
    """

    idle_w: float = 1.0
    charging_w: float = 2.0
    full_share: float = 0.2
    charging_ms: int = 30_000
    idle_ms: int = 120_000
    full_ms: int = 600_000

    def holds_ms(self, state: SocketState) -> int:
        """How long the signs of ``state`` must last before it is believed."""
        return {"charging": self.charging_ms, "free": self.idle_ms}.get(state, self.full_ms)


class PowerMeter:
    """One socket's meter, with the memory that the hysteresis needs.

    Attributes:
        state: what is believed now.
        since_ms: when the signs of it began, not when they were believed.
    """

    def __init__(self, limits: Limits | None = None, *, silent_ms: int = SILENT_MS) -> None:
        self.state: SocketState = "unknown"
        self.since_ms = 0
        self._limits = limits or Limits()
        self._silent_ms = silent_ms
        self._heard_ms: int | None = None
        self._signs: tuple[SocketState, int] | None = None
        self._peak_w = 0.0

    def feed(self, mono_ms: int, watts: float | None) -> SocketState:
        """The meter said ``watts`` at ``mono_ms``; None when it was asked and gave no answer."""
        self.wait(mono_ms)
        if watts is not None:
            self._heard_ms = mono_ms
            self._weigh(mono_ms, watts)
        return self.state

    def wait(self, mono_ms: int) -> SocketState:
        """Time has passed without a word from the meter."""
        if self._heard_ms is None:
            self._heard_ms = self.since_ms = mono_ms
        elif mono_ms - self._heard_ms > self._silent_ms:
            self._forget(self._heard_ms)
        return self.state

    def _weigh(self, mono_ms: int, watts: float) -> None:
        sign = self._sign(watts)
        if self._signs is None or self._signs[0] != sign:
            self._signs = sign, mono_ms
        began = self._signs[1]
        if sign != self.state and mono_ms - began >= self._limits.holds_ms(sign):
            self._believe(sign, began)
        if self.state == "charging":
            self._peak_w = max(self._peak_w, watts)

    def _sign(self, watts: float) -> SocketState:
        if watts < self._limits.idle_w:
            return "free"
        if watts < self._limits.charging_w or watts <= self._limits.full_share * self._peak_w:
            return "full"
        return "charging"

    def _believe(self, state: SocketState, since_ms: int) -> None:
        self.state, self.since_ms = state, since_ms
        if state == "free":
            self._peak_w = 0.0

    def _forget(self, since_ms: int) -> None:
        if self.state != "unknown":
            self.state, self.since_ms = "unknown", since_ms
        self._signs, self._peak_w = None, 0.0
