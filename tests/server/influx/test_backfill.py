"""Bringing in what was before, by the lines that InfluxDB is given: stopped, refused, kept waiting."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from server.influx import known
from server.influx.answers import TAKEN, Answer, Later, Refused
from server.influx.backfill import FEWEST_LINES, MOST_LINES, Backfill, Bookmark, Reached, Span, StoppedError
from server.store.commits import Commits
from tests.support.forwarding import MIN, NET, NOON_MS, Bucket, Forwarding, day, station
from tests.support.influx_city import HEARTBEAT_MS, City

FROM_MS = 1_784_000_000_000 // 3_600_000 * 3_600_000
JOB = "all of it"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """More than three requests' worth of lines."""
    return City(tmp_path_factory.mktemp("city"), FROM_MS, 900)


class Server:
    """Takes lines, as a server that does what ``answers`` says first; each of them is for one request."""

    def __init__(self, *answers: Answer | Callable[[], Answer]) -> None:
        self.lines: list[str] = []
        self.sizes: list[int] = []
        self._answers = list(answers)

    def write(self, lines: Sequence[str]) -> Answer:
        self.sizes.append(len(lines))
        answer = self._answers.pop(0) if self._answers else TAKEN
        answer = answer() if callable(answer) else answer
        if answer == TAKEN:
            self.lines += lines
        return answer


class Rig:
    """A backfill that can be asked again and again."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city, self.path = city, folder / "bookmark"
        self.told: list[tuple[Reached, str]] = []
        self.slept: list[float] = []

    def run(self, server: Server, job: str = JOB, first: int = 0) -> Backfill:
        """All stations' time from the snapshot of that number on."""
        bookmark = Bookmark(self.path, job)
        tell = lambda reached, why: self.told.append((reached, why))  # noqa: E731  (short)
        reached = bookmark.read(self.city.to_ms)
        work = Backfill(server.write, bookmark, reached, tell, self.slept.append)
        from_ms = self.city.from_ms + first * HEARTBEAT_MS
        spans = [Span(place, from_ms, self.city.to_ms) for place in self.city.places()]
        work.run(Commits(self.city.settings.readings_db), spans)
        return work


@pytest.fixture
def rig(city: City, tmp_path: Path) -> Rig:
    return Rig(city, tmp_path)


