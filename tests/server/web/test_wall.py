"""The wall as it is asked for: who gets it, what is told, and what is kept of its address: nothing."""

import logging
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.alerts.model import Subject
from server.pipeline import Pipeline
from server.settings import Settings
from server.state import StationState
from server.walls import Walls
from server.web.build import build_web
from tests.support.asgi import Client, asking
from tests.support.wall import MIN, NETWORK, WallSite, alarm, real_ms, wall_site
from tests.support.web import TableLive, TableStore, crowd, open_state, static_state, station

HTML = {"accept": "text/html"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[WallSite]:
    now_ms = real_ms()
    states = [open_state(station(number), now_ms) for number in (1, 2, 3)]
    with wall_site(tmp_path, *states, static_state(station(4))) as made:
        yield made


@pytest.fixture
def client(site: WallSite) -> Iterator[Client]:
    with asking(site.front) as asked:
        yield asked


def words(html: str) -> str:
    """What stands on the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.S))


def test_it_tells_the_network_its_figures_and_how_old_they_are(site: WallSite, client: Client) -> None:
    site.live.put(crowd(open_state(station(1), real_ms()), real_ms()))
    site.live.visits |= {"taiyuan-0001": 900, "taiyuan-0002": 34}
    said = words(client.ask(site.path).text)
    assert "太原市" in said
    for told in (
        "开放 4 已知 4 座",
        "拥挤 1 已知 3 座",
        "太热 1 已知 3 座",
        "今天人次 934 2 座没有计数",
        "满电电池 3 共 24 仓",
        "空插座 4 共 24 个",
        "3/4 座有读数",
        "现在没有问题",
    ):
        assert told in said, said


def test_it_is_chinese_whatever_the_browser_likes_unless_the_address_says_english(
    site: WallSite, client: Client
) -> None:
    english = {"accept-language": "en-GB"}
    assert "开放" in client.ask(site.path, headers=english).text
    assert 'lang="zh-CN"' in client.ask(f"{site.path}?lang=zh", headers=english).text
    told = words(client.ask(f"{site.path}?lang=en").text)
    assert "Taiyuan" in told
    assert "Nothing is wrong now" in told


@pytest.mark.parametrize(
    ("network", "secret"),
    [
        (NETWORK, "A" * 43),
        (NETWORK, "x"),
        ("liuyang", None),
        ("nowhere", None),
        ("nowhere", "A" * 43),
    ],
)
def test_whatever_is_not_a_link_is_the_same_404(
    site: WallSite, client: Client, network: str, secret: str | None
) -> None:
    revoked_secret = Walls(site.staff.desk).make(NETWORK, "旧", "ada", real_ms())
    walls = Walls(site.staff.desk)
    walls.revoke(next(each for each in walls.links() if each.name == "旧"), "ada", real_ms())

    def told(path: str) -> tuple[int, str, list[tuple[str, str]]]:
        answer = client.ask(path, headers=HTML)
        kept = [pair for pair in answer.headers.items() if pair[0] not in ("date", "content-length")]
        return answer.status_code, answer.text.replace(path, ""), kept

    revoked = told(f"/wall/{NETWORK}/{revoked_secret}")
    assert revoked[0] == 404
    assert told(f"/wall/{network}/{secret or site.secret}") == revoked


@pytest.mark.parametrize(
    ("asked", "first", "second"), [("", "这块大屏打不开", "This wall cannot be opened"),
                                   ("?lang=en", "This wall cannot be opened", "这块大屏打不开")],
)  # fmt: skip
def test_who_has_no_link_is_told_why_and_whom_to_ask_in_both_languages(
    site: WallSite, client: Client, asked: str, first: str, second: str
) -> None:
    answer = client.ask(f"/wall/{NETWORK}/{'A' * 43}{asked}", headers=HTML | {"accept-language": "en-GB"})
    said = words(answer.text)
    assert said.index(f" {first} ", said.index(f" {second} ")) < said.rindex(f" {second} "), (
        "the title has both"
    )
    for told in ("或者已经作废", "or was revoked", "请管理驿站的人", "ask whoever manages the stations"):
        assert told in said
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    for network in site.live.networks().values():
        for hint in (network.id, network.name_zh, network.name_en):
            assert hint not in answer.text
    assert "A" * 43 not in answer.text
    assert "offline.js" not in answer.text


def test_a_revoked_link_ends_at_the_next_question(site: WallSite, client: Client) -> None:
    assert client.ask(site.path).status_code == 200
    walls = Walls(site.staff.desk)
    walls.revoke(walls.links(NETWORK)[0], "ada", real_ms())
    assert client.ask(site.path).status_code == 404, "what was kept for other walls is not given out"


def test_no_cache_keeps_it_no_engine_finds_it_and_nobody_is_told_where_a_reader_came_from(
    site: WallSite, client: Client
) -> None:
    for language in ("zh", "en"):
        answer = client.ask(f"{site.path}?lang={language}")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert 'name="robots" content="noindex, nofollow"' in answer.text
        assert "offline.js" not in answer.text, "it would hand the address to the service worker"
        assert site.secret not in answer.text


def test_the_secret_is_in_no_log_and_no_file(
    site: WallSite, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    client.ask(site.path)
    client.ask(f"/wall/liuyang/{site.secret}")
    client.ask(site.path, "POST")

    def broken(*_: object) -> None:
        raise sqlite3.DatabaseError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr("sqlalchemy.engine.Connection.exec_driver_sql", broken)
        with pytest.raises(sqlite3.DatabaseError):
            client.ask(site.path)
    assert site.secret not in caplog.text
    folder = site.made.staff.path.parent
    assert not [path for path in folder.iterdir() if site.secret.encode() in path.read_bytes()]


def test_what_is_wrong_is_told_worst_first_and_of_nobody(site: WallSite, client: Client) -> None:
    site.live.put(replace(open_state(station(2, name="着火的"), real_ms())))
    mine = replace(alarm("too_hot", "taiyuan-0001"), state="in_progress", by="tian")
    district = Subject("network", NETWORK, "小店区")
    site.engine.put(mine, alarm("district_offline", district), alarm("cabinet_smoke", "taiyuan-0002"))
    site.engine.put(alarm("broker_down", Subject("server", "broker")))
    html = client.ask(site.path).text
    rows = [words(each) for each in re.findall(r'<li class="(?:safety|critical|warning)">.*?</li>', html)]
    assert [re.sub(r"(周. )?\d+:\d+", "", row).split() for row in rows] == [
        ["安全", "换电柜冒烟", "着火的"],
        ["严重", "整片驿站失联", "小店区"],
        ["一般", "室内太热", "嘉节社区暖心驿站"],
    ]
    assert "tian" not in html
    assert "田师傅" not in html


@pytest.mark.parametrize(
    ("silenced", "language", "heading"),
    [
        (0, "zh", "现在的问题 7 条（1/2）"),
        (1, "zh", "现在的问题 7 条，其中 1 条已静音（1/2）"),
        (3, "en", "Wrong now 7, 3 of them silenced (1/2)"),
    ],
)
def test_what_staff_have_silenced_is_wrong_all_the_same_and_told_as_such(
    site: WallSite, client: Client, silenced: int, language: str, heading: str
) -> None:
    ids = [f"taiyuan-{number:04}" for number in range(10, 17)]
    site.live.put(*(open_state(station(number), real_ms()) for number in range(10, 17)))
    troubles = [alarm("too_hot", each) for each in ids]
    site.engine.put(*troubles)
    for each in troubles[:silenced]:
        site.engine.silence(each)
    html = client.ask(f"{site.path}?lang={language}").text
    headings = [re.sub(r"\s+", " ", each) for each in re.findall(r"<h2>(.*?)</h2>", html)]
    assert heading in headings
    assert html.count('<li class="warning">') == 7
    assert "等配件" not in html


def test_more_than_fits_is_told_as_a_number(site: WallSite, client: Client) -> None:
    site.live.put(*(open_state(station(number), real_ms()) for number in range(10, 40)))
    site.engine.put(*(alarm("too_hot", f"taiyuan-{number:04}") for number in range(10, 40)))
    html = client.ask(site.path).text
    assert html.count('<li class="warning">') == 24
    assert "还有 6 条" in html


@pytest.mark.parametrize(
    ("districts", "panels", "why"),
    [
        (1, [], "the figures of the network are those of its only district"),
        (2, [2], "a comparison"),
        (6, [6], "one panel"),
        (7, [3, 4], "no panel for a single row"),
        (13, [4, 4, 5], "as many on one as on the next"),
        (30, [6, 6, 6, 6], "the largest 24"),
    ],
)
def test_districts_are_spread_evenly_and_one_alone_has_no_panel(
    site: WallSite, client: Client, districts: int, panels: list[int], why: str
) -> None:
    for number in range(1, 31):
        state = open_state(station(number), real_ms())
        name = f"区{number % districts}"
        site.live.put(replace(state, station=replace(state.station, region=(name,))))
    parts = client.ask(site.path).text.split('<section class="panel ')[1:]
    assert [part.count('<th scope="row">') for part in parts if part.startswith("areas")] == panels, why


def test_that_nobody_judges_is_not_told_as_nothing_wrong(
    site: WallSite, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.engine, "well", lambda: False)
    said = words(client.ask(site.path).text)
    assert "暂时无法判断有没有问题" in said
    assert "现在没有问题" not in said


def test_old_data_is_marked_by_the_server_too(site: WallSite, client: Client) -> None:
    for number in (1, 2, 3):
        site.live.put(replace(open_state(station(number), real_ms() - 20 * MIN), freshness="offline"))
    html = client.ask(site.path).text
    assert 'data-dead="old"' in html
    assert "驿站没有新数据" in html
    assert "0/4 座有读数" in words(html)


def test_a_network_without_readings_says_so(site: WallSite, client: Client) -> None:
    for number in (1, 2, 3):
        site.live.put(static_state(station(number)))
    html = client.ask(site.path).text
    assert 'data-dead="none"' in html
    assert "还没有驿站的数据" in html


def test_hostile_names_are_text(site: WallSite, client: Client) -> None:
    evil = "<script>alert(1)</script>"
    state = open_state(station(1, name=evil), real_ms())
    site.live.put(replace(state, station=replace(state.station, region=(evil,))))
    site.engine.put(alarm("too_hot", "taiyuan-0001"))
    assert "<script>alert" not in client.ask(site.path).text


def test_without_the_file_of_links_it_is_busy_not_missing() -> None:
    front = build_web(TableLive(), TableStore(), Settings(), Pipeline())
    with asking(front) as client:
        answer = client.ask(f"/wall/{NETWORK}/" + "A" * 43)
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"


def test_walls_that_ask_together_get_one_page(
    site: WallSite, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    states = site.live.states

    def counted(network_id: str) -> list[StationState]:
        made.append(network_id)
        return states(network_id)

    monkeypatch.setattr(site.live, "states", counted)
    monkeypatch.setattr("server.web.wall.KEPT_MS", 60_000)  # however slow the machine
    first = client.ask(site.path).content
    calls = len(made)
    assert client.ask(site.path).content == first
    assert len(made) == calls
