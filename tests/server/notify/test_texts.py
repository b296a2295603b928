"""What staff read: the facts and a link, in both languages, whatever names say and however little fits."""

import inspect
import json
import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.alerts import rules_room
from server.alerts.kinds import KINDS
from server.alerts.model import Alert, Bundle, Severity, Subject, Truth
from server.alerts.rules import RULES, SERVER_RULES
from server.alerts.rules_machine import district_offline
from server.model import Network, Station
from server.notify.model import Reason, Refused
from server.notify.targets import webhook, wecom
from server.notify.targets.cutting import letter
from server.notify.words.harmless import MOST, harmless
from server.notify.words.texts import Words, blanks, label_of, of_bundle, refusal, trial
from server.state import CabinetState, SocketState
from server.web.text import LANGUAGES, Language, Text, strings
from tests.support.web import NOON_MS, TAIYUAN, open_state

STATION = Station("ty-0001", "taiyuan", "云台路驿站", "Yuntai Road", region=("小店区", "坞城街道"))
AT = Subject("station", "ty-0001")
URL = "https://example.org/waystation"


def words(language: Language = "zh", *stations: Station) -> Words:
    known = {station.id: station for station in (STATION, *stations)}
    return Words(Text(language, NOON_MS), known, {"taiyuan": TAIYUAN}, URL)


def alert(kind: str = "too_hot", subject: Subject = AT, **values: float | str) -> Alert:
    severity: Severity = KINDS[kind].severity if kind in KINDS else "warning"
    return Alert("00c0ffee00c0ffee", kind, severity, subject, "firing", NOON_MS - 1_200_000, NOON_MS,
                 measured_ms=NOON_MS, values=values)  # fmt: skip


def told(bundle: Bundle, language: Language = "zh") -> str:
    return letter(of_bundle(bundle, "m1", words(language)), 2048)


HOT = alert(temperature_c=33.46, limit_c=30.0, humidity_pct=61.0)


def test_one_alert_in_full() -> None:
    assert told(Bundle("staff", "new", (HOT,))).splitlines() == [
        "【驿站·一般】室内太热：云台路驿站",
        "地点：小店区 · 太原市",
        "读数：33.5 °C，上限 30 °C",
        "开始：13:00",
        "处理：看空调是否开着、温度设得对不对；关好门窗。",
        "https://example.org/waystation/staff/alerts/00c0ffee00c0ffee",
    ]


def test_one_alert_in_english() -> None:
    smoke = alert("cabinet_smoke", AT._replace(unit="c1"))
    assert told(Bundle("staff", "new", (smoke,)), "en").splitlines() == [
        "[Waystation · safety] smoke in a cabinet: Yuntai Road",
        "Where: 小店区 · Taiyuan",
        "Part: c1",
        "Since: 13:00",
        "To do: Get people out and call 119 now; cut the power only if safe, and do not open the cabinet.",
        "https://example.org/waystation/staff/alerts/00c0ffee00c0ffee",
    ]


def test_a_damaged_file_of_the_server() -> None:
    subject = Subject("server", "store", "rollups.db")
    lost = replace(alert("store_damaged", subject), values={"problem": "lost", "rows": 1_200})
    assert told(Bundle("staff", "new", (lost,))).splitlines()[:-1] == [
        "【驿站·一般】服务器的数据文件出了问题：服务器",
        "文件：rollups.db",
        "情况：1200 条读数还没汇总就被清理了",
        "开始：13:00",
        "处理：在服务器上运行 waystation status 看原因；文件坏了就用备份恢复，步骤见说明文档的 store 页。",
    ]
    assert told(Bundle("staff", "new", (lost,)), "en").splitlines()[:3] == [
        "[Waystation · warning] trouble with the server's data files: server",
        "File: rollups.db",
        "Problem: 1,200 readings were pruned before they were rolled up",
    ]


def test_a_resolved_one_says_from_when_to_when_and_gives_no_orders() -> None:
    gone = replace(HOT, state="resolved", resolved_ms=NOON_MS)
    said = told(Bundle("staff", "more", resolved=(gone,)))
    assert said.startswith("【驿站·已恢复】室内太热：云台路驿站\n")
    assert "开始：13:00\n恢复：13:20\n" in said
    assert "处理" not in said


