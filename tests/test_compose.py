"""compose.yaml and Dockerfile agree with the server, with the files beside them and with themselves."""

import argparse
import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edge.__main__ import COMMANDS
from server import config
from server.__main__ import app
from server.config import ENVIRONMENT_PREFIX
from server.demo.stations import FEWEST, MOST
from server.settings import Settings
from tests.support.compose import BLANK, SCRIPT, SECRETS, mounts, ours, services, text, whole
from tests.support.recordings import CHECKOUT

BROKER_CONF = CHECKOUT / "firmware_config" / "compose" / "mosquitto.conf"
SHIPPED_CONF = CHECKOUT / "firmware_config" / "mosquitto" / "waystation.conf"
GRAFANA = CHECKOUT / "grafana" / "provisioning"
UID = "10001"
DOCUMENTED = {
    "influxdb": {
        f"DOCKER_INFLUXDB_INIT_{name}"
        for name in ("MODE", "USERNAME", "PASSWORD", "ORG", "BUCKET", "RETENTION", "ADMIN_TOKEN")
    },
    "grafana": {
        "GF_SECURITY_ADMIN_USER",
        "GF_SECURITY_ADMIN_PASSWORD",
        "GF_USERS_ALLOW_SIGN_UP",
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
    },
}
"""Variables of the official images: of InfluxDB's set-up, and GF_<section>_<key> of Grafana's settings."""
PORTS = {"waystation": 8080, "broker": 1883, "influxdb": 8086, "grafana": 3000}
"""Where each listens, by its own settings or as its image does."""
DATA = {"broker": "/mosquitto/data", "influxdb": "/var/lib/influxdb2", "grafana": "/var/lib/grafana"}
"""Where the official images keep what must not be lost."""


