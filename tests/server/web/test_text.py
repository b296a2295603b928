import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from contract.messages import SocketState as SocketWord
from server.state import (
    Access,
    AccessValue,
    Comfort,
    ComfortReason,
    Crowding,
    CrowdingReason,
    Evidence,
    SlotWord,
)
from server.web import public, text
from server.web.networks import Declared
from server.web.shapes import Name
from server.web.text import LANGUAGES, LOOKS, Language, Text, choose, strings
from tests.support.web import HOUR_MS, NOON_MS, open_state, static_state

WEB = Path(text.__file__).parent
ZONE = "Asia/Shanghai"
ZH, EN = Text("zh", NOON_MS), Text("en", NOON_MS)


def test_both_languages_have_the_same_strings_with_the_same_blanks() -> None:
    blanks = [
        {key: sorted(set(re.findall(r"\{(\w+)\}", value))) for key, value in strings(language).items()}
        for language in LANGUAGES
    ]
    one = {key: found for key, found in blanks[1].items() if key.endswith(".one")}
    assert {key: blanks[1][key.removesuffix(".one")] for key in one} == one, "only English has a singular"
    assert blanks[0] == {key: found for key, found in blanks[1].items() if key not in one}
    assert all(value.strip() for language in LANGUAGES for value in strings(language).values())


FAULTS = re.compile(r"^\| fault \| means .*\n\|---.*\n((?:\|.*\n)+)", re.MULTILINE)


def test_every_fault_that_a_sensor_may_tell_has_words_for_staff() -> None:
    page = (WEB.parents[1] / "docs" / "hardware.md").read_text("utf-8")
    codes = {code for rows in FAULTS.findall(page) for code in re.findall(r"^\| `(\w+)`", rows, re.MULTILINE)}
    assert len(codes) > 20
    for language in LANGUAGES:
        assert sorted(code for code in codes if f"staff.fault.{code}" not in strings(language)) == []


def test_staff_read_one_word_for_a_network_and_one_for_a_district() -> None:
    """网络 is what a computer is connected to; 区域 is what riders read."""
    parts = Path(text.__file__).parent.joinpath("locales", "zh").glob("*.json")
    staff = [path for path in parts if path.stem.startswith(("staff", "served", "wall"))]
    strings_of = {key: said for path in staff for key, said in json.loads(path.read_text()).items()}
    named = {key: said for key, said in strings_of.items() if re.search(r"network|district", key)}
    assert len(named) > 10
    assert {key: said for key, said in named.items() if "网络" in said} == {}
    assert {key: said for key, said in strings_of.items() if "区域" in said} == {}
    assert {said for key, said in named.items() if key.endswith(".district")} == {"区县"}


def test_no_string_for_riders_is_written_outside_the_locales() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for path in [*WEB.glob("templates/**/*.*"), *WEB.glob("static/**/*.js"), *WEB.glob("static/**/*.css")]:
        assert not chinese.search(path.read_text()), path.name
    for path in WEB.glob("templates/**/*.html"):
        whole = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.S)
        bare = re.sub(r"""<[^>]*>|\s(aria|data)-\w+(="[^"]*")?""", " ", whole)
        assert not re.search(r"[A-Za-z]{2,}", bare), f"{path.name}: {bare.split()}"