def test_one_that_was_taken_away_has_ended_and_is_not_well() -> None:
    gone = replace(alert(), state="closed")
    one = told(Bundle("r", "more", resolved=(gone,)))
    assert one.startswith("【驿站·已结束】")
    assert "结束：驿站、部件或通道已移除" in one
    well = replace(alert(), id="2", state="resolved", resolved_ms=gone.since_ms + 1)
    both = told(Bundle("r", "more", resolved=(well, gone)))
    assert both.startswith("【驿站·已结束】"), "of both together only that is true"
    assert both.index("已恢复\n") < both.index("已结束（驿站、部件或通道已移除）")
    assert "恢复" not in one


@pytest.mark.parametrize("truth", ["true", "unknown"])
def test_what_somebody_has_marked_as_fixed_is_not_told_as_over(truth: Truth) -> None:
    marked = replace(HOT, state="resolved", resolved_ms=NOON_MS, by="chen", truth=truth)
    said = told(Bundle("staff", "more", resolved=(marked,)))
    assert said.startswith("【驿站·已标为修好】室内太热：云台路驿站\n")
    assert "标为修好：13:20，等设备确认\n" in said
    assert "恢复" not in said
    over = replace(HOT, state="resolved", resolved_ms=NOON_MS, truth="false")
    lines = told(Bundle("staff", "more", resolved=(marked, over, replace(over, by="chen")))).splitlines()
    assert lines[0].startswith("【驿站·已恢复】")
    sections = [line for line in lines if not line.startswith("· ")]
    assert sections[1:3] == ["已恢复", "已标为修好，等设备确认"]
    assert lines.index(sections[2]) == 4, "what a reading has confirmed is over, whoever said so first"


def test_an_alert_of_which_nothing_is_known_now_says_so() -> None:
    assert "现在收不到新数据" in told(Bundle("staff", "repeat", (replace(HOT, truth="unknown"),)))


@pytest.mark.parametrize(
    ("bundle", "head", "why"),
    [
        (Bundle("s", "new", (HOT,)), "一般", "its severity"),
        (Bundle("s", "new", (HOT, alert("mains_lost"))), "严重", "the worst"),
        (Bundle("s", "repeat", (HOT,)), "仍未恢复", "told before"),
        (Bundle("s", "escalated", (HOT,)), "无人处理", "nobody has taken it"),
        (Bundle("s", "escalated", (alert("cabinet_smoke"),)), "人身安全", "safety comes first, always"),
        (Bundle("s", "new", flapping=(HOT,)), "反复", "it comes and goes"),
        (Bundle("s", "more", (alert("pi_hot"),), resolved=(HOT,)), "一般", "one is left"),
    ],
)
def test_what_stands_first(bundle: Bundle, head: str, why: str) -> None:
    assert told(bundle).startswith(f"【驿站·{head}】"), why


def test_many_in_short_and_the_title_counts_all() -> None:
    stations = [replace(STATION, id=f"s{n}", name_zh=f"第{n}驿站") for n in range(2080)]
    firing = tuple(
        replace(alert("station_offline", Subject("station", s.id)), measured_ms=NOON_MS - 7 * 60_000)
        for s in stations
    )
    bundle = Bundle("staff", "new", firing, resolved=(HOT,), standing=3)
    message = of_bundle(bundle, "m1", words("zh", *stations))
    assert message.title == "【驿站·严重】2081 条告警：驿站失联 2080、室内太热 1"
    assert message.lines[:2] == ("正在发生", "· 驿站失联：小店区 第0驿站（已 7 分钟没有数据）")
    assert message.lines[-2:] == ("还有 2069 条，见链接", "之前的 3 条还没有恢复")
    assert message.link == f"{URL}/staff/alerts"
    said = letter(message, wecom.MOST_BYTES)
    assert said.endswith(f"之前的 3 条还没有恢复\n{URL}/staff/alerts"), "nothing of it was cut"


