"""The whole server for tests: in this process, or as a child that can be killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from contract.codec import decode
from contract.messages import Ack
from contract.topics import Leaf, topic
from server.app import Server
from server.model import Network, Station
from server.registry import Registry
from server.settings import Settings
from tests.support.mosquitto import Broker, free_port
from tests.support.wait import until

NETWORK = Network(id="test-net", name_zh="测试网", name_en="Test network")
START_S = 60.0
"""A second or two where nothing else is done, and ten times that beside much else."""
STOP_S = 15.0
ANSWER_S = 30.0


def settings_for(broker: Broker, data_dir: Path, port: int = 0) -> Settings:
    """Settings of a server that logs in at ``broker`` and keeps its files in ``data_dir``."""
    return Settings(
        data_dir=data_dir,
        port=port,
        broker_host=broker.host,
        broker_port=broker.port,
        broker_username=broker.server_user,
        broker_password=broker.server_password,
    )


def register(
    data_dir: Path, station_ids: Sequence[str], network: Network = NETWORK, **fields: object
) -> None:
    """Put stations with 20 places, or what ``fields`` say, into the registry of ``data_dir``."""
    values: dict[str, object] = {"places": 20, "instrumented": True} | fields
    stations = [
        Station(id=station_id, network=network.id, name_zh=f"驿站 {station_id}", **values)  # type: ignore[arg-type] # by name
        for station_id in station_ids
    ]
    data_dir.mkdir(parents=True, exist_ok=True)
    with closing(Registry.open(data_dir / "registry.db")) as registry:
        registry.put_networks([network])
        registry.put_stations(stations)


@contextmanager
def running_server(settings: Settings) -> Iterator[Server]:
    """A server in this process, connected to its broker, stopped at the end."""
    server = Server(settings)
    server.start()
    try:
        until(lambda: server.pipeline.connected, START_S, "the server is connected to the broker")
        yield server
    finally:
        server.stop()


class ServerProcess:
    """``waystation serve`` as a child process on a port of its own, which is kept over restarts."""

    def __init__(
        self, settings: Settings, command: Sequence[str] = (), environment: Mapping[str, str] = {}
    ) -> None:
        self.settings = settings
        self.port = settings.port or free_port()
        self._command = command or (sys.executable, "-m", "server", "serve")
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the pages and the API are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running child."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self, wait: bool = True) -> None:
        """Start it, and wait until it is ready for readings unless told otherwise."""
        self._process = subprocess.Popen(  # noqa: S603 # our own program
            self._command,
            env={**os.environ, **self._variables(), **self._environment},
            cwd=Path(__file__).parents[2],
        )
        if wait:
            try:
                until(self.ready, START_S, "the server is ready")
            except BaseException:
                self.kill()
                raise

    def typed(self, *words: str, file_bytes: int | None = None) -> "subprocess.CompletedProcess[str]":
        """``waystation`` with these words and settings, where no file grows beyond ``file_bytes``."""
        with self.typing(*words, file_bytes=file_bytes) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def typing(self, *words: str, file_bytes: int | None = None) -> "subprocess.Popen[str]":
        """The same, while it runs."""
        limit = () if file_bytes is None else ("prlimit", f"--fsize={file_bytes}")
        return subprocess.Popen(  # noqa: S603 # our own program
            (*limit, sys.executable, "-m", "server", *words),
            env={**os.environ, **self._variables(), **self._environment, "COLUMNS": "200"},
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> bool:
        """True when /readyz says so."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the server has ended with {self._process.returncode}")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=ANSWER_S).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        return self._end(signal.SIGTERM)

    def wait(self, seconds: float = STOP_S) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def _end(self, signum: int) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signum)
        return self._process.wait(STOP_S)

    def _variables(self) -> dict[str, str]:
        settings = self.settings
        return {
            "WAYSTATION_CONFIG": os.devnull,  # not that of a server installed on this machine
            "WAYSTATION_DATA_DIR": str(settings.data_dir),
            "WAYSTATION_PORT": str(self.port),
            "WAYSTATION_BROKER_HOST": settings.broker_host,
            "WAYSTATION_BROKER_PORT": str(settings.broker_port),
            "WAYSTATION_BROKER_USERNAME": settings.broker_username,
            "WAYSTATION_BROKER_PASSWORD": settings.broker_password,
        }


class RawStation:
    """A station's side of MQTT and nothing more: sends bytes, collects acks."""

    def __init__(self, broker: Broker, station_id: str, password: str) -> None:
        self.station_id = station_id
        self.acks: list[Ack] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=station_id)
        self._client.username_pw_set(station_id, password)
        self._client.max_inflight_messages_set(1000)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async(broker.host, broker.port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._subscribed.wait(START_S), "the station is not connected"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, payload: bytes, leaf: Leaf = "telemetry", qos: int = 1, retain: bool = False) -> None:
        """Publish, once connected, and wait for the broker's PUBACK."""
        until(self._client.is_connected, START_S, "the station is connected")
        info = self._client.publish(topic(self.station_id, leaf), payload, qos=qos, retain=retain)
        info.wait_for_publish(START_S)

    def committed(self) -> set[int]:
        """The sequence numbers that the server has said are committed."""
        ranges = [entry for ack in list(self.acks) for entry in ack.committed]
        return {seq for _, first, last in ranges for seq in range(first, last + 1)}

    def refused(self) -> dict[int, str]:
        """Reasons by sequence number."""
        return {seq: reason for ack in list(self.acks) for _, seq, reason in ack.refused}

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe(topic(self.station_id, "ack"))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.acks.append(decode(Ack, bytes(message.payload)))
