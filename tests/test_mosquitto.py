"""The shipped broker config and ACL, tried on a real Mosquitto by what is delivered."""

import queue
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from server.app import Server
from server.credentials import acl, hashed_password
from tests.support.corpus import as_bytes, snapshot, telemetry
from tests.support.mosquitto import SERVER_USER, SHIPPED, Broker, free_port
from tests.support.recordings import CHECKOUT
from tests.support.server import RawStation, register, running_server, settings_for
from tests.support.wait import until

SHORT_S = 30.0
"""Long enough for a busy machine; nothing here takes a tenth of it."""


@dataclass(frozen=True)
class Tls:
    """An encrypted listener of a broker, and who vouches for it."""

    port: int
    authority: Path


class Peer:
    """A plain MQTT 5 client that keeps what comes in."""

    def __init__(
        self, broker: Broker, user: str, password: str, client_id: str | None = None, tls: Tls | None = None
    ) -> None:
        self.got: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.granted: queue.Queue[int] = queue.Queue()
        self.refusals: list[str] = []
        self.cuts: list[str] = []
        self.connects = 0
        self.client = Client(
            CallbackAPIVersion.VERSION2, client_id or user, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        self.client.on_publish = self._on_publish
        if tls:
            self.client.tls_set(ca_certs=str(tls.authority))
        self.client.connect("localhost" if tls else broker.host, tls.port if tls else broker.port)
        self.client.loop_start()

    def _on_connect(self, _c: Client, _d: object, _f: object, reason: ReasonCode, _p: object) -> None:
        if reason.is_failure:
            self.refusals.append(str(reason))
        else:
            self.connects += 1

    def _on_disconnect(self, _c: Client, _d: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self.cuts.append(str(reason))

    def _on_subscribe(self, _c: Client, _d: object, mid: int, _r: object, _p: object) -> None:
        self.granted.put(mid)

    def _on_message(self, _c: Client, _d: object, message: MQTTMessage) -> None:
        self.got.put((message.topic, bytes(message.payload)))

    def _on_publish(self, _c: Client, _d: object, _m: int, reason: ReasonCode, _p: Properties | None) -> None:
        if reason.is_failure:
            self.refusals.append(str(reason))

    def send(self, topic: str, payload: bytes, retain: bool = False) -> MQTTMessageInfo:
        message = self.client.publish(topic, payload, qos=1, retain=retain)
        message.wait_for_publish(SHORT_S)
        return message

    def listen(self, topic: str) -> None:
        self.client.subscribe(topic, qos=1)
        self.granted.get(timeout=SHORT_S)

    def received(self) -> tuple[str, bytes]:
        return self.got.get(timeout=SHORT_S)

    def refused(self) -> bool:
        return bool(self.refusals)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


Login = Callable[[str], AbstractContextManager[Peer]]


@pytest.fixture
def login(broker: Broker) -> Login:
    """Log in as the server or as a station; a station gets its credentials first."""

    @contextmanager
    def as_user(user: str) -> Iterator[Peer]:
        password = broker.server_password if user == SERVER_USER else broker.add_user(user)
        peer = Peer(broker, user, password)
        try:
            until(lambda: peer.connects, SHORT_S, f"{user} is connected")
            yield peer
        finally:
            peer.close()

    return as_user


@pytest.mark.parametrize("leaf", ["telemetry", "status", "info"])
def test_a_station_speaks_for_itself_alone(login: Login, leaf: str) -> None:
    with login(SERVER_USER) as server, login("east-1") as east, login("west-1"):
        server.listen(f"waystation/v1/+/{leaf}")
        east.send(f"waystation/v1/west-1/{leaf}", b"forged")
        east.send(f"waystation/v1/east-1/{leaf}", b"own")
        assert server.received() == (f"waystation/v1/east-1/{leaf}", b"own")
        assert east.refusals == ["Not authorized"]


@pytest.mark.parametrize(
    "topic",
    [
        "waystation/v1/east-1/ack",  # an ack of its own making would delete readings
        "waystation/v1/west-1/ack",  # and one for another station, those of that station
        "waystation/v1/east-1/telemetry/more",
        "waystation/v2/east-1/telemetry",
        "elsewhere",
    ],
)
def test_a_station_writes_nothing_but_its_three_topics(login: Login, topic: str) -> None:
    with login("east-1") as east:
        east.send(topic, b"forged")
        assert east.refusals == ["Not authorized"]


@pytest.mark.parametrize("wish", ["#", "waystation/v1/+/ack", "waystation/v1/#"])
def test_a_station_hears_its_own_ack_only(login: Login, wish: str) -> None:
    with login(SERVER_USER) as server, login("east-1") as east, login("west-1") as west:
        east.listen(wish)
        west.send("waystation/v1/west-1/telemetry", b"of another")
        server.send("waystation/v1/west-1/ack", b"for another")
        server.send("waystation/v1/east-1/ack", b"own")
        assert east.received() == ("waystation/v1/east-1/ack", b"own")


def test_the_server_cannot_speak_as_a_station(login: Login) -> None:
    with login(SERVER_USER) as server, login("east-1"):
        server.send("waystation/v1/east-1/telemetry", b"forged")
        assert server.refusals == ["Not authorized"]


def test_another_user_with_the_same_client_id_throws_nobody_out(broker: Broker, login: Login) -> None:
    with login("east-1") as east:
        thief = Peer(broker, "west-1", broker.add_user("west-1"), client_id="east-1")
        until(lambda: thief.connects, SHORT_S, "the second client is connected")
        east.send("waystation/v1/east-1/telemetry", b"still here")
        thief.close()
        assert not east.cuts


def test_a_wrong_password_and_no_password_are_refused(broker: Broker) -> None:
    broker.add_user("east-1")
    for user, password in (("east-1", "guess"), ("nobody-1", "guess"), ("", "")):
        peer = Peer(broker, user, password)
        until(peer.refused, SHORT_S, f"{user!r} is refused")
        peer.close()
        assert peer.connects == 0


def test_a_revoked_station_is_cut_off(broker: Broker, login: Login) -> None:
    with login("east-1") as east:
        broker.remove_user("east-1")
        until(lambda: east.cuts, SHORT_S, "east-1 is cut off")


def test_an_oversize_batch_reaches_the_server_which_names_it(login: Login) -> None:
    with login(SERVER_USER) as server, login("east-1") as east:
        server.listen("waystation/v1/+/telemetry")
        batch = b"x" * (64 * 1024 + 1)
        east.send("waystation/v1/east-1/telemetry", batch)
        assert server.received() == ("waystation/v1/east-1/telemetry", batch)


def test_the_sender_of_a_packet_over_128_kib_is_cut_off(login: Login) -> None:
    with login(SERVER_USER) as server, login("east-1") as east, login("west-1") as west:
        server.listen("waystation/v1/+/telemetry")
        east.client.publish("waystation/v1/east-1/telemetry", b"x" * 128 * 1024, qos=1)
        until(lambda: east.cuts, SHORT_S, "the sender of 128 KiB and a topic is cut off")
        west.send("waystation/v1/west-1/telemetry", b"of another")
        assert server.received() == ("waystation/v1/west-1/telemetry", b"of another")


def test_retained_and_queued_messages_survive_an_orderly_stop(broker: Broker, login: Login) -> None:
    with login("east-1") as east:
        east.send("waystation/v1/east-1/status", b"online", retain=True)
    broker.stop()
    broker.start()
    with login(SERVER_USER) as server:
        server.listen("waystation/v1/+/status")
        assert server.received() == ("waystation/v1/east-1/status", b"online")


def test_many_changes_are_saved_without_a_stop(broker: Broker, login: Login) -> None:
    with login("east-1") as east:
        for n in range(1001):
            east.client.publish("waystation/v1/east-1/info", str(n), qos=1, retain=True)
        until((broker.folder / "mosquitto.db").exists, SHORT_S, "the broker has saved by itself")


def authority(folder: Path) -> Path:
    """An authority in ``folder``, with a certificate for localhost; what to trust."""
    make = [str(CHECKOUT / "scripts" / "certificates.sh"), "localhost", str(folder)]
    subprocess.run(make, check=True, stdin=subprocess.DEVNULL)  # noqa: S603  (our own script)
    return folder / "ca.crt"


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Broker, Tls]]:
    """A broker with the shipped encrypted listener."""
    trusted, port = authority(tmp_path / "certs"), free_port()
    shipped = (SHIPPED / "tls.conf").read_text(encoding="utf-8")
    more = shipped.replace("8883", f"{port} 127.0.0.1").replace("/etc/mosquitto/certs", str(trusted.parent))
    with Broker(tmp_path / "mosquitto", more=more) as broker:
        yield broker, Tls(port, trusted)


