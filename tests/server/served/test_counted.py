"""Reports of networks whose numbers are known, from the doors through the real store and its roll-ups."""

import csv
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from edge.days import Station as Simulated
from edge.options import Options
from edge.sensors.simulated import read_profile
from server.__main__ import app
from server.model import Network, Station
from server.registry import Registry
from server.served.model import Report
from server.served.periods import Period, named
from server.served.words import headline, sentence
from server.web.text import Text
from tests.support.counted import Counted, Said
from tests.support.recordings import recordings_dir

ZONE: Final = ZoneInfo("Asia/Shanghai")
ZH: Final = Text("zh", 0)
JULY: Final = named("month", "2026-07")
FIRST_MS: Final = round(datetime(2026, 7, 1, tzinfo=ZONE).timestamp() * 1000)
DAY_MS, MINUTE_MS = 86_400_000, 60_000
AUGUST_MS: Final = FIRST_MS + 32 * DAY_MS
ENTRIES: Final = 8_100
STATIONS: Final = 25
MISSED: Final = 0.03
"""Of those who leave, so many go by the beam unseen: the count inside drifts, and is corrected at night."""
LATE: Final = "run-25"

SLOTS: Final = [
    *(minute for minute in range(0, 24 * 60, 30)),
    # At night more often: only a room that was watched without a gap is surely empty.
    *(minute for minute in range(3 * 60, 5 * 60, 5) if minute % 30),
]


def said(came: list[int], left: list[int], first_ms: int, days: int) -> list[Said]:
    """What a door says in some days: its totals at each slot."""
    moments = sorted(first_ms + day * DAY_MS + minute * MINUTE_MS for day in range(days) for minute in SLOTS)
    return [(at_ms, bisect_right(came, at_ms), bisect_right(left, at_ms)) for at_ms in moments]


@dataclass
class Month:
    """A month; ``came``: who came where, ``kept_back``: what the late station has not said yet."""

    made: Counted
    came: dict[str, list[int]]
    kept_back: list[Said]


