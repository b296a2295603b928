"""The thread that keeps rollups.db up to date.

It rests after each step so long that it takes :data:`DUTY` of one core. A city's hours are made within some
minutes after they are over.

Failure policy: after any failure, above all a database that cannot be read or written now, it says so, in
the log once, and begins again a minute later; an hour that failed is tried again an hour later, the others
before it. Nothing is pruned meanwhile that was not made.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from server.rollups.calendar import Live
from server.rollups.keeper import PUT_OFF_MS, History, Keeper
from server.rollups.writing import Writer
from server.store.trouble import WELL, Trouble

log = logging.getLogger(__name__)

DUTY: Final = 0.05
"""Of one core, at most."""
FOLLOW_S: Final = 60.0
"""Between two looks at what was committed, and after a failure."""


class Follower:
    """The thread; see :class:`server.rollups.keeper.Keeper` for the arguments.

    Args:
        path: of rollups.db.
        now_ms: the clock.
        told: hears, in the thread, what is wrong, and once all is well again.
    """

    def __init__(
        self,
        store: History,
        path: Path,
        live: Live,
        keep_days: int,
        *,
        now_ms: Callable[[], int],
        told: Callable[[Trouble], None] = lambda _: None,
    ) -> None:
        self._store, self._path, self._live = store, path, live
        self._keep_days, self._now_ms, self._told = keep_days, now_ms, told
        self._failed_s: float | None = None
        self._renewed: Callable[[str], None] = lambda _: None
        self._follow_s = 0.0
        self._moved: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollups", daemon=True)

    def start(self, renewed: Callable[[str], None] = lambda _: None) -> None:
        """Begin; ``renewed`` hears, in the thread, of stations whose past days have changed."""
        self._renewed = renewed
        self._thread.start()

    def stop(self) -> None:
        """End after the present step; also when it was never started."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    # --- in the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        remove_forerunner(self._path.with_name("quarters.db"))
        trouble = ""
        while not self._over.is_set():
            try:
                with closing(Writer.open(self._path)) as writer:
                    self._work(Keeper(self._store, writer, self._live, self._keep_days, self._renewed))
            except Exception as error:
                if repr(error) != trouble:
                    log.exception("rollups_failed path=%s", self._path)
                trouble = repr(error)
                self._failed_s = time.monotonic()
                self._told(Trouble.of("roll-ups are not made", error))
                self._over.wait(FOLLOW_S)

    def _work(self, keeper: Keeper) -> None:
        while not self._over.is_set():
            began_s = time.thread_time()
            if self.step(keeper):
                self._over.wait((time.thread_time() - began_s) * (1 / DUTY - 1))
            else:
                self._recovered()
                self._over.wait(max(0.0, self._follow_s - time.monotonic()))

    def _recovered(self) -> None:
        """Say that all is well once everything has been tried again since the last failure."""
        if self._failed_s is not None and time.monotonic() - self._failed_s > 2 * PUT_OFF_MS / 1000:
            self._failed_s = None
            self._told(WELL)

    def step(self, keeper: Keeper) -> bool:
        """Do a little; whether there was something to do."""
        now_ms = self._now_ms()
        if time.monotonic() >= self._follow_s:
            if not keeper.follow(now_ms):
                self._follow_s = time.monotonic() + FOLLOW_S
                self._moved = keeper.moved()
            return True
        if self._moved:
            keeper.move(self._moved.pop(), now_ms)
            return True
        return keeper.make(now_ms, now_ms)


def remove_forerunner(path: Path) -> None:
    """Delete what earlier versions kept of the same readings; it is made again from them."""
    try:
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.unlink()
                log.info("quarters_removed path=%s", part)
    except OSError as error:
        log.warning("quarters_left path=%s error=%s", path, error)