@pytest.fixture(scope="module")
def whole(city: City, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines of a run that nothing stops."""
    server = Server()
    Rig(city, tmp_path_factory.mktemp("whole")).run(server)
    return server.lines


def stop() -> Answer:
    raise KeyboardInterrupt


def test_each_line_is_written_once_in_large_requests(rig: Rig, whole: list[str]) -> None:
    server = Server()
    work = rig.run(server)
    assert server.lines == whole
    assert len(set(whole)) == len(whole) == work.reached.lines > 3 * MOST_LINES
    assert MOST_LINES - 50 < max(server.sizes) <= MOST_LINES
    assert len(server.sizes) <= len(whole) / MOST_LINES + 2
    assert not rig.path.exists(), "nothing is left to do"
    assert [reached.lines for reached, _ in rig.told] == sorted(reached.lines for reached, _ in rig.told)


@pytest.mark.parametrize("taken", range(4))
def test_stopped_anywhere_it_goes_on_there(rig: Rig, whole: list[str], taken: int) -> None:
    before = Server(*[TAKEN] * taken, stop)
    with pytest.raises(KeyboardInterrupt):
        rig.run(before)
    after = Server()
    work = rig.run(after)
    again = len(before.lines) + len(after.lines) - len(whole)
    assert again <= MOST_LINES + 500, "what is written twice is a request or so, not all of it"
    assert work.reached.lines - again <= len(whole) <= work.reached.lines + MOST_LINES
    assert same(before.lines + after.lines, whole)


def same(lines: list[str], whole: list[str]) -> bool:
    """Nothing is missing; what is more only says again what was said of units."""
    had, wanted = set(map(unnamed, lines)), set(map(unnamed, whole))
    return wanted <= had and all(line.startswith(("sockets,", "cabinets,")) for line in had - wanted)


def unnamed(line: str) -> str:
    """Without the name, which is written every five minutes and at each beginning."""
    return re.sub(r',name=".*(?= \d+$)', "", line)


def test_waits_for_influxdb_and_says_so(rig: Rig, whole: list[str]) -> None:
    server = Server(TAKEN, Later("503 not ready", pause_ms=7_000), Later("cannot be reached: refused"))
    rig.run(server)
    assert server.lines == whole
    assert rig.slept == [7.0, 2.0]
    assert [why for _, why in rig.told if why] == ["503 not ready", "cannot be reached: refused"]
    assert rig.told[-1][1] == ""


def test_ends_at_once_when_nothing_was_ever_taken(rig: Rig) -> None:
    with pytest.raises(StoppedError, match="401 the token is not accepted"):
        rig.run(Server(Later("401 the token is not accepted: unauthorized access")))
    assert rig.slept == []


def test_ends_when_nothing_is_taken_any_more(rig: Rig, whole: list[str]) -> None:
    before = Server(TAKEN, *[Later("cannot be reached: refused")] * 10)
    with pytest.raises(StoppedError, match="cannot be reached"):
        rig.run(before)
    assert 200 < sum(rig.slept) < 300, "seconds"
    after = Server()
    rig.run(after)
    assert same(before.lines + after.lines, whole)


def test_asks_for_less_where_a_request_is_too_large(rig: Rig, whole: list[str]) -> None:
    server = Server(TAKEN, Later("413 too much at once", smaller=True), Later("no answer", smaller=True))
    rig.run(server)
    assert server.lines == whole
    assert max(server.sizes[3:]) == MOST_LINES // 4 > FEWEST_LINES
    assert rig.slept == []


def test_what_is_refused_for_good_is_left_out_and_counted(rig: Rig, whole: list[str]) -> None:
    bad = [whole[3], whole[MOST_LINES + 77]]

    class Refusing(Server):
        def write(self, lines: Sequence[str]) -> Answer:
            if set(bad) & set(lines):
                return Refused("422 partial write: points beyond retention policy")
            return super().write(lines)

    server = Refusing()
    work = rig.run(server)
    assert sorted(letter.line for letter in work.letters) == sorted(bad)
    assert work.reached.refused == 2
    assert set(server.lines) == set(whole) - set(bad)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"job": 3}', json.dumps({"job": JOB, "asked_ms": 1, "no": 2})]
)
def test_a_bookmark_that_cannot_be_read_is_none(rig: Rig, text: str) -> None:
    rig.path.write_text(text)
    assert Bookmark(rig.path, JOB).read(5) == Reached(JOB, 5)


def test_another_question_begins_anew(rig: Rig, whole: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        rig.run(Server(TAKEN, TAKEN, stop))
    server = Server()
    rig.run(server, job="another")
    assert server.lines == whole


def test_a_later_beginning_counts_what_was_before(rig: Rig, whole: list[str]) -> None:
    server = Server()
    rig.run(server, first=500)
    tail = {line for line in whole if int(line.rpartition(" ")[2]) >= FROM_MS + 500 * HEARTBEAT_MS}
    assert {line for line in server.lines if line.startswith("occupancy")} == {
        line for line in tail if line.startswith("occupancy")
    }, "visits are counted from the station's beginning"


def test_it_writes_what_the_forwarder_would_have_written(tmp_path: Path) -> None:
    live, later = Bucket(), Bucket()
    scene = Forwarding(tmp_path, live.take, [station("a"), station("b", region=())])
    scene.steps()
    for n in range(1, 120):
        for id_ in ("a", "b"):
            scene.commit(id_, day(n, NOON_MS + n * MIN, people_in=3 * n, people_out=2 * n))
        scene.turn(MIN)
    scene.rest()
    bookmark = Bookmark(tmp_path / "bookmark", JOB)
    places = known.places({NET.id: NET}, scene.stations.values(), {})
    work = Backfill(later.take, bookmark, bookmark.read(scene.now_ms), lambda _reached, _why: None)
    work.run(Commits(scene.store.path), [Span(each, 0, scene.now_ms) for each in places])
    scene.close()
    for measurement in ("climate", "occupancy", "sockets", "cabinets", "status", "health"):
        assert later.of(measurement) == live.of(measurement), measurement
