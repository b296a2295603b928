"""The data source's and the dashboards' files, read as Grafana reads them."""

import os.path
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from grafana.influxql import SOURCE
from tests.support.grafana import FOLDER
from tests.support.influx import Influx

SOURCES = FOLDER / "provisioning/datasources/waystation.yaml"
PROVIDERS = FOLDER / "provisioning/dashboards/waystation.yaml"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def read(path: Path) -> Any:
    """The file with the environment's variables in it."""
    return yaml.safe_load(os.path.expandvars(path.read_text(encoding="utf-8")))


def variables(path: Path) -> set[str]:
    return set(re.findall(r"\$\{?(\w+)", path.read_text(encoding="utf-8")))


def test_the_readme_names_each_variable_and_no_other() -> None:
    told = set(re.findall(r"^\| `(INFLUX_\w+)` \|", README, re.MULTILINE))
    assert variables(SOURCES) == told
    assert not variables(PROVIDERS)


def test_the_source_is_the_one_that_the_dashboards_ask() -> None:
    [source] = read(SOURCES)["datasources"]
    assert (source["type"], source["uid"]) == (SOURCE.type_val, SOURCE.uid)
    assert source["jsonData"]["version"] == "InfluxQL"
    assert source["access"] == "proxy", "a browser would need the token"


def test_no_secret_stands_where_everybody_may_read_it() -> None:
    """Only ``secureJsonData`` is kept encrypted and never given to a browser."""
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["datasources"]
    secret = source.pop("secureJsonData")
    assert secret == {"httpHeaderValue1": "Token ${INFLUX_READ_TOKEN}"}
    assert "TOKEN" not in str(source)


def test_its_header_and_database_are_let_in(influx_server: Influx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUX_URL", influx_server.url)
    monkeypatch.setenv("INFLUX_BUCKET", "nothing")
    monkeypatch.setenv("INFLUX_READ_TOKEN", influx_server.token)
    [source] = read(SOURCES)["datasources"]
    settings, secret = source["jsonData"], source["secureJsonData"]
    asked = {"db": settings["dbName"], "q": "SHOW MEASUREMENTS", "epoch": "ms"}
    header = {settings["httpHeaderName1"]: secret["httpHeaderValue1"]}
    address = f"{source['url']}/query"
    assert httpx.request(settings["httpMode"], address, data=asked, headers=header).status_code == 200
    assert httpx.request(settings["httpMode"], address, data=asked).status_code == 401


def test_the_dashboards_are_looked_for_where_the_readme_says() -> None:
    [provider] = read(PROVIDERS)["providers"]
    assert provider["type"] == "file"
    assert f"`{provider['options']['path']}`" in README
    assert provider["allowUiUpdates"] is False
