"""The server for a fault run. It is the product's own, and dies by itself at a point that it is told.

Settings come from the environment as for ``waystation serve``. On SIGUSR1 the file ``FAULT_POINT`` says at
which of :data:`POINTS` the process kills itself, the next time it gets there. How many snapshots each
transaction was given is written to ``FAULT_DELIVERIES``.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from server.app import Server
from server.broker import BrokerLink
from server.config import load
from server.store import Accepted, Verdict
from server.store.sqlite import Store

POINTS: Final[dict[str, tuple[type[Any], str]]] = {
    "before BEGIN": (Store, "_begin"),
    "before COMMIT": (Store, "_finish"),
    "before PUBACK": (BrokerLink, "acknowledge"),
    "before commit ack": (BrokerLink, "tell"),
}

_armed: list[str] = []


def main() -> int:
    logging.basicConfig(level=logging.ERROR)
    for name, (owner, method) in POINTS.items():
        setattr(owner, method, _deadly(name, getattr(owner, method)))
    _count_deliveries(Path(os.environ["FAULT_DELIVERIES"]))
    point = Path(os.environ["FAULT_POINT"])
    signal.signal(signal.SIGUSR1, lambda _number, _frame: _armed.append(point.read_text(encoding="utf-8")))
    return Server(load()).run()


def _deadly(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        if name in _armed:
            if name == "before commit ack":
                self._write()  # the PUBACKs, which would otherwise leave with the acks
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, *args)

    return method


def _count_deliveries(file: Path) -> None:
    original = Store.commit
    out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def commit(self: Store, batch: Sequence[Accepted], *rest: Any) -> list[Verdict]:
        os.write(out, f"{len(batch)}\n".encode())
        return original(self, batch, *rest)

    setattr(Store, "commit", commit)  # noqa: B010 - a method of a class that is not ours


if __name__ == "__main__":
    sys.exit(main())
