"""The machine's health from the files where Linux says so."""

from pathlib import Path

import pytest

from edge.health import Machine
from edge.outbox import Counts

COUNTS = Counts(rows=3, bytes=900, dropped=2, refused=1)


def write(root: Path, name: str, text: str) -> None:
    file = root / "sys" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii")


def test_a_machine_without_these_files_measures_nothing(tmp_path: Path) -> None:
    health = Machine(tmp_path / "none", tmp_path).health(60, COUNTS)
    assert (health.cpu_c, health.undervoltage, health.disk_free_pct) == (None, None, None)
    assert (health.outbox_rows, health.dropped_total, health.refused_total, health.uptime_s) == (3, 2, 1, 60)


CPU = [
    ("48312\n", 48.312, "thousandths of a degree"),
    ("", None, "nothing in it"),
    ("hot", None, "no number"),
    ("999000", None, "no processor lives at that"),
]


@pytest.mark.parametrize(("text", "expected", "_reason"), CPU, ids=[row[-1] for row in CPU])
def test_cpu_temperature(tmp_path: Path, text: str, expected: float | None, _reason: str) -> None:
    write(tmp_path, "class/thermal/thermal_zone0/temp", text)
    assert Machine(tmp_path, tmp_path).health(0, COUNTS).cpu_c == expected


SUPPLY = [
    ("0x0", False, "well"),
    ("50005", True, "too weak now"),
    ("50000", False, "was too weak once, is well now"),
    ("", None, "nothing in it"),
]


@pytest.mark.parametrize(("text", "expected", "_reason"), SUPPLY, ids=[row[-1] for row in SUPPLY])
def test_supply(tmp_path: Path, text: str, expected: bool | None, _reason: str) -> None:
    write(tmp_path, "devices/platform/soc/soc:firmware/get_throttled", text)
    assert Machine(tmp_path, tmp_path).health(0, COUNTS).undervoltage is expected


def test_free_disk_is_a_share(tmp_path: Path) -> None:
    free = Machine(tmp_path, tmp_path).health(0, COUNTS).disk_free_pct
    assert free is not None
    assert 0 <= free <= 100
