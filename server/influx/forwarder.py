"""The thread that writes everything committed to InfluxDB, whatever becomes of InfluxDB.

Nothing else waits for it. How far it is stands in ``influx.db`` and goes on only behind an answer of 204; a
kill at any time costs the repetition of one request, which changes nothing there.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from server.influx.answers import LONGEST_ASKED_MS, Answer, Later, pause_ms
from server.influx.errand import Errand
from server.influx.follow import MOST_LINES
from server.influx.ledger import Ledger, put_aside
from server.influx.minutes import MINUTE_MS
from server.influx.standing import Standing
from server.influx.work import FOLLOW_MS, Task, Work
from server.influx.writer import NotTakenError, Write, write

log = logging.getLogger(__name__)

LEAST_LINES: Final = 250
STEP_LINES: Final = 250
"""A request that was too large or took too long is halved; each that is taken may be larger again."""
LOOK_S: Final = 1.0
"""How often the clock is looked at while a request is not answered."""
SLOW_MS: Final = 10_000
"""A well server answers in some 50 ms; from then on staff are told."""
STOP_S: Final = 5.0


class Forwarder:
    """Writes what is committed: :meth:`start` it, or call :meth:`step` in a thread of your own.

    Args:
        path: of influx.db.
        work: what there is to do, given that file.
        request: writes lines, see :class:`server.influx.client.Client`.
        told: gets the standing whenever it is another.

    Attributes:
        standing: never changed, only swapped; any thread reads it.
    """

    def __init__(
        self,
        path: Path,
        work: Callable[[Ledger], Work],
        request: Write,
        *,
        told: Callable[[Standing], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._path, self._made, self._request = path, work, request
        self._told, self._now_ms = told, now_ms
        self._work: Work | None = None
        self._task: Task | None = None
        self._tries, self._not_before_ms = 0, 0
        self._failed_ms: int | None = None
        self._most, self._spent_s = MOST_LINES, 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="influx", daemon=True)
        self.standing = Standing()
        told(self.standing)

    def start(self) -> None:
        """Begin, once what is live is known and before the first commit, which must not be missed."""
        try:
            self._opened()
        except (sqlite3.Error, OSError) as error:
            log.error("influx_not_opened error=%s", error)  # the thread tries again
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a request that hangs is left behind, its lines come again after the next start."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def reached(self) -> int:
        """The commit up to which all is written; what came later must not be pruned."""
        return self.standing.reached

    def _run(self) -> None:
        while not self._over.is_set():
            began_s, self._spent_s = time.thread_time(), 0.0
            wait_ms = self.step(self._now_ms())
            # At most half of a core, so that a backlog takes nothing from those who are being served.
            self._over.wait(max(wait_ms / 1000, time.thread_time() - began_s + self._spent_s))
        self.close()

    def close(self) -> None:
        """Let go of the file; the next step opens it again."""
        work, self._work, self._task = self._work, None, None
        if work is not None:
            work.close()

    def step(self, now_ms: int) -> int:
        """Write once, if there is something and InfluxDB takes it; ms until there may be more."""
        try:
            return self._step(now_ms)
        except NotTakenError as error:
            return self._later(error.later, now_ms)
        except (sqlite3.Error, OSError) as error:
            return self._failed(f"{type(error).__name__}: {error}", now_ms)
        except Exception as error:  # whatever it is, it must not end the thread in silence
            log.exception("influx_failed")
            return self._failed(repr(error), now_ms)

    def _step(self, now_ms: int) -> int:
        work = self._opened()
        work.keep_minute(now_ms)
        left_ms = self._not_before_ms - now_ms
        if 0 < left_ms <= LONGEST_ASKED_MS:  # more: the clock was set back
            self._stand(work, self.standing.since_ms)
            return min(left_ms, MINUTE_MS - now_ms % MINUTE_MS)
        task = self._task = self._task or work.next(now_ms)
        if task is None:
            self._failed_ms = None
            self._stand(work, work.since_ms())
            return FOLLOW_MS
        self._stand(work, min(task.since_ms, work.since_ms() or task.since_ms))
        self._write(task, now_ms)
        task.done(task.letters, now_ms)
        self._task = None
        return 0

    def _failed(self, why: str, now_ms: int) -> int:
        """Of what there is to do nobody can say now; it is behind since then, whatever else is written."""
        if self._failed_ms is None:
            self._failed_ms = now_ms
        self.close()
        wait_ms = self._later(Later(why), now_ms)
        self._tell(since_ms=min(self._failed_ms, self.standing.since_ms or self._failed_ms))
        return wait_ms

    def _opened(self) -> Work:
        if self._work is None:
            self._work = self._made(Ledger.open(self._path))
        return self._work

    def _write(self, task: Task, now_ms: int) -> None:
        """In as many requests as it takes; those that were taken do not come again."""
        while task.lines:
            count = min(self._most, len(task.lines))
            letters = write(task.lines[:count], self._answered)
            del task.lines[:count]
            task.letters += letters
            self._most = min(MOST_LINES, self._most + STEP_LINES)
            self._well(count - len(letters), now_ms)
            for letter in letters[:1]:
                log.warning("influx_refused lines=%d why=%r first=%r", len(letters), letter.why, letter.line)

    def _answered(self, lines: Sequence[str]) -> Answer:
        """What InfluxDB says, however long it takes; minutes are kept and staff told meanwhile."""
        errand, began_ms = Errand(lambda: self._request(lines)), self._now_ms()
        while (answer := errand.result(LOOK_S)) is None:
            if self._over.is_set():
                raise NotTakenError(Later("the server ends"))
            self._meanwhile(began_ms, self._now_ms())
        self._spent_s += errand.spent_s
        return answer

    def _meanwhile(self, began_ms: int, now_ms: int) -> None:
        if now_ms - began_ms >= SLOW_MS and not self.standing.why:
            log.warning("influx_waits why='no answer yet'")
            self._tell(why="no answer yet")
        with suppress(sqlite3.Error, OSError):  # the next step says so; this request must not be sent twice
            work = self._opened()
            work.keep_minute(now_ms)
            self._stand(work, self.standing.since_ms)

    def _well(self, written: int, now_ms: int) -> None:
        if self.standing.why:
            log.info("influx_well tries=%d", self._tries)
        self._tries, self._not_before_ms = 0, 0
        self._tell(why="", written=self.standing.written + written, taken_ms=now_ms)

    def _later(self, later: Later, now_ms: int) -> int:
        """Wait as long as InfluxDB asked, or longer each time; the same lines come again."""
        self._tries += 1
        if later.smaller:
            self._most = max(LEAST_LINES, self._most // 2)
        if later.why != self.standing.why and not self._over.is_set():
            log.warning("influx_waits why=%r", later.why)
        wait_ms = pause_ms(self._tries) if later.pause_ms is None else later.pause_ms
        self._not_before_ms = now_ms + wait_ms
        self._tell(why=later.why)
        return min(wait_ms, MINUTE_MS - now_ms % MINUTE_MS)

    def _stand(self, work: Work, since_ms: int | None) -> None:
        followed = work.ledger.followed()
        if self._failed_ms is not None:
            since_ms = min(self._failed_ms, since_ms or self._failed_ms)
        self._tell(
            since_ms=since_ms,
            rows=work.rows(),
            refused=followed.refused,
            reached=work.reached(),
            late=work.late,
            dropped=followed.dropped,
            damaged=put_aside(self._path),
        )

    def _tell(self, **changes: Any) -> None:
        self.standing = replace(self.standing, **changes)
        self._told(self.standing)
