"""Who did what: filtered, paged, as a table that no spreadsheet computes."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts import audit
from server.accounts.audit import Entry
from server.alerts.silences import Matcher
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.notify.receivers.model import Quiet
from server.web.staff.accounts.audit import ON_PAGE, as_csv
from tests.support.console import Browser, Console, browsing, console
from tests.support.staff import NOW_MS

DAY_MS = 86_400_000


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(made: Console) -> Iterator[Browser]:
    with browsing(made) as browse:
        yield browse("ada")


def record(
    made: Console, what: str, by: str = "tian", whom: str = "x", at_ms: int = NOW_MS, **values: object
) -> None:
    with made.services.desk.writing() as connection:
        audit.record(connection, at_ms, by, what, whom, **values)


def words(answer: httpx.Response) -> str:
    """The list as it is read."""
    log = answer.text.partition('class="rows log"')[2].partition("</ol>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", log)))


def rows(answer: httpx.Response) -> list[str]:
    return re.findall(r'<li class="row">', answer.text)


def test_who_did_what_to_whom_is_there_in_words(made: Console, ada: Browser) -> None:
    made.staff.users.disable("vi", "ada", NOW_MS)
    shown = words(ada.get("/staff/audit"))
    assert "停用人员" in shown
    assert "Ada → Vi" in shown
    assert "退出的登录：0" in shown
    assert "2027-01-15 16:00:00" in shown
    assert "terminal:root" in shown


@pytest.mark.parametrize(
    ("query", "found", "why"),
    [
        ("person=tian", ["a", "e"], "what they did, and what was done to them"),
        ("what=user", ["b", "e"], "all of a kind"),
        ("what=user.added", ["b"], "not user.added_to, nor what begins alike"),
        ("from=2027-01-16", ["d"], "from the beginning of the day, where the network is"),
        ("until=2027-01-14", ["c"], "to the end of the day"),
        ("from=2027-01-15&until=2027-01-15&person=max", ["b", "e"], "all at once"),
        ("person=nobody", [], "nothing"),
        ("what=use_", [], "no pattern"),
    ],
)
def test_the_filter_leaves_what_was_asked_for(
    made: Console, ada: Browser, query: str, found: list[str], why: str
) -> None:
    beginning = 1_799_942_400_000  # 15 January, 00:00 in Shanghai
    record(made, "alert.taken", "tian", "a", NOW_MS)
    record(made, "user.added", "max", "b", beginning)
    record(made, "alert.taken", "max", "c", beginning - 1)
    record(made, "alert.taken", "max", "d", beginning + DAY_MS)
    record(made, "user.changed", "max", "tian", NOW_MS, note="e")
    table = csv.DictReader(io.StringIO(ada.get(f"/staff/audit.csv?{query}").content.decode("utf-8-sig")))
    ours = [row for row in table if row["by"] in ("tian", "max")]
    marks = sorted("e" if row["whom"] == "tian" else row["whom"] for row in ours)
    assert marks == found, why
    assert len(rows(ada.get(f"/staff/audit?{query}"))) >= len(found)


def test_pages_lead_from_the_newest_to_the_oldest_without_a_gap(made: Console, ada: Browser) -> None:
    for number in range(2 * ON_PAGE + 3):
        record(made, "alert.commented", whom=f"n{number:03}")
    seen: list[str] = []
    path = "/staff/audit?what=alert.commented&lang=en"
    for _ in range(3):
        answer = ada.get(path)
        seen += re.findall(r">(n\d{3})<", answer.text)
        links = [
            unescape(link) for link in re.findall(r'<a href="(/staff/audit\?[^"]*before=[^"]+)"', answer.text)
        ]
        path = links[0] if links else ""
    assert path == ""
    assert seen == [f"n{number:03}" for number in reversed(range(2 * ON_PAGE + 3))]


@pytest.mark.parametrize(
    "query", ["from=yesterday", "until=2027-13-01", "from=9999-12-31", "before=x", "before=-1"]
)
def test_what_is_no_day_and_no_page_is_refused(ada: Browser, query: str) -> None:
    assert ada.get(f"/staff/audit?{query}").status_code == 400
    assert ada.get("/staff/audit?from=&until=&person=&what=&before=").status_code == 200


def test_the_table_is_a_download_that_excel_reads(made: Console, ada: Browser) -> None:
    record(made, "alert.commented", text='他说"好"，\n换行')
    answer = ada.get("/staff/audit.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-2027-01-15.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = [
        each
        for each in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
        if each["what"] == "alert.commented"
    ]
    assert row["at"] == "2027-01-15T16:00:00.000+08:00"
    assert row["values"] == '{"text": "他说\\"好\\"，\\n换行"}'


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u3000=1", "=cmd|' /C calc'!A0"]
)
def test_no_cell_is_a_formula(name: str) -> None:
    table = as_csv([Entry(1, NOW_MS, name, name, name, {})], "Asia/Shanghai")
    _, row = csv.reader(io.StringIO(table, newline=""))
    assert row[2:5] == [f"'{name}"] * 3


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_whatever_is_in_the_log_stays_in_its_cell(name: str, values: dict[str, str]) -> None:
    name = name.encode("utf-8", "ignore").decode()
    table = as_csv([Entry(1, NOW_MS, name, name, "w", dict(values))] * 2, "Asia/Shanghai")
    read = list(csv.reader(io.StringIO(table, newline="")))
    assert [len(row) for row in read] == [6, 6, 6]
    for cell in read[1][2:]:
        assert cell.lstrip(" \u3000")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n") or cell == ""
    assert read[1][2] in (name, f"'{name}")


def test_names_stand_for_ids_and_hostile_text_stays_text(made: Console, ada: Browser) -> None:
    directory = made.services.directory
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"
    channel = directory.put_channel(ChannelForm("值班<b>群", "wecom", address, ""), "ada", NOW_MS)
    directory.put_receiver(ReceiverForm("经理", channel), "ada", NOW_MS, ["city"])
    takes = (
        Matcher(networks=("city",), districts=("小店区",), kinds=("too_hot",), severities=("critical",)),
    )
    directory.put_receiver(
        ReceiverForm("群", channel, "en", takes, quiet=Quiet(1320, 425)), "ada", NOW_MS, ["city"]
    )
    record(made, "alert.commented", whom="00c0ffee00c0ffee", text="[" * 900 + '<img src=x onerror="x">')
    answer = ada.get("/staff/audit")
    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    assert "值班<b>群" in words(answer)
    assert '<a href="/staff/alerts/00c0ffee00c0ffee">' in answer.text
    shown = words(answer)
    assert "渠道：值班<b>群 语言：中文" in shown
    assert "收哪些告警：所有地方和服务器" in shown
    assert "收哪些告警：地区：城市、区县：小店区、种类：室内太热、级别：严重" in shown
    assert "免打扰：从：22:00、到：7:05、时区：Asia/Shanghai" in shown
    assert "地址：已设置 密钥：没有" in shown


@pytest.mark.parametrize(
    ("what", "whom", "values", "said"),
    [
        ("occupancy.corrected", "city-0001", {"before": 5, "after": 2},
         "改正人数 {now} 田师傅 → 嘉节驿站 原来：5 改成：2"),
        ("alert.taken", "00c0ffee00c0ffee",
         {"kind": "socket_fault", "scope": "station", "id": "city-0001", "unit": "ac2"},
         "接手告警 {now} 田师傅 → 插座不能用 驿站：嘉节驿站 部位：ac2"),
        ("thresholds.changed", "city", {"too_cold_c": 16.0, "unheard_ms": 600_000},
         "改了告警阈值 {now} 田师傅 → 城市 室温低于多少算太冷：16 °C 多久没有数据算离线：10 分钟"),
        ("thresholds.changed", "city-0001", {"jumps": None},
         "改了告警阈值 {now} 田师傅 → 嘉节驿站 一小时乱跳几次告警：恢复上一级的"),
        ("silence.added", "a1b2", {"until_ms": NOW_MS + 60_000, "reason": "等配件",
                                   "matcher": {"stations": ["city-0001"], "kinds": ["too_hot"]}},
         "设了静音 {now} 田师傅 结束：16:01 原因：等配件 范围：驿站：嘉节驿站、种类：室内太热"),
        ("notice.added", "7", {"network": "city", "access": "closed", "zh": "停电", "works": True},
         "发了公告 {now} 田师傅 → 公告 7 地区：城市 骑手能不能进：暂停开放 中文：停电 施工或检修：是"),
        ("user.changed", "vi", {"places": [["city", "小店区"], ["city", ""]]},
         "改了人员 {now} 田师傅 → Vi 地点：小店区 · 城市 / 城市"),
    ],
)  # fmt: skip
def test_each_deed_is_told_in_the_words_of_the_console(
    made: Console, ada: Browser, *, what: str, whom: str, values: dict[str, Any], said: str
) -> None:
    record(made, what, whom=whom, **values)
    assert said.format(now="2027-01-15 16:00:00") in words(ada.get(f"/staff/audit?what={what}"))


def test_what_a_deed_was_done_to_can_be_opened(made: Console, ada: Browser) -> None:
    record(made, "occupancy.corrected", whom="city-0001", before=5, after=2)
    record(made, "alert.taken", whom="00c0ffee00c0ffee", kind="too_hot", scope="station", id="city-0001")
    record(made, "notice.ended", whom="7")
    shown = ada.get("/staff/audit").text
    for path in ("/staff/stations/city-0001", "/staff/alerts/00c0ffee00c0ffee", "/staff/notices/7"):
        assert f'<a href="{path}">' in shown


@pytest.mark.parametrize("name", ["vi", "tian", "max"])
def test_only_admins_read_it(made: Console, name: str) -> None:
    with browsing(made) as browse:
        assert browse(name).get("/staff/audit").status_code == 403
        assert browse(name).get("/staff/audit.csv").status_code == 403
