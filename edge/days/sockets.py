"""What happens at a charging socket in one service day.

A phone charges for 27 to 68 minutes (measured on real plug meters), its power falling towards the end,
then trickles at one or two watts until its rider comes back; now and then a socket is broken.
"""

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contract.messages import Socket, SocketInfo, SocketState
from edge.days import visits
from edge.days.calendar import DAY_STARTS_MIN, MINUTE_MS, Window, midnight_ms
from edge.days.noise import Draws, key, unit
from edge.days.profile import Profile

_CHARGE_MIN: Final = (27, 68)
_LEFT_FULL: Final = 0.55
"""Share of phones that stay plugged in after they are full."""
_MOST_A_DAY: Final = 14
_USE_PER_VISIT: Final = 0.4
_BROKEN: Final = 0.025
_BROKEN_SPELL_DAYS: Final = 6
_USB_W: Final = (5.0, 18.0)
_AC_W: Final = (18.0, 67.0)


_said = lru_cache(maxsize=16_384)(Socket)
"""Most of a city's sockets say what they said before."""


@dataclass(frozen=True, slots=True)
class DaySessions:
    """A socket's sessions of a day, in order: plugged in, full, unplugged (UTC ms) and the peak (W).

    ``broken_ms``: since when it is broken, all day long; ``None`` when it works.
    """

    broken_ms: int | None
    plugged: "array[int]"
    full: "array[int]"
    unplugged: "array[int]"
    peak_w: "array[float]"


def make(profile: Profile, info: SocketInfo, day: int) -> DaySessions:
    """All sessions of ``day`` at the socket ``info``; they never overlap."""
    broken_ms = _broken_since_ms(profile, info, day)
    sessions = DaySessions(broken_ms, array("q"), array("q"), array("q"), array("d"))
    opening = visits.window(profile, day)
    if opening is None:
        return sessions
    draws = Draws(profile.seed, day, key(info.id), 30)
    start_ms, free_from = midnight_ms(day), float(DAY_STARTS_MIN)
    for plugged in sorted(visits.arrival_min(draws, opening) for _ in range(_wanted(profile, draws))):
        full, unplugged = _session(draws, plugged, opening)
        peak_w = draws.between(*(_USB_W if info.kind == "usb" else _AC_W))
        if plugged < free_from:
            continue
        free_from = unplugged + 2
        sessions.plugged.append(start_ms + int(plugged * MINUTE_MS))
        sessions.full.append(start_ms + int(full * MINUTE_MS))
        sessions.unplugged.append(start_ms + int(unplugged * MINUTE_MS))
        sessions.peak_w.append(peak_w)
    return sessions


def read(profile: Profile, info: SocketInfo, day: int, sessions: DaySessions, at_ms: int) -> Socket:
    """The socket at ``at_ms``, which lies in ``day``."""
    if sessions.broken_ms is not None:
        return _said(info.id, info.kind, "fault", sessions.broken_ms, 0.0 if profile.metered else None)
    state, since_ms, power_w = _state(sessions, day, at_ms)
    if profile.metered:
        return _said(info.id, info.kind, state, since_ms, _noisy(profile, info, power_w, at_ms))
    return _said(info.id, info.kind, *_as_contact(sessions, state, since_ms, at_ms), None)


def _noisy(profile: Profile, info: SocketInfo, power_w: float, at_ms: int) -> float:
    """What a meter says of ``power_w``, each second a little different; nothing drawn is exactly that."""
    wobble = unit(profile.seed, key(info.id), at_ms // 1000) - 0.5 if power_w else 0.0
    return round(power_w * (1 + 0.06 * wobble), 1)


def _wanted(profile: Profile, draws: Draws) -> int:
    mean = _USE_PER_VISIT * profile.visits_per_day / max(len(profile.sockets), 1)
    return min(int(mean * draws.between(0.6, 1.4) + draws.unit()), _MOST_A_DAY)


def _session(draws: Draws, plugged: float, opening: Window) -> tuple[float, float]:
    """When it is full and when it is unplugged, minutes; both before the station closes."""
    last = opening[1] - 1.0
    full = min(plugged + draws.between(*_CHARGE_MIN), last)
    stays = draws.unit() < _LEFT_FULL
    return full, min(full + (draws.between(3, 60) if stays else 0), last)


def _state(sessions: DaySessions, day: int, at_ms: int) -> tuple[SocketState, int, float]:
    i = bisect_right(sessions.plugged, at_ms) - 1
    if i < 0:
        return "free", midnight_ms(day) + DAY_STARTS_MIN * MINUTE_MS, 0.0
    if at_ms >= sessions.unplugged[i]:
        return "free", sessions.unplugged[i], 0.0
    if at_ms >= sessions.full[i]:
        return "full", sessions.full[i], 1.5
    charged = (at_ms - sessions.plugged[i]) / (sessions.full[i] - sessions.plugged[i])
    return "charging", sessions.plugged[i], sessions.peak_w[i] * _taper(charged)


def _taper(charged: float) -> float:
    """Share of the peak power: full to six tenths of the charge, then falling to a quarter."""
    return 1.0 if charged < 0.6 else 1.0 - 0.75 * (charged - 0.6) / 0.4


def _as_contact(
    sessions: DaySessions, state: SocketState, since_ms: int, at_ms: int
) -> tuple[SocketState, int]:
    """A contact sees a plug, not what it draws."""
    if state == "free":
        return "free", since_ms
    return "in_use", sessions.plugged[bisect_right(sessions.plugged, at_ms) - 1]


def _broken_since_ms(profile: Profile, info: SocketInfo, day: int) -> int | None:
    """A spell of days through which the socket is broken."""
    spell = day // _BROKEN_SPELL_DAYS
    if unit(profile.seed, key(info.id), spell, 31) >= _BROKEN * profile.troubles:
        return None
    return midnight_ms(spell * _BROKEN_SPELL_DAYS) + DAY_STARTS_MIN * MINUTE_MS
