"""The machine's clock: unsynced until a time service has set it, and synced from then on."""

from pathlib import Path

import pytest

from edge import clock
from edge.clock import SystemClock


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that nobody has told the time; systemd-timesyncd would make the file."""
    monkeypatch.setattr(clock, "_SYNCHRONIZED", tmp_path / "synchronized")
    monkeypatch.setattr(clock, "_kernel_is_synchronized", lambda: False)
    return tmp_path / "synchronized"


@pytest.mark.usefixtures("marker")
def test_a_machine_that_was_not_told_the_time_is_unsynced() -> None:
    assert SystemClock().now().clock == "unsynced"


def test_timesyncd_makes_it_synced_and_it_stays_so(marker: Path) -> None:
    system = SystemClock()
    system.now()
    marker.touch()
    assert system.now().clock == "synced"
    marker.unlink()
    assert system.now().clock == "synced", "the clock that was set once in this boot is not lost again"


@pytest.mark.usefixtures("marker")
def test_any_service_that_keeps_the_kernels_clock_makes_it_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemClock()
    monkeypatch.setattr(clock, "_kernel_is_synchronized", lambda: True)
    assert system.now().clock == "synced"


@pytest.mark.parametrize(
    ("answer", "synced"),
    [
        (0, True),  # TIME_OK
        (4, True),  # TIME_WAIT: a leap second has just been
        (5, False),  # TIME_ERROR: nobody keeps the clock
        (-1, False),  # the call is not allowed here
    ],
)
def test_what_the_kernel_answers(answer: int, synced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def __init__(self, _name: None) -> None: ...

        def adjtimex(self, _timex: object) -> int:
            return answer

    monkeypatch.setattr("ctypes.CDLL", Library)
    assert clock._kernel_is_synchronized() is synced


def test_the_boot_clock_goes_on() -> None:
    system = SystemClock()
    assert system.now().mono_ms <= system.now().mono_ms
