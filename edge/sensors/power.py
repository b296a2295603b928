"""What a socket's meter says, turned into what a rider wants to know: free, charging, full, broken.

A meter with steps of 1 or 2 W cannot tell an empty socket from a phone that is full and draws nothing:
both read as ``free``. Only a contact in the socket can (``plugged`` below, or
:mod:`edge.sensors.sockets_contact`).
"""

from dataclasses import dataclass
from typing import Final

from contract.messages import SocketKind, SocketState
from edge.options import Options

SILENT_MS: Final = 60_000
"""Without a word for this long the meter is ``unknown``; house meters report every 1 to 20 s."""

LIMIT_KEYS: Final = ("idle_w", "charging_w", "full_share", "charging_s", "idle_s", "full_s")
SAFETY_KEYS: Final = ("rated_w", "hot_c", "low_v")

RATED_W: Final[dict[SocketKind, float]] = {"ac": 2500, "usb": 240}
"""10 A at 250 V, what a Chinese household socket is made for; and the most that USB Power Delivery gives."""

COOLER_C: Final = 5.0
"""A hot socket is not called cool again before it is so much cooler."""

_MOST_W: Final = 10_000.0


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


@dataclass(frozen=True, slots=True)
class Safety:
    """From when on a socket is a fault.

    Attributes:
        rated_w: more than this for ``steady_ms`` is an overload.
        hot_c: at this it is hot, at once. A socket's contacts may get 45 K warmer than a room of 35 °C.
        low_v: on with less than this for ``steady_ms``, a socket has lost its mains: 220 V less a fifth.
        steady_ms: a motor that starts draws several times its power, for a second or two.
        clear_ms: how long all must be well before the fault is taken back.
    """

    rated_w: float
    hot_c: float = 80.0
    low_v: float = 180.0
    steady_ms: int = 10_000
    clear_ms: int = 60_000

    def holds_ms(self, cause: str) -> int:
        """How long ``cause`` (``""``: none) must last before it is believed."""
        return {"": self.clear_ms, "overload": self.steady_ms, "low_voltage": self.steady_ms}.get(cause, 0)


@dataclass(frozen=True, slots=True)
class Signals:
    """What a socket's device said in one look; None is what it does not measure.

    Attributes:
        on: its relay.
        plugged: its contact.
        alarm: the device's own word that something is wrong, as a code.
    """

    power_w: float | None = None
    voltage_v: float | None = None
    temperature_c: float | None = None
    on: bool | None = None
    plugged: bool | None = None
    alarm: str = ""


@dataclass(slots=True)
class Session:
    """One charge, from the first watts on: when it began, and the most that it drew."""

    began_ms: int
    peak_w: float = 0.0


class PowerMeter:
    """One socket's meter, with the memory that the hysteresis needs.

    Attributes:
        state: what is believed now.
        since_ms: when the signs of it began, not when they were believed.
        session: the charge that goes on or is full; None when the socket is free.
    """

    def __init__(self, limits: Limits | None = None, *, silent_ms: int = SILENT_MS) -> None:
        self.state: SocketState = "unknown"
        self.since_ms = 0
        self.session: Session | None = None
        self._limits = limits or Limits()
        self._silent_ms = silent_ms
        self._heard_ms: int | None = None
        self._signs: tuple[SocketState, int] | None = None

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

    def doubt(self, mono_ms: int) -> str:
        """Why the state is ``unknown``, in words; "" when it is not."""
        if self.state != "unknown":
            return ""
        if self._signs is None:
            return "no power value is heard"
        sign, began_ms = self._signs
        held, ago = self._limits.holds_ms(sign) / 1000, (mono_ms - began_ms) // 1000
        return f"{sign} is not yet shown: it must be so for {held:g} s, and its first sign was {ago} s ago"

    def _weigh(self, mono_ms: int, watts: float) -> None:
        sign = self._sign(watts)
        if self._signs is None or self._signs[0] != sign:
            self._signs = sign, mono_ms
        began = self._signs[1]
        if sign != self.state and mono_ms - began >= self._limits.holds_ms(sign):
            self._believe(sign, began)
        if self.state == "charging":
            self.session = self.session or Session(began)
            self.session.peak_w = max(self.session.peak_w, watts)

    def _sign(self, watts: float) -> SocketState:
        peak_w = self.session.peak_w if self.session else 0.0
        if watts < self._limits.idle_w:
            return "free"
        if watts < self._limits.charging_w or watts <= self._limits.full_share * peak_w:
            return "full"
        return "charging"

    def _believe(self, state: SocketState, since_ms: int) -> None:
        self.state, self.since_ms = state, since_ms
        if state == "free":
            self.session = None

    def _forget(self, since_ms: int) -> None:
        if self.state != "unknown":
            self.state, self.since_ms = "unknown", since_ms
        self._signs = self.session = None


