"""``waystation stations`` as it is typed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge import config
from edge.check import log_in
from edge.config import BrokerConfig
from edge.connection import Connection, Welcome
from server.__main__ import app
from server.credentials import logins
from server.registry import Registry
from tests.support.certificate import CERTIFICATE
from tests.support.mosquitto import Broker
from tests.support.wait import until

STATIONS = """\
id,network,name_zh,region,places,hours,instrumented
st-1,chengdu,锦小牛·同心小站,锦江区/粮丰社区,16,Mo-Su 07:00-22:00,yes
st-2,chengdu,[bold]吾悦广场,,,,yes
st-3,chengdu,无传感器,,,,no
"""
NETWORK = '[[network]]\nid = "chengdu"\nname = { zh = "成都市", en = "Chengdu" }\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and one network, in which commands are typed; the terminal is wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    (tmp_path / "waystation.toml").write_text(settings("pid"))
    (tmp_path / "networks.toml").write_text(NETWORK, "utf-8")
    (tmp_path / "stations.csv").write_text(STATIONS, "utf-8")
    assert typed("networks", "import", "networks.toml")[0] == 0
    return tmp_path


def settings(pid: str) -> str:
    return f"""\
data_dir = "data"
broker_host = "broker.example"
broker_username = "waystation_server"
broker_password = "secret"
broker_passwd_file = "passwd"
broker_acl_file = "acl"
broker_pid_file = "{pid}"
"""


def typed(*words: str, answer: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words, input=answer)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def imported() -> None:
    assert typed("stations", "import", "stations.csv") == (0, "stations: 3 new, 0 changed, 0 unchanged\n", "")


@pytest.mark.usefixtures("imported")
def test_stations_are_imported_and_listed(here: Path) -> None:
    (here / "stations.csv").write_text(STATIONS.replace("16", "20"), "utf-8")
    assert typed("stations", "import", "stations.csv")[1] == "stations: 0 new, 1 changed, 2 unchanged\n"
    _, listed, _ = typed("stations", "list", "--network", "chengdu")
    for text in ("锦小牛·同心小站", "锦江区/粮丰社区", "20", "Mo-Su 07:00-22:00", "[bold]吾悦广场"):
        assert text in listed


@pytest.mark.usefixtures("imported")
def test_a_bad_file_is_told_and_nothing_is_imported(here: Path) -> None:
    bad = "id,network,name_zh,places\nst-1,chengdu,新名,9\nst-9,nowhere,乙,many\n"
    (here / "stations.csv").write_text(bad, "utf-8")
    code, _, told = typed("stations", "import", "stations.csv")
    assert code == 1
    assert "stations.csv, line 3, network: got 'nowhere', expected a known network (chengdu)" in told
    assert "stations.csv, line 3, places: got 'many', expected a whole number" in told
    assert told.endswith("nothing was imported\n")
    opened = Registry.open(here / "data" / "registry.db")
    assert opened.stations()["st-1"].name_zh == "锦小牛·同心小站"
    opened.close()


def test_an_unknown_network_is_named() -> None:
    code, _, told = typed("stations", "list", "--network", "nowhere")
    assert (code, told) == (1, "no network 'nowhere'; there are: chengdu\n")


@pytest.mark.usefixtures("imported")
def test_all_gives_logins_to_those_that_have_none(here: Path, broker: Broker) -> None:
    """Files to the Pis, hashes to the broker, which is told; the second time nobody is locked out."""
    text = settings(str(broker.pid_file)).replace('"passwd"', f'"{broker.passwd_file}"')
    (here / "waystation.toml").write_text(text)
    code, told, error = typed("stations", "credentials", "--all", "out")
    assert (code, told, error) == (0, "2 station files in out, mode 0600\nthe broker has been told\n", "")
    until(lambda: "Reloading config" in broker.log, 30, "the broker has been told")
    assert set(logins(broker.passwd_file)) == {"st-1", "st-2", "waystation_server"}
    read = config.load(here / "out" / "st-1.toml")
    assert (read.station, read.broker.host, read.broker.port) == ("st-1", "broker.example", 1883)
    before = logins(broker.passwd_file)
    code, told, _ = typed("stations", "credentials", "--all", "out")
    assert (code, told.splitlines()[0]) == (
        0,
        "2 have a login and keep it; name one to give it a new password",
    )
    after = logins(broker.passwd_file)
    assert (after["st-1"], after["st-2"]) == (before["st-1"], before["st-2"])
    code, told, _ = typed("stations", "credentials", "st-1", "--into", "out")
    assert told.startswith("st-1 had a login: its old password ends now")
    assert logins(broker.passwd_file)["st-1"] != before["st-1"]
    assert config.load(here / "out" / "st-1.toml").broker.password != read.broker.password


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    ("options", "host", "port", "tls", "why"),
    [
        ((), "broker.example", 1883, False, "as the server itself reaches it"),
        (("--host", "mqtt.city", "--port", "9"), "mqtt.city", 9, False, "as it is reached from outside"),
        (("--tls",), "broker.example", 8883, True, "the usual port of TLS"),
        (("--ca", "my-ca.pem"), "broker.example", 8883, True, "an authority of one's own means TLS"),
        (("--tls", "--port", "443"), "broker.example", 443, True, "another port"),
    ],
)
def test_where_stations_reach_the_broker(
    *, here: Path, options: tuple[str, ...], host: str, port: int, tls: bool, why: str
) -> None:
    (here / "my-ca.pem").write_text(CERTIFICATE)
    typed("stations", "credentials", "st-1", "--into", "out", *options)
    read = config.load(here / "out" / "st-1.toml").broker
    assert (read.host, read.port, read.tls) == (host, port, tls), why
    assert (here / "out" / "ca.crt").exists() == ("--ca" in options)


@pytest.mark.usefixtures("imported")
def test_it_says_what_to_type_when_the_broker_cannot_be_told() -> None:
    code, told, error = typed("stations", "credentials", "st-1")
    assert (code, told) == (1, "1 station file in ., mode 0600\n")
    assert error.endswith("the files are written; now type: sudo systemctl reload mosquitto\n")


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    ("words", "code", "told", "why"),
    [
        ((), 2, "give either a station's ID or --all DIR", "neither"),
        (("st-1", "--all", "out"), 2, "give either a station's ID or --all DIR", "both"),
        (("st-9",), 1, "no station 'st-9' is registered", "an unknown station gets no login"),
        (("st-1", "--ca", "no.pem"), 1, "No such file or directory: 'no.pem'", "no such authority"),
    ],
)
def test_credentials_asked_wrongly(
    here: Path, *, words: tuple[str, ...], code: int, told: str, why: str
) -> None:
    found, _, error = typed("stations", "credentials", *words)
    assert (found, told in error) == (code, True), why
    assert not (here / "passwd").exists(), "nothing was changed"


@pytest.mark.usefixtures("imported")
def test_settings_that_are_missing_are_named(here: Path) -> None:
    (here / "waystation.toml").write_text('data_dir = "data"\nbroker_username = "waystation_server"\n')
    code, _, error = typed("stations", "credentials", "st-1")
    assert code == 1
    assert error == ("not set in waystation.toml: broker_passwd_file, broker_acl_file, broker_password\n")


@pytest.mark.usefixtures("imported")
def test_a_station_without_sensors_gets_a_login_and_a_warning() -> None:
    _, told, _ = typed("stations", "credentials", "st-3", "--into", "out")
    assert told.startswith("st-3 is not instrumented by the registry")
    assert "not instrumented" not in typed("stations", "credentials", "st-1", "--into", "out")[1]


def test_ids_stay_whole_in_a_narrow_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "an-id-of-32-characters-is-not-cut"[:32]
    (here / "stations.csv").write_text(STATIONS.replace("st-1", name), "utf-8")
    typed("stations", "import", "stations.csv")
    monkeypatch.setenv("COLUMNS", "80")
    assert name in typed("stations", "list")[1]


@pytest.mark.usefixtures("imported")
def test_a_station_is_removed_with_its_login_and_cut_off(here: Path, broker: Broker) -> None:
    text = settings(str(broker.pid_file)).replace('"passwd"', f'"{broker.passwd_file}"')
    (here / "waystation.toml").write_text(text)
    typed("stations", "credentials", "--all", "out")
    password = config.load(here / "out" / "st-1.toml").broker.password
    assert logs_in(broker, "st-1", password)
    told = "st-1 is removed; its readings stay\nits login is removed; the broker has been told\n"
    assert typed("stations", "remove", "st-1", "--yes") == (0, told, "")
    until(lambda: not logs_in(broker, "st-1", password), 30, "its login is refused")
    assert set(logins(broker.passwd_file)) == {"st-2", "waystation_server"}
    opened = Registry.open(here / "data" / "registry.db")
    assert list(opened.stations()) == ["st-2", "st-3"]
    opened.close()
    assert typed("stations", "remove", "st-3", "--yes")[:2] == (0, "st-3 is removed; its readings stay\n")
    assert typed("stations", "remove", "st-1", "--yes")[2] == "no station 'st-1' is registered\n"


def logs_in(broker: Broker, name: str, password: str) -> bool:
    """Whether the broker lets ``name`` in."""
    connection = Connection(name, BrokerConfig(broker.host, broker.port, name, password), b"{}")
    try:
        return isinstance(log_in(connection), Welcome)
    finally:
        connection.close()


@pytest.mark.usefixtures("imported")
def test_removing_asks_first() -> None:
    code, told, _ = typed("stations", "remove", "st-1", answer="n\n")
    assert (code, "Remove st-1 and its login? Its readings stay." in told) == (1, True)
    assert "st-1" in typed("stations", "list")[1]
    assert typed("stations", "remove", "st-1", answer="y\n")[0] == 0
    assert "st-1" not in typed("stations", "list")[1]


@pytest.mark.usefixtures("imported")
def test_a_station_is_removed_although_the_broker_cannot_be_told() -> None:
    typed("stations", "credentials", "st-1", "--into", "out")
    code, told, error = typed("stations", "remove", "st-1", "--yes")
    assert (code, told) == (1, "st-1 is removed; its readings stay\n")
    assert error.endswith("the files are written; now type: sudo systemctl reload mosquitto\n")
