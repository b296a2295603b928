"""``waystation-edge run`` as a process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 60.0


@contextmanager
def agent_of(file: Path) -> Iterator[None]:
    """The agent of a station file; it has to end in good order."""
    command = [sys.executable, "-m", "edge", "run", "--config", str(file)]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 - our own program
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_S) == 0
