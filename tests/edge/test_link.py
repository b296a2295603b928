"""The agent's word about its link, from one process to another through a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from edge.link import OUTDATED_MS, REFRESH_MS, LinkFile, LinkState, link_file, read

BOOT = "0f5b4c2e-b001"
ONLINE = LinkState("online", 1000, "", 2000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return link_file(tmp_path / "outbox.db")


def test_what_is_told_is_read(path: Path) -> None:
    for link in (
        LinkState("connecting", 0),
        ONLINE,
        LinkState("refused", 5, "not authorized", 3, silent=True),
    ):
        LinkFile(path, BOOT).tell(link, 3000)
        assert read(path, BOOT, 3000) == link
    assert [file.name for file in path.parent.iterdir()] == ["outbox.db.link"]


def test_a_change_is_written_at_once_and_a_confirmation_within_a_minute(path: Path) -> None:
    file = LinkFile(path, BOOT)
    file.tell(replace(ONLINE, acked_mono_ms=None), 3000)
    file.tell(ONLINE, 3500)
    assert read(path, BOOT, 3500) == ONLINE, "the first confirmation is a change"
    later = replace(ONLINE, acked_mono_ms=4000)
    file.tell(later, 4000)
    assert read(path, BOOT, 4000) == ONLINE, "spares the card"
    file.tell(later, 3500 + REFRESH_MS)
    assert read(path, BOOT, 3500 + REFRESH_MS) == later
    lost = later.ended(5000 + REFRESH_MS, "timeout", refused=False)
    file.tell(lost, 5000 + REFRESH_MS)
    assert read(path, BOOT, 5000 + REFRESH_MS) == lost


def test_several_failures_are_one_outage() -> None:
    lost = ONLINE.ended(5000, "timeout", refused=False).ended(9000, "not authorized", refused=True)
    assert lost == LinkState("refused", 5000, "not authorized", 2000)
    assert lost.online(9500) == LinkState("online", 9500, "", 2000)


def test_an_old_word_proves_nothing(path: Path) -> None:
    file = LinkFile(path, BOOT)
    assert read(path, BOOT, 0) is None, "nothing was said yet"
    file.tell(ONLINE, 3000)
    assert read(path, BOOT, 3000 + OUTDATED_MS) == ONLINE
    assert read(path, BOOT, 3001 + OUTDATED_MS) is None, "the agent hangs"
    assert read(path, "another", 3000) is None, "of an earlier boot"
    file.remove()
    assert read(path, BOOT, 3000) is None, "the agent has ended"
    file.remove()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "\0", f'{{"boot_id": "{BOOT}", "at_mono_ms": 1, "state": "fine", "since_mono_ms": 1}}'],
)
def test_nonsense_proves_nothing(path: Path, text: str) -> None:
    path.write_text(text)
    assert read(path, BOOT, 1) is None


def test_a_disk_that_takes_nothing_is_said_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = LinkFile(path.parent / "gone" / "link", BOOT)
    for minute in range(3):
        file.tell(ONLINE, minute * REFRESH_MS)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
