"""One connection over TLS: the broker is checked, and much data passes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import SystemRandom

import pytest

from contract.messages import Info, Snapshot
from edge.clock import SystemClock
from edge.config import BrokerConfig
from edge.network import NetworkLoop
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sample
from tests.support.answering import AnsweringServer
from tests.support.mosquitto import Broker, free_port
from tests.support.wait import until

STATION = "canteen-1"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    subprocess.run([*made, "-out", str(cert), *subject], check=True, capture_output=True)  # noqa: S603 - our own
    return cert, key


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Broker, int, Path]]:
    """A broker with a TLS listener, that listener's port, and the certificate to trust."""
    cert, key = certificate(tmp_path, "broker")
    port = free_port()
    listener = f"listener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\nuse_username_as_clientid true\n"
    with Broker(tmp_path / "mosquitto", more=listener) as broker:
        yield broker, port, cert


def publisher(port: int, password: str, ca: Path, outbox: Outbox) -> Publisher:
    config = BrokerConfig("127.0.0.1", port, STATION, password, tls=True, tls_ca=ca)
    return Publisher(STATION, config, Info("1", 1, 30), outbox, clock=SystemClock(), random=SystemRandom())


def test_a_backlog_passes_over_tls(secure: tuple[Broker, int, Path]) -> None:
    broker, port, ca = secure
    outbox, network = Outbox.open(None), NetworkLoop()
    for _ in range(1000):
        outbox.append(Sample(Snapshot("0" * 16, 1, 1, 1, SystemClock().boot_id, "synced"), False))
    mine = publisher(port, broker.add_user(STATION), ca, outbox)
    with AnsweringServer(broker):
        network.start()
        network.wake(mine)
        until(lambda: len(outbox) == 0, 20, "1,000 rows are committed")
    mine.stop()
    network.wake(mine)
    until(lambda: mine.finished, 20, "the orderly end")
    network.stop(5)
    outbox.close()


# paho leaves the socket of a failed handshake to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_cannot_prove_itself_gets_no_password(
    secure: tuple[Broker, int, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, port, _ = secure
    stranger, _ = certificate(tmp_path, "stranger")
    outbox, network = Outbox.open(None), NetworkLoop()
    mine = publisher(port, broker.add_user(STATION), stranger, outbox)
    network.start()
    network.wake(mine)
    until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, 30, "the refusal")
    assert not mine.online
    assert network.failed is None
    network.stop(5)
    outbox.close()