@pytest.mark.parametrize(
    ("subject", "zh", "en"),
    [
        (AT, "云台路驿站", "Yuntai Road"),
        (Subject("station", "gone"), "gone", "gone"),
        (Subject("network", "taiyuan", "小店区"), "小店区 · 太原市", "小店区 · Taiyuan"),
        (Subject("network", "taiyuan"), "太原市", "Taiyuan"),
        (Subject("network", "other"), "other", "other"),
        (Subject("server", "broker"), "服务器", "server"),
    ],
)
def test_where_it_is(subject: Subject, zh: str, en: str) -> None:
    assert (words("zh").place(subject), words("en").place(subject)) == (zh, en)


def test_each_of_many_says_its_district_and_what_stands_on_its_part() -> None:
    state = replace(open_state(), socket_list=(SocketState("ac2", "A4", "ac", "free", None, None),))
    known = replace(words(), label=lambda subject: label_of(state, subject.unit))
    socket = alert("socket_fault", AT._replace(unit="ac2"))
    many = of_bundle(Bundle("s", "new", (socket, HOT)), "m1", known)
    assert many.lines[1] == "· 插座不能用：小店区 云台路驿站 A4"
    assert "部位：A4" in of_bundle(Bundle("s", "new", (socket,)), "m1", known).lines


