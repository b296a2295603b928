"""CPU and memory of a process, from /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Seconds of CPU that the process has used, all threads, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mib(pid: int) -> float:
    """Memory that the process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process used over a while."""

    seconds: float
    cpu_s: float

    @property
    def share(self) -> float:
        """Of one core, 1.0 being all of it."""
        return self.cpu_s / self.seconds


class Meter:
    """Measures a process from the meter's making on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = time.monotonic()
        self._cpu = cpu_s(pid)

    def read(self) -> Usage:
        """The use so far."""
        return Usage(time.monotonic() - self._began, cpu_s(self._pid) - self._cpu)
