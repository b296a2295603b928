import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from server.model import Network
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from server.web.pages import PAGE_ROWS
from tests.support.asgi import Client, asking
from tests.support.web import TableLive, TableStore, open_state, static_state, station

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}\u202e\u0000" + "长" * 500


@pytest.fixture
def live() -> TableLive:
    table = TableLive()
    table.put(open_state(), static_state(), open_state(station(1, "xiaodian")))
    return table


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        yield client


def words(html: str) -> str:
    """What stands on the page, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S))


def test_the_list_of_networks_has_four_counts_with_qualifier_and_date(client: Client) -> None:
    said = words(client.ask("/").text)
    assert "对外公布 2025年3月 2080 余 已登记 3 装有设备 2 现在在线 2" in said
    assert "属于太原市，数字已算在里面" in said
    english = words(client.ask("/?lang=en").text)
    assert "declared 2025-03 2,080+ registered 3 with sensors 2 online now 2" in english


def test_a_network_without_scripts_tells_everything(client: Client) -> None:
    said = words(client.ask("/n/taiyuan").text)
    facts = ("开放", "22:20 关门", "不挤", "不到一半有人", "凉快", "26.5 °C", "空插座 2/8", "满电电池 1 块")
    for text in (*facts, "13:20", "模拟出来的", "没有实时数据", "万柏林区"):
        assert text in said
    assert "离线" not in said
    assert "已关门" not in said


def test_a_station_page_tells_each_socket_and_each_slot(client: Client) -> None:
    said = words(client.ask("/s/taiyuan-0001").text)
    sockets = ("1 插座 空着", "2 USB 空着", "3 插座 充电中", "7 插座 坏了", "8 USB 不清楚")
    slots = ("换电柜 A 60 V", "1 满电", "3 空仓", "7 故障")
    about = ("周一至周五 06:00–22:00", "空调", "16 个座位", "150 平方米", "嘉节驿站")
    for text in (*sockets, *slots, *about):
        assert text in said
    english = words(client.ask("/s/taiyuan-0001?lang=en").text)
    for text in (
        "Open",
        "22:20",
        "Quiet",
        "16 places",
        "Cool",
        "1 Socket free",
        "Cabinet A",
        "3 empty",
    ):
        assert text in english


def test_no_number_of_people_is_on_any_page(client: Client, live: TableLive) -> None:
    live.put(open_state(people=7777))
    for url in ("/", "/n/taiyuan", "/s/taiyuan-0001"):
        assert "7777" not in client.ask(url).text


@pytest.mark.parametrize(
    ("url", "headers", "language"),
    [
        ("/", {}, "zh-CN"),
        ("/", {"accept-language": "en-GB,en;q=0.9"}, "en"),
        ("/?lang=zh", {"accept-language": "en"}, "zh-CN"),
        ("/?lang=en", {"accept-language": "zh"}, "en"),
        ("/?lang=<script>", {}, "zh-CN"),
        ("/n/taiyuan?lang=en", {}, "en"),
    ],
)
def test_the_language_of_a_page(client: Client, url: str, headers: dict[str, str], language: str) -> None:
    answer = client.ask(url, headers=headers)
    assert f'<html lang="{language}">' in answer.text
    assert "accept-language" in answer.headers["vary"]


def test_a_chosen_language_stays_in_the_links_and_the_other_is_one_touch_away(client: Client) -> None:
    page = client.ask("/n/taiyuan?lang=en&district=万柏林区").text
    assert "/s/taiyuan-0002?lang=en" in page
    assert "/n/taiyuan?district=%E4%B8%87%E6%9F%8F%E6%9E%97%E5%8C%BA&amp;lang=zh" in page
    assert "lang=" not in re.sub(r'<a class="language".*?</a>|<html[^>]*>', "", client.ask("/n/taiyuan").text)


@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=-1", "page=x", "page=²", "page=99999999999", "page=1&page=2"),
        *("district=nowhere", "q=%00", "q=" + "x" * 5000, "lang=", "a=1&a=2", "%ff=%ff"),
    ],
)
def test_odd_parameters_give_the_list_and_not_an_error(client: Client, query: str) -> None:
    answer = client.ask(f"/n/taiyuan?{query}")
    assert answer.status_code == 200
    assert "太原市" in answer.text


@pytest.mark.parametrize("url", ["/s/nobody", "/n/nowhere", "/s/%00", "/s/" + "x" * 3000, "/n/<script>"])
def test_an_unknown_address_offers_the_list(client: Client, url: str) -> None:
    answer = client.ask(url)
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    assert 'href="/n/taiyuan"' in answer.text


def test_a_person_gets_the_page_and_a_program_gets_json(client: Client) -> None:
    person = client.ask("/nowhere?lang=en", headers={"accept": "text/html,*/*;q=0.8"})
    assert (person.status_code, "Not found" in person.text) == (404, True)
    program = client.ask("/nowhere")
    assert (program.status_code, program.json()["error"]) == (404, "there is nothing at this address")


def test_a_hostile_name_is_text_everywhere(live: TableLive, client: Client) -> None:
    where = replace(
        station(name=HOSTILE), aliases=(HOSTILE,), region=(HOSTILE, HOSTILE), host_kind=HOSTILE,
        amenities=(HOSTILE,), hours=HOSTILE, name_en=HOSTILE,
    )  # fmt: skip
    live.put(open_state(where))
    for url in ("/n/taiyuan", "/s/taiyuan-0001", "/s/taiyuan-0001?lang=en", f"/n/taiyuan?q={HOSTILE[:20]}"):
        page = client.ask(url).text
        assert "<script>alert" not in page, url
        assert "49" not in re.findall(r"49\u202e", page)
        assert '</script>"' not in page.replace('type="application/json"', "")


def test_thirty_rows_in_a_page_the_rest_by_links(live: TableLive, client: Client) -> None:
    live.put(*(open_state(station(number)) for number in range(10, 10 + 2 * PAGE_ROWS)))
    first = client.ask("/n/taiyuan").text
    assert first.count('class="card" id="') == PAGE_ROWS + 1, "thirty, and the template of a card"
    assert 'rel="next" href="/n/taiyuan?page=2"' in first
    seen = set()
    for page in (1, 2, 3):
        seen |= set(
            re.findall(r'id="((?:taiyuan|xiaodian)-\d+)"', client.ask(f"/n/taiyuan?page={page}").text)
        )
    assert len(seen) == 2 * PAGE_ROWS + 3


def test_two_thousand_stations_are_a_light_page(live: TableLive, client: Client) -> None:
    live.put(*(open_state(station(number)) for number in range(1, 2081)))
    answer = client.ask("/n/taiyuan", headers={"accept-encoding": "gzip"})
    assert int(answer.headers["content-length"]) < 20_000
    assert len(answer.content) < 120_000


def test_a_name_is_found_by_any_of_its_names(client: Client) -> None:
    for piece in ("嘉节", "jiajie", "嘉节驿站", "文庙"):
        assert "taiyuan-0001" in client.ask(f"/n/taiyuan?q={piece}").text
    nothing = client.ask("/n/taiyuan?q=没有这个").text
    assert "没有符合的驿站" in nothing
    assert "0 个驿站" not in nothing
    assert "1 station " in words(client.ask("/n/taiyuan?district=万柏林区&lang=en").text)


def test_a_page_that_is_known_is_not_sent_again(client: Client) -> None:
    etag = client.ask("/n/taiyuan").headers["etag"]
    assert client.ask("/n/taiyuan", headers={"if-none-match": etag}).status_code == 304


def test_assets_are_kept_for_ever_and_named_by_their_content(client: Client) -> None:
    page = client.ask("/n/taiyuan").text
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = client.ask(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        assert client.ask(re.sub(r"/static/\w+/", "/static/0/", address)).status_code == 404
    assert client.ask("/static/../pages.py").status_code == 404


def test_simulated_is_said_once_where_all_of_it_is(live: TableLive, client: Client) -> None:
    banner, tag = 'class="banner"', "tag simulated"
    page = client.ask("/n/taiyuan").text
    assert (page.count(banner), page.count(tag)) == (1, 0), "the network is simulated"
    live.put(open_state(station(1, "liuyang")), replace(open_state(station(2, "liuyang")), simulated=False))
    mixed = re.sub("<template.*?</template>", "", client.ask("/n/liuyang").text, flags=re.S)
    assert (mixed.count(banner), mixed.count(tag)) == (0, 2), "its heading, and the one that is"
    station_page = client.ask("/s/liuyang-0001").text
    assert (station_page.count(banner), station_page.count(tag)) == (1, 1)
    assert banner not in client.ask("/s/liuyang-0002").text
    home = client.ask("/").text
    assert (home.count(banner), home.count(tag)) == (0, 3), "one network is not simulated as a whole"


def test_a_voltage_is_said_once(live: TableLive, client: Client) -> None:
    state = open_state()
    live.put(replace(state, cabinets=tuple(replace(each, label="60 V") for each in state.cabinets)))
    said = words(client.ask("/s/taiyuan-0001").text)
    assert "换电柜 60 V 满电" in said


def test_an_unknown_slot_is_a_word_too(live: TableLive, client: Client) -> None:
    state = open_state()
    cabinets = tuple(replace(each, slots=((1, "unknown"),)) for each in state.cabinets)
    live.put(replace(state, cabinets=cabinets))
    assert "1 不清楚" in words(client.ask("/s/taiyuan-0001").text)


def test_an_unknown_fact_says_of_what(client: Client) -> None:
    page = client.ask("/n/taiyuan").text
    card = page[page.index('id="taiyuan-0002"') :]
    assert "拥挤 不清楚 没有实时数据" in words(card)
    assert "冷热 不清楚 没有实时数据" in words(card)
    assert {"#i-people-2", "#i-thermometer"} <= set(re.findall(r'href="(#i-[^"]+)"', card))


def test_a_network_with_a_hostile_name() -> None:
    live = TableLive((Network("x", HOSTILE, HOSTILE),))
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        for url in ("/", "/n/x", "/n/x?lang=en", "/nowhere"):
            assert "<script>alert" not in client.ask(url).text
