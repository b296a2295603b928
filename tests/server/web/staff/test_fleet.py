"""``/staff/fleet``: what is shown of the machines, by place, and what leaves as a table."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract import topics
from contract.messages import Fault, Health
from server.cells import harmless
from server.influx.standing import Standing
from server.model import Station
from server.store import DeadLetter
from tests.support.console import Browser, Console, console
from tests.support.fleet import announce, speak
from tests.support.staff import NOW_MS

HOSTILE = '=HYPERLINK("http://e")<script>alert(1)</script>'
Browse = Callable[[str], Browser]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        opened.registry.put_stations(
            [
                Station("city-0003", "city", HOSTILE, region=("小店区",), instrumented=True),
                Station("city-0004", "city", "未通电驿站", region=("小店区",), instrumented=True),
            ]
        )
        opened.live.refresh_registry(opened.registry.networks(), opened.registry.stations(), NOW_MS)
        speak(opened, "city-0001", clock="unsynced")
        speak(opened, "city-0002", ago_ms=3_600_000, health=Health(340, 12, 600))
        speak(opened, "city-0003", ago_ms=400_000, faults=(Fault("room", "no_answer", NOW_MS - 900_000),))
        announce(opened, "city-0001", "0.10.0")
        announce(opened, "city-0002", "0.9.1")
        announce(opened, "city-0003", "0.10.0")
        yield opened


def listed(page: str) -> list[str]:
    """Ids of the stations in the list, in its order."""
    return re.findall(r'class="who" href="/staff/stations/([^"?]+)', page)


def named(page: str) -> list[str]:
    """Ids of the stations that are named before the list."""
    part = page.partition('class="wrong-now"')[2].partition("</section>")[0]
    return re.findall(r'href="/staff/stations/([^"?]+)', part)


def test_a_few_stations_in_trouble_are_named_before_everything(browse: Browse, made: Console) -> None:
    page = browse("ada").get("/staff/fleet").text
    assert named(page) == ["city-0002", "city-0003", "city-0001"], "the worst first; none that never spoke"
    assert named(browse("ada").get("/staff/fleet?state=offline").text) == [], "the list itself is that"
    for n in range(7):
        id_ = f"city-1{n:03}"
        made.registry.put_stations([Station(id_, "city", id_, instrumented=True)])
        made.live.refresh_registry(made.registry.networks(), made.registry.stations(), NOW_MS)
        speak(made, id_, ago_ms=3_600_000)
    assert named(browse("ada").get("/staff/fleet").text) == [], "ten are no few"


@pytest.mark.parametrize(
    ("query", "ids", "why"),
    [
        ("", ["city-0002", "city-0004", "city-0003", "city-0001", "town-0001"], "worst first, static last"),
        ("?state=offline", ["city-0002"], "silent for an hour"),
        ("?state=never", ["city-0004"], "never heard, though a device belongs to it"),
        ("?state=static", ["town-0001"], "without a device is no fault"),
        ("?trouble=clock", ["city-0001"], "its clock is not set"),
        ("?trouble=lost", ["city-0002"], "it has declared losses"),
        ("?trouble=backlog", ["city-0002"], "rows wait there"),
        ("?trouble=sensor", ["city-0003"], "a sensor does not answer"),
        ("?network=town", ["town-0001"], "one network"),
        ("?district=迎泽区", ["city-0002"], "one district"),
        ("?version=0.10.0", ["city-0003", "city-0001"], "one version"),
        ("?q=文庙", ["city-0002"], "by name"),
        ("?q=0004", ["city-0004"], "by id"),
        ("?sort=lost", ["city-0002", "city-0001", "city-0003", "city-0004", "town-0001"], "by losses"),
        ("?sort=version", ["city-0002", "city-0001", "city-0003", "city-0004", "town-0001"], "0.9 < 0.10"),
        ("?state=odd&trouble=x&sort=y&page=z&network=nowhere", 5, "what cannot be stands for all"),
        ("?page=99", 5, "beyond the last is the last"),
    ],
)
def test_which_are_listed(browse: Browse, query: str, ids: list[str] | int, why: str) -> None:
    page = browse("ada").get("/staff/fleet" + query)
    assert page.status_code == 200
    assert (len(listed(page.text)) if isinstance(ids, int) else listed(page.text)) == ids, why


@pytest.mark.parametrize(
    ("user", "seen"), [("vi", 5), ("max", 4), ("tian", 3)], ids=["everywhere", "a city", "a district"]
)
def test_each_sees_their_own_places(browse: Browse, user: str, seen: int) -> None:
    browser = browse(user)
    page = browser.get("/staff/fleet").text
    table = browser.get("/staff/fleet.csv").text
    assert (len(listed(page)), len(table.splitlines()) - 1) == (seen, seen)
    assert ("镇口驿站" in page + table) == (user == "vi")
    assert listed(browser.get("/staff/fleet?network=town").text) == (["town-0001"] if user == "vi" else [])


def test_the_server_itself_is_for_those_who_are_limited_to_no_place(made: Console, browse: Browse) -> None:
    made.pipeline.unknown("stranger-1", NOW_MS)
    made.pipeline.refuse("malformed", 7)
    everywhere, limited = browse("vi").get("/staff/fleet").text, browse("max").get("/staff/fleet").text
    assert "stranger-1" in everywhere
    assert "格式不对" in everywhere
    assert "stranger-1" not in limited
    assert "格式不对" not in limited


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (None, []),
        (Standing(), ["up to date"]),
        (Standing(since_ms=NOW_MS - 5_000), ["up to date"]),
        (Standing(since_ms=NOW_MS - 180_000, rows=1_204), ["3 min behind, 1,204 snapshots to go"]),
        (
            Standing(since_ms=NOW_MS - 180_000, rows=5, why="404 <b>no</b>", refused=2),
            [
                "takes nothing: 3 min behind, 5 snapshots wait",
                "404 &lt;b&gt;no&lt;/b&gt;",
                "refused</dt><dd>2",
            ],
        ),
        (Standing(dropped=1_200), ["never got</dt><dd>1,200"]),
        (
            Standing(damaged="influx.db.corrupt-1", late=25),
            ["written again, 25 stations to go", "kept as influx.db.corrupt-1"],
        ),
        (Standing(damaged="influx.db.corrupt-1"), ["everything has been written again"]),
    ],
    ids=["not used", "well", "a moment", "behind", "away", "dropped", "damaged", "repaired"],
)
def test_whoever_sees_everything_sees_how_far_influxdb_is(
    browse: Browse, made: Console, standing: Standing | None, said: list[str]
) -> None:
    made.pipeline.influx = standing
    page = browse("ada").get("/staff/fleet?lang=en").text
    assert ("InfluxDB" in page) == bool(said)
    assert not [each for each in said if each not in page]
    assert "InfluxDB" not in browse("max").get("/staff/fleet").text, "the server is not everybody's"


def test_versions_are_counted_the_oldest_first(browse: Browse) -> None:
    page = browse("ada").get("/staff/fleet?lang=en").text
    versions = page[page.index('id="versions"') :]
    assert re.findall(r"<bdi>([0-9.]+)</bdi> <strong>(\d+)", versions) == [("0.9.1", "1"), ("0.10.0", "2")]
    assert versions.index("oldest") < versions.index("0.10.0")


def test_names_are_text_everywhere(browse: Browse) -> None:
    browser = browse("ada")
    page = browser.get("/staff/fleet").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    answer = browser.get("/staff/fleet.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf"), "so that Excel reads Chinese"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [len(row) for row in rows] == [12] * 6
    assert "'" + HOSTILE in [row[1] for row in rows]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＠a"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "0.9.1", "文庙驿站", "city-0001", "a=b"])
def test_other_cells_stay(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_city_comes_in_pages(made: Console, browse: Browse) -> None:
    many = [Station(f"many-{n:04}", "town", f"站{n:04}", region=("镇区",)) for n in range(2_080)]
    made.registry.put_stations(many)
    made.live.refresh_registry(made.registry.networks(), made.registry.stations(), NOW_MS)
    browser = browse("ada")
    seen = [listed(browser.get(f"/staff/fleet?network=town&sort=name&page={n}").text) for n in (1, 2, 42)]
    assert [len(page) for page in seen] == [50, 50, 31]
    assert len(browser.get("/staff/fleet?network=town").content) < 60_000
    assert len(browser.get("/staff/fleet.csv?network=town").text.splitlines()) == 2_082


def test_nobody_gets_in_without_a_session(browse: Browse) -> None:
    for path in ("/staff/fleet", "/staff/fleet.csv", "/staff/fleet/letters"):
        answer = browse("").get(path)
        assert (answer.status_code, "city" in answer.text) == (303, False), path


# --- messages that were not taken -----------------------------------------------------------------


def letter(topic: str, payload: bytes = b"{", reason: str = "malformed", at_ms: int = NOW_MS) -> DeadLetter:
    return DeadLetter(at_ms - 60_000, topic, reason, f"detail of {topic[-12:]}", "ab" * 8, 7, payload)


@pytest.mark.parametrize(
    ("user", "shown"), [("vi", 4), ("max", 2), ("tian", 1)], ids=["everywhere", "a city", "a district"]
)
def test_letters_of_ones_own_places(made: Console, browse: Browse, user: str, shown: int) -> None:
    sent = [
        topics.topic("city-0001", "telemetry"),
        topics.topic("city-0002", "telemetry"),
        topics.topic("stranger", "telemetry"),
        "../x",
    ]
    made.store.commit((), [letter(topic) for topic in sent])
    page = browse(user).get("/staff/fleet/letters").text
    assert page.count('class="detail"') == shown
    assert ("city-0001" in page) is True
    assert ("stranger" in page, "../x" in page) == (user == "vi", user == "vi")


def test_hostile_letters_are_text_and_short(made: Console, browse: Browse) -> None:
    payload = b"<img src=x onerror=alert(1)>\x00\x1b[31m\xff\xfe" + "\u202e开".encode() * 900
    made.store.commit((), [letter(topics.topic("city-0001", "telemetry"), payload, "<b>odd</b>")])
    page = browse("ada").get("/staff/fleet/letters").text
    assert "<img src=x" not in page
    assert "<b>odd" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;�" in page
    assert not set("\x00\x1b\u202e") & set(page)
    assert len(page) < 15_000
    assert "字节没显示" in page


def test_letters_by_reason_and_station(made: Console, browse: Browse) -> None:
    mine, other = topics.topic("city-0001", "telemetry"), topics.topic("city-0002", "telemetry")
    made.store.commit((), [letter(mine), letter(mine, reason="too_old"), letter(other)])
    browser = browse("ada")
    for query, count in (("?reason=too_old", 1), ("?station=city-0001", 2), ("?station=nowhere", 0)):
        page = browser.get("/staff/fleet/letters" + query).text
        assert page.count('class="detail"') == count, query


def test_the_newest_letters_are_shown_and_the_rest_counted(made: Console, browse: Browse) -> None:
    mine = topics.topic("city-0001", "telemetry")
    made.store.commit((), [letter(mine, at_ms=NOW_MS - n) for n in range(120)])
    page = browse("ada").get("/staff/fleet/letters").text
    assert (page.count('class="detail"'), "还有 70 条" in page) == (50, True)


def test_a_store_that_cannot_be_read_says_so(browse: Browse, tmp_path: Path) -> None:
    (tmp_path / "readings.db").rename(tmp_path / "away.db")
    assert browse("ada").get("/staff/fleet/letters").status_code == 503
    assert browse("ada").get("/staff/fleet").status_code == 200, "what is live is still shown"
    (tmp_path / "away.db").rename(tmp_path / "readings.db")
