"""Programs of other people, unpacked from Debian below ``.venv/debian`` by ``scripts/unpack.sh``."""

import subprocess
from pathlib import Path
from typing import Self

import httpx

from tests.support.recordings import CHECKOUT
from tests.support.wait import until

PROGRAMS = CHECKOUT / ".venv" / "debian" / "usr" / "bin"
START_S = 60.0
STOP_S = 20.0


def unpacked(*names: str) -> bool:
    """Whether all these programs are here."""
    return all((PROGRAMS / name).exists() for name in names)


class Program:
    """One of them, which answers at ``ready`` once it runs; may be killed and started again.

    Args:
        name: of the program in ``usr/bin``.
        arguments: for each start.
        ready: an address that is answered with 200 or 204.
        log: a file for all that it says.
    """

    def __init__(self, name: str, *arguments: str | Path, ready: str, log: Path) -> None:
        self._command = [PROGRAMS / name, *arguments]
        self._ready, self._log = ready, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)  # noqa: S603  (our own)
        until(self._answers, START_S, f"{self._command[0]} answers")

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"it ended at its start:\n{self._log.read_text(errors='replace')}")
        try:
            return httpx.get(self._ready).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            self._gone()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._gone()

    def _gone(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
