"""How many reports are taken: from one place, about one station, and in all. Pure; in memory only.

Addresses are kept as salted hashes, dropped once they no longer count; the salt ends with the process.
"""

import hashlib
import secrets
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

WINDOW_MS: Final = 600_000
"""Ten minutes: the span over which reports are counted, and in which the same one counts once."""
MOST_FROM_ONE: Final = 5
MOST_ABOUT_ONE: Final = 20
MOST_IN_ALL: Final = 300
IPV6_BITS: Final = 64
"""What one household or phone gets of IPv6; below it everybody chooses addresses at will."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a report is taken. ``repeated``: it was already; ``wait_ms``: not before then."""

    repeated: bool = False
    wait_ms: int = 0


class Limits:
    """Counts what was taken over the last :data:`WINDOW_MS`. Used from one thread."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._taken: deque[tuple[int, Hashable, str, Hashable]] = deque()

    def ask(self, address: str, station: str, what: Hashable, mono_ms: int) -> Verdict:
        """Take one report, or say why not. ``what`` is its content: the same from one place counts once."""
        while self._taken and mono_ms - self._taken[0][0] >= WINDOW_MS:
            self._taken.popleft()
        place = self._place(address)
        if any(entry[1:] == (place, station, what) for entry in self._taken):
            return Verdict(repeated=True)
        wait_ms = max(
            _wait_ms([at for at, *_ in self._taken], MOST_IN_ALL, mono_ms),
            _wait_ms([at for at, _, about, _ in self._taken if about == station], MOST_ABOUT_ONE, mono_ms),
            _wait_ms([at for at, whose, *_ in self._taken if whose == place], MOST_FROM_ONE, mono_ms),
        )
        if not wait_ms:
            self._taken.append((mono_ms, place, station, what))
        return Verdict(wait_ms=wait_ms)

    def give_back(self, address: str, station: str, what: Hashable) -> None:
        """Forget a report that was taken here and could not be kept."""
        lost = (self._place(address), station, what)
        self._taken = deque(entry for entry in self._taken if entry[1:] != lost)

    def _place(self, address: str) -> bytes:
        return hashlib.blake2b(_network(address).encode(), key=self._salt, digest_size=12).digest()


def _wait_ms(taken_ms: list[int], most: int, mono_ms: int) -> int:
    """Until one more fits among ``most``, 0 when it does now; ``taken_ms`` come oldest first."""
    return taken_ms[-most] + WINDOW_MS - mono_ms if len(taken_ms) >= most else 0


def _network(address: str) -> str:
    """The address of IPv4, the first :data:`IPV6_BITS` of IPv6; "" for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - IPV6_BITS):x}/{IPV6_BITS}"
