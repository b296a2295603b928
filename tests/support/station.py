"""A station's sending half: outbox, publisher and network thread, without sensors."""

from random import SystemRandom
from typing import Final

from contract.messages import Info, Snapshot, SocketInfo
from edge.clock import Clock, SystemClock
from edge.config import BrokerConfig
from edge.network import NetworkLoop
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.sampler import Sample
from tests.support.wait import until

STATION: Final = "canteen-1"
INFO: Final = Info("1.0", 1, 30, sockets=(SocketInfo("a1", "usb", "左一"),))


def sample(seq: int = 1, *, event: bool = False) -> Sample:
    """A snapshot of some 160 bytes."""
    boot_id = SystemClock().boot_id
    return Sample(Snapshot("0" * 16, seq, 1_700_000_000_000 + seq, 1000 + seq, boot_id, "synced"), event)


class Station:
    """A publisher to a broker on this machine's ``port``, with its outbox in memory."""

    def __init__(self, port: int, password: str, clock: Clock | None = None) -> None:
        self.outbox = Outbox.open(None)
        config = BrokerConfig("127.0.0.1", port, STATION, password)
        self.publisher = Publisher(
            STATION, config, INFO, self.outbox, clock=clock or SystemClock(), random=SystemRandom()
        )
        self.network = NetworkLoop()

    def start(self) -> None:
        self.network.start()
        self.network.wake(self.publisher)

    def add(self, count: int = 1) -> None:
        """Keep ``count`` snapshots, and send."""
        for _ in range(count):
            self.outbox.append(sample())
        self.network.wake(self.publisher)

    def stop(self) -> None:
        """The orderly end."""
        self.publisher.stop()
        self.network.wake(self.publisher)
        until(lambda: self.publisher.finished, 30, "the publisher has ended")
        self.network.stop(5)
