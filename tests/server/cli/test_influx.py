"""``waystation influx`` as it is typed, against a real InfluxDB."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.config import Settings
from server.influx import ledger
from server.influx.ledger import Ledger
from server.influx.standing import Standing
from server.influx.writer import Letter
from server.pipeline import Pipeline
from server.store.pruner import Ages, Pruner
from server.store.sqlite import Store
from server.web.build import build_web
from tests.support.influx import Answer, Influx
from tests.support.influx_api import Api, influx_api
from tests.support.influx_city import STATIONS, City
from tests.support.mosquitto import free_port
from tests.support.recordings import CHECKOUT
from tests.support.serving import serving
from tests.support.wait import until
from tests.support.web import TableLive, TableStore

BOOKMARK = "influx_backfill.json"
ZONE = ZoneInfo("Asia/Urumqi")
MIDNIGHT_MS = int(datetime(2026, 7, 2, tzinfo=ZONE).timestamp()) * 1000
NOW_MS = MIDNIGHT_MS
BEFORE, SNAPSHOTS = 60, 800
"""Heartbeats before midnight, and in all: enough for two requests."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("city"), MIDNIGHT_MS - BEFORE * 30_000, SNAPSHOTS)


@pytest.fixture
def here(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, in which nothing is said of InfluxDB yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    for each in (BOOKMARK, "influx.db"):
        (city.folder / each).unlink(missing_ok=True)
    (tmp_path / "waystation.toml").write_text(f'data_dir = "{city.folder}"\nport = {free_port()}\n')
    return tmp_path


def name(here: Path, server: Influx | Api, bucket: str, token: str) -> None:
    """Write the settings of a server into the file."""
    (here / "token").write_text(token + "\n")
    with (here / "waystation.toml").open("a") as settings:
        settings.write(f'influx_url = "{server.url}"\ninflux_org = "{server.org}"\n')
        settings.write(f'influx_bucket = "{bucket}"\ninflux_token_file = "token"\n')


@pytest.fixture
def server(here: Path, influx_server: Influx) -> Iterator[Influx]:
    """The settings name a bucket of its own."""
    bucket = influx_server.create("typed")
    name(here, influx_server, bucket, influx_server.token)
    yield influx_server
    influx_server.instead.clear()
    influx_server.drop(bucket)


def typed(*words: str, stdin: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["influx", *words], input=stdin)
    return result.exit_code, result.stdout + result.stderr


def counted(server: Influx) -> dict[str, int]:
    """Points of the air by station."""
    rows = server.query("typed", "SELECT count(temperature_c) FROM climate GROUP BY station")
    return {row["station"]: row["count"] for row in rows}


ALL = dict.fromkeys((each.id for each in STATIONS), SNAPSHOTS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_goes_on_and_disturbs_nothing(city: City, server: Influx, how: signal.Signals) -> None:
    bookmark, cursor = city.folder / BOOKMARK, city.settings.influx_db
    store = hashlib.sha256(city.settings.readings_db.read_bytes()).digest()
    with closing(Ledger.open(cursor)) as ledger:
        ledger.begin(17, 5)
        with waiting(city, server) as running:
            running.send_signal(how)
            _, said = running.communicate(timeout=60)
        assert running.returncode == (130 if how == signal.SIGINT else -9)
        assert how == signal.SIGKILL or "the same command goes on from here" in said
        assert 0 < sum(counted(server).values()) < sum(ALL.values())
        code, said = typed("backfill")
        assert code == 0
        assert re.search(r"goes on at \w+; [\d,]{5} lines were written before", said)
        assert "lines of 3 stations are written" in said
        assert counted(server) == ALL
        assert ledger.followed().commits == 17, "how far the server has written"
    assert not bookmark.exists()
    assert hashlib.sha256(city.settings.readings_db.read_bytes()).digest() == store


@contextmanager
def waiting(city: City, server: Influx) -> Iterator[subprocess.Popen[str]]:
    """A backfill of which InfluxDB has taken one request, and then asked for an hour's patience."""
    server.instead += [None, Answer(503, headers={"Retry-After": "3600"})]
    command = [sys.executable, "-m", "server", "influx", "backfill"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True) as running:  # noqa: S603 (ours)
        try:
            until(
                lambda: (city.folder / BOOKMARK).exists() and not server.instead, 60, "it waits for InfluxDB"
            )
            yield running
        finally:
            running.kill()


def test_days_are_those_of_the_networks_zone(server: Influx) -> None:
    assert typed("backfill", "--network", "town", "--to", "2026-07-01")[0] == 0
    assert counted(server) == {"town-1": BEFORE}
    assert typed("backfill", "--network", "town", "--from", "2026-07-02", "--to", "2026-07-02")[0] == 0
    assert counted(server) == {"town-1": SNAPSHOTS}
    assert typed("backfill", "--network", "city", "--from", "2026-07-05")[0] == 0
    assert counted(server) == {"town-1": SNAPSHOTS}, "nothing was measured then"


def test_it_draws_how_far_and_how_fast_it_is(server: Influx, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.instead == type(server.instead)()
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    said = typed("backfill")[1]
    assert re.search(r"backfill.*━.* 100%.* [\d,]+ lines/s", said)


def test_of_pruned_hours_the_people_are_written(here: Path, server: Influx) -> None:
    (here / "pruned").mkdir()
    pruned = City(here / "pruned", MIDNIGHT_MS, SNAPSHOTS)
    hour = 3_600_000
    with closing(Store.open(pruned.settings.readings_db)) as store:
        pruner = Pruner(store, Ages(hour, 30 * hour, 30 * hour), {}, lambda: 1.0)
        while pruner.step(pruned.to_ms):
            pass
        whole = sum(1 for _ in store.snapshots("town-1", 0, 2**53))
    assert whole < SNAPSHOTS / 2
    with (here / "waystation.toml").open("r+") as settings:
        said = settings.read()
        settings.seek(0)
        settings.truncate()
        settings.write(re.sub("^data_dir = .*$", f'data_dir = "{pruned.folder}"', said, flags=re.MULTILINE))
    assert typed("backfill", "--network", "town")[0] == 0
    assert counted(server) == {"town-1": whole}
    people = server.query("typed", "SELECT count(people) AS n FROM occupancy WHERE station = 'town-1'")
    assert people[0]["n"] == SNAPSHOTS


def test_what_is_inside_a_network_is_its_own(server: Influx) -> None:
    assert typed("backfill", "--network", "city")[0] == 0
    assert counted(server) == ALL


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--network", "village"), 2, "no network 'village'; there are: city, town"),
        (("--from", "2026-07-02", "--to", "2026-07-01"), 2, "--to 2026-07-01 is before --from 2026-07-02"),
    ],
)
def test_a_question_that_cannot_be(server: Influx, words: tuple[str, ...], code: int, said: str) -> None:
    assert server.instead == type(server.instead)()
    given, told = typed("backfill", *words)
    assert given == code
    assert said in told


@pytest.mark.parametrize(("command", "token"), [("setup", "…"), ("backfill", "two words")])
def test_a_token_that_was_copied_wrongly_is_told_and_not_shown(
    here: Path, influx_server: Influx, command: str, token: str
) -> None:
    name(here, influx_server, "typed", token)
    code, said = typed(command)
    assert (code, said.strip()) == (
        2,
        "influx_token holds a sign that no token has, or a blank: copy it anew",
    )


def test_setup_wants_a_token(here: Path) -> None:
    with (here / "waystation.toml").open("a") as settings:
        settings.write('influx_url = "http://127.0.0.1:1"\n')
    assert typed("setup") == (2, "not set: influx_token or influx_token_file; docs/influx.md has the steps\n")


def test_says_why_nothing_is_taken(here: Path, influx_server: Influx) -> None:
    assert typed("backfill") == (2, "not set: influx_url; docs/influx.md has the steps\n")
    name(here, influx_server, "typed", "a-wrong-token")
    code, said = typed("backfill")
    assert code == 1
    assert "InfluxDB takes nothing: 401" in said
    assert "a-wrong-token" not in said


def test_lines_that_are_refused_are_shown(server: Influx) -> None:
    server.query("", 'CREATE RETENTION POLICY "short" ON "typed" DURATION 1h REPLICATION 1 DEFAULT')
    code, said = typed("backfill", "--network", "town")
    assert code == 0
    assert "0 lines of 1 stations are written" in said
    assert re.search(r"[\d,]{5} lines were refused for good; the first of them:", said)
    assert re.search(r"422 .*beyond retention policy.*: sockets,network=town,district=-,station=town-1", said)


def test_one_at_a_time(city: City, server: Influx) -> None:
    with waiting(city, server):
        assert typed("backfill") == (1, "another waystation influx backfill is running\n")


def test_a_folder_that_is_not_ones_own(city: City, server: Influx) -> None:
    lock = city.folder / "influx_backfill.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # as good as a file of another user, for root too
    code, said = typed("backfill")
    lock.rmdir()
    assert code == 1
    assert "sudo -u waystation" in said
    assert counted(server) == {}


def test_set_up_says_what_it_did(here: Path) -> None:
    with influx_api(virtual=False) as api:
        name(here, api, "waystation", api.token())
        code, said = typed("setup", "--retention", "1096")
        assert code == 0
        bucket_id = next(iter(api.buckets))
        assert said.splitlines() == [
            'bucket "waystation" is made; it keeps 1096 days',
            'InfluxQL finds it as database "waystation": the mapping is made',
            "this token may write and read",
            "tokens that may do no more than they have to:",
            f"  influx auth create --org city --description waystation --write-bucket {bucket_id}",
            f"  influx auth create --org city --description grafana --read-bucket {bucket_id}",
        ]
        changes = list(api.changes)
        assert typed("setup")[0] == 0
        assert typed("setup", "--retention", "30", stdin="n\n")[0] == 1
        assert api.changes == changes, "to keep less has to be wanted"
        code, said = typed("setup", "--retention", "30", stdin="y\n")
        assert code == 0
        assert "would drop what is older than 30 days" in said
        assert api.changes == [*changes, "retention [{'type': 'expire', 'everySeconds': 2592000}]"]


def test_set_up_says_what_is_not_allowed(here: Path) -> None:
    with influx_api() as api:
        name(here, api, "waystation", "unknown-token")
        code, said = typed("setup")
    assert code == 1
    assert "unauthorized access" in said
    assert "unknown-token" not in said


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
        (Standing(taken_ms=NOW_MS - 4_000), 0, "wrote 4 s ago, nothing is waiting"),
        (Standing(taken_ms=NOW_MS, since_ms=NOW_MS - 60_000), 0, "wrote 0 s ago, is behind for 60 s"),
        (Standing(taken_ms=NOW_MS, since_ms=NOW_MS - 3_600_000), 1, "wrote 0 s ago, is behind for 60 min"),
        (None, 1, "runs, but was started without influx_url: restart it"),
    ],
)
def test_status_passes_on_what_the_server_says(
    here: Path, server: Influx, standing: Standing | None, code: int, words: str
) -> None:
    pipeline = Pipeline(connected=True, alive=True, influx=standing)
    assert not server.instead
    site = build_web(TableLive(), TableStore(), Settings(), pipeline, now_ms=lambda: NOW_MS)
    with serving(site) as port:
        settings = (here / "waystation.toml").read_text()
        (here / "waystation.toml").write_text(
            re.sub(r"^port = \d+", f"port = {port}", settings, flags=re.MULTILINE)
        )
        given, said = typed("status")
    assert given == code
    assert words in said


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
