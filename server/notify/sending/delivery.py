"""Having messages leave: each channel by a task of its own, its rows one after the other.

A channel that hangs holds up its own rows and nothing else: the desk is asked in a thread, so that the loop
never waits, and a task does one row and ends.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from server.desk import DeskError
from server.notify.model import Channel, Message, Outcome, Refused, Sent
from server.notify.outbox import monthly, upkeep
from server.notify.outbox.outbox import Due, Outbox
from server.notify.outbox.pace import Pace
from server.notify.rows import UnreadableError
from server.notify.sending.turns import Turns
from server.notify.targets.posting import Courier
from server.notify.targets.senders import send
from server.notify.words.texts import trial
from server.notify.words.writing import Letter, World, channel_of, find, write

log = logging.getLogger(__name__)

KEEP_UP_MS: Final = 5_000
"""Between looks for second receivers, old rows and self-tests."""
_T = TypeVar("_T")


class Delivery:
    """Sends what is in the outbox, one pass by :meth:`step`; for one loop.

    Args:
        http: with the operator's word on private addresses.
    """

    def __init__(self, outbox: Outbox, world: World, http: Courier) -> None:
        self._outbox, self._world, self._http = outbox, world, http
        self._desk = ThreadPoolExecutor(1, "postman-desk")
        self._pace: Pace | None = None
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._unsettled: dict[int, Callable[[], None]] = {}
        self._turns = Turns()
        self._kept_up_ms = 0
        self.woken = asyncio.Event()

    async def step(self) -> None:
        """Begin to send what may be sent now, one row for each channel.

        Raises:
            DeskError: the desk cannot be read or written; nothing is lost.
        """
        now_ms = self._world.clock_ms()
        await self._settle_again()
        if not 0 <= now_ms - self._kept_up_ms < KEEP_UP_MS:
            await self.call(upkeep.look, self._outbox.desk, now_ms)
            await self.call(monthly.look, self._outbox.desk, now_ms)
            self._kept_up_ms = now_ms
        pace = await self._paced(now_ms)
        due = await self.call(self._outbox.due, now_ms)
        for channel_id in dict.fromkeys(each.channel for each in due):
            if channel_id not in self._busy:
                theirs = [each for each in due if each.channel == channel_id]
                task = asyncio.create_task(self._first(theirs, pace))
                self._busy[channel_id] = task
                task.add_done_callback(partial(self._ended, channel_id))

    async def idle(self, most_s: float | None = None) -> None:
        """Wait for all that is under way."""
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=most_s)

    async def close(self, most_s: float) -> None:
        """Let what is under way end, for so long."""
        await self.idle(most_s)
        for task in self._busy.values():
            task.cancel()
        self._desk.shutdown(wait=False, cancel_futures=True)

    async def test(self, channel_id: str, by: str) -> Outcome:
        """Send a test message, and note in the audit log what became of it.

        Raises:
            DirectoryError: there is no such channel.
            DeskError: the desk cannot be read or written.
        """
        now_ms = self._world.clock_ms()
        pace = await self._paced(now_ms)
        channel, language = await self.call(channel_of, self._outbox.desk, channel_id)
        wait_ms = pace.wait_ms(channel.bot, now_ms)
        outcome: Outcome = Refused("later", "rate_limited", retry_after_s=-(-wait_ms // 1000))
        if not wait_ms:
            pace.spend(channel.bot, now_ms)
            await self.call(self._outbox.spend, channel.bot, now_ms)
            words = await self.call(self._world.words, language, now_ms)
            outcome = await self._sent(trial(secrets.token_hex(8), words, by), channel, pace)
        await self.call(
            self._outbox.tested, channel_id, outcome, by, self._world.clock_ms(), asked=not wait_ms
        )
        return outcome

    async def call(self, function: Callable[..., _T], *args: object, **named: object) -> _T:
        """Do what waits for the desk in the one thread for that."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._desk, partial(function, *args, **named))

    async def _paced(self, now_ms: int) -> Pace:
        """How often each bot was spoken to, also before this start."""
        if self._pace is None:
            pace = Pace(await self.call(self._outbox.spent, now_ms))
            for bot, closed_ms in (await self.call(self._outbox.closed, now_ms)).items():
                pace.close(bot, now_ms, (closed_ms - now_ms) // 1000)
            self._pace = self._pace or pace
        return self._pace

    async def _first(self, due: Iterable[Due], pace: Pace) -> None:
        """Send the first of a channel's rows that may be sent now and is worth it."""
        try:
            for each in due:
                if each.row not in self._unsettled and await self._begun(each, pace):
                    self.woken.set()
                    return
        except DeskError as error:
            log.warning("desk not reached, message waits: error=%s", error)

    async def _begun(self, due: Due, pace: Pace) -> bool:
        """Try one row; False where there was nothing to send and the next may be looked at."""
        now_ms, safety = self._world.clock_ms(), due.severity == "safety"
        if pace.wait_ms(due.bot, now_ms, safety=safety):
            return False
        letter = await self.call(self._written, due.row, now_ms)
        if letter is None or letter.channel.id != due.channel:
            return False
        bot = letter.channel.bot
        if pace.wait_ms(bot, now_ms, safety=safety):
            return False
        pace.spend(bot, now_ms)
        async with self._turns.turn(due.channel):
            await self.call(self._outbox.begin, letter.row, letter.channel, letter.message.title, now_ms)
            outcome = await self._sent(letter.message, letter.channel, pace)
            await self._settle(letter, outcome)
        return True

    def _written(self, row_id: int, now_ms: int) -> Letter | None:
        """The message of a row, None for one that is not to be sent now; in the desk's thread."""
        try:
            with self._outbox.desk.reading() as connection:
                found = find(connection, row_id)
        except UnreadableError as error:
            self._outbox.give_up(row_id, error, now_ms)
            return None
        if found is None:
            return None
        quiet = found.receiver.quiet
        if quiet and found.row.severity != "safety" and quiet.holds(now_ms):
            return None
        try:
            letter = write(found, self._world, now_ms)
        except DeskError:
            raise
        except Exception:
            log.exception("message cannot be written: message=%s", found.row.message)
            self._outbox.postpone(found.row, now_ms)
            return None
        if letter is None:
            self._outbox.drop(found.row, "over", now_ms)
        return letter

    async def _sent(self, message: Message, channel: Channel, pace: Pace) -> Outcome:
        try:
            outcome = await send(message, channel, self._http, self._world.clock_ms())
        except Exception:
            log.exception("sender failed: channel=%s message=%s", channel.id, message.id)
            outcome = Refused("temporary", "refused")
        self._turns.note(channel.id, failed=isinstance(outcome, Refused))
        if isinstance(outcome, Refused) and outcome.why == "later" and outcome.retry_after_s:
            pace.close(channel.bot, self._world.clock_ms(), outcome.retry_after_s)
        return outcome

    async def _settle(self, letter: Letter, outcome: Outcome) -> None:
        """Note what became of it. While that cannot be written the row is not touched again."""
        self._unsettled[letter.row.id] = partial(self._settled, letter, outcome, self._world.clock_ms())
        await self._settle_again()
        if isinstance(outcome, Sent):
            log.info("message sent: channel=%s message=%s", letter.channel.id, letter.message.id)

    def _settled(self, letter: Letter, outcome: Outcome, now_ms: int) -> None:
        """In the desk's thread. What cannot be noted in full must at least not be sent again for a day."""
        try:
            self._outbox.settle(letter.row, letter.told, letter.channel, outcome, now_ms)
        except DeskError:
            raise
        except Exception:
            log.exception("outcome not noted in full: message=%s outcome=%s", letter.message.id, outcome)
            if isinstance(outcome, Sent):
                self._outbox.drop(letter.row, "sent", now_ms)

    async def _settle_again(self) -> None:
        while self._unsettled:
            row_id, settle = self._unsettled.popitem()
            try:
                await self.call(settle)
            except DeskError:
                self._unsettled[row_id] = settle
                raise

    def _ended(self, channel_id: str, task: asyncio.Task[None]) -> None:
        del self._busy[channel_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("sending failed: channel=%s", channel_id, exc_info=error)
