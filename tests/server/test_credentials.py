"""Broker logins, tried by delivery at a real Mosquitto: who is let in, and what reaches whom."""

import base64
import os
import queue
import secrets
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract.topics import ROOT, topic
from edge import config
from server.credentials import (
    BrokerAddress,
    BrokerFiles,
    CredentialsError,
    Login,
    acl,
    hashed_password,
    issue,
    logins,
    reload_broker,
    revoke,
    write_station_file,
)
from tests.support.certificate import CERTIFICATE
from tests.support.mosquitto import SHIPPED, Broker, executable
from tests.support.wait import until

SOON_S = 30.0


class Peer:
    """An MQTT 5 client that remembers what happened to it."""

    def __init__(self, broker: Broker, user: str, password: str, client_id: str | None = None) -> None:
        self.got: queue.Queue[str] = queue.Queue()
        self.connected: list[bool] = []
        self.cut = 0
        self.client = Client(
            CallbackAPIVersion.VERSION2, client_id or user, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.client.username_pw_set(user, password)
        self.client.on_connect = lambda *args: self.connected.append(not args[3].is_failure)
        self.client.on_disconnect = lambda *_: self._was_cut()
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        until(lambda: self.connected, SOON_S, f"the broker answers {user}")

    def _was_cut(self) -> None:
        self.cut += 1

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.got.put(f"{message.topic} {message.payload.decode()}")

    def tell(self, name: str, word: str) -> None:
        """Publish and wait until the broker has answered, whatever the answer."""
        self.client.publish(name, word, qos=1).wait_for_publish(SOON_S)

    def listen(self, name: str) -> None:
        done: queue.Queue[int] = queue.Queue()
        self.client.on_subscribe = lambda _c, _d, mid, *_: done.put(mid)
        self.client.subscribe(name, qos=1)
        done.get(timeout=SOON_S)


Join = Callable[..., Peer]
SERVER = Login("waystation_server", "the server's own")


@pytest.fixture
def files(broker: Broker) -> BrokerFiles:
    return BrokerFiles(broker.passwd_file, broker.acl_file, broker.pid_file)


@pytest.fixture
def passwords(files: BrokerFiles) -> dict[str, str]:
    """Logins of two stations and the server at the running broker."""
    issued = issue(files, ["victim-1", "thief-1"], SERVER)
    reload_broker(files)
    return issued


@pytest.fixture
def join(broker: Broker, passwords: dict[str, str]) -> Iterator[Join]:
    with ExitStack() as stack:

        def joined(user: str, password: str | None = None, client_id: str | None = None) -> Peer:
            words = passwords | {SERVER.name: SERVER.password}
            peer = Peer(broker, user, words[user] if password is None else password, client_id)
            stack.callback(peer.client.loop_stop)
            stack.callback(peer.client.disconnect)
            return peer

        yield joined


def test_what_was_issued_opens_the_broker(join: Join) -> None:
    server, victim = join(SERVER.name), join("victim-1")
    assert [server.connected, victim.connected] == [[True], [True]]
    server.listen(f"{ROOT}/+/telemetry")
    victim.listen(topic("victim-1", "ack"))
    victim.tell(topic("victim-1", "telemetry"), "mine")
    assert server.got.get(timeout=SOON_S) == f"{ROOT}/victim-1/telemetry mine"
    server.tell(topic("victim-1", "ack"), "yours")
    assert victim.got.get(timeout=SOON_S) == f"{ROOT}/victim-1/ack yours"


@pytest.mark.parametrize(
    ("password", "why"), [("", "none"), ("wrong", "a wrong one"), ("the server's own", "another user's")]
)
def test_no_other_password_opens_it(join: Join, password: str, why: str) -> None:
    assert join("victim-1", password).connected[0] is False, why


FORGED = (
    topic("victim-1", "telemetry"),
    topic("victim-1", "status"),
    topic("victim-1", "info"),
    topic("victim-1", "ack"),
    topic("thief-1", "ack"),
    f"{ROOT}/waystation_server/telemetry",
    f"{ROOT}/thief-1/telemetry/more",
    f"{ROOT}/thief-1",
    "waystation/v2/thief-1/telemetry",
    "$SYS/broker/version",
)
OVERHEARD = ("#", "+/+/+/+", f"{ROOT}/+/ack", f"{ROOT}/+/telemetry", f"{ROOT}/victim-1/#", "$SYS/#")


def test_a_thief_forges_and_overhears_nothing(join: Join) -> None:
    """Every topic that is not its own, tried; what is its own still arrives, so the others were not slow."""
    server, victim, thief = join(SERVER.name), join("victim-1"), join("thief-1")
    for leaf in ("telemetry", "status", "info"):
        server.listen(f"{ROOT}/+/{leaf}")
    victim.listen(topic("victim-1", "ack"))
    for wish in OVERHEARD:
        thief.listen(wish)
    for name in FORGED:
        thief.tell(name, "forged")
    thief.tell(topic("thief-1", "status"), "honest")
    assert server.got.get(timeout=SOON_S) == f"{ROOT}/thief-1/status honest"
    server.tell(topic("victim-1", "ack"), "for the victim")
    assert victim.got.get(timeout=SOON_S) == f"{ROOT}/victim-1/ack for the victim"
    server.tell(topic("thief-1", "ack"), "for the thief")
    until(lambda: not thief.got.empty(), SOON_S, "the thief's own ack")
    # It asked for its own ack by several filters, so it may come more than once.
    assert set(thief.got.queue) == {f"{ROOT}/thief-1/ack for the thief"}
    assert [server.got.qsize(), victim.got.qsize()] == [0, 0]


@pytest.mark.parametrize("name", ["victim-1", SERVER.name])
def test_nobody_takes_over_a_connection_by_its_client_id(join: Join, name: str) -> None:
    victim = join(name)
    thief = join("thief-1", client_id=name)
    thief.tell(topic("thief-1", "status"), "the broker has seen the thief")
    victim.listen(topic("victim-1", "ack"))
    assert (victim.connected, victim.cut) == ([True], 0)


def test_a_new_password_ends_the_old_one(join: Join, files: BrokerFiles, passwords: dict[str, str]) -> None:
    victim, thief = join("victim-1"), join("thief-1")
    fresh = issue(files, ["victim-1"], SERVER)["victim-1"]
    assert victim.cut == 0, "the old one holds until the broker is told"
    reload_broker(files)
    until(lambda: victim.cut, SOON_S, "the connection with the old password is ended")
    assert join("victim-1", passwords["victim-1"]).connected[0] is False
    assert join("victim-1", fresh).connected[0] is True
    thief.tell(topic("thief-1", "status"), "still here")
    assert thief.cut == 0


def test_a_revoked_login_is_cut_off_and_the_others_stay(
    join: Join, files: BrokerFiles, passwords: dict[str, str]
) -> None:
    leaver, stayer = join("thief-1"), join("victim-1")
    assert revoke(files, "thief-1")
    assert not revoke(files, "thief-1"), "there is nothing left to revoke"
    assert leaver.cut == 0, "it holds until the broker is told"
    reload_broker(files)
    until(lambda: leaver.cut, SOON_S, "the removed station is cut off")
    assert join("thief-1", passwords["thief-1"]).connected[0] is False
    assert (stayer.cut, set(logins(files.passwd))) == (0, {"victim-1", SERVER.name})


def test_passwords_are_long_random_and_kept_by_nobody_else(files: BrokerFiles) -> None:
    issued = issue(files, [f"st-{n}" for n in range(300)], SERVER)
    assert len(set(issued.values())) == 300
    assert all(len(password) >= 32 for password in issued.values())
    assert not any(password in files.passwd.read_text("utf-8") for password in issued.values())


def test_other_users_stay(files: BrokerFiles, broker: Broker) -> None:
    broker.add_user("grafana", "word")
    before = logins(files.passwd)["grafana"]
    issue(files, ["victim-1"], SERVER)
    assert logins(files.passwd)["grafana"] == before
    assert set(logins(files.passwd)) == {"grafana", "victim-1", SERVER.name}


@pytest.mark.parametrize("name", ["server", "", "a:b", "waystation/v1", "two\nlines"])
def test_the_server_is_never_called_like_a_station(files: BrokerFiles, name: str) -> None:
    before = files.passwd.read_bytes()
    with pytest.raises(CredentialsError, match="must not look like a station's id"):
        issue(files, ["victim-1"], Login(name, "word"))
    assert files.passwd.read_bytes() == before


def test_the_hash_is_the_one_of_mosquitto_passwd(tmp_path: Path) -> None:
    file, word = tmp_path / "passwd", secrets.token_urlsafe()
    subprocess.run([executable("mosquitto_passwd"), "-b", "-c", str(file), "st-1", word], check=True)  # noqa: S603
    hashed = file.read_text("utf-8").strip().removeprefix("st-1:")
    _, _, iterations, salt, _ = hashed.split("$")
    assert hashed_password(word, base64.b64decode(salt), int(iterations)) == hashed


def test_the_rules_are_those_that_are_shipped() -> None:
    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert rules(acl("waystation_server")) == rules((SHIPPED / "acl").read_text("utf-8"))


def test_broker_files_are_readable_by_owner_and_group_alone(files: BrokerFiles) -> None:
    files.passwd.chmod(0o644)
    issue(files, ["victim-1"], SERVER)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (files.passwd, files.acl)] == [0o640, 0o640]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to the broker's group")
