"""``waystation-edge check``: a line for each thing, and what to do where something is wrong."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.check import Finding, check
from edge.clock import Instant
from tests.support.mosquitto import Broker, free_port
from tests.support.wait import until

STATION = "canteen-1"
ROOT = Path(__file__).parents[2]


@dataclass
class Clock:
    """Set or not, as the test says."""

    state: str = "synced"
    boot_id: str = field(default="0f5b4c2e-b001", init=False)

    def now(self) -> Instant:
        return Instant(1_700_000_000_000, 1000, "synced" if self.state == "synced" else "unsynced")

    def wait(self, seconds: float) -> None:
        raise AssertionError(f"a check does not wait {seconds} s on this clock")


def station_file(folder: Path, port: int, password: str, more: str = "") -> Path:
    file = folder / "station.toml"
    file.write_text(
        f'[station]\nid = "{STATION}"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\npassword = "{password}"\n'
        f'[outbox]\npath = "{folder}/data/outbox.db"\nmax_mb = 64\n'
        f'[[sensor]]\nid = "room"\nkind = "simulated_climate"\n{more}',
        encoding="utf-8",
    )
    (folder / "data").mkdir(exist_ok=True)
    return file


def found(findings: list[Finding], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


@pytest.fixture
def well(broker: Broker, tmp_path: Path) -> Path:
    """A station file with which all is well."""
    return station_file(tmp_path, broker.port, broker.add_user(STATION))


def test_when_all_is_well_every_line_says_so(well: Path) -> None:
    findings = check(well, Clock())
    assert [finding.name for finding in findings] == ["config", "sensors", "broker", "clock", "disk"]
    assert [str(finding) for finding in findings if not finding.ok] == []


def test_it_leaves_no_trace_at_the_broker_or_on_the_disk(well: Path, broker: Broker) -> None:
    check(well, Clock())
    retained = subprocess.run(  # noqa: S603 - the broker's own client
        [
            shutil.which("mosquitto_sub") or "mosquitto_sub",
            *("-p", str(broker.port), "-u", broker.server_user, "-P", broker.server_password),
            *("-i", broker.server_user, "-t", "waystation/v1/+/status", "-W", "1"),
        ],
        capture_output=True,
        check=False,
    )
    assert retained.stdout == b"", "no last will, no birth"
    assert list((well.parent / "data").iterdir()) == []


def test_a_wrong_file_ends_the_check(tmp_path: Path) -> None:
    (finding,) = check(station_file(tmp_path, 1, "password", "pni = 4\n[x]\n"), Clock())
    assert not finding.ok
    assert "station.toml" in finding.text


def test_a_sensor_that_cannot_be_opened(tmp_path: Path) -> None:
    file = station_file(tmp_path, free_port(), "password", "pni = 4\n")
    finding = found(check(file, Clock()), "sensors")
    assert not finding.ok
    assert "[[sensor]] 1: pni is 4" in finding.text


def test_a_wrong_password(broker: Broker, tmp_path: Path) -> None:
    broker.add_user(STATION)
    finding = found(check(station_file(tmp_path, broker.port, "wrong"), Clock()), "broker")
    assert not finding.ok
    assert "refuses canteen-1" in finding.text
    assert "check the password" in finding.text


def test_no_broker_there(tmp_path: Path) -> None:
    finding = found(check(station_file(tmp_path, free_port(), "password"), Clock()), "broker")
    assert not finding.ok
    assert "cannot be reached" in finding.text


def test_a_clock_that_is_not_set(tmp_path: Path) -> None:
    finding = found(check(station_file(tmp_path, free_port(), "password"), Clock("unsynced")), "clock")
    assert not finding.ok
    assert "timedatectl" in finding.text


def test_a_missing_folder(tmp_path: Path) -> None:
    file = station_file(tmp_path, free_port(), "password")
    (tmp_path / "data").rmdir()
    finding = found(check(file, Clock()), "disk")
    assert not finding.ok
    assert "is missing" in finding.text


def test_a_disk_that_a_full_outbox_would_not_fit(tmp_path: Path) -> None:
    file = station_file(tmp_path, free_port(), "password")
    free_mb = shutil.disk_usage(tmp_path).free // 2**20
    file.write_text(
        file.read_text("utf-8").replace("max_mb = 64", f"max_mb = {min(100_000, free_mb + 1)}"), "utf-8"
    )
    if free_mb > 90_000:
        pytest.skip("no outbox is too big for this disk")
    assert "a full outbox needs" in found(check(file, Clock()), "disk").text


@pytest.fixture
def running(well: Path) -> Iterator[Path]:
    """The station's agent at work."""
    agent = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "edge", "run", "--config", str(well)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    until((well.parent / "data" / "outbox.db-wal").exists, 20, "the agent has its outbox")
    yield well
    agent.terminate()
    assert agent.wait(15) == 0


def test_a_running_agent_keeps_its_pins_and_its_login(running: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from edge.check import check; from edge.clock import SystemClock\n"
        "print(*check(Path(sys.argv[1]), SystemClock()), sep='\\n')"
    )
    said = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(running)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "sensors: the agent runs and has the pins" in said
    assert "not tried, because the agent runs" in said


def test_the_command_prints_a_line_each_and_its_code_says_whether_all_is_well(
    well: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.check.SystemClock", Clock)
    assert main(["check", "--config", str(well)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("ok ") for line in lines)
    well.write_text(well.read_text("utf-8").replace("password = ", "password = 4 #"), "utf-8")
    assert main(["check", "--config", str(well)]) == 1
    assert capsys.readouterr().out.startswith("PROBLEM config: station.toml: [broker]: password is (not")
