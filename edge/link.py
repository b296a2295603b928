"""What the running agent knows of its link, left in a file beside the outbox for ``waystation-edge check``.

Only the agent can say: another login under its id would throw it out.
"""

import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

log = logging.getLogger(__name__)

State = Literal["connecting", "online", "lost", "refused"]

REFRESH_MS: Final = 60_000
"""Between writings while nothing changes."""

OUTDATED_MS: Final = 3 * REFRESH_MS
"""What is older than this proves nothing: the agent hangs, or cannot write here."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """One moment of the link; times are milliseconds since the boot.

    Attributes:
        state: ``refused`` is the broker's decision, ``lost`` is everything else that ends a connection.
        since_mono_ms: since when it is online, or since when it is not.
        reason: why it is not online, "" when nothing was said yet.
        acked_mono_ms: when the server last confirmed that it has stored something.
        silent: whether the broker takes what the station sends and the server confirms none of it.
    """

    state: State
    since_mono_ms: int
    reason: str = ""
    acked_mono_ms: int | None = None
    silent: bool = False

    def online(self, mono_ms: int) -> Self:
        """The broker has welcomed the station."""
        return replace(self, state="online", since_mono_ms=mono_ms, reason="")

    def ended(self, mono_ms: int, reason: str, *, refused: bool) -> Self:
        """There is no connection; the first of several failures says since when."""
        since = mono_ms if self.state == "online" else self.since_mono_ms
        return replace(self, state="refused" if refused else "lost", since_mono_ms=since, reason=reason)


def link_file(outbox: Path) -> Path:
    """Where the agent with this outbox leaves its link."""
    return outbox.with_name(f"{outbox.name}.link")


class LinkFile:
    """The file, written when the link has changed and once a minute otherwise."""

    def __init__(self, path: Path, boot_id: str) -> None:
        self._path = path
        self._boot_id = boot_id
        self._told: LinkState | None = None
        self._due_ms = 0
        self._failed = False

    def tell(self, link: LinkState, mono_ms: int) -> None:
        """Write it if need be. A disk that takes nothing costs no more than the file."""
        # Confirmations come twice a minute: but for the first, they are no reason to wear the card.
        told = replace(link, acked_mono_ms=link.acked_mono_ms and 0)
        if told == self._told and mono_ms < self._due_ms:
            return
        self._told, self._due_ms = told, mono_ms + REFRESH_MS
        try:
            self._write({"boot_id": self._boot_id, "at_mono_ms": mono_ms, **asdict(link)})
            self._failed = False
        except OSError as error:
            if not self._failed:
                log.warning("link_file=%s error=%r", self._path, str(error))
            self._failed = True

    def remove(self) -> None:
        """The agent has ended."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self, content: dict[str, Any]) -> None:
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(self._path)


def read(path: Path, boot_id: str, mono_ms: int) -> LinkState | None:
    """What the agent of this boot said within :data:`OUTDATED_MS`, else None."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content.pop("boot_id") != boot_id or mono_ms - content.pop("at_mono_ms") > OUTDATED_MS:
            return None
        link = LinkState(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return link if link.state in get_args(State) else None
