"""How many wrong passwords are taken: for one name wherever from, and from one place whatever the name.

Kept in ``desk.db``, so that a restart forgets nothing and a command can forgive. Names and addresses are kept
as hashes and for the window only: people type their password where the name belongs.
"""

import hashlib
from ipaddress import IPv6Address, ip_address
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, or_, select

from server.accounts.tables import ATTEMPTS

WINDOW_MS: Final = 900_000
MOST_FOR_NAME: Final = 5
MOST_FROM_ADDRESS: Final = 50
"""A depot's whole morning shift may share one address."""
_IPV6_BITS: Final = 64
"""What one household or phone gets of IPv6; below it everybody chooses addresses at will."""


def take(connection: Connection, name: str, address: str, now_ms: int) -> int:
    """Take one attempt, before the password is compared; or the milliseconds until one is taken again.

    Counted beforehand, guesses that come at the same time cannot pass together. The same is done for
    names that exist and names that do not. ``name`` is canonical (:func:`server.accounts.users.canonical`).
    """
    # A clock that was ahead leaves attempts in the future: they count no longer than others.
    outside = or_(ATTEMPTS.c.at_ms <= now_ms - WINDOW_MS, ATTEMPTS.c.at_ms > now_ms + WINDOW_MS)
    connection.execute(delete(ATTEMPTS).where(outside))
    row = {"name_hash": _hashed(name), "address_hash": _hashed(_place(address)), "at_ms": now_ms}
    wait_ms = max(
        _wait_ms(connection, ATTEMPTS.c.name_hash == row["name_hash"], MOST_FOR_NAME, now_ms),
        _wait_ms(connection, ATTEMPTS.c.address_hash == row["address_hash"], MOST_FROM_ADDRESS, now_ms),
    )
    if not wait_ms:
        connection.execute(ATTEMPTS.insert(), row)
    return wait_ms


def forgive(connection: Connection, name: str) -> None:
    """Forget the attempts for a name: its password was right, or is a new one."""
    connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.name_hash == _hashed(name)))


def _wait_ms(connection: Connection, which: ColumnElement[bool], most: int, now_ms: int) -> int:
    """Until fewer than ``most`` of these are inside the window; 0 when it is so now."""
    newest = select(ATTEMPTS.c.at_ms).where(which).order_by(ATTEMPTS.c.at_ms.desc())
    deciding = connection.scalar(newest.offset(most - 1).limit(1))
    return 0 if deciding is None else int(deciding) + WINDOW_MS - now_ms


def _hashed(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _place(address: str) -> str:
    """The address of IPv4, the first :data:`_IPV6_BITS` of IPv6; what is no address as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - _IPV6_BITS):x}/{_IPV6_BITS}"
