"""The alerts' engine and a clock that a test turns; all is real but the broker and the messengers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import event, select

from contract.messages import Climate, Link, Snapshot, Status
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.engine import Engine
from server.alerts.ledger import Ledger, Line
from server.alerts.model import Alert, Bundle
from server.alerts.silences import Matcher
from server.alerts.tables import PART as ALERTS
from server.desk import Desk
from server.live import Live
from server.model import Network, Station
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.directory import Directory
from server.notify.tables import OUTBOX
from server.notify.tables import PART as NOTIFY
from server.pipeline import Pipeline
from server.store import Accepted
from server.store.sqlite import Store

NOON_MS = 1_753_416_000_000  # 2025-07-25 12:00 in Beijing
MIN = 60_000
PASS_MS = 10_000
NET = Network("net", "网", "Net")


def station(id_: str, network: str = "net", district: str = "东区", **fields: Any) -> Station:
    """An instrumented station of ten places."""
    values: dict[str, Any] = {"region": (district,), "places": 10, "instrumented": True} | fields
    return Station(id_, network, f"站 {id_}", **values)


class Told:
    """A message in the outbox: to whom, when, and what it tells."""

    def __init__(self, receiver: str, made_ms: int, bundle: Bundle) -> None:
        self.receiver, self.made_ms, self.bundle = receiver, made_ms, bundle

    @property
    def kinds(self) -> dict[str, set[str]]:
        """Codes of what is told, by how it is told."""
        parts = ("firing", "flapping", "resolved")
        told = {part: {alert.kind for alert in getattr(self.bundle, part)} for part in parts}
        return {part: kinds for part, kinds in told.items() if kinds}


class Shift:
    """A server's working part, over as many restarts as a test wants.

    Attributes:
        now_ms: the wall clock; ``mono_ms``: the monotonic one, which begins anew with every start.
    """

    def __init__(
        self,
        folder: Path,
        stations: Iterable[Station],
        networks: Iterable[Network] = (NET,),
        now_ms: int = NOON_MS,
    ) -> None:
        self.folder, self.now_ms, self.mono_ms = folder, now_ms, 0
        self.networks = {each.id: each for each in networks}
        self.stations = {each.id: each for each in stations}
        self._seq = 0
        self._open()

    def _open(self) -> None:
        self.store = Store.open(self.folder / "readings.db")
        self.desk = Desk.open(self.folder / "desk.db", ACCOUNTS, ALERTS, NOTIFY)
        self._hasten()
        self.pipeline = Pipeline(connected=True, alive=True)
        self.live = Live(self.store)
        self.register()
        self.live.rebuild(self.now_ms)
        self.ledger = Ledger(self.desk)
        self.engine = Engine(
            self.live, self.store, self.pipeline, self.desk, self.folder,
            now_ms=lambda: self.now_ms, mono_ms=lambda: self.mono_ms,
        )  # fmt: skip

    def _hasten(self) -> None:
        """Let nothing wait for the disk: no power is cut here, and days are played in seconds."""
        self.store._connection.execute("PRAGMA synchronous = OFF")
        event.listen(self.desk._engine, "connect", lambda made, _: made.execute("PRAGMA synchronous = OFF"))
        self.desk._engine.dispose()

    def register(self) -> None:
        """Let the stations and networks hold, as after an import."""
        self.live.refresh_registry(dict(self.networks), dict(self.stations), self.now_ms)

    def restart(self, down_ms: int = 0) -> None:
        """End without a word, as a power cut would, and be back so long after it."""
        self.close()
        self.now_ms, self.mono_ms = self.now_ms + down_ms, 7_000
        self._open()

    def close(self) -> None:
        """Close the files."""
        self.desk.close()
        self.store.close()

    def receiver(self, name: str, takes: Sequence[Matcher] = (Matcher(),), second: str = "") -> str:
        """Somebody who is told, over a webhook of their own; the id."""
        directory = Directory(self.desk)
        channel = directory.put_channel(
            ChannelForm(name, "webhook", f"https://example.org/{name}", "whsec_" + "QUJD" * 8),
            "ada",
            self.now_ms,
        )
        form = ReceiverForm(name, channel, takes=tuple(takes), second=second)
        return directory.put_receiver(form, "ada", self.now_ms, list(self.networks))

    # --- what stations say ----------------------------------------------------------------------------

    def snapshot(self, at_ms: int | None = None, **parts: Any) -> Snapshot:
        """A whole snapshot, taken now unless told otherwise."""
        self._seq += 1
        at_ms = self.now_ms if at_ms is None else at_ms
        parts.setdefault("climate", Climate(at_ms, 25.0, 50.0))
        return Snapshot("0123456789abcdef", self._seq, at_ms, self._seq * 1000, "0f8b2c1d", "synced", **parts)

    def hear(self, said: Mapping[str, Snapshot]) -> None:
        """Commit what stations say, one snapshot each, and show it."""
        batch = [Accepted(id_, one, self.now_ms, "measured", one.seq) for id_, one in said.items()]
        assert set(self.store.commit(batch)) <= {"committed"}
        for one in batch:
            self.live.apply(one.station_id, one.snapshot, self.now_ms)
        self.live.show(self.now_ms)

    def say(self, station_id: str, **parts: Any) -> None:
        """One station says something."""
        self.hear({station_id: self.snapshot(**parts)})

    def all_say(self, **parts: Any) -> None:
        """Every station says the same."""
        self.hear({id_: self.snapshot(**parts) for id_ in self.stations})

    def links(self, state: Link, ids: Iterable[str] | None = None) -> None:
        """The broker's word on connections."""
        for id_ in self.stations if ids is None else ids:
            self.live.set_link(id_, Status(state, "0f8b2c1d", "1", self.now_ms))

    # --- time -----------------------------------------------------------------------------------------

    def go(self, ms: int, *, every_ms: int = 30_000, **parts: Any) -> None:
        """Let time pass; with ``parts`` all stations say them so often."""
        for _ in range(ms // PASS_MS):
            self.step()
            if parts and self.now_ms % every_ms < PASS_MS:
                self.all_say(**parts)

    def step(self, ms: int = PASS_MS) -> None:
        """One pass, so much later."""
        self.now_ms, self.mono_ms = self.now_ms + ms, self.mono_ms + ms
        self.live.recompute(self.now_ms)
        self.engine.step(self.now_ms, self.mono_ms)

    def settle_in(self, **parts: Any) -> None:
        """The first minutes after a start, in which nothing is believed of stations; all are well."""
        self.all_say(**parts)
        self.go(7 * MIN, **(parts or {"faults": ()}))

    # --- what came of it ------------------------------------------------------------------------------

    def active(self) -> set[tuple[str, str]]:
        """Kind and subject of what is wrong and told."""
        return {(alert.kind, alert.subject.id) for alert in self.engine.alerts() if alert.active}

    def one(self, kind: str) -> Alert:
        """The only alert of a kind that is not closed."""
        (alert,) = [alert for alert in self.engine.alerts() if alert.kind == kind]
        return alert

    def lines(self, alert: Alert) -> list[tuple[str, str]]:
        """What has happened to an alert, and by whom."""
        lines: list[Line] = self.ledger.timeline(alert.id)
        return [(line.what, line.by) for line in lines]

    def told(self, receiver: str = "") -> list[Told]:
        """Messages put into the outbox, the first first."""
        wanted = select(OUTBOX.c.receiver, OUTBOX.c.made_ms, OUTBOX.c.bundle).order_by(OUTBOX.c.id)
        with self.desk.reading() as connection:
            rows = connection.execute(wanted).all()
        told = [Told(row.receiver, row.made_ms, msgspec.json.decode(row.bundle, type=Bundle)) for row in rows]
        return [each for each in told if receiver in ("", each.receiver)]


def most_within(told: Iterable[Told], span_ms: int) -> int:
    """The most messages that one receiver got within any such span."""
    times: dict[str, list[int]] = {}
    for each in told:
        times.setdefault(each.receiver, []).append(each.made_ms)
    return max(
        (
            sum(since <= at_ms < since + span_ms for at_ms in theirs)
            for theirs in times.values()
            for since in theirs
        ),
        default=0,
    )