def test_every_string_that_templates_and_scripts_name_exists_and_none_is_left_over() -> None:
    source = "".join(
        path.read_text()
        for path in [
            *WEB.glob("templates/**/*.html"),
            *WEB.glob("static/js/*.js"),
            *WEB.glob("**/*.py"),
            *WEB.parent.glob("plates/*.py"),
            *WEB.parent.glob("notify/**/*.py"),
            *WEB.parent.glob("served/*.py"),
            *WEB.parent.glob("cli/*.py"),
        ]
    )
    named = set(re.findall(r"""(?:\bt|say|self)\(f?['"`]([a-z_.0-9]+)['"`]""", source))
    named |= set(re.findall(r"[\"'`]([a-z]+(?:\.[a-z_0-9]+)+)[\"'`]", source)) & set(strings("zh"))
    assert named <= set(strings("zh")) | {key.rpartition(".")[0] + "." for key in strings("zh")}
    # A family is named by its beginning: t("slot." ~ word), f"slot.{word}", known("slot", word).
    made = re.findall(r"""["'`]([a-z_]+(?:\.[a-z_0-9]+)*\.)(?:\$?\{|["'`]\s*[~+])""", source)
    known = [f"{each}." for each in re.findall(r"""\bknown\(\s*["']([a-z_.]+)["'],""", source)]
    known += [f"{each}." for each in re.findall(r"""["']([a-z_]+(?:\.[a-z_]+)+)["']""", source)]
    families = (*made, *known)
    left = [key for key in strings("zh") if key not in named and not key.startswith(families)]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_model_has_a_string_a_tone_and_an_icon(language: Language) -> None:
    sprite = (WEB / "templates/icons.svg").read_text()
    for kind, looks in LOOKS.items():
        for value, (_, icon) in looks.items():
            assert strings(language)[f"{kind}.{value}"]
            assert f'id="i-{icon}"' in sprite


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen", "why"),
    [
        (None, "", "zh", "Chinese first"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh", "a Chinese phone"),
        (None, "en-GB,en;q=0.9", "en", "an English phone"),
        (None, "fr-FR,en;q=0.5", "en", "the best that we have"),
        (None, "en;q=0.1,zh;q=0.9", "zh", "weights count, not the order"),
        (None, "en;q=0", "zh", "refused"),
        (None, "*", "zh", "anything"),
        (None, ";;;,q=,\x00", "zh", "nonsense"),
        ("en", "zh", "en", "chosen by hand"),
        ("zh", "en", "zh", "chosen by hand"),
        ("xx", "en", "en", "an unknown language is no error"),
    ],
)
def test_the_language_of_a_page(wanted: str | None, accepted: str, chosen: str, why: str) -> None:
    assert choose(wanted, accepted) == chosen, why


@pytest.mark.parametrize(
    ("access", "zh", "en", "why"),
    [
        (Access("open", "verified", NOON_MS + 9 * HOUR_MS), "22:20 关门", "closes 22:20", "when it ends"),
        (Access("open", "verified"), "刚有人走动", "someone there just now", "round the clock"),
        (Access("open", "timetable"), "按开放时间", "by its hours", "nobody has been seen"),
        (Access("closed", "timetable", NOON_MS + 17 * HOUR_MS), "明天 6:20 开门", "opens tomorrow 6:20", ""),
        (Access("closed", "timetable", NOON_MS + 72 * HOUR_MS), "周六 13:20 开门", "opens Sat 13:20", ""),
        (Access("closed", "notice", NOON_MS + HOUR_MS), "到 14:20", "until 14:20", "a notice ends"),
        (Access("locked", "contact", NOON_MS + HOUR_MS), "门锁信号", "door bolt", "the timetable is no help"),
        (Access("unknown", "none"), "没有开放时间", "no hours given", "nothing published"),
    ],
)  # fmt: skip
def test_the_reason_beside_access(access: Access, zh: str, en: str, why: str) -> None:
    row = public.status(replace(open_state(), access=access))
    assert (ZH.facts(row, ZONE)[0].note, EN.facts(row, ZONE)[0].note) == (zh, en), why


@pytest.mark.parametrize(
    ("now", "then", "zh", "en", "why"),
    [
        ("24T16:13", "25T01:13", "1:13 关门", "closes 1:13", "the night is its evening's"),
        ("24T22:30", "25T08:00", "8:00 关门", "closes 8:00", "the next time the clock says so"),
        ("24T08:00", "25T00:00", "0:00 关门", "closes 0:00", "midnight"),
        ("24T08:00", "25T02:00", "明天 2:00 关门", "closes tomorrow 2:00", "not this afternoon"),
        ("24T16:00", "25T15:00", "明天 15:00 关门", "closes tomorrow 15:00", "not an hour ago"),
        ("24T08:00", "26T00:00", "周日 0:00 关门", "closes Sun 0:00", "midnight, a day on"),
        ("24T18:02", "24T18:00", "18:00 关门", "closes 18:00", "of a page that is late with it"),
        ("25T17:00", "24T18:00", "周五 18:00 关门", "closes Fri 18:00", "not this evening"),
        ("24T20:00", "24T00:00", "0:00 关门", "closes 0:00", "as moments of today are told"),
    ],
)
def test_a_turn_that_comes_tonight_needs_no_day(now: str, then: str, zh: str, en: str, why: str) -> None:
    now_ms, then_ms = (_ms(each) for each in (now, then))
    row = public.status(replace(open_state(), access=Access("open", "timetable", then_ms)))
    told = [Text(language, now_ms).facts(row, ZONE)[0].note for language in LANGUAGES]
    assert told == [zh, en], why


