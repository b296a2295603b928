"""From entries of a station file to sensors, and what the documentation says of them."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.clock import ScaledClock, SteppedClock
from edge.config import SensorEntry, load
from edge.options import ConfigError
from edge.sampler import Sampler
from edge.sensors import Verifiable
from edge.sensors.factory import KINDS, build
from tests.support.i2c import Bus, on_a_pi
from tests.support.pins import World, world
from tests.support.wait import until

__all__ = ["world"]

ROOT = Path(__file__).parents[2]
HARDWARE_PAGE = ROOT / "docs" / "hardware.md"
STATION_FILES = sorted((ROOT / "firmware_config" / "recordings").glob("*.toml"))


def entry(sensor_id: str, kind: str, **options: object) -> SensorEntry:
    return SensorEntry(sensor_id, kind, None, options, f"station.toml: [[sensor]] {sensor_id}")


def test_sensors_come_in_the_order_of_the_file(world: World) -> None:
    entries = [entry("pir", "presence_pir", pin=4), entry("door", "door_beams", pin_a=5, pin_b=6)]
    sensors = build(entries, {}, world.clock)
    assert [sensor.info.id for sensor in sensors] == ["pir", "door"]
    assert [sensor.info.kind for sensor in sensors] == ["presence_pir", "door_beams"]


def test_an_interval_in_the_file_wins(world: World) -> None:
    slow = SensorEntry("pir", "presence_pir", 7.5, {"pin": 4}, "station.toml: [[sensor]] 1")
    [sensor] = build([slow], {}, world.clock)
    assert sensor.interval_s == 7.5


def test_when_one_cannot_be_opened_the_others_are_closed(world: World) -> None:
    good = entry("pir", "presence_pir", pin=4)
    with pytest.raises(ConfigError):
        build([good, entry("door", "door_beams", pin_a=5)], {}, world.clock)
    build([good], {}, world.clock)


def test_an_unknown_kind_is_named_with_all_known_ones() -> None:
    with pytest.raises(ConfigError) as error:
        build([entry("x", "crystal_ball")], {}, SteppedClock(0))
    assert (error.value.key, error.value.value) == ("kind", "crystal_ball")
    assert "dht22" in error.value.allowed


@pytest.mark.parametrize("slip", ["Modbus", "MODBUS", "mod_bus", "modbuss"])
def test_the_kind_that_was_probably_meant_is_named(slip: str, tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    broker = '[broker]\nhost = "localhost"\npassword = "none"\n'
    file.write_text(f'[station]\nid = "canteen-1"\n{broker}[[sensor]]\nid = "s1"\nkind = "{slip}"\n')
    with pytest.raises(ConfigError, match=rf"\(s1\): kind is '{slip}'; .*; modbus is meant\?"):
        build(load(file).sensors, {}, SteppedClock(0))


ONLY_ON_A_PI: list[tuple[str, dict[str, object]]] = [("dht22", {"pin": 4}), ("sht4x", {}), ("vl53l1x", {})]


@pytest.fixture(params=["", *(f"adafruit_{name}" for name in ("dht", "sht4x", "vl53l1x"))])
def pc(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine, with the extra 'pi' installed, or without a part of it."""
    if request.param:
        monkeypatch.setitem(sys.modules, request.param, None)


@pytest.mark.usefixtures("pc")
@pytest.mark.parametrize(("kind", "options"), ONLY_ON_A_PI)
def test_on_a_pc_a_part_of_a_pi_is_a_fault_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture, kind: str, options: dict[str, object]
) -> None:
    clock = ScaledClock(1_767_225_600_000, 20)
    sensors = build([entry("part", kind, **options), entry("air", "simulated_climate")], {}, clock)
    sampler = Sampler(sensors, clock.boot_id)
    try:
        for each in sensors:
            if isinstance(each, Verifiable):
                verdict = each.verify()
                assert not verdict.ok
                assert "only on a Raspberry Pi" in verdict.text

        def told() -> str:
            sampler.sample(clock.now(), "a" * 16, 1)
            return sampler.devices(clock.now())[0].fault

        fault = until(told, 30, "it fails")
        assert fault.startswith("no_pi: it works only on a Raspberry Pi with the extra 'pi' installed")
        assert fault.endswith(
            "to try the station file on a PC, write a simulated or recorded kind in its place"
        )
        assert "temperature" in sampler.devices(clock.now())[1].said[0]
    finally:
        sampler.close()
    assert "Traceback" not in caplog.text


