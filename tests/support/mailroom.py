"""A desk with channels to the bots of a test and people who are told by them, and a clock to turn."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from server.accounts.tables import PART as ACCOUNTS
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Bundle, Subject
from server.desk import Desk
from server.model import Network, Station
from server.notify.outbox.outbox import Outbox, Told
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.directory import Directory
from server.notify.sending.delivery import Delivery
from server.notify.tables import PART
from server.notify.targets.posting import Courier
from server.notify.words.texts import Words
from server.notify.words.writing import World
from server.web.text import Language, Text
from tests.support.bots import Bots

NOW_MS: Final = 1_782_883_200_000
"""13:20 on Wednesday, 1 July 2026, in Taiyuan."""
S_MS: Final = 1_000
MINUTE_MS: Final = 60_000
URL: Final = "https://example.org"
STATIONS: Final = {
    f"ty-{number:04}": Station(f"ty-{number:04}", "taiyuan", f"{number}号驿站", region=("小店区",))
    for number in range(1, 200)
}
NETWORKS: Final = {"taiyuan": Network("taiyuan", "太原市", "Taiyuan")}


class Clock:
    """Stands still until it is turned."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """The time that it shows."""
        return self.now_ms


def words(language: Language, now_ms: int) -> Words:
    """Names of all that there is."""
    return Words(Text(language, now_ms), STATIONS, NETWORKS, URL)


def alert(number: int = 1, kind: str = "station_offline", **changes: Any) -> Alert:
    """A firing alert of station ``number``; its title ends in the station's name."""
    made = Alert(
        f"{number:016x}", kind, KINDS[kind].severity, Subject("station", f"ty-{number:04}"), "firing",
        NOW_MS - MINUTE_MS, NOW_MS, measured_ms=NOW_MS, version=1,
    )  # fmt: skip
    return replace(made, **changes)


def over(alert: Alert) -> Alert:
    """The alert after it has resolved."""
    return replace(alert, state="resolved", resolved_ms=NOW_MS + MINUTE_MS, version=alert.version + 1)


class Mailroom:
    """All that messages leave by.

    Attributes:
        alerts: as they are now, by id; what is missing is as it was when its bundle was made.
    """

    def __init__(self, path: Path, bots: Bots, clock: Callable[[], int]) -> None:
        self.desk = Desk.open(path, ACCOUNTS, PART)
        self.bots, self.clock = bots, clock
        self.directory = Directory(self.desk, allow_private=True)
        self.outbox = Outbox(self.desk)
        self.alerts: dict[str, Alert] = {}
        self.world = World(words, self.alerts.get, lambda: True, clock)
        self.http = Courier(allow_private=True, timeout_s=20)

    def channel(self, bot: str) -> str:
        """A channel to one of the bots, set up well; its id."""
        bots = self.bots
        form = {
            "wecom": ChannelForm("wecom", "wecom", bots.wecom, ""),
            "dingtalk": ChannelForm("dingtalk", "dingtalk", bots.dingtalk, bots.secret),
            "feishu": ChannelForm("feishu", "feishu", bots.feishu, bots.secret),
            "hook": ChannelForm("hook", "webhook", bots.hook, bots.hook_secret),
        }[bot]
        return self.directory.put_channel(form, "ada", self.clock())

    def receiver(self, name: str, channel: str, **form: Any) -> str:
        """Somebody who is told by a channel; their id."""
        return self.directory.put_receiver(ReceiverForm(name, channel, **form), "ada", self.clock(), NETWORKS)

    def tell(self, receiver: str, *firing: Alert, **bundle: Any) -> None:
        """Put a bundle into the outbox."""
        with self.desk.writing() as connection:
            made = Bundle(receiver, bundle.pop("why", "new"), firing, **bundle)
            self.outbox.put(connection, (made,), self.clock())

    def states(self) -> list[str]:
        """Of all messages, oldest first."""
        return [told.state for told in self.all()]

    def all(self) -> list[Told]:
        """All messages, oldest first."""
        return self.outbox.history(10_000)[::-1]


def pass_by(room: Mailroom, clock: Clock, ms: int, step_ms: int = S_MS) -> None:
    """Let time pass, with a look each ``step_ms``; a server that has just started."""

    async def run() -> None:
        delivery = Delivery(room.outbox, room.world, room.http)
        end_ms = clock.now_ms + ms
        while True:
            await delivery.step()
            await delivery.idle()
            if clock.now_ms >= end_ms:
                break
            clock.now_ms += step_ms
        await delivery.close(0)

    asyncio.run(run())
