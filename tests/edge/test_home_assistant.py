"""The station in a Home Assistant, as one sees it from the other side of a real broker."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.messages import Climate, Info, SensorInfo, Snapshot, Socket, SocketInfo
from edge import home_session
from edge.agent import Agent
from edge.clock import SystemClock
from edge.config import (
    BrokerConfig,
    HomeAssistantConfig,
    OutboxConfig,
    SamplingConfig,
    SensorEntry,
    StationConfig,
)
from edge.home_assistant import HomeAssistant, verify
from edge.outbox import Outbox
from edge.sensors.factory import build
from edge.watchdog import Watchdog
from tests.support.gateway import Ear, LocalBroker
from tests.support.mosquitto import free_port
from tests.support.wait import until

IN_S = 20.0
NOON = 1_700_000_000_000
STATION = "canteen-1"
INFO = Info("1.0", 1, 30, sensors=(SensorInfo("room", "dht22"),), sockets=(SocketInfo("a1", "usb", "左一"),))
CONFIG = "homeassistant/device/waystation_canteen-1/config"
STATE = "waystation/canteen-1/state"
AVAILABILITY = "waystation/canteen-1/availability"


def snapshot(seq: int = 1, temperature_c: float = 26.5) -> Snapshot:
    return Snapshot(
        "0" * 16,
        seq,
        NOON + seq,
        1000 + seq,
        "0f5b4c2e-b001",
        "synced",
        climate=Climate(NOON, temperature_c),
        sockets=(Socket("a1", "usb", "free", NOON),),
    )


def settings(port: int, **more: str) -> HomeAssistantConfig:
    broker = BrokerConfig("127.0.0.1", port, more.get("username", ""), more.get("password", ""))
    return HomeAssistantConfig(broker, "homeassistant", "waystation/canteen-1")


def states(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in ear.on(STATE)]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalBroker]:
    with LocalBroker(tmp_path / "local") as running:
        yield running


@pytest.fixture
def ear(local: LocalBroker) -> Iterator[Ear]:
    listening = Ear(local)
    yield listening
    listening.close()


@pytest.fixture
def home(local: LocalBroker) -> Iterator[HomeAssistant]:
    made = HomeAssistant(settings(local.port), STATION, INFO)
    made.start()
    yield made
    made.stop()


def test_the_device_is_retained_and_values_are_not(local: LocalBroker, ear: Ear, home: HomeAssistant) -> None:
    home.tell(snapshot())
    until(lambda: states(ear), IN_S, "values")
    until(
        lambda: "temperature" in json.loads(ear.on(CONFIG)[-1])["cmps"], IN_S, "a device with its thermometer"
    )
    later = Ear(local)
    until(lambda: later.on(CONFIG) and later.on(AVAILABILITY), IN_S, "both are retained")
    assert all(message.retain for message in later.heard)
    assert later.on(AVAILABILITY) == [b"online"]
    assert later.on(STATE) == [], "nobody stands for a value of yesterday"
    assert json.loads(later.on(CONFIG)[0])["dev"]["name"] == "驿站 canteen-1"
    later.close()


def test_values_follow_the_station(ear: Ear, home: HomeAssistant) -> None:
    home.tell(snapshot(1, 26.5))
    until(lambda: states(ear), IN_S, "the first")
    assert states(ear)[0]["socket_a1"] == "空着"
    home.tell(snapshot(2, 27.0))
    until(lambda: states(ear)[-1]["temperature"] == 27.0, IN_S, "the next")


def test_it_is_announced_anew_when_home_assistant_starts(ear: Ear, home: HomeAssistant) -> None:
    ear.say("homeassistant/status", "online", retain=True)
    home.tell(snapshot())
    until(lambda: states(ear), IN_S, "values")
    before = len(ear.on(CONFIG))
    ear.say("homeassistant/status", "offline")
    ear.say("homeassistant/status", "online")
    until(lambda: len(ear.on(CONFIG)) > before, IN_S, "announced again")
    said = len(states(ear))
    until(lambda: len(states(ear)) > said, IN_S, "and the values, once the entities are there")


def test_in_good_order_it_goes_offline(ear: Ear, home: HomeAssistant) -> None:
    until(lambda: ear.on(AVAILABILITY) == [b"online"], IN_S, "online")
    home.stop()
    until(lambda: ear.on(AVAILABILITY) == [b"online", b"offline"], IN_S, "offline")
    assert ear.on(CONFIG)[-1], "the device stays"


def test_the_broker_says_that_it_was_lost(ear: Ear, local: LocalBroker) -> None:
    session = home_session.Session(settings(local.port), "waystation_canteen-1", will_topic=AVAILABILITY)
    session.open()
    until(lambda: session.online, IN_S, "logged in")
    sock = session._client.socket()
    assert isinstance(sock, socket.socket)
    sock.shutdown(socket.SHUT_RDWR)
    until(lambda: ear.on(AVAILABILITY) == [b"offline"], IN_S, "the last will")
    until(lambda: session.closed, IN_S, "it is noticed here, too")
    session.close()


def test_a_broker_that_comes_late_and_goes_and_comes_back(tmp_path: Path) -> None:
    broker = LocalBroker(tmp_path / "late")
    home = HomeAssistant(settings(broker.port), STATION, INFO)
    home.start()
    home.tell(snapshot(1, 20.0))
    for temperature in (21.0, 22.0):
        home.tell(snapshot(2, temperature))
        broker.start()
        ear = Ear(broker)
        until(lambda ear=ear: ear.on(CONFIG) and states(ear), IN_S, "announced")  # type: ignore[misc]  # bound
        assert {state["temperature"] for state in states(ear)} == {temperature}, "nothing old is said late"
        ear.close()
        broker.kill()
    home.stop()


def test_a_broker_that_hangs_holds_nobody_up(
    local: LocalBroker, home: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes bytes and answers nothing: what the sampler hands over does not pile up, and it is left."""
    monkeypatch.setattr(home_session, "ANSWER_S", 1.0)
    ear = Ear(local)
    home.tell(snapshot())
    until(lambda: states(ear), IN_S, "values")
    assert local._process is not None
    local._process.send_signal(signal.SIGSTOP)
    try:
        for seq in range(2, 5000):
            home.tell(snapshot(seq))
        assert len(home._handed) <= 1, "only the newest waits"
        until(lambda: home._trouble, IN_S, "given up")
    finally:
        local._process.send_signal(signal.SIGCONT)
    home.tell(snapshot(5000, 30.0))
    until(lambda: states(ear)[-1]["temperature"] == 30.0, IN_S, "it goes on")
    assert len(states(ear)) < 20, "what nobody had time for is forgotten"
    ear.close()


