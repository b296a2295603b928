"""The files in firmware_config that operators start from are read by the programs they are for."""

import csv
import re
import subprocess
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server import config
from server.__main__ import app
from server.alerts import limits
from server.alerts.limits import DEFAULTS
from server.app import STOP_S
from server.imports import read_networks, read_stations
from server.imports.networks import KEYS
from server.imports.stations import COLUMNS
from server.model import Thresholds
from server.web.events import MAX_READERS
from server.web.front import LARGE_REQUEST, MAX_REQUEST, REACH
from tests.support.mosquitto import SERVER_USER
from tests.support.recordings import CHECKOUT

SHIPPED = CHECKOUT / "firmware_config"
INSTALLER = CHECKOUT / "scripts" / "install.sh"
MOST_STATIONS = 2_080
"""Of the largest network known."""


def test_the_networks_show_every_key_and_the_defaults() -> None:
    text = (SHIPPED / "networks.toml").read_text(encoding="utf-8")
    networks = read_networks(SHIPPED / "networks.toml", {})
    assert [network.parent for network in networks] == [None, "example-city"]
    assert not [key for key in KEYS if f"\n{key} = " not in text and f".{key}]" not in text]
    assert not [field.name for field in fields(Thresholds) if f"\n{field.name} = " not in text]
    assert networks[1].thresholds == networks[0].thresholds


def test_the_networks_can_have_numbers_of_alerts(tmp_path: Path) -> None:
    text = (SHIPPED / "networks.toml").read_text(encoding="utf-8")
    head, table, rest = text.partition("# [network.alert_thresholds]\n")
    file = tmp_path / "networks.toml"
    file.write_text(head + (table + rest).replace("# ", ""), encoding="utf-8")
    assert (
        limits.of_network("example-street", {each.id: each for each in read_networks(file, {})}) == DEFAULTS
    )
    assert read_networks(file, {})[1].alert_limits


def test_the_stations_show_every_column() -> None:
    networks = {network.id: network for network in read_networks(SHIPPED / "networks.toml", {})}
    stations = read_stations(SHIPPED / "stations.csv", networks)
    assert [station.instrumented for station in stations] == [True, True, False]
    with (SHIPPED / "stations.csv").open(encoding="utf-8", newline="") as file:
        names = [column.name for column in COLUMNS]
        assert [*next(csv.reader(file)), "alert_thresholds"] == names, "that one would overrule the console"


def test_the_settings_are_read_and_name_the_servers_broker_user(tmp_path: Path) -> None:
    password = tmp_path / "broker.password"
    password.write_text("secret\n", encoding="utf-8")
    text = (SHIPPED / "waystation.toml").read_text(encoding="utf-8")
    file = tmp_path / "waystation.toml"
    file.write_text(text.replace("/etc/waystation/broker.password", str(password)), encoding="utf-8")
    settings = config.load(file, {})
    assert settings.broker_username == SERVER_USER
    assert settings.broker_password == "secret"  # noqa: S105  (the one written above)
    assert settings.data_dir == Path("/var/lib/waystation")


def test_the_settings_that_messages_to_staff_need_are_there_to_be_filled_in(tmp_path: Path) -> None:
    text = (SHIPPED / "waystation.toml").read_text(encoding="utf-8")
    assert 'notify_private_addresses = "no"' in text
    offered = re.findall(r'^# (\w+ = ".*")$', text, re.MULTILINE)
    file = tmp_path / "waystation.toml"
    file.write_text("\n".join(offered), encoding="utf-8")
    settings = config.load(file, {})
    assert settings.public_url == "https://stations.example.org"
    assert settings.dead_man_url == "https://hc-ping.com/your-check"


def service(name: str) -> dict[str, str]:
    """[Service] of a unit: the last value of each key."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read(SHIPPED / name, encoding="utf-8")
    return dict(parser["Service"])


def test_the_unit_starts_what_the_command_line_takes() -> None:
    program, *words = service("waystation.service")["ExecStart"].split()
    assert program == "/opt/waystation/bin/waystation"
    parsed = CliRunner().invoke(app, [*words, "--help"])
    assert parsed.exit_code == 0, parsed.output
    assert "Take the stations' readings" in parsed.output
    assert words[words.index("--config") + 1] in INSTALLER.read_text("utf-8")


def test_the_unit_leaves_room_for_all_readers_and_time_for_the_last_commit() -> None:
    unit = service("waystation.service")
    assert int(unit["LimitNOFILE"]) > MAX_READERS
    assert int(unit["TimeoutStopSec"]) > 2 * STOP_S
    assert unit["Restart"] == "always"


def test_the_broker_is_started_again_and_takes_more_stations_than_any_city_has() -> None:
    unit = service("mosquitto/service.conf")
    assert int(unit["LimitNOFILE"]) > MOST_STATIONS
    assert unit["Restart"] == "always"


def locations() -> dict[str, str]:
    """What nginx.conf says for each path, and under "" what it says outside of them."""
    text = re.sub(r"#.*", "", (SHIPPED / "nginx.conf").read_text(encoding="utf-8"))
    block = re.compile(r"location (?:= )?(\S+) \{([^}]*)\}")
    return {"": block.sub("", text), **dict(block.findall(text))}


def test_the_proxy_passes_frames_at_once() -> None:
    assert "proxy_buffering off;" in locations()["/api/v1/events"]


def test_the_proxy_takes_as_much_as_the_server() -> None:
    said = locations()
    assert f"client_max_body_size {MAX_REQUEST // 1024}k;" in said[""]
    assert f"client_max_body_size {LARGE_REQUEST // 1024**2}m;" in said[REACH]


def test_the_proxy_sets_what_the_server_believes_of_it() -> None:
    said = locations()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in said[""], "appended to, it could be forged"
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in said[""]
    own = [path for path, text in said.items() if path and "proxy_set_header" in text]
    assert not own, "nginx forgets the headers above where a location sets one of its own"


def test_the_proxy_keeps_the_figures_from_the_public() -> None:
    assert "deny all;" in locations()["/metrics"]


@pytest.mark.parametrize("script", sorted((CHECKOUT / "scripts").glob("*.sh")), ids=lambda path: path.name)
def test_the_scripts_are_written_in_bash(script: Path) -> None:
    subprocess.run(["/bin/bash", "-n", str(script)], check=True, stdin=subprocess.DEVNULL)  # noqa: S603
