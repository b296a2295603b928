"""The forecast's worth on a real recording, and that what the document says of it is true."""

import re
from datetime import date
from pathlib import Path

import pytest

from scripts import backtest
from scripts.backtest import LEARNT_ONLY, Result
from scripts.backtest_days import RECORDING, Days, read, recording
from server.rollups.calendar import QUARTERS


@pytest.fixture(scope="module")
def days() -> Days:
    path = recording()
    if not path.is_file():
        pytest.skip(f"no recording: {path}; set WAYSTATION_RECORDINGS")
    return read(path)


@pytest.fixture(scope="module")
def result(days: Days) -> Result:
    return backtest.measure(days, backtest.reported(days))


def test_the_recording_is_counted_as_a_station_is(days: Days) -> None:
    assert len(days) == 70
    assert all(len(values) == QUARTERS for values in days.values())
    nights = [values[5 * 4] for values in days.values()]
    assert sorted(nights)[int(len(nights) * 0.9)] <= 3, "the quiet hour has set the drift right"
    assert max(days[date(2005, 8, 30)]) > 100, "a day with an event is left as it was"


def test_the_documents_table_is_what_the_script_finds(result: Result) -> None:
    document = backtest.DOCUMENT.read_text(encoding="utf-8")
    assert backtest.written(document, backtest.table(result)) == document, "run python -m scripts.backtest"


@pytest.mark.parametrize("other", [name for name in backtest.DAY_AHEAD if name != "forecast"])
def test_the_forecast_of_a_day_is_not_worse_than(result: Result, other: str) -> None:
    """All days, and workdays; a tie in tenths of a person is none."""
    for ours, theirs in zip(result.ahead["forecast"], result.ahead[other], strict=True):
        assert round(ours.error, 1) <= round(theirs.error, 1)
        assert ours.words_pct >= theirs.words_pct


@pytest.mark.parametrize("other", [name for name in backtest.SOON if "knowing" not in name])
def test_the_next_hour_is_better_than(result: Result, other: str) -> None:
    [knowing] = [scores for name, scores in result.soon.items() if "knowing" in name]
    for ours, theirs in zip(knowing, result.soon[other], strict=True):
        assert ours.error < theirs.error
        assert ours.words_pct > theirs.words_pct


def test_the_band_holds_four_quarters_of_five(result: Result) -> None:
    assert all(75 <= inside <= 90 for inside in result.band_pct)


def test_the_constants_are_the_best_of_the_weeks_they_were_chosen_on(days: Days) -> None:
    lines = list(backtest.choose(days))[1:]
    found = [
        (float(error), -float(right), star)
        for error, right, star in re.findall(r"(\d+\.\d+) +(\d+\.\d) %(.)", "\n".join(lines))
    ]
    assert len(found) == len(backtest.HALF_LIVES) * len(backtest.OTHERS)
    assert min(found)[2] == "*"


def test_no_day_that_is_reported_helped_to_choose(days: Days) -> None:
    reported = backtest.reported(days)
    assert len(reported) == 28
    assert min(reported) > sorted(days)[backtest.CHOSEN_UNTIL - 1] > sorted(days)[LEARNT_ONLY]


def test_without_the_recording_it_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAYSTATION_RECORDINGS", str(tmp_path))
    assert backtest.main([]) == 1
    assert str(tmp_path / RECORDING) in capsys.readouterr().err


def test_a_document_without_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="marks"):
        backtest.written("# The words", "table")
