"""Who may touch the files of a data folder: one process serves from it, one at a time backs it up.

The locks are the kernel's (``flock``): they end with their process, however that ends. The files that they
are on hold the process's number, for whoever is refused, and stay where they are.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Final

SERVING: Final = "serve.lock"
"""Held by whoever writes readings.db: ``serve``, and commands that need the server stopped."""
BACKUP: Final = "backup.lock"
"""Held while a backup is made; nothing is pruned meanwhile, so that its files fit together."""


class InUseError(RuntimeError):
    """Another process holds the lock; ``pid`` as it has written it, "?" where that cannot be read."""

    def __init__(self, path: Path, pid: str) -> None:
        self.path, self.pid = path, pid
        super().__init__(f"{path} is held by process {pid}")


class Lock:
    """A lock that is held until it is closed.

    Raises:
        InUseError: another process, or another lock of this one, holds it.
        OSError: the file cannot be made.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._file: IO[str] = (folder / name).open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            with closing(self._file):
                if not isinstance(error, BlockingIOError):
                    raise
                self._file.seek(0)
                raise InUseError(folder / name, self._file.read(20).strip() or "?") from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let others have it."""
        self._file.close()


@contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock for a while; raises as :class:`Lock`."""
    with closing(Lock(folder, name)):
        yield


def is_held(folder: Path, name: str) -> bool:
    """Whether some process holds it now."""
    try:
        with (folder / name).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # nobody has ever held it
        return False
    return False
