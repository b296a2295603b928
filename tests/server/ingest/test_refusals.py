"""A line in the log when refusals begin, not one for each."""

from contextlib import closing
from pathlib import Path

import pytest

from server.ingest.dating import Window
from server.ingest.ingest import Delivery, Ingest
from server.ingest.refusals import QUIET_MS, RefusalLog
from server.live import Live
from server.pipeline import Pipeline
from server.store import DeadLetter
from server.store.sqlite import Store


def letter(received_ms: int, station: str = "st-1", reason: str = "too_old") -> DeadLetter:
    return DeadLetter(received_ms, f"waystation/v1/{station}/telemetry", reason, "at_ms: 5\n", "s", 7)


def test_the_first_of_a_station_and_reason_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    log = RefusalLog()
    for each in (letter(0), letter(1), letter(2, "st-2"), letter(3, reason="malformed"), letter(4)):
        log.tell(each)
    said = [record.getMessage() for record in caplog.records]
    assert [(line.split("/")[2], line.split("reason=")[1].split()[0]) for line in said] == [
        ("st-1", "too_old"),
        ("st-2", "too_old"),
        ("st-1", "malformed"),
    ]
    assert said[0].endswith(r"seq=7 detail='at_ms: 5\n'"), "one line, whatever the detail holds"


def test_it_is_logged_again_after_a_silence(caplog: pytest.LogCaptureFixture) -> None:
    log = RefusalLog()
    for at_ms in (0, QUIET_MS - 1, 2 * QUIET_MS - 2, 3 * QUIET_MS - 2):
        log.tell(letter(at_ms))
    assert len(caplog.records) == 2, "at the beginning and after an hour without"


def test_a_sender_who_invents_topics_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.ingest.refusals._MOST", 10)
    log = RefusalLog()
    for number in range(50):
        log.tell(letter(0, f"st-{number}"))
    assert len(log._last_ms) == 10


def test_what_ingest_refuses_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Store.open(tmp_path / "readings.db")) as store:
        ingest = Ingest(store, Live(store), Pipeline(), Window(), lambda: 5)
        ingest.set_stations(["st-1"])
        ingest.take([Delivery("waystation/v1/st-1/telemetry", b"{", 5)] * 3)
    said = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(said) == 1
    assert "topic='waystation/v1/st-1/telemetry' reason=malformed" in said[0]