def test_the_broker_can_read_its_files_after_it_has_dropped_root() -> None:
    """As on Debian: started as root, running as ``mosquitto``, reading its files again on SIGHUP."""
    with TemporaryDirectory() as folder:  # pytest's own lies below one that only root may enter
        broker = Broker(Path(folder) / "mosquitto", {"user": "mosquitto", "persistence": "false"})
        Path(folder).chmod(0o711)
        shutil.chown(broker.folder, "mosquitto")
        files = BrokerFiles(broker.passwd_file, broker.acl_file, broker.pid_file)
        issue(files, [], SERVER)
        with broker:
            issued = issue(files, ["victim-1"], SERVER)
            reload_broker(files)
            until(lambda: "Reloading config" in broker.log, SOON_S, "the broker reads its files again")
            peer = Peer(broker, "victim-1", issued["victim-1"])
            peer.client.disconnect()
            peer.client.loop_stop()
    assert peer.connected == [True]


@pytest.mark.parametrize(
    ("pid", "said", "why"),
    [
        (None, "No such file", "the broker does not run"),
        ("", "invalid literal", "an empty pid file"),
        ("999999999", "No such file", "it has ended"),
        ("{own}", "is not mosquitto", "its number is another's by now: SIGHUP would end that"),
    ],
)
def test_what_to_do_when_the_broker_cannot_be_told(
    tmp_path: Path, pid: str | None, said: str, why: str
) -> None:
    file = tmp_path / "pid"
    if pid is not None:
        file.write_text(pid.format(own=os.getpid()))
    with pytest.raises(CredentialsError, match=said) as error:
        reload_broker(BrokerFiles(tmp_path / "passwd", tmp_path / "acl", file))
    assert "now type: sudo systemctl reload mosquitto" in str(error.value), why


