"""The agent's systemd unit says what the agent relies on."""

from configparser import ConfigParser
from pathlib import Path

from edge.__main__ import EX_CONFIG
from edge.agent import STOP_S

UNIT = Path(__file__).parents[2] / "firmware_config" / "waystation-edge.service"


def service() -> dict[str, str]:
    """The last value of each key of [Service]."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


def test_systemd_waits_for_the_agent_s_word_and_for_its_signs_of_life() -> None:
    unit = service()
    assert (unit["Type"], unit["WatchdogSec"], unit["Restart"]) == ("notify", "60", "always")
    assert unit["RestartPreventExitStatus"] == str(EX_CONFIG)
    assert int(unit["TimeoutStopSec"]) > 2 * STOP_S


def test_pins_can_be_opened() -> None:
    unit = service()
    assert unit["Environment"] == "GPIOZERO_PIN_FACTORY=lgpio"
    assert unit["WorkingDirectory"] == f"/run/{unit['RuntimeDirectory']}", (
        "lgpio makes a pipe where it is started"
    )
    assert "DeviceAllow=char-gpiochip rw" in UNIT.read_text("utf-8")


def test_the_outbox_has_a_folder_and_the_user_is_nobody_special() -> None:
    unit = service()
    assert default_outbox().parent == Path("/var/lib") / unit["StateDirectory"]
    assert unit["User"] == "waystation"
    assert unit["NoNewPrivileges"] == "true"


def default_outbox() -> Path:
    page = (UNIT.parents[1] / "firmware_config" / "station.toml").read_text("utf-8")
    return Path(page.partition('# path = "')[2].partition('"')[0])
