"""An outbox's life at random, against a list in memory."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.messages import Door
from edge.outbox import Outbox
from tests.support.outbox import sample, waiting


class Life(RuleBasedStateMachine):
    """An outbox against the simplest model of it: rows, drops and door totals by hand."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(prefix="outbox-")
        self._path = Path(self._folder.name) / "outbox.db"
        self._max_rows = 8

    @initialize()
    def start(self) -> None:
        self._forget()
        self.outbox = Outbox.open(self._path, self._max_rows)

    def _forget(self) -> None:
        self.rows: list[tuple[tuple[str, int], bool]] = []
        self.doors: dict[str, tuple[int, int]] = {}
        self.dropped = 0
        self.refused = 0

    @rule(event=st.booleans(), door=st.sampled_from(["north", "south"]), into=st.integers(0, 9))
    def append(self, event: bool, door: str, into: int) -> None:
        self.outbox.append(sample(event=event, doors=(Door(door, into, 0),)))
        while len(self.rows) >= self._max_rows:
            heartbeats = [row for row in self.rows if not row[1]]
            self.rows.remove((heartbeats or self.rows)[0])
            self.dropped += 1
        self.rows.append(((self.outbox.stream, self.outbox.next_seq - 1), event))
        self.doors[door] = (into, 0)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        (stream, first), _ = data.draw(st.sampled_from(self.rows))
        last = first + data.draw(st.integers(0, 3))
        self.outbox.confirm([(stream, first, last)])
        self.rows = [row for row in self.rows if not (row[0][0] == stream and first <= row[0][1] <= last)]

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows))
        self.outbox.set_aside([(*row[0], "impossible")])
        self.rows.remove(row)
        self.refused += 1

    @rule()
    def stop_and_start(self) -> None:
        self.outbox.close()
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault is None

    @rule()
    def power_cut(self) -> None:
        """What is on the disk at this moment goes on; the old process's file is gone."""
        image = self._path.with_name("image")
        image.mkdir()
        for file in self._path.parent.glob("outbox.db*"):
            shutil.copy(file, image / file.name)
        self.outbox.close()
        for file in image.iterdir():
            file.replace(self._path.with_name(file.name))
        image.rmdir()
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault is None

    @rule()
    def corrupt(self) -> None:
        self.outbox.close()
        self._path.write_text("not a database", encoding="utf-8")
        self.outbox = Outbox.open(self._path, self._max_rows)
        assert self.outbox.fault == "outbox_replaced"
        self._forget()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "outbox"):
            return
        assert waiting(self.outbox) == [identity for identity, _ in self.rows]
        assert self.outbox.door_totals() == self.doors
        counts = self.outbox.counts()
        assert (counts.rows, counts.dropped, counts.refused) == (len(self.rows), self.dropped, self.refused)
        assert counts.bytes == sum(len(row.body) for row in self.outbox.backlog((), 99, 10**6))
        newest = self.outbox.newest()
        assert (newest and (newest.stream, newest.seq)) == (self.rows[-1][0] if self.rows else None)

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
        self._folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