@pytest.fixture(scope="module")
def liuyang(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """25 stations, 8,100 entries in July from 8 to 22 o'clock; one is cut off on the last evening."""
    dice = Random(7)  # noqa: S311  (a made-up month)
    ids = [f"run-{number:02}" for number in range(1, STATIONS + 1)]
    came: dict[str, list[int]] = {id_: [] for id_ in ids}
    for _ in range(ENTRIES):
        at_ms = FIRST_MS + dice.randrange(31) * DAY_MS + dice.randrange(8 * 60, 22 * 60) * MINUTE_MS
        came[dice.choice(ids)].append(at_ms + dice.randrange(MINUTE_MS))
    network = Network("liuyang", "浏阳市“奔跑者”红色驿站", "Liuyang")
    stations = [Station(id_, "liuyang", f"驿站{id_}", region=("关口街道",), instrumented=True) for id_ in ids]
    made = Counted(tmp_path_factory.mktemp("liuyang"), network, stations)
    kept_back: list[Said] = []
    for id_, entries in came.items():
        entries.sort()
        left = sorted(
            at_ms + dice.randrange(5, 40) * MINUTE_MS for at_ms in entries if dice.random() >= MISSED
        )
        spoken = said(entries, left, FIRST_MS - DAY_MS, 33)
        cut_ms = FIRST_MS + 30 * DAY_MS + 12 * 3_600_000
        made.hear(id_, (each for each in spoken if id_ != LATE or each[0] < cut_ms))
        if id_ == LATE:
            kept_back = [each for each in spoken if each[0] >= cut_ms]
    made.work(AUGUST_MS)
    yield Month(made, came, kept_back)
    made.close()


def by_day(entries: list[int], zone: ZoneInfo = ZONE) -> Counter[str]:
    return Counter(datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat() for at_ms in entries)


def visits(report: Report, level: str) -> dict[str, int]:
    return {line.key: line.sum.visits for line in report.lines() if line.level == level}


def test_a_month_of_liuyang_first_without_what_is_late_and_then_whole(
    liuyang: Month,
) -> None:
    made, came = liuyang.made, liuyang.came
    before = made.report(JULY, AUGUST_MS)
    late = [at_ms for at_ms in came[LATE] if at_ms >= liuyang.kept_back[0][0] - 30 * MINUTE_MS]
    assert late
    assert ENTRIES - len(late) <= before.total.sum.visits < ENTRIES
    made.hear(LATE, liuyang.kept_back, AUGUST_MS)
    made.work(AUGUST_MS + 3_600_000)
    whole = made.report(JULY, AUGUST_MS + 3_600_000)

    assert whole.total.visits == ENTRIES
    assert headline(ZH, whole) == "2026年7月，浏阳市“奔跑者”红色驿站服务8100人次。"
    assert "25个驿站全部有数据" in sentence(ZH, whole)
    assert visits(whole, "station") == {id_: len(entries) for id_, entries in came.items()}
    everybody = [at_ms for entries in came.values() for at_ms in entries]
    assert visits(whole, "day") == by_day(everybody)
    # Who comes in is told with the door's next word, half an hour later at most, and counts in that hour.
    told_ms = (-(-at_ms // (30 * MINUTE_MS)) * 30 * MINUTE_MS for at_ms in everybody)
    hours = Counter(datetime.fromtimestamp(at_ms / 1000, ZONE).hour for at_ms in told_ms)
    assert dict(enumerate(whole.hours)) == {hour: hours[hour] for hour in range(24)}
    assert whole.total.sum.newest_ms > before.total.sum.newest_ms, "made anew, and it says so"


def test_the_command_tells_it_from_the_servers_own_files(
    liuyang: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, data = liuyang.made, liuyang.made.store.path.parent
    with closing(Registry.open(data / "registry.db")) as registry:
        registry.put_networks([made.network])
        registry.put_stations(list(made.stations.values()))
    (tmp_path / "waystation.toml").write_text(f'data_dir = "{data}"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WAYSTATION_CONFIG", raising=False)
    monkeypatch.setattr("server.cli.served.time.time_ns", lambda: AUGUST_MS * 1_000_000)
    said = CliRunner().invoke(app, ["report", "--month", "2026-07", "--network", "liuyang"])
    assert said.exit_code == 0, said.output
    visits = made.report(JULY, AUGUST_MS).total.visits
    assert f"2026年7月，浏阳市“奔跑者”红色驿站共服务{visits}人次" in said.output.replace("\n", "")


def test_drift_is_corrected_apart_and_moves_no_visit(liuyang: Month) -> None:
    made = liuyang.made
    total = made.report(JULY, AUGUST_MS).total.sum
    found = [
        each
        for id_ in made.stations
        for each in made.store.corrections(id_, FIRST_MS, FIRST_MS + 31 * DAY_MS)
    ]
    assert len(found) > 100, "exits were missed"
    assert (total.corrections, total.corrected) == (
        len(found),
        sum(each.after - each.before for each in found),
    )
    assert total.corrected < -100
    assert total.visits - total.exits > 100, "who was missed at the door is in no number"


@pytest.mark.parametrize(("per_day", "seed"), [(30, 3), (300, 30)])
def test_chengdus_thirty_and_three_hundred_a_day_are_what_the_doors_counted(
    tmp_path: Path, per_day: int, seed: int
) -> None:
    """Of the shipped simulation, with its missed beams; two weeks."""
    days = Period("range", date(2026, 7, 1), date(2026, 7, 14))
    options = {"seed": seed, "visits_per_day": per_day, "climate": "chengdu"}
    simulated = Simulated(read_profile(Options(options, "the test")))
    made = Counted(
        tmp_path,
        Network("chengdu", "成都市暖“新”驿站", "Chengdu"),
        [Station("xiaozhan", "chengdu", "小站", places=60, instrumented=True)],
    )
    moments = sorted(
        FIRST_MS - DAY_MS + day * DAY_MS + minute * MINUTE_MS for day in range(16) for minute in SLOTS
    )
    counted = {at_ms: simulated.doors(at_ms)[0] for at_ms in moments}
    made.hear("xiaozhan", ((at_ms, door.in_total, door.out_total) for at_ms, door in counted.items()))
    now_ms = FIRST_MS + 16 * DAY_MS
    made.work(now_ms)
    report = made.report(days, now_ms)
    last_ms = FIRST_MS + 14 * DAY_MS - 30 * MINUTE_MS
    entries = counted[last_ms].in_total - counted[FIRST_MS - 30 * MINUTE_MS].in_total
    made.close()
    assert report.total.visits == entries
    assert report.total.per_day == pytest.approx(per_day, rel=0.25)
    assert report.total.sum.exits == counted[last_ms].out_total - counted[FIRST_MS - 30 * MINUTE_MS].out_total


def test_seventy_days_of_a_real_door_are_its_daily_totals(tmp_path: Path) -> None:
    """CalIt2's main door in 2005: flow 9 came in, flow 7 went out, each half hour."""
    there = ZoneInfo("America/Los_Angeles")
    flows: dict[datetime, dict[str, int]] = {}
    daily: dict[str, Counter[str]] = {"7": Counter(), "9": Counter()}
    with (recordings_dir() / "uci_calit2_first_70_days.csv").open(encoding="utf-8", newline="") as file:
        for flow, day, time, count in list(csv.reader(file))[1:]:
            at = datetime.strptime(f"{day} {time}", "%m/%d/%y %H:%M:%S").replace(tzinfo=there)
            flows.setdefault(at, {})[flow] = int(count)
            daily[flow][at.date().isoformat()] += int(count)
    first, last = min(flows), max(flows)
    spoken: list[Said] = [(_ms(first - timedelta(minutes=30)), 0, 0)]
    for at in sorted(flows):
        spoken.append((_ms(at), spoken[-1][1] + flows[at]["9"], spoken[-1][2] + flows[at]["7"]))
    network = Network("irvine", "加州", "Irvine", time_zone=there.key)
    made = Counted(tmp_path, network, [Station("door", "irvine", "正门", instrumented=True)])
    made.hear("door", spoken)
    now_ms = _ms(last) + 2 * DAY_MS
    made.work(now_ms)
    report = made.report(Period("range", first.date(), last.date()), now_ms)
    made.close()
    days = {line.key: line.sum for line in report.lines() if line.level == "day"}
    assert len(days) == 70
    assert {day: told.visits for day, told in days.items()} == {day: daily["9"][day] for day in days}
    assert {day: told.exits for day, told in days.items()} == {day: daily["7"][day] for day in days}
    assert report.total.visits == sum(daily["9"].values()) > 10_000
    assert (report.total.share or 0) > 0.99


def _ms(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * 1000)
