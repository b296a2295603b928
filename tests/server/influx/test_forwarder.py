"""The forwarder against a real InfluxDB that is away, slow, wrongly set up, killed; nothing good is lost."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.messages import Info
from server.influx.client import Client
from server.influx.ledger import Ledger, reached
from server.influx.writer import write
from tests.support.forwarding import MIN, NOON_MS, Forwarding, day, station
from tests.support.influx import Answer, Influx, influx

HOUR = 60 * MIN
BUCKET = "city"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Influx]:
    """One of its own, which may be killed."""
    with influx(tmp_path / "influx") as server:
        server.create(BUCKET)
        yield server


def client(server: Influx, *, token: str = "", url: str = "", timeout_ms: int = 10_000) -> Client:
    return Client(url or server.url, server.org, BUCKET, token or server.token, timeout_ms=timeout_ms)


@pytest.fixture
def scene(tmp_path: Path, server: Influx) -> Iterator[Forwarding]:
    to = client(server)
    scene = Forwarding(tmp_path, to.write, [station("a"), station("b")])
    scene.steps()
    yield scene
    scene.close()
    to.close()


def minute(scene: Forwarding, number: int) -> None:
    """What both stations say in a minute."""
    for id_ in ("a", "b"):
        at_ms = NOON_MS + number * MIN
        scene.commit(id_, day(number, at_ms, people_in=3 * number, people_out=2 * number))


def counts(server: Influx) -> list[tuple[int, int]]:
    """Time and people of every point of a station."""
    rows = server.query(BUCKET, "SELECT people FROM occupancy WHERE station = 'a'")
    return [(row["time"], row["people"]) for row in rows]


def expected(last: int) -> list[tuple[int, int]]:
    return [(NOON_MS + number * MIN, number - 1) for number in range(1, last + 1)]


def test_what_is_committed_is_there_to_be_asked(scene: Forwarding, server: Influx) -> None:
    scene.say("a", Info("1.4.2", 1, 30))
    for number in range(1, 41):
        minute(scene, number)
    scene.rest()
    assert counts(server) == expected(40)
    latest = server.query(
        BUCKET,
        'SELECT last(crowding_code) AS crowding, last("name") AS called FROM status'
        " GROUP BY network, district, station",
    )
    assert [(row["network"], row["district"], row["station"]) for row in latest] == [
        ("net", "东区", "a"),
        ("net", "东区", "b"),
    ]
    assert (latest[0]["crowding"], latest[0]["called"]) == (3, "站 a"), "39 people in ten places"
    version = server.query(BUCKET, "SELECT last(agent_version) AS version FROM health GROUP BY station")
    assert version[0]["version"] == "1.4.2"
    units = server.query(BUCKET, "SELECT last(state) FROM cabinets GROUP BY station, unit")
    assert [row["unit"] for row in units if row["station"] == "a"] == ["swap/1", "swap/2"]
    scene.turn(MIN)
    network = server.query(BUCKET, "SELECT last(registered) AS n, last(visits_today) AS v FROM network")
    assert (network[0]["n"], network[0]["v"]) == (2, 2 * 3 * 39)
    standing = scene.pipeline.influx
    assert standing is not None
    assert (standing.since_ms, standing.why, standing.refused, standing.rows) == (None, "", 0, 0)


def test_away_for_an_hour(scene: Forwarding, server: Influx) -> None:
    minute(scene, 1)
    scene.rest()
    server.kill()
    for number in range(2, 62):
        minute(scene, number)
        scene.turn(MIN)
    standing = scene.forwarder.standing
    assert standing.behind_ms(scene.now_ms) >= 59 * MIN
    assert standing.rows == 120
    assert standing.why.startswith("cannot be reached")
    assert scene.forwarder.reached() == 2, "what is not written yet may not be pruned"
    server.start()
    scene.rest()
    assert counts(server) == expected(61)
    minutes = server.query(BUCKET, "SELECT registered FROM network")
    assert len(minutes) >= 60, "how the network was meanwhile is told too"
    assert scene.forwarder.reached() == 122


def test_it_comes_again_when_it_was_asked_to(scene: Forwarding, server: Influx) -> None:
    minute(scene, 1)
    server.instead.append(Answer(503, headers={"Retry-After": "90"}))
    scene.turn(6_000)
    assert scene.forwarder.standing.why == "503 not ready: not now"
    server.instead.append(Answer(500))
    for _ in range(8):
        scene.turn(10_000)
    assert len(server.instead) == 1, "no request for ninety seconds"
    scene.turn(10_000)
    assert not server.instead, "then one"
    scene.rest()
    assert counts(server) == expected(1)


def test_pauses_grow_while_it_answers_with_faults(scene: Forwarding, server: Influx) -> None:
    minute(scene, 1)
    server.instead.extend(Answer(500) for _ in range(100))
    for _ in range(600):
        scene.turn(1_000)
    assert 12 <= 100 - len(server.instead) <= 17, "1 2 4 8 16 32 s, then each minute, in ten minutes"
    server.instead.clear()
    scene.rest()
    assert counts(server) == expected(1)


def test_a_wrong_token_is_said_and_never_told(
    scene: Forwarding, server: Influx, caplog: pytest.LogCaptureFixture
) -> None:
    minute(scene, 1)
    caplog.set_level(logging.DEBUG)
    wrong = client(server, token="wr0ng-t0ken")  # noqa: S106 # it is none
    scene.write = wrong.write
    scene.restart()
    scene.turn(6_000)
    assert scene.forwarder.standing.why == "401 the token is not accepted: unauthorized access"
    assert "influx_waits" in caplog.text
    assert "wr0ng-t0ken" not in caplog.text
    wrong.close()
    right = client(server)
    scene.write = right.write
    scene.restart()
    scene.rest()
    assert counts(server) == expected(1)
    right.close()


def test_a_bucket_that_is_missing_is_waited_for(scene: Forwarding, server: Influx) -> None:
    server.drop(BUCKET)
    minute(scene, 1)
    scene.turn(6_000)
    assert scene.forwarder.standing.why == '404 no such bucket or organization: bucket "city" not found'
    server.create(BUCKET)
    scene.rest()
    assert counts(server) == expected(1)


def test_an_answer_that_does_not_come(tmp_path: Path, server: Influx) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = client(server, url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_ms=200)
        scene = Forwarding(tmp_path, deaf.write, [station("a"), station("b")])
        scene.steps()
        minute(scene, 1)
        scene.turn(6_000)
        assert scene.forwarder.standing.why.startswith("no answer")
        deaf.close()
    to = client(server)
    scene.write = to.write
    scene.restart()
    scene.rest()
    assert counts(server) == expected(1)
    scene.close()
    to.close()


def test_one_line_in_a_thousand_is_refused(server: Influx) -> None:
    lines = [f"climate,station=s{n} temperature_c={n % 40}.5 {NOON_MS + n}" for n in range(5_000)]
    for n in range(7, 5_000, 1_000):
        lines[n] = f"climate,station=s{n} temperature_c= {NOON_MS + n}"
    to = client(server)
    letters = write(lines, to.write)
    assert [letter.line for letter in letters] == lines[7::1_000]
    assert all(letter.why.startswith("400 unable to parse") for letter in letters)
    kept = server.query(BUCKET, "SELECT count(temperature_c) AS n FROM climate")
    assert kept[0]["n"] == 4_995
    to.close()


def test_what_is_refused_is_kept_counted_and_shown(scene: Forwarding, server: Influx) -> None:
    foreign = client(server)
    foreign.write([f'health,station=x outbox_rows="many" {NOON_MS}'])
    foreign.close()
    for number in range(1, 42):
        minute(scene, number)
    scene.rest()
    assert counts(server) == expected(41), "all the others are written"
    assert scene.forwarder.standing.refused == 4, "two reports of each station"
    with_ledger = Ledger.open(scene.folder / "influx.db")
    letters = with_ledger.refused()
    with_ledger.close()
    assert [line.partition(",")[0] for _, _, line in letters] == ["health"] * 4
    assert all("field type conflict" in why for _, why, _ in letters)
    scene.restart()
    scene.turn(6_000)
    assert scene.forwarder.standing.refused == 4, "also after a restart"


def test_how_far_it_is_can_be_asked_of_the_file(tmp_path: Path, scene: Forwarding) -> None:
    assert reached(tmp_path / "none.db") is None
    minute(scene, 1)
    scene.rest()
    assert reached(scene.folder / "influx.db") == 2 == scene.forwarder.reached()
    scene.commit("a", day(9, NOON_MS, people_in=0, people_out=0))
    scene.turn(6_000)
    assert reached(scene.folder / "influx.db") == 2, "a late row that is not written yet"
    scene.rest()
    assert reached(scene.folder / "influx.db") == 3


def test_another_store_in_the_place_of_the_first(scene: Forwarding, server: Influx) -> None:
    for number in range(1, 6):
        minute(scene, number)
        scene.turn(MIN)
    scene.rest()
    scene.store.close()
    for part in scene.folder.glob("readings.db*"):
        part.unlink()
    scene.forwarder.close()
    again = Forwarding(scene.folder, scene.write, list(scene.stations.values()))
    again.now_ms = scene.now_ms + 2 * HOUR
    minute(again, 6)
    again.rest()
    assert counts(server)[-1] == (NOON_MS + 6 * MIN, 0), "counted anew, as the new store has it"
    assert again.forwarder.reached() == 2
    again.close()