def conf(path: Path) -> dict[str, str]:
    """Mosquitto's settings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs}


def dockerfile() -> list[tuple[str, str]]:
    """Instructions with their words, continued lines joined."""
    said = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in said.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


# --- secrets ------------------------------------------------------------------------------------------------


def test_nothing_secret_has_a_default_and_without_an_env_nothing_starts() -> None:
    blanks = {blank["name"]: blank["sign"] for blank in BLANK.finditer(text())}
    assert {name for name, sign in blanks.items() if sign == "?"} == set(SECRETS)
    assert set(blanks) - set(SECRETS) == {"PUBLIC_URL", "STATIONS"}
    with pytest.raises(KeyError, match=re.escape("type scripts/compose.sh first")):
        services(dict.fromkeys(SECRETS, ""))
    words = re.compile(r"(PASSWORD|TOKEN): (?!\$\{)")
    assert not words.findall(text()), "written into the file itself"


# --- variables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ours(services()))
def test_our_variables_are_settings_and_their_values_are_taken(name: str) -> None:
    given = services()[name].get("environment", {})
    known = {ENVIRONMENT_PREFIX + each.name.upper() for each in fields(Settings)}
    assert set(given) <= known
    settings = config.load(None, given)
    if given:
        assert str(settings.data_dir) in mounts(services()[name]) or name == "influx-setup"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_others_variables_are_those_of_their_images(name: str) -> None:
    given = set(services()[name]["environment"])
    assert given - DOCUMENTED[name] == ({"INFLUX_URL", "INFLUX_BUCKET", "INFLUX_READ_TOKEN"} & given)


def test_grafana_gets_each_variable_that_its_provisioning_names() -> None:
    said = "".join(path.read_text("utf-8") for path in GRAFANA.rglob("*.yaml"))
    named = set(re.findall(r"\$\{(\w+)\}", said))
    assert named
    assert named <= set(services()["grafana"]["environment"])
    where = mounts(services()["grafana"])
    dashboards = yaml.safe_load((GRAFANA / "dashboards" / "waystation.yaml").read_text("utf-8"))
    assert {each["options"]["path"] for each in dashboards["providers"]} <= set(where)
    assert where["/etc/grafana/provisioning"] == "./grafana/provisioning"


def test_who_writes_cannot_read_and_who_reads_cannot_write() -> None:
    told = {name: str(each.get("environment", {})) for name, each in services(
        {"INFLUX_WRITE_TOKEN": "may-write", "INFLUX_READ_TOKEN": "may-read", "INFLUX_ADMIN_TOKEN": "may-all"}
    ).items()}  # fmt: skip
    for token, who in (
        ("may-write", {"waystation"}),
        ("may-read", {"grafana"}),
        ("may-all", {"influxdb", "influx-setup"}),
    ):
        assert {name for name, said in told.items() if token in said} == who


def test_one_bucket_and_one_organization_for_all() -> None:
    found = services()
    said = {
        name: found[name]["environment"] for name in ("influxdb", "waystation", "influx-setup", "grafana")
    }
    buckets = {
        said["influxdb"]["DOCKER_INFLUXDB_INIT_BUCKET"],
        said["grafana"]["INFLUX_BUCKET"],
        *(said[name]["WAYSTATION_INFLUX_BUCKET"] for name in ("waystation", "influx-setup")),
    }
    assert buckets == {"waystation"}
    assert said["influxdb"]["DOCKER_INFLUXDB_INIT_ORG"] == said["waystation"]["WAYSTATION_INFLUX_ORG"]
    script = SCRIPT.read_text("utf-8")
    assert "--org waystation" in script
    assert "--name waystation" in script


# --- paths and ports ----------------------------------------------------------------------------------------


def test_what_is_mounted_is_there_and_every_volume_is_used() -> None:
    sources = {source for each in services().values() for source in mounts(each).values()}
    files = {source for source in sources if source.startswith("./")}
    assert files
    assert not [source for source in files if not (CHECKOUT / source).exists()]
    assert sources - files == set(whole()["volumes"])


@pytest.mark.parametrize("name", DATA)
def test_what_must_not_be_lost_is_in_a_volume(name: str) -> None:
    assert mounts(services()[name])[DATA[name]] in whole()["volumes"]


def test_ports_are_those_that_each_listens_on_and_open_to_this_machine_only() -> None:
    published = {name: each["ports"] for name, each in services().items() if "ports" in each}
    assert published == {name: [f"127.0.0.1:{port}:{port}"] for name, port in PORTS.items()}


def test_each_finds_the_other_where_it_listens() -> None:
    found = services()
    server = config.load(None, found["waystation"]["environment"])
    assert server.port == PORTS["waystation"]
    assert (server.broker_host, server.broker_port) == ("broker", PORTS["broker"])
    assert conf(BROKER_CONF)["listener"] == str(PORTS["broker"])
    assert f"broker:{PORTS['broker']}" in found["fleet"]["command"]
    address = f"http://influxdb:{PORTS['influxdb']}"
    assert found["grafana"]["environment"]["INFLUX_URL"] == address
    assert found["waystation"]["environment"]["WAYSTATION_INFLUX_URL"] == address
    for name in ("waystation", "grafana"):
        assert str(PORTS[name]) in str(found[name]["healthcheck"]["test"])


def test_the_broker_reads_what_prepare_writes_with_the_limits_that_are_shipped() -> None:
    ours_, shipped = conf(BROKER_CONF), conf(SHIPPED_CONF)
    place = {"listener", "password_file", "acl_file"}
    more = {"persistence_location", "log_dest"}
    assert {key: value for key, value in ours_.items() if key not in place | more} == {
        key: value for key, value in shipped.items() if key not in place
    }
    found = services()
    for key, name in (("password_file", "PASSWD"), ("acl_file", "ACL")):
        assert ours_[key] == found["prepare"]["environment"][f"WAYSTATION_BROKER_{name}_FILE"]
    folder = str(Path(ours_["acl_file"]).parent)
    assert mounts(found["broker"])[folder] == mounts(found["prepare"])[folder] == "broker-logins"
    assert ours_["persistence_location"].rstrip("/") in mounts(found["broker"])
    assert found["broker"]["group_add"] == [UID]


def test_services_wait_for_what_is_there_and_can_be_healthy() -> None:
    found = services()
    for each in found.values():
        for name, wish in each.get("depends_on", {}).items():
            if wish["condition"] == "service_healthy":
                assert "healthcheck" in found[name]
            else:
                assert found[name]["restart"] == "no", "it ends"


def test_images_of_others_are_of_one_version() -> None:
    images = {each["image"] for each in services().values() if "build" not in each}
    assert images
    assert all(re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+", image) for image in images)


# --- commands -----------------------------------------------------------------------------------------------


def parsed_by_edge(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    importlib.import_module(COMMANDS[words[0]]).add_parser(commands)
    return parser.parse_args(words)


@pytest.mark.parametrize("name", ours(services()))
def test_commands_exist_and_take_their_options(name: str) -> None:
    program, *words = services()[name]["command"]
    if program == "waystation-edge":
        asked = parsed_by_edge(words)
        prepared = services()["prepare"]["command"][-1]
        assert {str(asked.fleet.parent), str(asked.passwords.parent), str(asked.work.parent)} == {prepared}
        assert prepared in mounts(services()[name])
    elif program == "waystation":
        said = CliRunner().invoke(app, [*words, "--help"])
        assert said.exit_code == 0, said.output
        options = [word for word in words if word.startswith("--")]
        assert not [option for option in options if option not in said.output]
    else:
        assert [program, *words[:2]] == ["python", "-m", "server.demo.files"]
        assert FEWEST <= int(words[words.index("--stations") + 1]) <= MOST


# --- the image ----------------------------------------------------------------------------------------------


def test_the_image_copies_what_is_there_and_what_is_not_ignored() -> None:
    copied = [words.split() for name, words in dockerfile() if name == "COPY" and "--from" not in words]
    sources = {source for words in copied for source in words[:-1]}
    ignored = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()
    assert sources == {line[1:] for line in ignored if line.startswith("!")}
    assert not [source for source in sources if not (CHECKOUT / source).exists()]
    assert {"contract", "edge", "server", "pyproject.toml", "requirements/server.lock"} <= sources


def test_the_image_installs_by_hash_and_nothing_else() -> None:
    installs = [words for name, words in dockerfile() if name == "RUN" and "pip install" in words]
    assert len(installs) == 2
    assert "--require-hashes -r requirements/server.lock" in installs[0]
    assert {"--no-deps", "--no-build-isolation"} <= set(installs[1].split())
    assert "apt-get" not in str(dockerfile())


def test_the_image_runs_as_nobody_special_and_owns_its_volumes() -> None:
    users = [words for name, words in dockerfile() if name == "USER"]
    assert users == [f"{UID}:{UID}"]
    account = next(words for name, words in dockerfile() if name == "RUN" and "useradd" in words)
    assert f"--uid {UID} --gid {UID}" in account
    owned = set(account.partition("install -d")[2].split())
    where = {place for each in ours(services()).values() for place in mounts(each)}
    assert where <= owned
    for each in ours(services()).values():
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]


def test_the_image_has_the_programs_that_are_started() -> None:
    scripts = (CHECKOUT / "pyproject.toml").read_text("utf-8").partition("[project.scripts]")[2]
    started = {each["command"][0] for each in ours(services()).values()} - {"python"}
    assert started == {"waystation", "waystation-edge"}
    assert not [name for name in started if f"\n{name} = " not in scripts]
    assert ("CMD", '["waystation", "serve"]') in dockerfile()
    assert ("EXPOSE", str(PORTS["waystation"])) in dockerfile()
