"""Networks from TOML: what a file may hold, and how each mistake is named."""

from pathlib import Path

import pytest

from server.imports import ImportFailed, read_networks
from server.imports.networks import KEYS
from server.model import Network, Standard, Thresholds

PAGE = Path(__file__).parents[3] / "docs" / "networks.md"
CITY = Network("taiyuan", "太原市", "Taiyuan", thresholds=Thresholds(busy_pct=40))
KNOWN = {"taiyuan": CITY}

NETWORKS = """\
[[network]]
id = "jianwai"
name = { zh = "建外街道暖心驿站", en = "Jianwai" }
declared = 60
declared_as_of = "2025-03"
standards = [
    { name = "八可", items = ["热可纳凉", "冷可取暖"] },
    { name = "七有", items = ["统一标识"] },
]

[[network]]
id = "pujiang"
name = { zh = "蒲江县", en = "Pujiang" }
parent = "taiyuan"
declared = "超50"
time_zone = "Asia/Urumqi"
season = { summer = [6, 8], winter = [10, 4] }
simulated = true

[network.thresholds]
crowded_pct = 70.5
fresh_ms = 240000

[network.alert_thresholds]
too_hot_c = 31.5
jumps = 6
"""


def networks(tmp_path: Path, text: str | bytes) -> list[Network]:
    file = tmp_path / "networks.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_networks(file, KNOWN)


