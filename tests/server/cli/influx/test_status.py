"""``waystation influx status``: how far it is, and what is wrong."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from server.influx import ledger
from server.influx.ledger import Ledger
from server.influx.standing import Standing
from server.influx.writer import Letter
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from tests.support.influx import Influx
from tests.support.influx_city import City
from tests.support.influx_typed import MIDNIGHT_MS, name, typed
from tests.support.serving import serving
from tests.support.stranger import stranger, web
from tests.support.web import TableLive, TableStore


def test_status_before_anything_was_written(server: Influx) -> None:
    code, said = typed("status")
    assert code == 1, "no server runs"
    assert "nothing yet: waystation serve writes it" in said
    assert "answers as InfluxDB 1.6.7" in said
    assert "there; a write would be taken" in said
    assert f"bucket typed of waystation at {server.url}" in re.sub(" +", " ", said)


def test_status_of_what_is_behind(city: City, server: Influx) -> None:
    with closing(Ledger.open(city.settings.influx_db)) as ledger:
        letters = [Letter("climate,station=[red]a[/red] x=1i 5", "422 field type conflict")]
        ledger.follow(2_000, 5, [], letters, city.to_ms)
    code, said = typed("status")
    assert code == 1, "no server runs"
    told = re.sub(" +", " ", said)
    assert "cursor commit 2,000" in told
    assert re.search(r"behind 400 snapshots, the oldest of them for \d+ \w+", told)
    assert "refused for good 1 lines" in told
    assert "422 field type conflict climate,station=[red]a[/red] x=1i 5" in told
    series = 2 + 3 * 4 + (3 + 1) + (1 + 4) + (1 + 2)
    assert f"series at most {series}" in told
    assert "nothing is being written" in told
    assert server.token not in said


@pytest.mark.parametrize("wrong", ["token", "bucket"])
def test_status_says_what_is_wrong_though_no_server_writes(
    here: Path, influx_server: Influx, wrong: str
) -> None:
    bucket = influx_server.create("tried")
    name(
        here,
        influx_server,
        "another" if wrong == "bucket" else bucket,
        "wr0ng-t0ken" if wrong == "token" else influx_server.token,
    )
    code, said = typed("status")
    influx_server.drop(bucket)
    assert code == 1
    refusals = {
        "token": "401 the token is not accepted: unauthorized access",
        "bucket": '404 no such bucket or organization: bucket "another" not found',
    }
    assert refusals[wrong] in said
    assert "wr0ng-t0ken" not in said


@pytest.mark.parametrize(
    ("standing", "code", "words"),
    [
        (Standing(why="503 not ready", refused=1), 1, "InfluxDB takes nothing at present: 503 not ready"),
        (Standing(), 0, "has written nothing since its start, nothing is waiting"),
        (Standing(taken_ms=MIDNIGHT_MS - 4_000), 0, "wrote 4 s ago, nothing is waiting"),
        (
            Standing(taken_ms=MIDNIGHT_MS, since_ms=MIDNIGHT_MS - 60_000),
            0,
            "wrote 0 s ago, is behind for 60 s",
        ),
        (
            Standing(taken_ms=MIDNIGHT_MS, since_ms=MIDNIGHT_MS - 3_600_000),
            1,
            "wrote 0 s ago, is behind for 60 min",
        ),
        (None, 1, "runs, but was started without influx_url: restart it"),
    ],
)
def test_status_passes_on_what_the_server_says(
    here: Path, server: Influx, standing: Standing | None, code: int, words: str
) -> None:
    pipeline = Pipeline(connected=True, alive=True, influx=standing)
    assert not server.instead
    site = build_web(TableLive(), TableStore(), Settings(), pipeline, now_ms=lambda: MIDNIGHT_MS)
    with serving(site) as port:
        ask(here, port)
        given, said = typed("status")
    assert given == code
    assert words in said


def ask(here: Path, port: int) -> None:
    """Have the settings name this port as the server's."""
    settings = (here / "waystation.toml").read_text()
    (here / "waystation.toml").write_text(
        re.sub(r"^port = \d+", f"port = {port}", settings, flags=re.MULTILINE)
    )


def test_status_tells_of_another_program_in_the_servers_place(here: Path, server: Influx) -> None:
    assert not server.instead
    with stranger(web("[]")) as port:
        ask(here, port)
        code, said = typed("status")
    assert code == 1
    assert f"what answers at 127.0.0.1:{port} is no Waystation server: nothing is being written" in said


def test_status_tells_of_a_damaged_file_and_of_what_could_not_wait(
    city: City, server: Influx, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not server.instead
    monkeypatch.setattr(ledger, "MOST_WAITING", 2)
    aside = city.folder / "influx.db.corrupt-1"
    aside.touch()
    with closing(Ledger.open(city.settings.influx_db)) as opened:
        opened.wait(["a x=1i 1", "a x=1i 2", "a x=1i 3"], 5)
    said = re.sub(" +", " ", typed("status")[1])
    aside.unlink()
    assert "networks' lines dropped 1, the oldest ones" in said
    assert "damaged influx.db.corrupt-1: all that the store holds is written anew" in said