def _ms(local: str) -> int:
    return int(datetime.fromisoformat(f"2026-07-{local}").replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("crowding", "zh", "why"),
    [
        (Crowding("quiet", 1, 16, reason="places"), "没几个人，16 个座位", "few people are a word"),
        (Crowding("quiet", 4, 16, reason="places"), "不到一半有人，16 个座位", "a quarter and more"),
        (Crowding("full", 16, 16, reason="places"), "坐满了，16 个座位", "full"),
        (Crowding("busy", 5, 16, reason="held"), "人正在减少，16 个座位", "better already, held back"),
        (Crowding("busy", 9, 16, True, reason="places"), "超过一半有人，16 个座位，估计", "estimated"),
        (Crowding("unknown", None, 16, reason="no_count"), "没有计数", "no door counter"),
        (Crowding("unknown", 4, None, reason="no_places"), "座位数不详", "no places registered"),
    ],
)
def test_the_reason_beside_crowding(crowding: Crowding, zh: str, why: str) -> None:
    assert ZH.facts(public.status(replace(open_state(), crowding=crowding)), ZONE)[1].full == zh, why


@pytest.mark.parametrize(
    ("comfort", "full", "why"),
    [
        (Comfort("cool", 27.5, 61, reason="temperature"), "27.5 °C, humidity 60%", "half degrees, fives"),
        (Comfort("cool", 26.0, None, reason="temperature"), "26 °C", "no humidity"),
        (Comfort("hot", 29.0, 80, reason="heat_index"), "29 °C, humid, humidity 80%", "why it is hot at 29"),
        (Comfort("unknown", reason="no_reading"), "no temperature reading", "a sensor does not answer"),
        (Comfort("unknown", reason="no_sensor"), "no thermometer", "a live station without one"),
    ],
)
def test_the_reason_beside_comfort(comfort: Comfort, full: str, why: str) -> None:
    assert EN.facts(public.status(replace(open_state(), comfort=comfort)), ZONE)[2].full == full, why


def test_a_station_without_a_device_says_so_in_both_languages() -> None:
    row = public.status(static_state())
    assert [fact.word for fact in ZH.facts(row, ZONE)] == ["开放", "不清楚", "不清楚"]
    assert [fact.note for fact in EN.facts(row, ZONE)][1:] == ["no live data", "no live data"]


@pytest.mark.parametrize(
    ("declared", "zh", "en"),
    [
        (Declared(2080, "余"), "2080 余", "2,080+"),
        (Declared(420, "多"), "420 多", "420+"),
        (Declared(50, "超"), "超 50", "over 50"),
        (Declared(1200, "约"), "约 1200", "about 1,200"),
        (Declared(25), "25", "25"),
    ],
)
def test_a_qualifier_survives(declared: Declared, zh: str, en: str) -> None:
    assert (ZH.declared(declared), EN.declared(declared)) == (zh, en)


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("2025-03", "2025年3月", "2025-03"),
        ("2025-03-09", "2025年3月9日", "2025-03-09"),
        ("2025", "2025年", "2025"),
        ("去年", "去年", "去年"),
    ],
)
def test_a_date_of_any_precision(written: str, zh: str, en: str) -> None:
    assert (ZH.date(written), EN.date(written)) == (zh, en)


@pytest.mark.parametrize(
    ("osm", "zh", "en"),
    [
        ("24/7", "全天开放", "Open all day, every day"),
        ("Mo-Su 08:00-22:00", "每天 08:00–22:00", "Every day 08:00–22:00"),
        (
            "Mo-Fr 06:00-22:00; PH off",
            "周一至周五 06:00–22:00；法定节假日不开放",
            "Mon–Fri 06:00–22:00; public holidays closed",
        ),
        ("Sa,Su 08:00-20:00", "周六、周日 08:00–20:00", "Sat, Sun 08:00–20:00"),
        ("18:00-02:00", "18:00–02:00", "18:00–02:00"),
        ("PH off", "法定节假日不开放", "public holidays closed"),
        ("off", "不开放", "closed"),
        ("sunrise-sunset", "sunrise-sunset", "sunrise-sunset"),
    ],
)
def test_opening_hours_in_words(osm: str, zh: str, en: str) -> None:
    assert (ZH.hours(osm), EN.hours(osm)) == (zh, en)