def test_without_a_pid_file_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="broker_pid_file is not set"):
        reload_broker(BrokerFiles(tmp_path / "passwd", tmp_path / "acl"))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="make this folder first"):
        issue(BrokerFiles(tmp_path / "no" / "passwd", tmp_path / "acl"), ["victim-1"], SERVER)


PLAIN = BrokerAddress("broker.example", 1883)


@pytest.mark.parametrize("tls", [PLAIN, BrokerAddress("broker.example", 8883, True)])
def test_the_station_reads_its_file(tmp_path: Path, tls: BrokerAddress) -> None:
    file = tmp_path / "station.toml"
    write_station_file(file, "victim-1", "pass-word_1", tls)
    read = config.load(file)
    assert (read.station, read.broker.username, read.broker.password) == (
        "victim-1",
        "victim-1",
        "pass-word_1",
    )
    assert (read.broker.host, read.broker.port, read.broker.tls) == (tls.host, tls.port, tls.tls)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_authority_of_one_s_own_lies_beside_the_file(tmp_path: Path) -> None:
    file, ca = tmp_path / "station.toml", tmp_path / "ca.crt"
    ca.write_text(CERTIFICATE, encoding="utf-8")
    write_station_file(file, "victim-1", "word", BrokerAddress("broker.example", 8883, True, ca))
    assert config.load(file).broker.tls_ca == ca


def test_an_existing_file_keeps_all_but_its_broker(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    write_station_file(file, "victim-1", "old", PLAIN)
    sensor = '\n# by the door\n[[sensor]]\nid = "room"\nkind = "dht22"\npin = 4\n'
    file.write_text(file.read_text("utf-8") + sensor, "utf-8")
    write_station_file(file, "victim-1", "new", BrokerAddress("other.example", 1884))
    read = config.load(file)
    assert (read.broker.host, read.broker.port, read.broker.password) == ("other.example", 1884, "new")
    assert [entry.id for entry in read.sensors] == ["room"]
    assert "# by the door" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[station]\nid = "victim-1"\n', "no [broker]"),
        ('broker = { password = "old" }\n', "another way to write it"),
        ('[broker]\nhost = "a"\n# why\npassword = "old"\n', "a comment between the keys"),
        ("[broker\n", "not TOML"),
    ],
)
def test_a_file_that_cannot_be_changed_is_left_alone(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(CredentialsError, match=r"station\.toml"):
        write_station_file(file, "victim-1", "new", PLAIN)
    assert file.read_text("utf-8") == text, why