@pytest.mark.parametrize(
    ("unit", "label", "why"),
    [
        ("ac2", "A4", "a socket"),
        ("c1", "东柜", "a cabinet"),
        ("c1/3", "东柜/3", "a slot of it"),
        ("c2", "", "without a plate"),
        ("front", "", "a door has none"),
    ],
)
def test_what_stands_on_a_part(unit: str, label: str, why: str) -> None:
    cabinets = (CabinetState("c1", "东柜"), CabinetState("c2"))
    state = replace(
        open_state(), socket_list=(SocketState("ac2", "A4", "ac", "free", None, None),), cabinets=cabinets
    )
    assert label_of(state, unit) == label, why
    assert label_of(None, unit) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_name_and_an_order(language: Language) -> None:
    table = strings(language)
    for family in ("kind", "todo"):
        named = {key.rpartition(".")[2] for key in table if key.startswith(f"notify.{family}.")}
        assert named == set(KINDS)
    assert {key.split(".")[2] for key in table if key.startswith("notify.detail.")} <= set(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_can_be_told(language: Language) -> None:
    told = {key.rpartition(".")[2] for key in strings(language) if key.startswith("notify.refused.")}
    assert told == set(get_args(Reason))
    text = Text(language, NOON_MS)
    assert refusal(Refused("setup", "keyword", "19024: Key Words"), text).endswith("[19024: Key Words]")
    assert "[" not in refusal(Refused("temporary", "timed_out"), text)


def test_silence_is_counted_until_now_and_says_when_it_was_heard_last() -> None:
    heard_ms = NOON_MS - 217 * 60_000
    silent = replace(alert("station_offline", minutes=2.0), measured_ms=heard_ms)
    said = told(Bundle("s", "repeat", (silent,)))
    assert "读数：已 3 小时 37 分钟没有数据\n" in said
    assert "最后一次读数：9:43\n" in said
    over = replace(silent, state="resolved", resolved_ms=NOON_MS, values={"minutes": 0.0})
    assert "没有数据" not in told(Bundle("s", "more", resolved=(over,)))


def test_a_value_that_is_missing_or_no_number_leaves_the_rest() -> None:
    assert "读数" not in told(Bundle("s", "new", (alert(temperature_c=33.0),))), "no limit, no sentence"
    odd = alert(temperature_c=float("nan"), limit_c=float("inf"))
    message = of_bundle(Bundle("s", "new", (odd,)), "m1", words())
    assert "读数：? °C，上限 ? °C" in message.lines
    assert json.loads(webhook.body(message, NOON_MS))["data"]["alerts"][0]["values"] == {}


def test_a_kind_that_is_not_known_any_more_still_has_a_message() -> None:
    assert told(Bundle("s", "repeat", (alert("no_such_kind"),))).startswith(
        "【驿站·仍未恢复】no＿such＿kind："
    )


def test_an_empty_bundle_says_nothing() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        of_bundle(Bundle("s", "new"), "m1", words())


def test_a_test_says_who_asked_and_the_monthly_one_what_it_is_for() -> None:
    asked = trial("t1", words(), "wang")
    assert asked.title == "【驿站·测试】这是一条测试消息"
    assert asked.lines == ("由 wang 发出，不用处理。",)
    assert trial("t2", words("en")).lines[0].startswith("Monthly self-test")
    assert asked.link == f"{URL}/staff/alerts", "which everybody may open who gets messages"


HOSTILE = [
    ("@all", "＠all", "a mention"),
    ("<@all>", "＜＠all＞", "WeCom's mention"),
    ('<at user_id="all">x</at>', "＜at user＿id＝＂all＂＞x＜/at＞", "Feishu's mention"),
    ("[领奖](https://evil.example)", "［领奖］（https：//evil．example）", "a link with a nice face"),
    ("www.evil.example", "www．evil．example", "a bare link"),
    ("**粗** _斜_ `码` ~~删~~", "＊＊粗＊＊ ＿斜＿ ｀码｀ ～～删～～", "markup"),
    ("# 标题", "＃ 标题", "a heading"),
    ("=HYPERLINK(A1)", "＝HYPERLINK（A1）", "a formula"),
    ("+1", "＋1", "a formula"),
    ("-2+3", "－2+3", "a formula"),
    ("@SUM(A1)", "＠SUM（A1）", "a formula"),
    ("a\nhttps://x", "a https：//x", "a line of its own"),
    ("a\u202eb\u200bc\x00d", "abcd", "what cannot be seen"),
    ("{0.__class__}", "｛0.＿＿class＿＿｝", "a blank of a template"),
    ("", "", "nothing"),
]


@pytest.mark.parametrize(("name", "shown", "why"), HOSTILE)
def test_a_name_means_nothing_to_a_chat(name: str, shown: str, why: str) -> None:
    assert harmless(name) == shown, why


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, *_ in HOSTILE if name])
def test_a_hostile_name_stays_harmless_in_a_message(name: str, language: Language) -> None:
    station = replace(STATION, name_zh=name, name_en=name, region=(name,))
    network = Network("taiyuan", name, name)
    known = Words(Text(language, NOON_MS), {station.id: station}, {"taiyuan": network}, URL)
    message = of_bundle(Bundle("s", "new", (replace(HOT, subject=AT._replace(unit=name)),)), "m1", known)
    said = "\n".join((message.title, *message.lines))
    assert not set("<>@*_`~|{}") & set(said)
    assert "://" not in said
    assert len(message.lines) == 5, "no line more than for a good name"


@given(st.text(max_size=200))
def test_a_name_is_always_one_short_line(name: str) -> None:
    shown = harmless(name)
    assert len(shown) <= MOST
    assert not set("<>@*_`~#[](){}|\\=&\n\r") & set(shown)
    assert shown[:1] not in ("+", "-")
    assert harmless(shown) == shown, "cleaning twice changes nothing"


@pytest.mark.parametrize("key", [key for key in strings("zh") if key.startswith("notify.detail.")])
def test_the_blanks_of_a_sentence_are_values_of_its_rule(key: str) -> None:
    kind = key.split(".")[2]
    rule = RULES.get(kind) or SERVER_RULES.get(kind) or district_offline
    source = inspect.getsource(rule)
    source += inspect.getsource(rules_room._air) if "_air(" in source else ""
    for blank in blanks(strings("zh")[key]) - {"span"}:  # made from the last reading
        assert re.search(rf"\b{blank}=|\"{blank}\":", source), f"{kind} has no {blank}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_of_a_file_can_be_told(language: Language) -> None:
    source = inspect.getsource(SERVER_RULES["store_damaged"])
    known = {key.split(".")[3] for key in strings(language) if key.startswith("notify.detail.store_damaged.")}
    assert known == set(re.findall(r'"problem": "(\w+)"', source))
