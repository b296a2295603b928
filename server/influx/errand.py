"""A request in a thread of its own, so that whoever sent it sees the clock, the store and the end meanwhile.

No limit of time ends a request whose answer comes byte by byte; none is needed where nobody stands still for
it. A thread that is left behind ends with the process.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Errand(Generic[T]):
    """One piece of work, begun at once.

    Attributes:
        spent_s: computing that it took, once it is done.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self.spent_s = 0.0
        self._result: T | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), name="influx-request", daemon=True)
        self._thread.start()

    def result(self, seconds: float) -> T | None:
        """What came of it; None when nothing has after so many seconds.

        Raises:
            Exception: whatever the work raised.
        """
        self._thread.join(seconds)
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._result = work()
        except Exception as error:  # told to whoever waits for it
            self._error = error
        self.spent_s = time.thread_time()
