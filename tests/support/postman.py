"""A process that does nothing but send what is in a desk: ``python -m tests.support.postman desk.db 0.3``.

It says "ready" and goes on until it is killed. The number is how many seconds a target may take its turn for.
"""

import sys
import threading
import time
from pathlib import Path

from server.accounts.tables import PART as ACCOUNTS
from server.desk import Desk
from server.notify.outbox.outbox import Outbox
from server.notify.sending import turns
from server.notify.sending.postman import Postman
from server.notify.tables import PART
from server.notify.targets.posting import Courier
from server.notify.words.writing import World
from tests.support.bots import wall_ms
from tests.support.mailroom import words

if __name__ == "__main__":
    desk = Desk.open(Path(sys.argv[1]), ACCOUNTS, PART)
    turns.MOMENT_S = float(sys.argv[2])  # type: ignore[misc]  # which is final in the server
    world = World(words, lambda _: None, lambda: True, wall_ms)
    Postman(Outbox(desk), world, Courier(allow_private=True, timeout_s=3)).start()
    print("ready", flush=True)  # noqa: T201  (its output is what the test waits for)
    while threading.active_count() > 1:
        time.sleep(1)
