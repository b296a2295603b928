"""The agent's systemd unit says what the agent relies on."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from edge.__main__ import EX_CONFIG
from edge.agent import STOP_S

UNIT = Path(__file__).parents[2] / "firmware_config" / "waystation-edge.service"
INSTALLER = UNIT.parents[1] / "scripts" / "install.sh"


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


@pytest.mark.parametrize("device", ["char-gpiochip", "char-i2c", "char-ttyUSB", "char-ttyACM", "char-ttyAMA"])
def test_what_sensors_hang_on_can_be_opened(device: str) -> None:
    """A closed device policy forbids, also to the right group, what is not named."""
    assert f"DeviceAllow={device} rw" in UNIT.read_text("utf-8")


@pytest.mark.parametrize("driver", ["usbserial", "cdc_acm", "i2c_dev"])
def test_drivers_of_what_may_be_plugged_in_later_are_there_before_the_agent(driver: str) -> None:
    unit = UNIT.read_text("utf-8")
    for key in ("Wants", "After"):
        assert re.search(rf"^{key}=.*modprobe@{driver}\.service", unit, re.MULTILINE)


@pytest.mark.parametrize("group", ["gpio", "dialout", "i2c"])
def test_the_installer_gives_the_user_the_groups_of_the_devices(group: str) -> None:
    groups = re.search(r"for group in ([a-z0-9 ]+);", INSTALLER.read_text("utf-8"))
    assert groups
    assert group in groups[1].split()


def test_the_outbox_has_a_folder_and_the_user_is_nobody_special() -> None:
    unit = service()
    assert default_outbox().parent == Path("/var/lib") / unit["StateDirectory"]
    assert unit["User"] == "waystation"
    assert unit["NoNewPrivileges"] == "true"


def default_outbox() -> Path:
    page = (UNIT.parents[1] / "firmware_config" / "station.toml").read_text("utf-8")
    return Path(page.partition('# path = "')[2].partition('"')[0])