def test_a_station_comes_in_by_tls_and_trusts_its_own_authority_only(secure: tuple[Broker, Tls]) -> None:
    broker, tls = secure
    peer = Peer(broker, "east-1", broker.add_user("east-1"), tls=tls)
    until(peer.client.is_connected, SHORT_S, "east-1 is connected by TLS")
    peer.send("waystation/v1/east-1/info", b"hello")
    peer.close()
    assert not peer.refusals
    others = ssl.create_default_context()
    with (
        socket.create_connection(("localhost", tls.port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        others.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.filterwarnings(
    "ignore:unclosed <ssl:ResourceWarning"
)  # paho drops such a socket without a close
def test_the_server_comes_in_by_tls_and_trusts_its_own_authority_only(
    secure: tuple[Broker, Tls], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, tls = secure
    register(tmp_path / "data", ["east-1"])
    over_tls = replace(settings_for(broker, tmp_path / "data"), broker_host="localhost", broker_port=tls.port)
    with (
        running_server(replace(over_tls, broker_tls_ca=tls.authority)),
        RawStation(broker, "east-1", broker.add_user("east-1")) as station,
    ):
        station.send(as_bytes(telemetry(snapshot(1, time.time_ns() // 1_000_000))))
        until(lambda: station.committed() == {1}, SHORT_S, "a reading is answered over TLS")
    server = Server(replace(over_tls, broker_tls_ca=authority(tmp_path / "others")))
    server.start()
    until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, SHORT_S, "the server turns away")
    assert not server.pipeline.connected
    server.stop()


def test_the_access_rules_that_credentials_write_are_the_shipped_ones() -> None:
    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert rules(acl(SERVER_USER)) == rules((SHIPPED / "acl").read_text(encoding="utf-8"))


def test_passwords_are_hashed_as_the_broker_hashes_them(broker: Broker) -> None:
    with broker.passwd_file.open("a", encoding="utf-8") as users:
        users.write(f"east-1:{hashed_password('a password')}\n")
    broker.reload()
    peer = Peer(broker, "east-1", "a password")
    until(peer.client.is_connected, SHORT_S, "east-1 is connected")
    peer.close()
