"""What systemd is told, and when."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edge.watchdog import Watchdog

MINUTE_US = "60000000"


class Manager:
    """systemd's end of the notify socket."""

    def __init__(self, address: str) -> None:
        self.environ = {"NOTIFY_SOCKET": address.replace("\0", "@"), "WATCHDOG_USEC": MINUTE_US}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def told(self) -> list[str]:
        words = []
        with suppress(BlockingIOError):
            while True:
                words.append(self._socket.recv(100).decode())
        return words

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager() -> Iterator[Manager]:
    with TemporaryDirectory() as folder:  # short enough for a socket's name
        made = Manager(str(Path(folder) / "notify"))
        yield made
        made.close()


def test_ready_alive_and_stopping_are_said(manager: Manager) -> None:
    watchdog = Watchdog(manager.environ)
    watchdog.ready()
    assert watchdog.alive(0, 1, 1)
    watchdog.stopping()
    assert manager.told() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


LIVES = [
    ((15_000, 2, 2), True, "both went round, a quarter of the limit has passed"),
    ((14_999, 2, 2), False, "too early"),
    ((40_000, 1, 2), False, "the sampling hangs"),
    ((40_000, 2, 1), False, "the network hangs"),
]


@pytest.mark.parametrize(("at", "expected", "_reason"), LIVES, ids=[row[-1] for row in LIVES])
def test_a_sign_of_life_needs_both_loops(
    manager: Manager, at: tuple[int, int, int], expected: bool, _reason: str
) -> None:
    watchdog = Watchdog(manager.environ)
    watchdog.alive(0, 1, 1)
    manager.told()
    assert watchdog.alive(*at) is expected
    assert manager.told() == (["WATCHDOG=1"] if expected else [])


def test_an_abstract_address_works_too() -> None:
    manager = Manager("\0waystation-test-notify")
    Watchdog(manager.environ).ready()
    assert manager.told() == ["READY=1"]
    manager.close()


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    watchdog = Watchdog({})
    watchdog.ready()
    assert not watchdog.alive(0, 1, 1)


def test_a_manager_that_is_gone_is_no_failure(manager: Manager) -> None:
    manager.close()
    watchdog = Watchdog(manager.environ)
    watchdog.ready()
    assert watchdog.alive(0, 1, 1)
