"""A small fleet in one process against a real Mosquitto, as the command that people start."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import decode, encode
from contract.messages import Ack, Info, Status, Telemetry
from contract.topics import ROOT, parse, topic
from edge.__main__ import main
from tests.support.mosquitto import SERVER_USER, Broker
from tests.support.wait import until

STATIONS = [f"load-{n:02d}" for n in range(12)]
FLEET = {
    "stations": [{"id": name, "seed": n, "troubles": 0, "week": ["24h"]} for n, name in enumerate(STATIONS)]
}


class Server:
    """Stands in for the server: hears everything and, if it is to, acknowledges everything."""

    def __init__(self, broker: Broker, *, acknowledges: bool = True) -> None:
        self.telemetry: dict[str, list[Telemetry]] = {}
        self.infos: dict[str, Info] = {}
        self.statuses: dict[str, list[Status]] = {}
        self._acknowledges = acknowledges
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=SERVER_USER)
        self._client.username_pw_set(SERVER_USER, broker.server_password)
        self._client.on_message = self._heard
        self._client.connect(broker.host, broker.port)
        self._client.subscribe([(f"{ROOT}/+/{leaf}", 1) for leaf in ("telemetry", "info", "status")])
        self._client.loop_start()

    def _heard(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        (station, leaf), payload = parse(message.topic), bytes(message.payload)
        if leaf == "info":
            self.infos[station] = decode(Info, payload)
        elif leaf == "status":
            self.statuses.setdefault(station, []).append(decode(Status, payload))
        elif leaf == "telemetry":
            telemetry = decode(Telemetry, payload)
            self.telemetry.setdefault(station, []).append(telemetry)
            if self._acknowledges:
                committed = tuple((one.stream, one.seq, one.seq) for one in telemetry.snapshots)
                client.publish(topic(station, "ack"), encode(Ack(committed)))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def fleet(folder: Path, broker: Broker, stations: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """The command running; ended in good order, which it must manage."""
    (folder / "fleet.json").write_text(json.dumps({"stations": FLEET["stations"][: len(stations)]}))
    passwords = {station: f"word-of-{station}" for station in stations}
    broker.add_users(passwords)
    (folder / "passwords").write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()))
    command = [sys.executable, "-m", "edge", "simulate", "--fleet", str(folder / "fleet.json")]
    command += ["--broker", f"{broker.host}:{broker.port}", "--passwords", str(folder / "passwords")]
    command += ["--work", str(folder / "outboxes"), "--sample-s", "0.5", "--heartbeat-s", "2"]
    said = folder / "said"
    with said.open("w") as output, subprocess.Popen(command, stdout=output, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_every_station_connects_is_heard_and_says_goodbye(tmp_path: Path, broker: Broker) -> None:
    server = Server(broker)
    with fleet(tmp_path, broker, STATIONS) as process:
        until(lambda: set(server.telemetry) == set(STATIONS), 60, "every station has sent telemetry")
        until(lambda: "12 of 12 connected" in (tmp_path / "said").read_text(), 30, "it says so")
        first = {name: heard[0].snapshots[0].seq for name, heard in server.telemetry.items()}
        until(
            lambda: all(
                heard[-1].snapshots[-1].seq > first[name] for name, heard in server.telemetry.items()
            ),
            60,
            "every station has sent a second heartbeat",
        )
    assert process.returncode == 0
    until(
        lambda: all(heard[-1].state == "offline" for heard in server.statuses.values()),
        20,
        "all said goodbye",
    )
    server.close()
    assert set(server.statuses) == set(STATIONS)
    assert all(info.simulated for info in server.infos.values())
    assert {one.clock for heard in server.telemetry.values() for each in heard for one in each.snapshots} == {
        "synced"
    }
    assert all("lost" not in {status.state for status in heard} for heard in server.statuses.values())


def test_what_nobody_acknowledged_waits_in_the_outbox_over_a_restart(tmp_path: Path, broker: Broker) -> None:
    deaf = Server(broker, acknowledges=False)
    with fleet(tmp_path, broker, STATIONS[:2]):
        until(lambda: set(deaf.telemetry) == set(STATIONS[:2]), 60, "both stations have sent")
    deaf.close()
    sent = {one.stream for heard in deaf.telemetry.values() for each in heard for one in each.snapshots}
    server = Server(broker)
    with fleet(tmp_path, broker, STATIONS[:2]):
        until(
            lambda: (
                sent
                <= {
                    one.stream
                    for heard in server.telemetry.values()
                    for each in heard
                    for one in each.snapshots
                }
            ),
            60,
            "the first run's snapshots arrive in the second",
        )
    server.close()


@pytest.mark.parametrize(
    ("fleet_text", "passwords", "named"),
    [
        ("{}", "abc:word\n", "stations is missing"),
        ('{"stations": [{"id": "abc"}]}', "def:word\n", "abc is missing"),
        ('{"stations": [{"id": "abc"}]}', "nonsense\n", "passwords:1"),
    ],
)
def test_a_fleet_that_cannot_start_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fleet_text: str, passwords: str, named: str
) -> None:
    (tmp_path / "fleet.json").write_text(fleet_text)
    (tmp_path / "passwords").write_text(passwords)
    command = ["simulate", "--fleet", str(tmp_path / "fleet.json"), "--broker", "127.0.0.1:1"]
    command += ["--passwords", str(tmp_path / "passwords"), "--work", str(tmp_path / "work")]
    assert main(command) == 2
    assert re.search(re.escape(named), capsys.readouterr().err)
