"""``waystation influx backfill``, against a real InfluxDB: it goes on where it was, or says why not."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from server.influx.ledger import Ledger
from server.store.pruner import Ages, Pruner
from server.store.sqlite import Store
from tests.support.influx import Answer, Influx
from tests.support.influx_city import STATIONS, City
from tests.support.influx_typed import BEFORE, BOOKMARK, MIDNIGHT_MS, SNAPSHOTS, name, typed
from tests.support.recordings import CHECKOUT
from tests.support.wait import until


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
