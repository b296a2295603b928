"""The station file: what it may say, and what a wrong one is told."""

import re
from pathlib import Path

import pytest

from edge.config import BrokerConfig, HomeAssistantConfig, OutboxConfig, SamplingConfig, load
from edge.options import ConfigError
from tests.support.certificate import CERTIFICATE

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "firmware_config" / "station.toml"

SMALLEST = """
[station]
id = "canteen-1"
[broker]
host = "localhost"
password = "secret"
"""


TABLES = ("station", "broker", "sampling", "outbox", "home_assistant")


def station_file(folder: Path, text: str) -> Path:
    file = folder / "station.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_smallest_file_has_all_defaults(tmp_path: Path) -> None:
    config = load(station_file(tmp_path, SMALLEST))
    assert config.station == "canteen-1"
    assert config.broker == BrokerConfig("localhost", 1883, "canteen-1", "secret", tls=False, tls_ca=None)
    assert config.sampling == SamplingConfig(1, 30, 600)
    assert config.outbox == OutboxConfig(Path("/var/lib/waystation-edge/outbox.db"), 100_800, 400)
    assert config.sensors == ()
    assert config.home_assistant is None, "nobody is dialled unless the file says so"


def test_sensors_keep_their_own_keys_for_their_driver(tmp_path: Path) -> None:
    text = SMALLEST + '[[sensor]]\nid = "room"\nkind = "dht22"\ninterval_s = 10\npin = 4\n'
    (entry,) = load(station_file(tmp_path, text)).sensors
    assert (entry.id, entry.kind, entry.interval_s, entry.options) == ("room", "dht22", 10.0, {"pin": 4})
    assert entry.where == "station.toml: [[sensor]] 1 (room)"
    assert entry.read_options().whole("pin") == 4


def test_the_password_may_lie_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    text = SMALLEST.replace('password = "secret"', 'password_file = "password"')
    assert load(station_file(tmp_path, text)).broker.password == "secret"  # noqa: S105 - the test's own


def test_a_password_is_not_shown_where_the_config_is_printed(tmp_path: Path) -> None:
    assert "secret" not in repr(load(station_file(tmp_path, SMALLEST)))


def test_a_certificate_turns_tls_on_and_moves_the_port(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(CERTIFICATE, encoding="utf-8")
    broker = load(station_file(tmp_path, SMALLEST + 'tls_ca = "ca.crt"\n')).broker
    assert (broker.tls, broker.port, broker.tls_ca) == (True, 8883, tmp_path / "ca.crt")


HOME = SMALLEST + '[home_assistant]\nhost = "ha.local"\n'


def test_home_assistant_has_defaults_for_all_but_its_broker(tmp_path: Path) -> None:
    assert load(station_file(tmp_path, HOME)).home_assistant == HomeAssistantConfig(
        BrokerConfig("ha.local", 1883, "", ""), "homeassistant", "waystation/canteen-1", "zh"
    )


def test_home_assistant_with_a_login_and_topics_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ha.password").write_text("secret\n", encoding="utf-8")
    login = 'username = "station"\npassword_file = "ha.password"\ntls = true\n'
    more = login + 'language = "en"\nprefix = "ha/found"\n'
    assert load(
        station_file(tmp_path, HOME + more + 'topic = "rest/one"\n')
    ).home_assistant == HomeAssistantConfig(
        BrokerConfig("ha.local", 8883, "station", "secret", tls=True), "ha/found", "rest/one", "en"
    )


WRONG = [
    (SMALLEST + "[home_assistant]", "[home_assistant]: host is missing", "switched on without a broker"),
    (HOME + 'username = "a"', "password is missing; allowed: exactly one", "a login without a password"),
    (HOME + 'language = "fr"', "language is 'fr'; allowed: one of zh, en", "no such words"),
    (HOME + 'prefix = "home assistant/"', "prefix is 'home assistant/'; allowed: a topic", "no topic"),
    (HOME + 'topic = "waystation/#"', "topic is 'waystation/#'; allowed: a topic", "a wildcard"),
    (HOME + 'topic = "/a"', "topic is '/a'; allowed: a topic", "an empty level"),
    (HOME + "switch = true", "switch is True; allowed: only the keys", "nothing is switched"),
    ("[station", "must be TOML", "no TOML at all"),
    (SMALLEST + "[sensor]\n[sensor]\n", "each sensor begins with [[sensor]], in two brackets", "one too few"),
    (
        SMALLEST.replace("canteen-1", "Canteen"),
        "[station]: id is 'Canteen'; allowed: 3 to 32",
        "capital letter",
    ),
    (SMALLEST.replace('host = "localhost"', ""), "[broker]: host is missing", "no broker"),
    (
        SMALLEST.replace('password = "secret"', ""),
        "[broker]: password is missing; allowed: exactly one",
        "none",
    ),
    (SMALLEST + 'password_file = "p"', "password is (not shown); allowed: exactly one", "two passwords"),
    (SMALLEST.replace('password = "secret"', 'password_file = "p"'), "password_file is 'p'", "no such file"),
    (SMALLEST + 'tls_ca = "ca.crt"', "tls_ca is 'ca.crt'; allowed: a file of certificates", "no such file"),
    (
        SMALLEST + 'tls_ca = "station.toml"',
        "tls_ca is 'station.toml'; allowed: a file of cert",
        "no certificate",
    ),
    (SMALLEST + 'pasword = "secret"', "pasword is (not shown); allowed: only", "misspelt password"),
    (
        SMALLEST + '[brokre]\npassword = "secret"',
        "brokre is a table; allowed: only",
        "misspelt table with a password",
    ),
    (SMALLEST + "port = 70000", "port is 70000; allowed: a whole number from 1 to 65535", "no such port"),
    (
        SMALLEST.replace("host =", "hots ="),
        "[broker]: hots is 'localhost'; allowed: only the keys host",
        "misspelt key that has to be there: what is written is named, not what is missing",
    ),
    (
        SMALLEST.replace('password = "secret"', 'password_file = "broker.password"'),
        "[broker]: password_file is 'broker.password'; allowed: a readable text file ([Errno 2] No such",
        "no such file",
    ),
    (SMALLEST + "prot = 1883", "[broker]: prot is 1883; allowed: only the keys host", "misspelt key"),
    (
        SMALLEST + "[outbox]\nmax_rows = 100",
        "max_rows is 100; allowed: a whole number from 20160",
        "under 7 days",
    ),
    (SMALLEST + "[sampling]\nsample_s = 0", "sample_s is 0; allowed: a number from 0.1", "a busy loop"),
    (SMALLEST + "[sampler]\nsample_s = 1", "sampler is a table; allowed: only", "misspelt table"),
    (SMALLEST + "[[sensor]]\nid = 'a'", "[[sensor]] 1: kind is missing", "a sensor of no kind"),
    (
        SMALLEST + "[[sensor]]\nid = 'outbox'\nkind = 'x'",
        "id is 'outbox'",
        "the outbox reports under this name",
    ),
    (
        SMALLEST + "[[sensor]]\nid = 'a'\nkind = 'x'\n" * 2,
        "[[sensor]] 2 (a): id is 'a'",
        "two sensors of one name",
    ),
]


@pytest.mark.parametrize(("text", "message", "_reason"), WRONG, ids=[row[-1] for row in WRONG])
def test_a_wrong_file_is_told_where_and_what(tmp_path: Path, text: str, message: str, _reason: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load(station_file(tmp_path, text))
    assert "station.toml" in str(caught.value)
    assert "secret" not in str(caught.value), "errors end up in the journal"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "station.toml")


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_bytes('id = "驿站"'.encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "station.toml")


def keys_of_the_example() -> set[str]:
    """Every key of the example file, those behind a # too."""
    keys, table = set(), ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"#?(\[+\w+\]+)", line):
            table = heading[1]
        elif key := re.match(r"#? ?(\w+) = ", line):
            keys.add(f"{table} {key[1]}")
    return keys


