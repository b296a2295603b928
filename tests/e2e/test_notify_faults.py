"""A sending process is killed between a bot's taking of a message and its own note of that, over and over."""

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.notify.sending.turns import MOMENT_S
from tests.support.bots import Bots, Play, wall_ms
from tests.support.mailroom import Mailroom, alert
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
BOTS = ("wecom", "dingtalk", "feishu", "hook")
MESSAGES = 5
"""For each bot; with the repeated ones they stay within the pace of a minute."""
KILLS = 10
"""In the worst moment; about as many come at any other."""
A_WHILE_S = 60.0
"""Targets that answer at once do so within their turn, however busy the machine is."""


class Sender:
    """The sending process, which is started again whenever it has been killed.

    ``turn_s`` is how long a target may take its turn for.
    """

    def __init__(self, desk: Path, bots: Bots, chance: random.Random, turn_s: float) -> None:
        self.desk, self.chance, self.turn_s = desk, chance, turn_s
        self.worst = self.any = 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._process: subprocess.Popen[str] | None = None
        bots.met = self._met
        self._thread = threading.Thread(target=self._keep_going, name="keep-going")

    def _met(self, _bot: str) -> None:
        """A bot has taken a message and not yet said so: this is when it hurts."""
        if self.chance.random() < 0.5 and self.worst < KILLS:
            self.worst += self._kill()

    def _kill(self) -> bool:
        """``kill -9``, once for each life; whether it was this one."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.kill()
            self._process.wait()
            return True

    def _keep_going(self) -> None:
        while not self._over.is_set():
            started = subprocess.Popen(  # noqa: S603  (our own program)
                [sys.executable, "-m", "tests.support.postman", str(self.desk), str(self.turn_s)],
                cwd=ROOT, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            with started:
                assert started.stdout
                assert started.stdout.readline() == "ready\n"
                with self._lock:
                    self._process = started
                if self.worst < KILLS and self.chance.random() < 0.3:
                    self._over.wait(self.chance.random() / 10)
                    self.any += self._kill()
                while started.poll() is None and not self._over.wait(0.02):
                    continue
                started.kill()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While in its ``with``."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join(20)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_between_sending_and_noting_it_loses_nothing_and_repeats_one_a_crash(
    tmp_path: Path, seed: int
) -> None:
    with Bots() as bots:
        room = Mailroom(tmp_path / "desk.db", bots, wall_ms)
        people = {bot: room.receiver(bot, room.channel(bot)) for bot in BOTS}
        for number in range(1, MESSAGES + 1):
            for person in people.values():
                room.tell(person, alert(number))
        chance = random.Random(seed)  # noqa: S311  (to be replayed)
        sender = Sender(tmp_path / "desk.db", bots, chance, A_WHILE_S)

        def done() -> bool:
            """All is sent, and it was killed often enough; else there is one more to send."""
            if set(room.states()) != {"sent"}:
                return False
            if sender.worst < KILLS:
                room.tell(people["hook"], alert(len(room.all())))
            return sender.worst == KILLS

        with sender.running():
            until(done, 200, "all is sent")
        expected = Counter(told.receiver for told in room.all())
        room.desk.close()
    for bot, person in people.items():
        titles = {taken.body["data"]["title"] if bot == "hook" else taken.text
                  for taken in bots.taken if taken.bot == bot}  # fmt: skip
        assert len(titles) == expected[person], "every message arrived, and none is called sent that did not"
    repeated, crashes = len(bots.taken) - expected.total(), sender.worst + sender.any
    print(f"messages={expected.total()} crashes={crashes} repeated={repeated}")  # noqa: T201  (for the record)
    assert repeated <= crashes


def test_a_target_that_hangs_delays_no_other_and_a_lie_is_not_believed(tmp_path: Path) -> None:
    plays: dict[str, Play] = {"wecom": "hang", "dingtalk": "310000", "feishu": "well", "hook": "well"}
    with Bots() as bots:
        bots.plays, bots.slow_s = plays.__getitem__, 60
        room = Mailroom(tmp_path / "desk.db", bots, wall_ms)
        people = {bot: room.receiver(bot, room.channel(bot)) for bot in BOTS}
        for number in range(1, MESSAGES + 1):
            for person in people.values():
                room.tell(person, alert(number))
        chance = random.Random(0)  # noqa: S311  (it never kills here)
        sender = Sender(tmp_path / "desk.db", bots, chance, MOMENT_S)
        sender.worst = KILLS
        with sender.running():
            until(
                lambda: [len(bots.texts(bot)) for bot in BOTS] == [0, 0, MESSAGES, MESSAGES],
                40,
                "two are well",
            )
            until(lambda: Counter(room.states())["sent"] == 2 * MESSAGES, 20, "they are noted")
        sent = {told.receiver for told in room.all() if told.state == "sent"}
        room.desk.close()
    assert sent == {people["feishu"], people["hook"]}
    assert bots.asked["wecom"] < MESSAGES, "it hung all the while"
