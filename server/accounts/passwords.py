"""Passwords: argon2id, rules for new ones, and how many are hashed at once."""

import secrets
import string
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

FEWEST: Final = 12
"""Characters; OWASP ASVS 4.0, 2.1.1. With the lock-out, a guesser has 480 tries a day."""
MOST: Final = 128
"""Characters; ASVS 4.0, 2.1.2. What is longer is wrong without being hashed at length."""
FEWEST_DIFFERENT: Final = 5
AT_ONCE: Final = 2
"""Hashes computed at once: each takes 64 MiB and about 0.1 s of four threads."""
WAITING: Final = 8
"""Threads that compute or wait; the next is told to come again, so that the pages keep theirs."""

_EASY: Final = (
    *("password", "passw0rd", "qwerty", "1q2w3e", "1qaz2wsx", "q1w2e3", "asdfgh", "zxcvbn", "abcdef"),
    *("123456", "654321", "111111", "admin", "letmein", "welcome", "woaini", "5201314", "waystation"),
)
"""What guessers begin with; alone or with a few characters around it, it is guessed."""
_FEWEST_AROUND: Final = 8
"""Characters that must be left when what is easy is taken away."""
_ALPHABET: Final = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("0o1il")))
_GROUPS: Final = 4
_GROUP: Final = 5
"""4 groups of 5 out of 31 characters: 99 bits, read out or typed from paper without a mistake."""


class PasswordError(ValueError):
    """A new password that is not taken: ``reason`` names why, the message says it; never the password."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class BusyError(Exception):
    """Too many passwords are being hashed; to be tried again in a second."""


class Passwords:
    """Hashes and compares. Safe to use from several threads; the default cost is argon2-cffi's (RFC 9106).

    ``hasher`` is argon2id at another cost: a cheaper one belongs into tests only.
    """

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._waiting = threading.BoundedSemaphore(WAITING)
        self._computing = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self.hash(secrets.token_urlsafe())

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Wait for one of :data:`AT_ONCE` places; who lets strangers have passwords compared takes one.

        Raises:
            BusyError: :data:`WAITING` have or want one already.
        """
        if not self._waiting.acquire(blocking=False):
            raise BusyError("too many people sign in at once; try again in a second")
        try:
            with self._computing:
                yield
        finally:
            self._waiting.release()

    def hash(self, password: str) -> str:
        """The salted argon2id hash, with its parameters in it."""
        return self._hash.hash(_bytes(password))

    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password belongs to the hash; without one (nobody's) it is no, at the same cost."""
        right = self._hash.verify(_bytes(password[: MOST + 1]), hashed or self._nobodys)
        return right and hashed is not None and len(password) <= MOST

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made at another cost than new ones are."""
        return self._hash.current_hasher.check_needs_rehash(hashed)


def check(password: str, name: str) -> None:
    """Refuse a new password that is guessed soon. ``name`` is the user's.

    Raises:
        PasswordError: with the reason.
    """
    if not FEWEST <= len(password) <= MOST:
        said = f"the password has {len(password)} characters: {FEWEST} to {MOST} are taken"
        raise PasswordError("length", said)
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in password):
        raise PasswordError("control", "the password has characters that cannot be typed into a page")
    if password.isdigit():
        raise PasswordError("digits", "the password has digits only: phone numbers are guessed first")
    if len(set(password.casefold())) < FEWEST_DIFFERENT:
        raise PasswordError("alike", f"the password has fewer than {FEWEST_DIFFERENT} different characters")
    if _left(password, name) < _FEWEST_AROUND:
        said = "the password is little more than the user's name or what guessers try first"
        raise PasswordError("easy", said)


def _left(password: str, name: str) -> int:
    """Characters that are neither the user's name nor easy."""
    rest = password.casefold()
    for easy in (name.casefold(), *_EASY):
        rest = rest.replace(easy, "")
    return len(rest)


def generated() -> str:
    """A random password of 99 bits, easy to type."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _bytes(password: str) -> bytes:
    """As it is hashed: the same, however a keyboard composes its characters (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
