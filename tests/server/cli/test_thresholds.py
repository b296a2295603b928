"""``waystation networks thresholds`` and ``waystation stations thresholds`` as they are typed."""

from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.accounts.audit import Entry, entries
from server.accounts.tables import PART
from server.desk import Desk
from server.registry import Registry

NETWORKS = """\
[[network]]
id = "chengdu"
name = { zh = "成都市", en = "Chengdu" }
alert_thresholds = { too_hot_c = 31, jumps = 6 }

[[network]]
id = "pujiang"
name = { zh = "蒲江县", en = "Pujiang" }
parent = "chengdu"
"""
STATIONS = "id,network,name_zh,alert_thresholds\nst-1,pujiang,甲,pi_hot_c=75\nst-2,pujiang,乙,\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, two networks and two stations, in which commands are typed."""
    (tmp_path / "waystation.toml").write_text('data_dir = "data"\n')
    (tmp_path / "networks.toml").write_text(NETWORKS, "utf-8")
    (tmp_path / "stations.csv").write_text(STATIONS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("SUDO_USER", "wang")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    assert typed("networks", "import", "networks.toml")[0] == 0
    assert typed("stations", "import", "stations.csv")[0] == 0
    return tmp_path


def typed(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.stdout, result.stderr


def shown(*words: str) -> dict[str, tuple[str, str]]:
    """Value and origin by name, of what the table holds."""
    code, out, _ = typed(*words)
    assert code == 0
    rows = [[cell.strip() for cell in line.split("│")[1:4]] for line in out.splitlines() if "│" in line]
    return {name: (value, origin) for name, value, origin in rows}


def audited(here: Path) -> list[Entry]:
    with closing(Desk.open(here / "data" / "desk.db", PART)) as desk, desk.reading() as connection:
        return entries(connection, 10)


def test_each_number_is_shown_with_where_it_comes_from(here: Path) -> None:
    there = shown("stations", "thresholds", "st-1")
    assert there["pi_hot_c"] == ("75", "st-1")
    assert there["too_hot_c"] == ("31", "chengdu"), "of the network around its own"
    assert there["too_cold_c"] == ("14", ""), "the default"
    assert there["flat_ms"] == ("21600000", ""), "as it is written"
    assert shown("networks", "thresholds", "chengdu")["pi_hot_c"] == ("80", "")
    assert not (here / "data" / "desk.db").exists(), "who looks makes nothing"


def test_a_number_is_set_and_taken_back(here: Path) -> None:
    there = shown("networks", "thresholds", "pujiang", "too_hot_c=32.5", "jumps=8")
    assert (there["too_hot_c"], there["jumps"]) == (("32.5", "pujiang"), ("8", "pujiang"))
    assert shown("stations", "thresholds", "st-2")["too_hot_c"] == ("32.5", "pujiang")
    assert shown("networks", "thresholds", "pujiang", "too_hot_c=")["too_hot_c"] == ("31", "chengdu")
    code, out, _ = typed("stations", "thresholds", "st-1", "pi_hot_c=75")
    assert (code, out.splitlines()[0]) == (0, "st-1: it was so")
    assert [(each.by, each.what, each.whom, each.values) for each in audited(here)] == [
        ("terminal:wang", "thresholds.changed", "pujiang", {"too_hot_c": None}),
        ("terminal:wang", "thresholds.changed", "pujiang", {"too_hot_c": 32.5, "jumps": 8}),
    ]


def test_what_was_set_stays_through_an_import_that_does_not_speak_of_it(here: Path) -> None:
    typed("stations", "thresholds", "st-2", "too_hot_c=35")
    (here / "stations.csv").write_text("id,network,name_zh\nst-2,pujiang,新名\n", "utf-8")
    assert typed("stations", "import", "stations.csv")[1] == "stations: 0 new, 1 changed, 0 unchanged\n"
    assert shown("stations", "thresholds", "st-2")["too_hot_c"] == ("35", "st-2")


@pytest.mark.parametrize(
    ("words", "code", "told", "why"),
    [
        (("too_hot=30",), 2, "'too_hot': expected one of too_hot_c", "no such number"),
        (("too_hot_c",), 2, "'too_hot_c': expected NAME=NUMBER", "neither set nor taken back"),
        (("too_hot_c=warm",), 2, "too_hot_c: 'warm' is no number", "a word"),
        (("too_hot_c=nan",), 2, "too_hot_c: nan, expected a number from -40 to 125\nnothing", "not a number"),
        (("jumps=2.5",), 2, "jumps: 2.5, expected a whole number from 1 to 60\nnothing", "half a jump"),
        (
            ("pi_hot_c=70", "drift_days=9"),
            2,
            "drift_days: 9, expected a whole number from 1 to 7",
            "one of two",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    here: Path, words: tuple[str, ...], code: int, told: str, why: str
) -> None:
    ended, _, error = typed("stations", "thresholds", "st-1", *words)
    assert (ended, error.startswith(told)) == (code, True), why
    with closing(Registry.open(here / "data" / "registry.db")) as registry:
        assert registry.stations()["st-1"].alert_limits == {"pi_hot_c": 75}


@pytest.mark.parametrize("words", [(), ("too_hot_c=30",)])
def test_nobody_of_that_name(words: tuple[str, ...]) -> None:
    for group, noun in (("stations", "station"), ("networks", "network")):
        assert typed(group, "thresholds", "nowhere", *words) == (
            1,
            "",
            f"no {noun} 'nowhere' is registered\n",
        )


def test_without_an_audit_log_nothing_is_changed(here: Path) -> None:
    (here / "data" / "desk.db").write_bytes(b"no database" * 500)
    code, _, error = typed("stations", "thresholds", "st-1", "too_hot_c=30")
    assert (code, "file is not a database\nnothing was changed" in error) == (1, True)
    assert shown("stations", "thresholds", "st-1")["too_hot_c"] == ("31", "chengdu")