MISSPELT: list[tuple[str, dict[str, object], str]] = [
    ("door_beams", {"pin_aa": 5, "pin_b": 6}, "pin_aa is 5; allowed: only the keys"),
    ("door_beams", {"pin_a": 5, "pin_b": 6, "contacts": {"pul": "up"}}, "contacts: pul is 'up'"),
    ("presence_pir", {"pni": 4}, "pni is 4"),
    ("sockets_contact", {"sockets": []}, "sockets is "),
    ("sockets_contact", {"socket": [{"id": "a1", "pni": 4}]}, "socket 1: pni is 4"),
    ("cabinet_contact", {"slots": []}, "slots is "),
    ("cabinet_contact", {"slot": [{"n": 1, "pin_batery": 4}]}, "slot 1: pin_batery is 4"),
    ("dht22", {"pni": 4}, "pni is 4"),
]


@pytest.mark.parametrize(("kind", "options", "told"), MISSPELT)
def test_a_misspelt_key_is_named_not_the_one_that_is_missing_then(
    world: World, kind: str, options: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=f"sensor.. it.*{told}"):
        build([entry("it", kind, **options)], {}, world.clock)


def test_a_machine_without_a_pin_library_is_told_so_in_one_line(tmp_path: Path) -> None:
    """As on a PC: nothing is chosen, and none of the libraries can be loaded."""
    file = tmp_path / "station.toml"
    file.write_text(
        '[station]\nid = "canteen-1"\n[broker]\nhost = "localhost"\npassword = "secret"\n'
        f'[outbox]\npath = "{tmp_path}/outbox.db"\n[[sensor]]\nid = "pir"\nkind = "presence_pir"\npin = 4\n'
    )
    hidden = "lgpio", "RPi", "pigpio", "gpiozero.pins.native"
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({hidden}))\nfrom edge.__main__ import main; main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GPIOZERO_PIN_FACTORY"}
    said = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, "read", "--config", str(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    hint = "no pin library works here; on a PC set GPIOZERO_PIN_FACTORY=mock"
    assert said.stdout.splitlines()[-1].endswith(f"station.toml: [[sensor]] 1 (pir): {hint}")
    assert said.stderr == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_class(kind: str) -> None:
    module, name = KINDS[kind].split(":")
    assert callable(getattr(importlib.import_module(f"edge.sensors.{module}"), name))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_on_the_hardware_page(kind: str) -> None:
    assert f"`{kind}`" in HARDWARE_PAGE.read_text("utf-8")


ODD: dict[str, object] = {"nonsense": 1}
RECORDING: dict[str, object] = {"path": "x.csv", "time": ["t"]}
NUMBER: dict[str, object] = {"column": "v"}
POWER: dict[str, object] = {"value": "power_w", "function": "input", "address": 3}
MQTT_POWER: dict[str, object] = {"value": "power_w", "topic": "t"}
SOCKET: dict[str, object] = {"device": "socket", "register": [POWER]}
OPTION_TABLES: list[tuple[str, str, dict[str, object]]] = [
    ("dht11", "its table", ODD),
    ("dht22", "its table", ODD),
    ("sht4x", "its table", ODD),
    ("sht31", "its table", ODD),
    ("scd4x", "its table", ODD),
    ("vl53l1x", "its table", ODD),
    ("door_beams", "its table", ODD),
    ("door_beams", "the contacts", {"pin_a": 5, "pin_b": 6, "contacts": ODD}),
    ("presence_pir", "its table", ODD),
    ("sockets_contact", "its table", ODD),
    ("sockets_contact", "a socket", {"socket": [ODD]}),
    ("cabinet_contact", "its table", ODD),
    ("cabinet_contact", "a slot", {"slot": [ODD]}),
    ("modbus", "its table", ODD),
    ("modbus", "a map", {"map": ODD}),
    ("modbus", "an identity", {"map": SOCKET | {"identity": ODD}}),
    ("modbus", "a register", {"map": SOCKET | {"register": [ODD]}}),
    ("modbus", "a slot's register", {"map": {"device": "cabinet", "slots": 1, "slot_register": [ODD]}}),
    ("tasmota", "its table", ODD),
    ("shelly", "its table", ODD),
    ("mqtt_map", "its table", ODD),
    ("mqtt_map", "a map", {"map": ODD}),
    ("mqtt_map", "a value", {"map": {"device": "socket", "value": [ODD]}}),
    ("mqtt_map", "availability", {"map": {"device": "socket", "value": [MQTT_POWER], "availability": ODD}}),
    ("tower", "its table", ODD),
    ("recorded_climate", "its table", ODD | RECORDING | {"co2": NUMBER}),
    ("recorded_climate", "a number", RECORDING | {"co2": NUMBER | ODD}),
    ("recorded_door", "its table", ODD | RECORDING | {"in": NUMBER, "counts": "totals"}),
    ("recorded_presence", "its table", ODD | RECORDING | {"motion": NUMBER}),
    ("recorded_socket", "its table", ODD | RECORDING | {"power": NUMBER}),
    ("recorded_cabinet", "its table", ODD | RECORDING | {"charged": NUMBER, "slots": 4}),
]


def described(kind: str) -> str:
    """What the hardware page says of one kind: its own section, and those about pins and power."""
    sections = HARDWARE_PAGE.read_text("utf-8").split("\n## ")
    title = "`recorded_…`" if kind.startswith("recorded_") else f"`{kind}`"
    [own] = [section for section in sections if title in section.partition("\n")[0]]
    [pins] = [section for section in sections if section.startswith("Pins")]
    [power] = [section for section in sections if section.startswith("From power")]
    return own + pins + power


@pytest.mark.parametrize(("kind", "where", "options"), OPTION_TABLES)
def test_every_option_is_on_the_hardware_page(
    world: World, kind: str, where: str, options: dict[str, object]
) -> None:
    """A key that no kind knows is answered with all that it does know."""
    with pytest.raises(ConfigError) as error:
        build([entry("it", kind, **options)], {}, world.clock)
    assert error.value.key == "nonsense"
    keys = error.value.allowed.removeprefix("only the keys ").split(", ")
    page = described(kind)
    assert [key for key in keys if f"`{key}`" not in page] == [], where


def test_the_options_of_every_kind_are_looked_up() -> None:
    """The simulated kinds share theirs, which are on the page of the demo."""
    assert {row[0] for row in OPTION_TABLES} == {kind for kind in KINDS if not kind.startswith("simulated_")}


@pytest.mark.parametrize("file", STATION_FILES, ids=lambda file: file.stem)
def test_every_described_recording_is_on_the_hardware_page(file: Path) -> None:
    assert f"(../firmware_config/recordings/{file.name})" in HARDWARE_PAGE.read_text("utf-8")


@pytest.mark.parametrize("file", STATION_FILES, ids=lambda file: file.stem)
def test_a_station_file_for_a_recording_can_be_copied_and_used(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    copy.write_text(file.read_text("utf-8"), "utf-8")
    (tmp_path / "broker.password").write_text("secret")
    config = load(copy)
    assert config.sensors
    assert all(sensor.kind.startswith("recorded_") for sensor in config.sensors)


def snippets() -> list[dict[str, Any]]:
    """The sensors in the snippets of the hardware page."""
    blocks = re.findall(r"```toml\n(.*?)```", HARDWARE_PAGE.read_text("utf-8"), re.DOTALL)
    return [table for block in blocks for table in tomllib.loads(block)["sensor"]]


def test_descriptions_on_the_hardware_page_are_those_of_the_station_files() -> None:
    shipped = [table for file in STATION_FILES for table in tomllib.loads(file.read_text("utf-8"))["sensor"]]
    shown = [table for table in snippets() if table["kind"].startswith("recorded_")]
    assert len(shown) >= 8
    assert all(table in shipped for table in shown)


def test_snippets_on_the_hardware_page_are_the_ones_that_work(world: World, tmp_path: Path) -> None:
    """Every snippet for pins opens; together they would need more pins than a Pi has."""
    shutil.copytree(ROOT / "firmware_config" / "devices", tmp_path / "devices")
    (tmp_path / "plugs.password").write_text("the first password\n")
    opened = set()
    for table in snippets():
        kind = table.pop("kind")
        if not kind.startswith(("recorded_", "dht", "sht", "scd", "vl53")):
            placed = replace(entry(table.pop("id"), kind, **table), folder=tmp_path)
            [sensor] = build([placed], {}, world.clock)
            sensor.close()
            opened.add(kind)
    assert opened == {
        "door_beams",
        "presence_pir",
        "sockets_contact",
        "cabinet_contact",
        "modbus",
        "tasmota",
        "shelly",
        "mqtt_map",
        "tower",
        "simulated_climate",
    }


def test_snippets_for_i2c_on_the_hardware_page_are_the_ones_that_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_a_pi(monkeypatch, Bus())
    opened = set()
    for table in snippets():
        kind = table.pop("kind")
        if kind.startswith(("sht", "scd", "vl53")):
            for sensor in build([entry(table.pop("id"), kind, **table)], {}, SteppedClock(0)):
                sensor.close()
            opened.add(kind)
    assert opened == {"sht4x", "scd4x", "vl53l1x"}