def problems(error: pytest.ExceptionInfo[ImportFailed]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def test_networks(tmp_path: Path) -> None:
    assert networks(tmp_path, NETWORKS) == [
        Network(
            "jianwai",
            "建外街道暖心驿站",
            "Jianwai",
            declared=60,
            declared_as_of="2025-03",
            standards=(Standard("八可", ("热可纳凉", "冷可取暖")), Standard("七有", ("统一标识",))),
        ),
        Network(
            "pujiang",
            "蒲江县",
            "Pujiang",
            parent="taiyuan",
            declared=50,
            declared_qualifier="超",
            time_zone="Asia/Urumqi",
            summer=(6, 8),
            winter=(10, 4),
            thresholds=Thresholds(crowded_pct=70.5, fresh_ms=240_000),
            simulated=True,
            alert_limits={"too_hot_c": 31.5, "jumps": 6},
        ),
    ]


NETWORK = '[[network]]\nid = "n-1"\nname = { zh = "网", en = "Net" }\n'


@pytest.mark.parametrize(
    ("text", "problem", "why"),
    [
        ("", "line 1, network: got None, expected at least one [[network]]", "an empty file"),
        ("network = 3", "line 1, network: got 3, expected at least one [[network]]", "not tables"),
        (NETWORK + "x = = 1", "line 4: got 'Invalid value (at line 4, column 5)', expected TOML", "not TOML"),
        (
            "name = 1\n" + NETWORK,
            "line 1, name: got 1, expected nothing but [[network]] tables",
            "a key outside",
        ),
        (NETWORK + "colour = 1", "line 4, colour: got 1, expected one of id, name, parent", "an unknown key"),
        (NETWORK.replace("n-1", "N 1"), "line 2, id: got 'N 1', expected 3 to 32 of a-z", "a bad id"),
        (
            '[[network]]\nname = { zh = "网", en = "Net" }',
            "line 1, id: got 'nothing', expected text",
            "no id",
        ),
        (
            NETWORK.replace(', en = "Net"', ""),
            "line 3, name: got {'zh': '网'}, expected both names: { zh = \"...\", en = \"...\" }",
            "one name only",
        ),
        (NETWORK.replace("网", "a\\u202eb"), "line 3, name: got", "a name that turns the writing round"),
        (NETWORK + NETWORK, "line 5, id: got 'n-1', expected an id that no other network has", "an id twice"),
        (NETWORK + 'parent = "x-9"', "line 4, parent: got 'x-9', expected a known network", "no such parent"),
        (
            NETWORK + 'parent = "n-1"',
            "line 4, parent: got 'n-1', expected a network that is not inside this one",
            "inside itself",
        ),
        (
            NETWORK + 'declared = "约60多"',
            "line 4, declared: got '约60多', expected a number",
            "two qualifiers",
        ),
        (NETWORK + "declared = 60.5", "line 4, declared: got 60.5, expected", "half a station"),
        (NETWORK + "declared = true", "line 4, declared: got True, expected", "not a number"),
        (NETWORK + "declared = 0", "line 4, declared: got 0, expected", "nobody declares none"),
        (
            NETWORK + 'declared_as_of = "March"',
            "line 4, declared_as_of: got 'March', expected a year, month or day",
            "a month without a year",
        ),
        (
            NETWORK + 'time_zone = "Beijing"',
            "line 4, time_zone: got 'Beijing', expected a time zone",
            "no zone",
        ),
        (
            NETWORK + "season = { summer = [5, 13] }",
            "line 4, season: got {'summer': [5, 13]}",
            "no 13th month",
        ),
        (
            NETWORK + "season = { spring = [3, 4] }",
            "line 4, season: got {'spring': [3, 4]}",
            "no such season",
        ),
        (NETWORK + 'standards = ["十有"]', "line 4, standards: got ['十有'], expected { name", "no table"),
        (NETWORK + "standards = [{ items = [] }]", "line 4, standards: got [{'items': []}]", "no name"),
        (NETWORK + 'simulated = "yes"', "line 4, simulated: got 'yes', expected true or false", "not a flag"),
        (
            NETWORK + "[network.thresholds]\nbusy = 1",
            "line 5, busy: got 1, expected one of busy_pct",
            "no such",
        ),
        (
            NETWORK + "[network.thresholds]\nbusy_pct = 80",
            "line 5, busy_pct: got 80, expected busy_pct below crowded_pct (80)",
            "busy must come before crowded",
        ),
        (
            NETWORK + "[network.thresholds]\ncold_below_c = 19",
            "line 5, cold_below_c: got 19, expected cold_below_c below warm_min_c (18)",
            "warm and cold at once",
        ),
        (
            NETWORK + "[network.thresholds]\nfull_pct = nan",
            "line 5, full_pct: got nan, expected a number from 0 to 1000",
            "not a number",
        ),
        (
            NETWORK + "[network.thresholds]\nfresh_ms = 2.5",
            "line 5, fresh_ms: got 2.5, expected a whole number from 0 to 86400000",
            "milliseconds are whole",
        ),
        (
            NETWORK + "[network.thresholds]\nriding_kmh = 0",
            "line 5, riding_kmh: got 0, expected a number from 1 to 120",
            "nobody would ever arrive",
        ),
        (
            NETWORK + "[network.thresholds]\ndetour = 0.9",
            "line 5, detour: got 0.9, expected a number from 1 to 5",
            "shorter than a straight line",
        ),
        (
            NETWORK + "[network.thresholds]\nfull_penalty_min = -1",
            "line 5, full_penalty_min: got -1, expected a number from 0 to 1000",
            "a reward",
        ),
        (NETWORK + "thresholds = 1", "line 4, thresholds: got 1, expected a table of numbers", "no table"),
        (
            NETWORK + "[network.alert_thresholds]\ntoo_hot = 30",
            "line 5, too_hot: got 30, expected one of too_hot_c",
            "no such",
        ),
        (
            NETWORK + "[network.alert_thresholds]\ntoo_hot_c = 30\njumps = 2.5",
            "line 6, jumps: got 2.5, expected a whole number from 1 to 60",
            "half a jump",
        ),
        (
            NETWORK
            + "[network.thresholds]\ncomfort_hysteresis_c = 1\n"
            + "[network.alert_thresholds]\ncomfort_hysteresis_c = inf",
            "line 7, comfort_hysteresis_c: got inf, expected a number from -40 to 125",
            "both have a number of that name",
        ),
        (
            NETWORK + "alert_thresholds = { too_hot_c = true }",
            "line 4, too_hot_c: got True, expected a number from -40 to 125",
            "true is no number",
        ),
        (
            NETWORK + "alert_thresholds = [30]",
            "line 4, alert_thresholds: got [30], expected a table of numbers",
            "no table",
        ),
        (
            NETWORK.encode("gbk"),
            "line 3: the file is not UTF-8 (looks like GB18030): save it as UTF-8",
            "not UTF-8",
        ),
    ],
)
def test_a_bad_network_is_named(tmp_path: Path, text: str | bytes, problem: str, why: str) -> None:
    with pytest.raises(ImportFailed) as error:
        networks(tmp_path, text)
    assert problems(error)[0].startswith(f"networks.toml, {problem}"), why


def test_networks_inside_each_other_are_refused(tmp_path: Path) -> None:
    ring = [NETWORK.replace("n-1", f"n-{n}") + f'parent = "n-{(n + 1) % 3}"\n' for n in range(3)]
    with pytest.raises(ImportFailed) as error:
        networks(tmp_path, "".join(ring))
    assert len(problems(error)) == 3


@pytest.mark.parametrize(
    ("said", "limits", "why"),
    [
        ("", {"too_hot_c": 31}, "it does not speak of them"),
        ("alert_thresholds = {}", {}, "it takes them back"),
        ("alert_thresholds = { jumps = 6 }", {"jumps": 6}, "others instead of those"),
    ],
)
def test_a_network_keeps_its_numbers_of_alerts(
    tmp_path: Path, said: str, limits: dict[str, float], why: str
) -> None:
    file = tmp_path / "networks.toml"
    file.write_text(NETWORK + said, "utf-8")
    known = {"n-1": Network("n-1", "旧名", "Old", alert_limits={"too_hot_c": 31})}
    (network,) = read_networks(file, known)
    assert (network.name_zh, network.alert_limits) == ("网", limits), why


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_in_the_page(key: str) -> None:
    assert f"| `{key}` |" in PAGE.read_text("utf-8").split("## Networks: TOML")[1].split("\n## ")[0]
