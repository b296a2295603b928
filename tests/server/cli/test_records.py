"""Who is silent and what was refused, read from the files of a server."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from contract.messages import Snapshot
from server.cli import records
from server.cli.records import MOST_SILENT, RecordsError, Refused, Silent, duration, refused, sender, silent
from server.model import Network, Station, Thresholds
from server.registry import Registry
from server.settings import Settings
from server.store import Accepted, DeadLetter
from server.store.sqlite import Store

NOW = 1_800_000_000_000
MINUTE = 60_000
CITY = Network("taiyuan", "太原市", "Taiyuan")
ROOM = Station("st-1", "taiyuan", "[red]甲", instrumented=True)
TELEMETRY = "waystation/v1/st-1/telemetry"


def printed(tables: Iterable[Table]) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        for table in tables:
            console.print(table)
    return captured.get()


def letter(at_ms: int, topic: str = TELEMETRY, reason: str = "too_old", detail: str = "old") -> DeadLetter:
    return DeadLetter(at_ms, topic, reason, detail)


HEARD = -1
SILENCES: list[tuple[Station, int | None, int | None, str]] = [
    (ROOM, 9 * MINUTE, HEARD, "not offline yet"),
    (ROOM, 10 * MINUTE, 10 * MINUTE, "offline from the network's ten minutes on"),
    (ROOM, None, None, "never heard"),
    (replace(ROOM, instrumented=False), None, HEARD, "nothing is expected of it"),
    (
        replace(ROOM, thresholds=Thresholds(fresh_ms=1, offline_ms=MINUTE)),
        2 * MINUTE,
        2 * MINUTE,
        "its own limit",
    ),
]


@pytest.mark.parametrize(("station", "age_ms", "expected", "why"), SILENCES, ids=[row[3] for row in SILENCES])
def test_who_is_silent(station: Station, age_ms: int | None, expected: int | None, why: str) -> None:
    newest = {} if age_ms is None else {"st-1": NOW - age_ms}
    found = silent({"taiyuan": CITY}, {"st-1": station}, newest, NOW)
    assert found == ([] if expected == HEARD else [Silent(station, expected)]), why


def test_the_latest_silence_comes_first_and_those_never_heard_last() -> None:
    stations = {name: replace(ROOM, id=name) for name in ("never", "long", "just")}
    newest = {"long": NOW - 999 * MINUTE, "just": NOW - 11 * MINUTE}
    found = silent({"taiyuan": CITY}, stations, newest, NOW)
    assert [each.station.id for each in found] == ["just", "long", "never"]


def test_refusals_are_told_once_for_each_sender_and_reason() -> None:
    newest = letter(3)
    assert refused([newest, letter(2, reason="conflict"), letter(1), letter(0, "x")]) == [
        Refused(newest, 2),
        Refused(letter(2, reason="conflict"), 1),
        Refused(letter(0, "x"), 1),
    ]


@pytest.mark.parametrize(
    ("topic", "name"),
    [(TELEMETRY, "st-1"), ("a/b\x1b[31m", r"a/b\x1b[31m"), ("x" * 99, "x" * 37 + "...")],
)
def test_a_sender_is_a_station_or_a_topic_that_is_fit_to_print(topic: str, name: str) -> None:
    assert sender(topic) == name


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 min"), (119, "119 min"), (120, "2 h"), (2879, "47 h"), (2880, "2 days")]
)
def test_durations(minutes: int, text: str) -> None:
    assert duration(minutes * MINUTE) == text


def test_lists_are_bounded() -> None:
    silents: Sequence[Silent] = [Silent(replace(ROOM, id=f"st-{n:02}"), n * MINUTE) for n in range(25)]
    letters = [letter(0, f"waystation/v1/st-{n:02}/telemetry") for n in range(13)]
    said = printed(records.tables([*silents, Silent(ROOM, None)], refused(letters)))
    assert "25 offline, 1 never heard" in said
    assert f"st-{MOST_SILENT - 1:02}" in said
    assert "… 6 more" in said
    assert "… 3 more" in said
    assert "[red]甲" in said, "a name is text, not colour"


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """A server's files: one station was heard, another never was; one message was refused."""
    settings = Settings(data_dir=tmp_path)
    with (
        closing(Registry.open(settings.registry_db)) as registry,
        closing(Store.open(settings.readings_db)) as store,
    ):
        registry.put_networks([CITY])
        registry.put_stations([ROOM, replace(ROOM, id="st-2")])
        snapshot = Snapshot("a" * 16, 1, NOW, 5, "0f5b4c2e-b001", "synced")
        store.commit([Accepted("st-1", snapshot, NOW, "measured", 0)], [letter(NOW, detail="at_ms: 5\x1b")])
    return settings


def test_it_is_read_from_the_files_and_nothing_is_changed(
    chosen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: (NOW + 3 * 3_600_000) * 1_000_000)
    before = chosen.registry_db.read_bytes()
    silents, refusals = records.read(chosen)
    assert [(each.station.id, each.for_ms) for each in silents] == [("st-1", 3 * 3_600_000), ("st-2", None)]
    said = printed(records.tables(silents, refusals))
    assert [line.split()[:2] for line in said.splitlines()[1:3]] == [["st-1", "3"], ["st-2", "never"]]
    assert "too_old" in said
    assert "at_ms: 5?" in said, "no control characters reach the terminal"
    assert chosen.registry_db.read_bytes() == before


def test_files_that_are_not_here_are_said_so_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        RecordsError, match=f"{tmp_path} cannot be read .*; type this on the server, as its user"
    ):
        records.read(Settings(data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []
