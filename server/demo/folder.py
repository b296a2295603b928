"""The demo's files: ``.demo`` in the present folder, unless told otherwise."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DemoError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""


class Folder:
    """Paths of one demo; folders are made when it is constructed.

    Args:
        root: the demo's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data, self.broker = self.root / "data", self.root / "broker"
        self.outboxes, self.logs = self.root / "outboxes", self.root / "logs"
        for folder in (self.data, self.broker, self.outboxes, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.settings = self.root / "waystation.toml"
        self.fleet = self.root / "fleet.json"
        self.passwords = self.root / "passwords"
        self.readings = self.data / "readings.db"
        self.registry = self.data / "registry.db"
        self.rollups = self.data / "rollups.db"
        self.desk = self.data / "desk.db"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second demo out of the folder.

        Raises:
            DemoError: one is running there.
        """
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError(
                    f"a demo is running in {self.root} already; end it, or give this one another --dir"
                ) from None
            yield


def write_secret(path: Path, text: str) -> None:
    """A file that only its owner may read, in the place of an older one."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
