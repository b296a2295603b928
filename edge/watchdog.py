"""Tells systemd that the agent is ready, alive, or on its way out (``sd_notify``, without a library)."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

NEVER: Final = -1


class Watchdog:
    """systemd's view of the agent; does nothing where systemd did not start it.

    A sign of life goes out only when both the sampling and the network have gone round since the last
    one: if either hangs, systemd kills the agent and starts it again.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        # At a quarter of the limit, so that one lost in a stall costs nothing.
        self._every_ms = int(environ.get("WATCHDOG_USEC", "0")) // 1000 // 4
        self._last_ms: int | None = None
        self._sampled = NEVER
        self._went_round = NEVER

    def ready(self) -> None:
        """The agent samples and its network thread runs."""
        self._notify("READY=1")

    def stopping(self) -> None:
        """The orderly end has begun."""
        self._notify("STOPPING=1")

    def alive(self, mono_ms: int, sampled: int, went_round: int) -> bool:
        """Say so if it is time and true; returns whether it was said.

        Args:
            mono_ms: any clock that never goes back.
            sampled, went_round: counters of the two loops.
        """
        if not self._every_ms or (self._last_ms is not None and mono_ms - self._last_ms < self._every_ms):
            return False
        if sampled == self._sampled or went_round == self._went_round:
            return False
        self._last_ms, self._sampled, self._went_round = mono_ms, sampled, went_round
        self._notify("WATCHDOG=1")
        return True

    def _notify(self, text: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        # A manager that is being restarted does not listen; the next sign of life reaches it.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), address)
