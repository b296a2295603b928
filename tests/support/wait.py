"""Waiting for real processes: poll with a deadline, never a blind sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


def until(predicate: Callable[[], T], seconds: float, what: str) -> T:
    """Call ``predicate`` until it returns something true, and return that.

    Raises:
        AssertionError: if ``what`` has not come true after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while not (found := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_S)
    return found
