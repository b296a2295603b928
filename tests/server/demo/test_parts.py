"""The demo's networks and stations are the published ones; its parts do what they say."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app
from server.config import load
from server.demo import broker, demo
from server.demo.folder import DemoError, Folder
from server.demo.named import NAMED
from server.demo.networks import NETWORKS
from server.demo.past import fill
from server.demo.processes import Children, environment, free_port
from server.demo.stations import FEWEST, MOST, STATIC, build, fleet, split
from server.forecasts.pattern import pattern
from server.hours import check_hours
from server.registry import Registry
from server.rollups import Rollups
from server.rollups.calendar import QUARTERS
from server.store.sqlite import Store
from tests.support.wait import until

SHIPPED = Path(__file__).parents[3] / "firmware_config" / "mosquitto" / "waystation.conf"
BY_ID = {network.id: network for network in NETWORKS}


class TestNetworks:
    @pytest.mark.parametrize(
        ("network", "declared", "qualifier", "as_of", "parent"),
        [
            ("taiyuan", 2080, "", "", None),
            ("chengdu", 426, "", "2025-03", None),
            ("qingbaijiang", 120, "", "", "chengdu"),
            ("pujiang", 50, "超", "", "chengdu"),
            ("liuyang", 25, "", "", None),
            ("jianwai", 60, "", "", None),
            ("qiantang", 158, "", "", None),
        ],
    )
    def test_counts_are_as_declared(
        self, network: str, declared: int, qualifier: str, as_of: str, parent: str | None
    ) -> None:
        shown = BY_ID[network]
        assert (shown.declared, shown.declared_qualifier, shown.declared_as_of) == (
            declared,
            qualifier,
            as_of,
        )
        assert shown.parent == parent
        assert shown.simulated

    @pytest.mark.parametrize(
        ("network", "standards"),
        [
            ("taiyuan", {"十有": 10}),
            ("liuyang", {"七项标配": 7}),
            ("jianwai", {"八可": 8, "七有": 7}),
            ("qiantang", {"四站": 4}),
        ],
    )
    def test_standards_have_as_many_items_as_they_promise(
        self, network: str, standards: dict[str, int]
    ) -> None:
        assert {each.name: len(set(each.items)) for each in BY_ID[network].standards} == standards


class TestStations:
    @pytest.mark.parametrize("live", [FEWEST, 50, 250, 2080, MOST])
    def test_as_many_live_ones_as_asked_for_and_no_more_than_declared(self, live: int) -> None:
        stations = build(live)
        alive = [each for each in stations if each.life is not None]
        assert len(alive) == live
        assert Counter(each.station.network for each in alive) == split(live)
        for network, count in Counter(each.station.network for each in stations).items():
            assert count <= (BY_ID[network].declared or 0)

    @pytest.mark.parametrize("live", [FEWEST, 250, MOST])
    def test_every_network_has_some_without_live_data(self, live: int) -> None:
        static = Counter(each.station.network for each in build(live) if each.life is None)
        assert all(static[network.id] >= STATIC[network.id] > 0 for network in NETWORKS)

    def test_each_of_the_five_networks_has_about_25_live_ones_in_a_demo_of_250(self) -> None:
        assert all(count >= 22 for network, count in split(250).items() if BY_ID[network].parent is None)

    def test_jianwai_adds_up_to_13_fixed_15_integrated_and_32_social_venues(self) -> None:
        hosts = Counter(each.station.host_kind for each in build(250) if each.station.network == "jianwai")
        assert hosts == {"固定阵地": 13, "整合式阵地": 15, "社会化阵地": 32}

    def test_ids_and_names_within_a_district_are_given_once(self) -> None:
        stations = [each.station for each in build(MOST)]
        assert len({station.id for station in stations}) == len(stations)
        places = Counter((station.network, station.region[:1], station.name_zh) for station in stations)
        assert places.most_common(1)[0][1] == 1

    def test_the_named_ones_are_there_with_what_was_published(self) -> None:
        shown = {each.station.id: each.station for each in build(250)}
        assert {each.id for each in NAMED} <= set(shown)
        assert shown["taiyuan-jiajie"].area_m2 == 150
        assert shown["taiyuan-jiajie"].region == ("小店区", "龙城街道", "嘉节社区")
        small = shown["chengdu-jinxiaoniu"]
        assert (small.name_zh, small.area_m2, small.area_qualifier) == ("锦小牛·同心小站", 27, "约")
        assert shown["qiantang-longxin"].name_zh == "隆·心小哥服务驿站"

    def test_a_larger_demo_keeps_the_lives_of_a_smaller_one(self) -> None:
        """So that a demo's history goes on when it is started with more stations."""
        small, large = ({each.station.id: each.life for each in build(n) if each.life} for n in (250, 2080))
        assert all(large[station] == life for station, life in small.items())

    def test_all_posted_hours_can_be_read(self) -> None:
        for hours in {each.station.hours for each in build(MOST)} - {""}:
            check_hours(hours)

    def test_the_fleet_file_is_json_with_a_life_for_each_live_one(self) -> None:
        lives = json.loads(json.dumps(fleet(build(50))))["stations"]
        assert len(lives) == 50
        assert all(10 <= life["visits_per_day"] <= 300 for life in lives)


