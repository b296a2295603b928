"""The fleet file: what is right is read, what is wrong is named."""

import json
from pathlib import Path

import pytest

from edge.clock import SteppedClock
from edge.days import Station
from edge.fleet import entries, load, load_passwords, sensors
from edge.options import ConfigError


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    stations = [{"id": "canteen-1", "seed": 7, "ac_sockets": 2}, {"id": "canteen-2", "week": ["24h"]}]
    (tmp_path / "fleet.json").write_text(json.dumps({"stations": stations}))
    (tmp_path / "fleet.toml").write_text(
        '[[stations]]\nid = "canteen-1"\nseed = 7\nac_sockets = 2\n'
        '[[stations]]\nid = "canteen-2"\nweek = ["24h"]\n'
    )
    read = load(tmp_path / "fleet.json")
    assert [member.station for member in read] == ["canteen-1", "canteen-2"]
    assert read == load(tmp_path / "fleet.toml")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "fleet.json"),  # nothing at all
        ("[]", "object"),
        ("{}", "stations is missing"),
        ('{"stations": []}', "at least one station"),
        ('{"stations": [{}]}', "[[stations]] 1: id is missing"),
        ('{"stations": [{"id": "UP"}]}', "id is 'UP'"),
        ('{"stations": [{"id": "abc"}, {"id": "abc"}]}', "[[stations]] 2: id is 'abc'"),
        ('{"stations": [{"id": "abc", "sead": 1}]}', "sead"),
        ('{"stations": [{"id": "abc"}], "station": 1}', "station is 1"),
    ],
)
def test_a_wrong_fleet_is_refused_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "fleet.json").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "fleet.json")
    assert named in str(raised.value)


def test_a_station_has_the_sensors_that_its_profile_needs(tmp_path: Path) -> None:
    stations = [{"id": "bare", "ac_sockets": 0}, {"id": "rich", "cabinets": [{"slots": 8}]}]
    (tmp_path / "fleet.json").write_text(json.dumps({"stations": stations}))
    clock, members = SteppedClock(0), load(tmp_path / "fleet.json")
    bare, rich = (
        [sensor.info.kind for sensor in sensors(entries(m.profile), Station(m.profile), clock)]
        for m in members
    )
    assert bare == ["simulated_climate", "simulated_door", "simulated_presence"]
    assert rich == [*bare, "simulated_sockets", "simulated_cabinet"]


def test_passwords_are_lines(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("abc:one:with:colons\ndef:two\n")
    assert load_passwords(tmp_path / "passwords") == {"abc": "one:with:colons", "def": "two"}


@pytest.mark.parametrize("text", ["abc\n", "abc:\n", ":word\n", "ok:word\n\n"])
def test_a_line_that_is_no_password_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "passwords").write_text(text)
    with pytest.raises(ConfigError, match=r"passwords:\d"):
        load_passwords(tmp_path / "passwords")