def keys_of_the_page() -> set[str]:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    section = page.partition("## Station: `station.toml`\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\[+\w+\]+ \w+)` \|", section, re.MULTILINE))


def keys_that_are_read(folder: Path, table: str) -> set[str]:
    """What the reader names as the known keys of a table when it meets an unknown one."""
    heading = f"[{table}]"
    text = SMALLEST if heading in SMALLEST else f"{SMALLEST}{heading}\n"
    with pytest.raises(ConfigError) as caught:
        load(station_file(folder, text.replace(heading, f"{heading}\nunheard_of = 1")))
    known = caught.value.allowed.removeprefix("only the keys ").split(", ")
    return {f"{heading} {key}" for key in known}


def test_the_page_has_every_key_and_no_other() -> None:
    assert keys_of_the_page() == keys_of_the_example() - {"[[sensor]] pin"}


def test_the_example_has_every_key_and_no_other(tmp_path: Path) -> None:
    tables = [keys_that_are_read(tmp_path, table) for table in TABLES]
    sensor = {"[[sensor]] id", "[[sensor]] kind", "[[sensor]] interval_s", "[[sensor]] pin"}
    assert keys_of_the_example() == set().union(sensor, *tables)


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    """What stands behind a # in the example is what holds without it."""
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    text = EXAMPLE.read_text(encoding="utf-8")
    without_choices = re.sub(r"^# (password|tls_ca|interval_s) = .*\n", "", text, flags=re.MULTILINE)
    spelled_out = re.sub(r"^# (?=\w+ = )", "", without_choices, flags=re.MULTILINE)
    assert load(station_file(tmp_path, spelled_out)) == load(station_file(tmp_path, text))


def test_the_example_as_it_is_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret", encoding="utf-8")
    config = load(station_file(tmp_path, EXAMPLE.read_text(encoding="utf-8")))
    assert [entry.kind for entry in config.sensors] == ["dht22"]


def test_the_example_of_home_assistant_can_be_switched_on(tmp_path: Path) -> None:
    for name in ("password", "home-assistant.password"):
        (tmp_path / name).write_text("secret", encoding="utf-8")
    text = EXAMPLE.read_text(encoding="utf-8")
    assert load(station_file(tmp_path, text)).home_assistant is None
    choices = re.sub(r"^#(password|tls_ca) = .*\n", "", text, flags=re.MULTILINE)
    switched_on = re.sub(r"^#(?=\S)", "", choices, flags=re.MULTILINE)
    broker = BrokerConfig("192.168.4.2", 1883, "station", "secret")
    expected = HomeAssistantConfig(broker, "homeassistant", "waystation/my-station", "zh")
    assert load(station_file(tmp_path, switched_on)).home_assistant == expected