class TestBroker:
    def test_the_limits_are_those_that_operators_get(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path)
        broker.prepare(folder, 1884, ["abc"])
        own = _options((folder.broker / "mosquitto.conf").read_text("utf-8"))
        shipped = _options(SHIPPED.read_text("utf-8"))
        places = {"listener", "password_file", "acl_file"}
        assert {name: own.get(name) for name in set(shipped) - places} == {
            name: shipped[name] for name in set(shipped) - places
        }
        assert own["listener"] == "1884 127.0.0.1"

    def test_passwords_are_secret_and_new_each_time(self, tmp_path: Path) -> None:
        folder = Folder(tmp_path)
        words = [
            (broker.prepare(folder, 1884, ["abc", "def"]), folder.passwords.read_text()) for _ in range(2)
        ]
        assert words[0] != words[1]
        assert folder.passwords.stat().st_mode & 0o077 == 0
        assert [line.split(":")[0] for line in words[1][1].splitlines()] == ["abc", "def"]

    def test_without_mosquitto_it_says_what_to_type(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shutil.which", lambda *_, **__: None)
        with pytest.raises(DemoError, match="sudo apt install mosquitto"):
            broker.find_mosquitto()


def _options(text: str) -> dict[str, str]:
    lines = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def _no_mosquitto() -> str:
    raise DemoError("no mosquitto here")


class TestAddress:
    def test_a_taken_port_is_told_before_anything_is_made(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            words = ["demo", "--port", str(port), "--dir", str(tmp_path / "demo"), "--stations", str(FEWEST)]
            result = CliRunner().invoke(app, words)
        assert (result.exit_code, f"port {port} is taken" in result.stderr) == (1, True)
        assert not (tmp_path / "demo" / "data" / "readings.db").exists()

    def test_the_usual_port_if_it_is_free_else_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        port = free_port()
        monkeypatch.setattr(demo, "USUAL_PORT", port)
        assert (demo.choose_port(None), demo.choose_port(port)) == (port, port)
        with socket.create_server(("127.0.0.1", port)):
            assert demo.choose_port(None) not in (0, port)
        assert demo.choose_port(0) not in (0, port)

    def test_why_another_port_than_the_usual_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(broker, "find_mosquitto", _no_mosquitto)
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            monkeypatch.setattr(demo, "USUAL_PORT", port)
            words = ["demo", "--dir", str(tmp_path), "--stations", str(FEWEST)]
            moved = CliRunner().invoke(app, words).stdout
            asked = CliRunner().invoke(app, [*words, "--port", "0"]).stdout
        assert f"port {port} is taken by another program: the pages will be on " in moved
        assert "taken" not in asked, "a free one was asked for"

    @pytest.mark.parametrize(
        ("utc", "told"),
        [
            ("17:03", "it is 01:03 in China: most stations are closed now"),
            ("14:00", "it is 22:00 in China: most stations are closed now"),
            ("21:59", "it is 05:59 in China: most stations are closed now"),
            ("13:59", ""),
            ("22:00", ""),
        ],
    )
    def test_at_night_it_says_why_most_are_closed(self, utc: str, told: str) -> None:
        assert demo.night_in_china(datetime.fromisoformat(f"2026-01-05T{utc}+00:00")) == told

    def test_the_command_to_look_at_it_can_be_copied(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        place = tmp_path / ".demo" / "waystation.toml"
        shown = demo.status_command(".venv/bin/waystation", place)
        assert shown == ".venv/bin/waystation --config .demo/waystation.toml status"
        away = demo.status_command("/x/server/__main__.py", Path("/elsewhere/waystation.toml"))
        assert away == f"{sys.executable} -m server --config /elsewhere/waystation.toml status"


class TestFolder:
    def test_a_second_demo_in_the_same_folder_is_refused(self, tmp_path: Path) -> None:
        with Folder(tmp_path).locked(), pytest.raises(DemoError, match="running"), Folder(tmp_path).locked():
            pass

    def test_when_the_first_has_ended_the_next_may_start(self, tmp_path: Path) -> None:
        for _ in range(2):
            with Folder(tmp_path).locked():
                pass


class TestChildren:
    def test_a_child_that_dies_is_named_with_its_last_words(self, tmp_path: Path) -> None:
        children = Children(tmp_path)
        children.start("broker", [sys.executable, "-c", "print('no port left'); raise SystemExit(3)"])
        with pytest.raises(DemoError, match=r"(?s)the broker has ended \(code 3\).*no port left"):
            until(children.check, 30, "the child has ended")
        children.stop()

    def test_all_are_ended_the_last_one_first(self, tmp_path: Path) -> None:
        children, order = Children(tmp_path), tmp_path / "order"
        script = (
            "import signal, sys, time\n"
            "def end(*_):\n    open(sys.argv[2], 'a').write(sys.argv[1]); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end); print('up', flush=True)\nwhile True: time.sleep(1)"
        )
        started = [children.start(n, [sys.executable, "-c", script, n, str(order)]) for n in "abc"]
        until(lambda: all(child.log.read_text() for child in started), 30, "all are up")
        children.stop()
        assert order.read_text() == "cba"
        assert all(child.process.poll() is not None for child in started)

    def test_they_end_when_their_parent_is_killed(self, tmp_path: Path) -> None:
        script = (
            "import sys, time; from pathlib import Path; from server.demo.processes import Children\n"
            "child = Children(Path(sys.argv[1])).start('sleeper', ['sleep', '600'])\n"
            "print(child.process.pid, flush=True); time.sleep(600)"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            until(lambda: _name(pid) == "sleep", 30, "the child is itself")
            parent.kill()
        until(lambda: not _alive(pid), 30, "the child is gone")

    def test_settings_of_a_real_server_stay_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WAYSTATION_DATA_DIR", "/var/lib/waystation")
        assert "WAYSTATION_DATA_DIR" not in environment()
        assert environment()["PATH"] == os.environ["PATH"]

    def test_that_messages_may_stay_on_this_machine_is_passed_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WAYSTATION_NOTIFY_PRIVATE_ADDRESSES", "yes")
        assert load(None, environment()).notify_private_addresses == "yes"


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def thursday() -> int:
    """Noon of 19 November 2026 in Shanghai: five weeks without holidays and outages of days lie behind it."""
    return 1_795_060_800_000


class TestPast:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Folder:
        folder = Folder(tmp_path)
        stations = [each for each in build(FEWEST) if each.life]
        folder.fleet.write_text(json.dumps(fleet(stations)), "utf-8")
        with closing(Registry.open(folder.registry)) as registry:
            registry.put_networks(NETWORKS)
            registry.put_stations([each.station for each in stations])
        return folder

    def test_five_weeks_come_once_and_then_only_what_is_missing(self, folder: Folder) -> None:
        shares: list[float] = []
        first = fill(folder, ["taiyuan-jiajie"], shares.append, thursday)
        assert first.first
        assert 2_000 < first.snapshots < 4_000
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1)
        again = fill(folder, ["taiyuan-jiajie", "qiantang-longxin"], shares.append, thursday)
        assert not again.first
        assert 2_000 < again.snapshots < 4_000
        with closing(Store.open(folder.readings)) as store:
            assert set(store.newest()) == {"taiyuan-jiajie", "qiantang-longxin"}
            assert store.counts().snapshots == first.snapshots + again.snapshots
            assert store.counts().dead_letters == 0

    def test_the_past_is_one_to_forecast_from(self, folder: Folder) -> None:
        """Snapshots 15 or 30 minutes apart are near enough to know how many people were there."""
        fill(folder, ["taiyuan-jiajie"], lambda _: None, thursday)
        made = Rollups.open_reader(folder.rollups)
        days = made.people("taiyuan-jiajie", date(2020, 1, 1), "Asia/Shanghai")
        today = max(days) + timedelta(days=1)
        told = pattern(days, today, "Asia/Shanghai")
        expected = [told.at(quarter) for quarter in range(QUARTERS)]
        assert told.weeks >= 5
        assert None not in expected
        people = [each.people for each in expected if each]
        assert max(people[:16]) < max(people[44:72]), "nights are emptier than days"
        assert 3 <= max(people) <= 40

    def test_makers_that_fail_are_an_error_not_a_short_history(self, folder: Folder) -> None:
        folder.fleet.write_text("{}")
        with pytest.raises(DemoError, match="could not be made"):
            fill(folder, ["taiyuan-jiajie"], lambda _: None)