def test_stop_does_not_wait_for_a_broker_that_never_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        home = HomeAssistant(settings(mute.getsockname()[1]), STATION, INFO)
        home.start()
        accepted, _ = mute.accept()
        home.stop()
        assert not home._thread.is_alive()
        accepted.close()


def test_a_fault_of_its_own_stays_with_it(
    ear: Ear, home: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("edge.home_assistant.values", lambda *_: 1 / 0)
        home.tell(snapshot())
        until(lambda: "ZeroDivisionError" in home._trouble, IN_S, "noted")
    home.tell(snapshot(2))
    until(lambda: states(ear), IN_S, "and it goes on")


def test_check_says_whether_the_broker_takes_us(tmp_path: Path) -> None:
    with LocalBroker(tmp_path / "closed", login=("station", "right")) as broker:
        right = verify(settings(broker.port, username="station", password="right"), STATION)  # noqa: S106 - the test's own
        assert (right.ok, right.text) == (True, f"127.0.0.1:{broker.port} accepts station")
        wrong = verify(settings(broker.port, username="station", password="wrong"), STATION)  # noqa: S106 - the test's own
        assert not wrong.ok
        assert "refuses the login" in wrong.text
    away = verify(settings(free_port()), STATION)
    assert not away.ok
    assert "cannot be reached" in away.text


def test_names_that_cannot_be_are_said_so() -> None:
    config = settings(1883)
    nowhere = replace(config, broker=replace(config.broker, host="a" * 70 + ".invalid"))
    assert not verify(nowhere, STATION).ok


@contextmanager
def running(folder: Path, home: HomeAssistantConfig | None) -> Iterator[tuple[Agent, Outbox]]:
    """A whole agent with a room and sockets; the city's broker is away."""
    entries = (
        SensorEntry("room", "simulated_climate", None, {}, "here"),
        SensorEntry("plugs", "simulated_sockets", None, {"ac_sockets": 2}, "here"),
    )
    city = BrokerConfig("127.0.0.1", free_port(), STATION, "password")
    config = StationConfig(
        folder / "station.toml",
        STATION,
        city,
        SamplingConfig(0.1, 1),
        OutboxConfig(folder / "outbox.db"),
        entries,
        home,
    )
    clock, outbox = SystemClock(), Outbox.open(folder / "outbox.db")
    agent = Agent(config, build(entries, {}, clock), outbox, clock, watchdog=Watchdog({}))
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield agent, outbox
    finally:
        agent.stop()
        thread.join(IN_S)
        assert not thread.is_alive()


def test_the_agent_tells_it_and_says_goodbye(tmp_path: Path, local: LocalBroker, ear: Ear) -> None:
    with running(tmp_path, settings(local.port)):
        until(lambda: len(states(ear)) > 3, IN_S, "heartbeats")
        device = json.loads(ear.on(CONFIG)[-1])
        assert device["dev"]["name"].endswith("（模拟数据）"), "it does not measure"
    sockets = [key for key in device["cmps"] if key.startswith("socket_")]
    assert len(sockets) == 2
    assert all(states(ear)[-1][key] in device["cmps"][key]["ops"] for key in sockets)
    until(lambda: ear.on(AVAILABILITY)[-1] == b"offline", IN_S, "goodbye")


def test_without_the_table_there_is_no_thread_and_no_word(tmp_path: Path, ear: Ear) -> None:
    with running(tmp_path, None) as (_, outbox):
        until(lambda: len(outbox) > 2, IN_S, "it works")
        assert "home-assistant" not in {thread.name for thread in threading.enumerate()}
    assert ear.heard == []


def test_with_its_broker_away_the_agent_keeps_its_pace(tmp_path: Path) -> None:
    with running(tmp_path, settings(free_port())) as (agent, outbox):
        until(lambda: agent._home and agent._home._trouble, IN_S, "it is away")
        before = len(outbox)
        until(lambda: len(outbox) > before + 2, IN_S, "and the outbox fills all the same")
