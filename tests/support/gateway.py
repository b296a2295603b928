"""A station's own broker, and devices that publish on it, as plugs and gateways do."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.mosquitto import SHIPPED, executable, free_port
from tests.support.wait import until

IN_S = 30.0


class LocalBroker:
    """A real Mosquitto that takes everybody, or only ``login``; :meth:`kill` ends it."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, login: tuple[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._config = folder / "local.conf"
        own = ["user root"] if os.geteuid() == 0 else []
        lines = [*own, f"listener {self.port} {self.host}", f"allow_anonymous {str(login is None).lower()}"]
        if login:
            users = folder / "local.users"
            users.write_text(f"{login[0]}:{login[1]}\n", encoding="utf-8")
            command = [executable("mosquitto_passwd"), "-U", str(users)]
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own file
            lines.append(f"password_file {users}")
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [executable("mosquitto"), "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own config
        until(self._answers, IN_S, "the station's broker accepts connections")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class ShippedBroker(LocalBroker):
    """The broker that docs/hardware.md sets up on a Pi: its settings, its access list, both logins."""

    AGENT, PLUGS = ("station", "one"), ("plugs", "two")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, self.AGENT)
        users = folder / "local.users"
        command = [executable("mosquitto_passwd"), "-b", str(users), *self.PLUGS]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own file
        own = self._config.read_text("utf-8").partition("listener")[0]
        text = (SHIPPED / "plugs.conf").read_text("utf-8")
        text = text.replace("listener 1883", f"listener {self.port} {self.host}")
        text = text.replace("/etc/mosquitto/plugs.passwd", str(users))
        text = text.replace("/etc/mosquitto/plugs.acl", str(SHIPPED / "plugs.acl"))
        self._config.write_text(own + text, encoding="utf-8")


class Device:
    """Something that publishes; with a last will, if it has one."""

    def __init__(
        self,
        broker: LocalBroker,
        will: tuple[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if login:
            self._client.username_pw_set(*login)
        if will:
            self._client.will_set(*will, retain=True)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        until(self._client.is_connected, IN_S, "the device is connected")

    def say(self, topic: str, said: object, *, retain: bool = False) -> None:
        """Publish text as it is and anything else as JSON; returns when the broker has it."""
        payload = said if isinstance(said, (str, bytes)) else json.dumps(said)
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(IN_S)

    def vanish(self) -> None:
        """Its power is cut: nothing is said, the broker finds out."""
        sock = self._client.socket()
        assert isinstance(sock, socket.socket)
        sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Ear:
    """Somebody who hears everything, and may say something.

    Attributes:
        heard: all messages so far.
    """

    def __init__(self, broker: LocalBroker) -> None:
        self.heard: list[mqtt.MQTTMessage] = []
        listening = threading.Event()
        self._client = client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_subscribe = lambda *_: listening.set()
        client.on_message = lambda _client, _userdata, message: self.heard.append(message)
        client.connect(broker.host, broker.port)
        client.loop_start()
        until(client.is_connected, IN_S, "it is connected")
        client.subscribe("#", 1)
        assert listening.wait(IN_S)

    def on(self, topic: str) -> list[bytes]:
        """What was said there, oldest first."""
        return [bytes(message.payload) for message in self.heard if message.topic == topic]

    def say(self, topic: str, said: str, *, retain: bool = False) -> None:
        """Returns when the broker has it."""
        self._client.publish(topic, said, qos=1, retain=retain).wait_for_publish(IN_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def device(
    broker: LocalBroker, will: tuple[str, str] | None = None, login: tuple[str, str] | None = None
) -> Iterator[Device]:
    """One that is there for a while."""
    made = Device(broker, will, login)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def repeating(say: Callable[[], None]) -> Iterator[None]:
    """Devices that say it again and again, from a thread."""
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.3):
            say()

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
