"""The files in firmware_config that operators start from are read by the programs they are for."""

import csv
from dataclasses import fields
from pathlib import Path

from server import config
from server.imports import read_networks, read_stations
from server.imports.networks import KEYS
from server.imports.stations import COLUMNS
from server.model import Thresholds
from tests.support.mosquitto import SERVER_USER
from tests.support.recordings import CHECKOUT

SHIPPED = CHECKOUT / "firmware_config"


def test_the_networks_show_every_key_and_the_defaults() -> None:
    text = (SHIPPED / "networks.toml").read_text(encoding="utf-8")
    networks = read_networks(SHIPPED / "networks.toml", {})
    assert [network.parent for network in networks] == [None, "example-city"]
    assert not [key for key in KEYS if f"\n{key} = " not in text and f".{key}]" not in text]
    assert not [field.name for field in fields(Thresholds) if f"\n{field.name} = " not in text]
    assert networks[1].thresholds == networks[0].thresholds


def test_the_stations_show_every_column() -> None:
    networks = {network.id: network for network in read_networks(SHIPPED / "networks.toml", {})}
    stations = read_stations(SHIPPED / "stations.csv", networks)
    assert [station.instrumented for station in stations] == [True, True, False]
    with (SHIPPED / "stations.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == [column.name for column in COLUMNS]


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
