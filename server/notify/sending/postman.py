"""The thread that has messages leave: every channel by itself, so that one that hangs delays no other."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import Final

from server.desk import DeskError
from server.notify.model import Outcome, Refused
from server.notify.outbox.outbox import Outbox
from server.notify.sending.deadman import DeadMan
from server.notify.sending.delivery import Delivery
from server.notify.targets.posting import Courier
from server.notify.words.writing import World

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""Between looks at the outbox when nobody calls."""
TEST_S: Final = 50.0
"""What a test message may take: the longest sender's time-out, and a desk that others write."""
END_S: Final = 3.0
"""What is just being sent when the server stops is waited for so long; more would send it twice."""
STALE_S: Final = 60.0
"""The dead-man ping is withheld when nothing has been looked at for so long."""


class Postman:
    """Sends what is in the outbox, from :meth:`start` to :meth:`stop`.

    Args:
        http: with the operator's word on private addresses.
        dead_man_url: pinged each minute, "" for none; it may be private, the operator wrote it.
    """

    def __init__(self, outbox: Outbox, world: World, http: Courier, dead_man_url: str = "") -> None:
        self._outbox, self._world, self._http = outbox, world, http
        self._dead_man_url = dead_man_url
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._delivery: Delivery | None = None
        self._ending = threading.Event()
        self._well_at_s = -STALE_S

    def start(self) -> None:
        """Begin in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(ready)), name="postman", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End it; waits a few seconds for what is just being sent."""
        self._ending.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(END_S + 2)

    def wake(self) -> None:
        """Look at the outbox now: something was put there. Any thread."""
        delivery, loop = self._delivery, self._loop
        if delivery is not None and loop is not None and loop.is_running():
            loop.call_soon_threadsafe(delivery.woken.set)

    def channels(self) -> Mapping[str, int | None]:
        """Every channel by id, with the moment (ms) since when nothing gets through, None: it is well.

        Raises:
            DeskError: they cannot be read.
        """
        found = self._outbox.health().items()
        return {channel: state.failing_since_ms if state.failing else None for channel, state in found}

    def test(self, channel_id: str, by: str) -> Outcome:
        """Send a test message now and say what became of it; waits for as long as the channel may take.

        Of a refusal ``retry_after_s`` says when it may be tried again, where that is known.

        Args:
            by: name of the user who asks; stands in the message and in the audit log.

        Raises:
            DirectoryError: there is no such channel.
            DeskError: the desk cannot be read or written.
        """
        delivery, loop = self._delivery, self._loop
        if delivery is None or loop is None or not loop.is_running() or self._ending.is_set():
            return Refused("temporary", "not_running")
        future = asyncio.run_coroutine_threadsafe(delivery.test(channel_id, by), loop)
        try:
            return future.result(TEST_S)
        except TimeoutError:
            future.cancel()
            return Refused("temporary", "timed_out")
        except CancelledError:
            return Refused("temporary", "not_running")

    async def _run(self, ready: threading.Event) -> None:
        self._delivery = delivery = Delivery(self._outbox, self._world, self._http)
        self._loop = asyncio.get_running_loop()
        ready.set()
        pings = asyncio.create_task(self._ping()) if self._dead_man_url else None
        while not self._ending.is_set():
            delivery.woken.clear()
            await self._step(delivery)
            try:
                await asyncio.wait_for(delivery.woken.wait(), LOOK_S)
            except TimeoutError:
                continue
        if pings is not None:
            pings.cancel()
        await delivery.close(END_S)

    async def _step(self, delivery: Delivery) -> None:
        """One pass; what goes wrong with it is logged, and the next one comes."""
        try:
            await delivery.step()
            if self._dead_man_url != "" and await delivery.call(self._is_well):
                self._well_at_s = asyncio.get_running_loop().time()
        except DeskError as error:
            log.warning("desk not reached, messages wait: error=%s", error)
        except Exception:
            log.exception("postman failed; goes on")

    def _is_well(self) -> bool:
        """Whether alerts are judged, and some channel takes messages; a server without any is well."""
        states = self.channels().values()
        return self._world.well() and (not states or None in states)

    async def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        man = DeadMan(
            self._dead_man_url,
            Courier(allow_private=True),
            lambda: loop.time() - self._well_at_s < STALE_S,
            self._world.clock_ms,
        )
        while True:
            try:
                await man.run()
            except Exception:
                log.exception("dead-man ping failed; goes on")
                await asyncio.sleep(LOOK_S)