@pytest.mark.parametrize(
    ("given", "zh", "en", "why"),
    [
        ("空调", "空调", "air conditioning", "a usual word"),
        ("爱心冰柜", "爱心冰柜", "fridge", "Chinese stays in its own words"),
        ("toilet", "洗手间", "toilet", "a code"),
        ("WIFI", "WIFI", "Wi-Fi", "however it is written"),
        ("修鞋摊", "修鞋摊", "修鞋摊", "unknown, as it was given"),
        ("", "", "", "nothing"),
    ],
)
def test_an_amenity_is_in_the_language_of_the_page(given: str, zh: str, en: str, why: str) -> None:
    assert (ZH.amenity(given), EN.amenity(given)) == (zh, en), why


def test_an_amenity_is_said_once() -> None:
    assert EN.amenities(("空调", "冷暖电器", "air_conditioning", "WiFi")) == ("air conditioning", "Wi-Fi")


def test_every_known_amenity_has_a_string_and_no_word_two_meanings() -> None:
    table: dict[str, list[str]] = json.loads((WEB / "locales/amenities.json").read_text(encoding="utf-8"))
    words = [word for group in table.values() for word in group]
    assert len(words) == len(set(words))
    assert {f"amenity.{code}" for code in table} == {
        key for key in strings("en") if key.startswith("amenity.")
    }


def test_every_word_of_sockets_slots_and_reasons_can_be_said() -> None:
    families = {
        "slot": SlotWord, "socket.state": SocketWord, "access": AccessValue, "evidence": Evidence,
        "crowding.reason": CrowdingReason, "comfort.reason": ComfortReason,
    }  # fmt: skip
    for family, kind in families.items():
        for word in get_args(kind):
            assert ZH(f"{family}.{word}"), (family, word)


@pytest.mark.parametrize(
    ("count", "zh", "en"),
    [
        (0, "可还空仓 0", "0 empty slots"),
        (1, "可还空仓 1", "1 empty slot"),
        (11, "可还空仓 11", "11 empty slots"),
    ],
)
def test_one_is_not_many(count: int, zh: str, en: str) -> None:
    assert (ZH("batteries.empty", count=count), EN("batteries.empty", count=count)) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "newest", "shown", "why"),
    [
        (20, 20, False, "just now five times is noise"),
        (400, 400, False, "the card says six minutes itself"),
        (70, 10, True, "a minute older than the card says"),
        (69, 10, False, "not quite"),
        (70, None, True, "nothing else says it"),
    ],
)
def test_an_age_of_its_own_is_shown_when_it_differs(
    seconds: int, newest: int | None, shown: bool, why: str
) -> None:
    said = public.iso(NOON_MS - 1000 * newest) if newest is not None else None
    assert ZH.is_older(public.iso(NOON_MS - 1000 * seconds), said) == shown, why


@pytest.mark.parametrize(("label", "told"), [("72 V", True), ("A 60V", False), ("72v-2", True), ("A", False)])
def test_a_label_that_says_the_voltage(label: str, told: bool) -> None:
    assert ZH.tells_voltage(label, 72.0) == told


def test_a_name_is_in_the_language_of_the_page_where_there_is_one() -> None:
    both, one = Name("太原", "Taiyuan"), Name("浏阳")
    assert (ZH.name(both), EN.name(both), EN.name(one)) == ("太原", "Taiyuan", "浏阳")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hint_about_the_four_counts_explains_each_in_one_sentence(language: Language) -> None:
    known = strings(language)
    note = known["count.note"].lower()
    for count in ("declared", "registered", "instrumented", "online"):
        assert known[f"count.{count}"] in note
    assert len(re.findall(r"[.。]", note)) == 1


def test_both_languages_have_the_same_files_and_no_key_stands_in_two() -> None:
    files = {language: sorted((WEB / "locales" / language).glob("*.json")) for language in LANGUAGES}
    assert [path.name for path in files["zh"]] == [path.name for path in files["en"]]
    for language in LANGUAGES:
        keys = [key for path in files[language] for key in json.loads(path.read_text(encoding="utf-8"))]
        assert sorted(keys) == sorted(strings(language))
