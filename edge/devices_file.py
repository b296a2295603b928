"""What the running agent knows of its sensors, left in a file for ``waystation-edge devices``.

Only the agent can say: pins, ports and lines are in its hands.
"""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

REFRESH_MS: Final = 60_000
"""Between writings: more would wear the card."""

SOON_MS: Final = 5_000
"""Between looks at what has begun or ceased to fail, or speaks for the first time: that is told at once."""

OUTDATED_MS: Final = 3 * REFRESH_MS
"""What is older than this proves nothing: the agent hangs, or cannot write here."""


@dataclass(frozen=True, slots=True)
class Device:
    """One sensor as the agent sees it; times are milliseconds since the boot.

    Attributes:
        said: what it said last, a line for each part; empty before the first word.
        said_mono_ms: when the agent last read that of it; None before the first word.
        heard_mono_ms: when the device itself last spoke; None where it never did, or has no word of its own.
        doubt: why it is unknown what goes on there, "" where it is not.
        blind: what this one cannot know besides what no other of its kind can.
        fault: what is wrong with it and where to look, "" when all is well.
    """

    id: str
    kind: str
    said: tuple[str, ...] = ()
    said_mono_ms: int | None = None
    heard_mono_ms: int | None = None
    doubt: str = ""
    blind: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """The agent's list, and when it was written: milliseconds since the boot."""

    devices: tuple[Device, ...]
    written_mono_ms: int


def devices_file(outbox: Path) -> Path:
    """Where the agent with this outbox leaves its devices."""
    return outbox.with_name(f"{outbox.name}.devices")


class DevicesFile:
    """The file, written once a minute, and when a device fails, is well again, speaks first, or is known."""

    def __init__(self, path: Path, boot_id: str) -> None:
        self._path, self._boot_id = path, boot_id
        self._look_ms = self._write_ms = 0
        self._told: Sequence[tuple[str, bool, bool]] = ()
        self._failed = False

    def is_due(self, mono_ms: int) -> bool:
        """Whether it is time to :meth:`tell` again."""
        return mono_ms >= self._look_ms

    def tell(self, devices: Sequence[Device], mono_ms: int) -> None:
        """Write it if there is news. A disk that takes nothing costs no more than the file."""
        self._look_ms = mono_ms + SOON_MS
        news = [(each.fault.partition(":")[0], bool(each.said), bool(each.doubt)) for each in devices]
        if mono_ms >= self._write_ms or news != self._told:
            self._write_ms, self._told = mono_ms + REFRESH_MS, news
            self._write(devices, mono_ms)

    def _write(self, devices: Sequence[Device], mono_ms: int) -> None:
        content = {"boot_id": self._boot_id, "at_mono_ms": mono_ms, "devices": [asdict(d) for d in devices]}
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            fresh.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            fresh.replace(self._path)
            self._failed = False
        except OSError as error:
            if not self._failed:
                log.warning("devices_file=%s error=%r", self._path, str(error))
            self._failed = True

    def remove(self) -> None:
        """The agent has ended."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def read(path: Path, boot_id: str, mono_ms: int) -> Listed | None:
    """What the agent of this boot said within :data:`OUTDATED_MS`, else None."""
    try:
        content = json.loads(path.read_text("utf-8"))
        written_ms = content["at_mono_ms"]
        if type(written_ms) is not int:
            return None
        if content["boot_id"] != boot_id or mono_ms - written_ms > OUTDATED_MS:
            return None
        return Listed(tuple(_device(each) for each in content["devices"]), written_ms)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _device(told: dict[str, object]) -> Device:
    if set(told) != {field.name for field in fields(Device)}:
        raise TypeError
    said = told["said"]
    if not isinstance(said, list):
        raise TypeError
    return Device(
        *(_text(told["id"]), _text(told["kind"]), tuple(_text(each) for each in said)),
        *(_moment(told["said_mono_ms"]), _moment(told["heard_mono_ms"])),
        *(_text(told["doubt"]), _text(told["blind"]), _text(told["fault"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _moment(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError
    return value
