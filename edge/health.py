"""How the machine itself is, from the files where Linux says so. What is not there is not measured."""

import shutil
from pathlib import Path
from typing import Final

from contract.messages import Health
from edge.outbox import Counts

_CPU: Final = "sys/class/thermal/thermal_zone0/temp"
_THROTTLED: Final = "sys/devices/platform/*/*:firmware/get_throttled"
_UNDERVOLTAGE_NOW: Final = 0x1


class Machine:
    """The machine on which the agent runs."""

    def __init__(self, data_folder: Path, root: Path = Path("/")) -> None:
        """``data_folder`` is on the disk whose free space counts; ``root`` is where /sys is found."""
        self._data_folder = data_folder
        self._root = root

    def health(self, uptime_s: int, outbox: Counts) -> Health:
        """The agent's and the machine's health now; ``uptime_s`` is the agent's."""
        return Health(
            outbox_rows=outbox.rows,
            dropped_total=outbox.dropped,
            refused_total=outbox.refused,
            uptime_s=uptime_s,
            cpu_c=self._cpu_c(),
            undervoltage=self._undervoltage(),
            disk_free_pct=self._disk_free_pct(),
        )

    def _cpu_c(self) -> float | None:
        text = _read(self._root / _CPU)
        try:
            celsius = int(text) / 1000
        except ValueError:
            return None
        return celsius if -40 <= celsius <= 125 else None

    def _undervoltage(self) -> bool | None:
        """Whether the supply is too weak at this moment, by the Pi's firmware."""
        for file in self._root.glob(_THROTTLED):
            try:
                return bool(int(_read(file), 16) & _UNDERVOLTAGE_NOW)
            except ValueError:
                return None
        return None

    def _disk_free_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._data_folder)
        except OSError:
            return None
        return round(100 * usage.free / usage.total, 1)


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
