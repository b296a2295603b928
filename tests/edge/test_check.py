"""``waystation-edge check``: a line for each thing, and what to do where something is wrong."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.check import Finding, check, told_by_agent
from edge.clock import Instant, SystemClock
from edge.link import LinkState
from tests.support.answering import AnsweringServer
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
    assert "[[sensor]] 1 (room): pni is 4" in finding.text


def test_every_sensor_that_cannot_be_opened_has_its_line_and_the_others_are_looked_at(tmp_path: Path) -> None:
    more = (
        'pni = 4\n[[sensor]]\nid = "x"\nkind = "modbus"\n'
        f'[[sensor]]\nid = "s1"\nkind = "tasmota"\ntopic = "plug"\nport = {free_port()}\n'
    )
    findings = check(station_file(tmp_path, free_port(), "password", more), SystemClock())
    told = [(each.name, each.ok) for each in findings if each.name.startswith("sensor")]
    assert told == [("sensors", False), ("sensors", False), ("sensor s1", False)]


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


def test_a_station_without_sensors_is_a_problem(tmp_path: Path) -> None:
    file = station_file(tmp_path, free_port(), "password")
    file.write_text(file.read_text("utf-8").partition("[[sensor]]")[0], "utf-8")
    finding = found(check(file, Clock()), "sensors")
    assert (finding.ok, finding.text) == (False, "none; write a [[sensor]] for each into station.toml")


def test_the_disk_is_named_whole_and_in_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    station_file(tmp_path, free_port(), "password")
    monkeypatch.chdir(tmp_path)
    file = Path("station.toml")
    file.write_text(file.read_text("utf-8").replace(f"{tmp_path}/data", "data"), "utf-8")
    finding = found(check(file, Clock()), "disk")
    assert re.fullmatch(rf"{tmp_path}/data has [\d,]+\.\d GB free", finding.text)


@pytest.fixture
def running(well: Path) -> Iterator[Path]:
    """The station's agent at work, without the adapter of its meter."""
    devices = ROOT / "firmware_config" / "devices"
    meter = 'kind = "modbus"\nserial = "/dev/nowhere"\naddress = 1\nsilent_s = 1\ninterval_s = 1\n'
    with well.open("a", encoding="utf-8") as file:
        file.write(f'[[sensor]]\nid = "meter"\n{meter}map_file = "{devices}/pzem-004t.toml"\n')
    agent = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "edge", "run", "--config", str(well)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    until((well.parent / "data" / "outbox.db.link").exists, 60, "the agent says how its link is")
    yield well
    agent.terminate()
    assert agent.wait(60) == 0


def told_by_another(file: Path) -> str:
    """What the command prints, in a process of its own: file locks do not hold within one."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "edge", "check", "--config", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_a_running_agent_keeps_its_pins_and_says_how_its_login_is(running: Path, broker: Broker) -> None:
    def says(text: str) -> str:
        def told() -> str:
            said = told_by_another(running)
            return said if text in said else ""

        return until(told, 30, f"check says {text!r}")

    said = says("but the server has stored nothing yet")
    says("ok      sensors: 2 are the running agent's; what they say: waystation-edge devices")
    assert "PROBLEM sensor meter: adapter: /dev/nowhere" in says("PROBLEM sensor")
    assert "PROBLEM broker: 127.0.0.1" in said
    broker.kill()
    says("not connected for")
    broker.start()
    with AnsweringServer(broker):
        assert "has had the agent logged in for" in says("the server last stored something")
    broker.add_user(STATION, "replaced")
    assert "check the password" in says("has refused the agent for")


HOUR_MS = 3_600_000
LINKS: list[tuple[LinkState | None, bool, str]] = [
    (None, False, "the agent runs, but does not say how its link is"),
    (LinkState("connecting", 9 * HOUR_MS), False, "not connected for 60 min (no answer yet); check host"),
    (LinkState("lost", 7 * HOUR_MS, "timeout"), False, "not connected for 3 h (timeout); check host"),
    (LinkState("refused", 0, "not authorized"), False, "refused the agent for 10 h (not authorized); check"),
    (LinkState("online", 0), False, "logged in for 10 h, but the server has stored nothing yet"),
    (LinkState("online", 10 * HOUR_MS - 30_000), True, "for 30 s; nothing has been stored by the server yet"),
    (LinkState("online", 0, "", HOUR_MS), False, "but the server has stored nothing for 9 h"),
    (LinkState("online", 0, "", 10 * HOUR_MS - 9000, silent=True), False, "stored nothing for 9 s"),
    (LinkState("online", 0, "", 10 * HOUR_MS - 9000), True, "the server last stored something 9 s ago"),
]


@pytest.mark.parametrize(("link", "ok", "text"), LINKS, ids=[row[2] for row in LINKS])
def test_what_the_agent_says_of_its_link_is_told(link: LinkState | None, ok: bool, text: str) -> None:
    finding = told_by_agent(link, "broker:1883", 10 * HOUR_MS, 30_000)
    assert finding.ok == ok
    assert text in finding.text


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
