"""The demo's children: started in order, watched, ended in the other order."""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.demo.folder import DemoError

PASSED_ON: Final = frozenset({"WAYSTATION_NOTIFY_PRIVATE_ADDRESSES"})
"""What a demo may be told: a webhook to try it with is on this machine mostly."""
_STOP_S: Final = 20.0
"""For the orderly end of a child; a fleet of 2,080 stations says goodbye 2,080 times."""
_LAST_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Child:
    """A running child and what it says."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])


class Children:
    """All children of this process, each in a process group of its own.

    So Ctrl-C reaches only the demo, which ends them one after another; and where ``setpriv`` is there
    (util-linux), the kernel ends them too when the demo is killed outright.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        tether = shutil.which("setpriv")
        self._tether = [tether, "--pdeathsig", "TERM", "--"] if tether else []

    def start(self, name: str, command: list[str]) -> Child:
        """Start ``command``; its output goes to a log of that name, begun anew."""
        path = self._logs / f"{name}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  (our own commands)
                [*self._tether, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                env=environment(),
            )
        child = Child(name, process, path)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raise :class:`DemoError` if a child has ended, naming it and its last words."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise DemoError(f"the {child.name} has ended (code {code}):\n{child.last_words()}")

    def stop(self) -> None:
        """End all that run, the last one started first, each in good order if it will."""
        while self._children:
            process = self._children.pop().process
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment() -> dict[str, str]:
    """Ours, but for settings of a real server, which the demo must not take over."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or not name.startswith("WAYSTATION_")
    }


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