class Outlet:
    """One socket with all that its device says: power, relay, contact, heat, alarm.

    Attributes:
        state: what is believed now, by priority: unknown (silent), fault, off, then what is plugged in.
        since_ms: when it began.
        fault: why the state is ``fault``: ``overload``, ``hot``, ``low_voltage`` or the device's own code.
    """

    def __init__(self, limits: Limits, safety: Safety, *, silent_ms: int) -> None:
        self.state: SocketState = "unknown"
        self.since_ms = 0
        self.fault = ""
        self._safety = safety
        self._silent_ms = silent_ms
        self._meter = PowerMeter(limits, silent_ms=silent_ms)
        self._heard_ms: int | None = None
        self._cause: tuple[str, int] = "", 0
        self._charged = False

    @property
    def session(self) -> Session | None:
        """The charge that goes on."""
        return self._meter.session

    def feed(self, mono_ms: int, signals: Signals) -> SocketState:
        """The device said all this at ``mono_ms``."""
        self.wait(mono_ms)
        self._heard_ms = mono_ms
        self._meter.feed(mono_ms, signals.power_w)
        self._beware(mono_ms, signals)
        return self._believe(self._judged(signals), mono_ms)

    def wait(self, mono_ms: int) -> SocketState:
        """Time has passed without a word from the device."""
        if self._heard_ms is None:
            self._heard_ms = self.since_ms = mono_ms
        elif mono_ms - self._heard_ms > self._silent_ms:
            self._charged, self.fault, self._cause = False, "", ("", mono_ms)
            self._meter.wait(mono_ms)
            self._believe("unknown", self._heard_ms)
        return self.state

    def doubt(self, mono_ms: int) -> str:
        """Why the state is ``unknown``, in words; "" when it is not."""
        return self._meter.doubt(mono_ms) if self.state == "unknown" else ""

    def _beware(self, mono_ms: int, signals: Signals) -> None:
        cause = danger(signals, self._safety, self.fault)
        if cause != self._cause[0]:
            self._cause = cause, mono_ms
        if cause != self.fault and mono_ms - self._cause[1] >= self._safety.holds_ms(cause):
            self.fault = cause

    def _judged(self, signals: Signals) -> SocketState:
        if self.fault:
            return "fault"
        if signals.on is False:
            return "off"
        self._charged = signals.plugged is not False and (self._charged or self._meter.state == "charging")
        if signals.plugged is None or self._meter.state == "charging":
            return self._meter.state
        if not signals.plugged:
            return "free"
        return "full" if self._charged or self._meter.state == "full" else "in_use"

    def _believe(self, state: SocketState, mono_ms: int) -> SocketState:
        if state != self.state:
            self.since_ms = self._meter.since_ms if state == self._meter.state else mono_ms
            self.state = state
        return state


def danger(signals: Signals, safety: Safety, known: str = "") -> str:
    """What is wrong with a socket by one look at it, ``""`` when nothing is; ``known`` is what was wrong."""
    hot_c = safety.hot_c - (COOLER_C if known == "hot" else 0)
    if signals.alarm:
        return signals.alarm
    if signals.temperature_c is not None and signals.temperature_c >= hot_c:
        return "hot"
    if signals.power_w is not None and signals.power_w > safety.rated_w:
        return "overload"
    low = signals.voltage_v is not None and signals.voltage_v < safety.low_v
    return "low_voltage" if low and signals.on is not False else ""


def read_limits(options: Options) -> Limits:
    """:data:`LIMIT_KEYS` of a sensor's table: watts, a share of 0 to 1, seconds."""
    usual = Limits()
    idle_w = options.number("idle_w", default=usual.idle_w, low=0, high=_MOST_W)
    return Limits(
        idle_w,
        options.number("charging_w", default=max(usual.charging_w, idle_w), low=idle_w, high=_MOST_W),
        options.number("full_share", default=usual.full_share, low=0, high=1),
        _ms(options, "charging_s", usual.charging_ms),
        _ms(options, "idle_s", usual.idle_ms),
        _ms(options, "full_s", usual.full_ms),
    )


def read_safety(options: Options, kind: SocketKind) -> Safety:
    """:data:`SAFETY_KEYS` of a sensor's table: watts, degrees, volts."""
    usual = Safety(RATED_W[kind])
    return Safety(
        options.number("rated_w", default=usual.rated_w, low=1, high=_MOST_W),
        options.number("hot_c", default=usual.hot_c, low=30, high=125),
        options.number("low_v", default=usual.low_v if kind == "ac" else 0, low=0, high=400),
    )


def _ms(options: Options, key: str, usual_ms: int) -> int:
    return round(options.number(key, default=usual_ms / 1000, low=0, high=86_400) * 1000)
