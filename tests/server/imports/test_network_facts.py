"""What is known of real networks goes in by the import commands and comes out as it was said.

Each row and test names the facts that it holds: TY Taiyuan, CD Chengdu, LY Liuyang, JW Jianwai, QT Qiantang.
"""

import re
from typing import Any

import pytest

from tests.support.known_networks import BASIC, EIGHT, FOUR, JULY_MS, KINDS, SEVEN, TEN, World


@pytest.mark.parametrize(
    ("fact", "network", "declared", "zh", "en"),
    [
        ("TY-01", "taiyuan", {"count": 2080}, "对外公布2080", "2,080"),
        ("TY-29", "taiyuan-centres", {"count": 700, "qualifier": "多"}, "对外公布700多", "700+"),
        ("CD-01", "chengdu", {"count": 426, "as_of": "2025-03"}, "对外公布2025年3月426", "426"),
        ("CD-17", "qingbaijiang", {"count": 120}, "对外公布120", "120"),
        ("CD-23", "pujiang", {"count": 50, "qualifier": "超"}, "对外公布超50", "over50"),
        ("LY-01", "liuyang", {"count": 25}, "对外公布25", "25"),
        ("JW-01", "jianwai", {"count": 60}, "对外公布60", "60"),
        ("QT-01", "qiantang", {"count": 158}, "对外公布158", "158"),
        ("余, as TY-02 has it", "elsewhere", {"count": 30, "qualifier": "余"}, "对外公布30余", "30+"),
        ("约, as CD-03 has it", "somewhere", {"count": 90, "qualifier": "约"}, "对外公布约90", "about90"),
    ],
)
def test_a_declared_count_keeps_its_qualifier_and_date(
    world: World, fact: str, *, network: str, declared: dict[str, Any], zh: str, en: str
) -> None:
    assert world.network(network)["declared"] == declared, fact
    assert zh in world.page(f"/n/{network}"), fact
    assert en in world.page(f"/n/{network}", "en"), fact


def test_four_counts_are_four_things(world: World) -> None:
    """TY-01, JW-01: declared ≠ registered ≠ instrumented ≠ online."""
    world.hear("jiajie", JULY_MS)
    row = world.network("taiyuan")
    assert (row["declared"]["count"], row["registered"], row["instrumented"], row["online"]) == (
        2080,
        3,
        2,
        1,
    )
    row = world.network("jianwai")
    assert (row["declared"]["count"], row["registered"], row["instrumented"], row["online"]) == (60, 60, 0, 0)
    assert {"对外公布", "已登记", "装有设备", "现在在线"} <= set(
        re.findall("对外公布|已登记|装有设备|现在在线", world.page("/n/taiyuan"))
    )


def test_a_sub_network_is_inside_its_parent_and_not_added_again(world: World) -> None:
    """CD-17, CD-23."""
    chengdu, inner = world.network("chengdu"), [world.network("qingbaijiang"), world.network("pujiang")]
    assert [row["parent"] for row in inner] == ["chengdu", "chengdu"]
    assert [row["registered"] for row in (chengdu, *inner)] == [6, 1, 1]
    every = world.api("stations")["stations"]
    assert world.api("networks")["totals"]["registered"] == len(every) == len({row["id"] for row in every})
    assert chengdu["declared"]["count"] == 426, "declared numbers are never added"
    assert "工惠心驿" in world.page("/n/chengdu")


@pytest.mark.parametrize(
    ("fact", "network", "station", "name", "items"),
    [
        ("TY-06 TY-07", "taiyuan", "jiajie", "十有", TEN),
        ("JW-11", "jianwai", "zhonghai", "八可", EIGHT),
        ("JW-12", "jianwai", "zhonghai", "七有", SEVEN),
        ("QT-03", "qiantang", "yilong", "四站", FOUR),
        ("LY-05", "liuyang", "caichang", "七项标配", BASIC),
    ],
)
def test_a_standard_is_data_of_its_network(
    world: World, fact: str, *, network: str, station: str, name: str, items: tuple[str, ...]
) -> None:
    assert {"name": name, "items": list(items)} in world.network(network)["standards"], fact
    page = world.page(f"/s/{station}")
    assert [word for word in (name, *items) if word not in page] == [], fact


def test_the_standards_have_as_many_items_as_their_names_say() -> None:
    """TY-06, JW-11, JW-12, QT-03, LY-05."""
    assert list(map(len, (TEN, EIGHT, SEVEN, FOUR, BASIC))) == [10, 8, 7, 4, 7]


def test_three_kinds_of_venues_add_up(world: World) -> None:
    """JW-02, JW-03, JW-04, JW-05: 13 + 15 + 32 = 60."""
    rows = world.api("stations?network=jianwai")["stations"]
    kinds = [row["host_kind"] for row in rows]
    assert {kind: kinds.count(kind) for kind in KINDS} == KINDS
    assert sum(KINDS.values()) == len(rows) == world.network("jianwai")["declared"]["count"] == 60


def test_a_venue_without_sensors_is_neither_closed_nor_offline(world: World) -> None:
    """JW-04: 32 shops that let riders in have hours of their own and no sensors."""
    shops = [row for row in world.api("stations?network=jianwai")["stations"] if row["host_kind"] == "社会化"]
    assert len(shops) == 32
    assert {(row["freshness"], row["access"]["value"]) for row in shops} == {("none", "unknown")}
    assert not [row for row in shops if {"measured_at", "sockets", "batteries"} & set(row)]
    page = world.page(f"/s/{shops[0]['id']}")
    assert "没有实时数据" in page
    assert "离线" not in page
    assert "已关门" not in page
