"""The shipped rules in a real Prometheus and Alertmanager, as Debian packs them."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from contract.messages import Cabinet
from server.alerts.engine import Engine
from server.notify.outbox.outbox import Outbox
from server.web.events import Events
from server.web.health import add_health
from tests.support.mosquitto import free_port
from tests.support.recordings import CHECKOUT
from tests.support.serving import serving
from tests.support.shift import Shift, station
from tests.support.wait import until

SHIPPED = CHECKOUT / "firmware_config" / "prometheus"
RULES = (SHIPPED / "rules.yml").read_text(encoding="utf-8")
PROGRAMS = CHECKOUT / ".venv" / "debian" / "usr" / "bin"
NEEDED = ("prometheus", "prometheus-alertmanager", "promtool", "amtool")
unpacked = pytest.mark.skipif(
    not all((PROGRAMS / name).exists() for name in NEEDED),
    reason="Prometheus is not unpacked: scripts/unpack.sh .venv/debian prometheus prometheus-alertmanager",
)
BIND = ("unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"')
"""Debian's Alertmanager reads its templates there and nowhere else; no other program sees the change."""


def may_bind() -> bool:
    """Whether a folder can be laid over another for one program."""
    with suppress(OSError):
        return subprocess.run([*BIND, PROGRAMS, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603
    return False


class Alerting(NamedTuple):
    """What has figures."""

    engine: Engine
    outbox: Outbox


class Site(FastAPI):
    """Only the addresses for programs that watch."""

    def close(self) -> None:
        """There are no streams."""


@pytest.fixture
def shift(tmp_path: Path) -> Iterator[Shift]:
    shift = Shift(tmp_path, [station("quiet"), station("lively"), station("other", district="西区")])
    yield shift
    shift.close()


@pytest.fixture
def port(shift: Shift) -> Iterator[int]:
    site, alerting = Site(), Alerting(shift.engine, Outbox(shift.desk))
    events = Events(shift.live, "e", lambda: shift.mono_ms, lambda: shift.now_ms)
    add_health(site, shift.live, shift.pipeline, events, lambda: shift.now_ms, alerting=alerting)
    with serving(site) as port:
        yield port


class Figures(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Each figure by name and labels."""

    def of(self, name: str, **labels: str) -> float:
        """The only figure of that name and labels."""
        return self[f"waystation_{name}", frozenset(labels.items())]

    @property
    def names(self) -> set[str]:
        """What there are figures of."""
        return {name for name, _ in self}


def figures(port: int) -> Figures:
    """A scrape."""
    families = text_string_to_metric_families(httpx.get(f"http://127.0.0.1:{port}/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return Figures({(each.name, frozenset(each.labels.items())): each.value for each in samples})


def go_quiet(shift: Shift) -> None:
    """One station says nothing any more, until that is an alert."""
    shift.settle_in()
    for _ in range(20):
        shift.say("lively")
        shift.say("other")
        shift.go(30_000)


def test_figures_tell_what_is_wrong_and_what_does_not_leave(shift: Shift, port: int) -> None:
    assert figures(port).of("alerts_judged") == 0, "nothing was judged yet"
    shift.receiver("chat")
    shift.settle_in()
    told = figures(port)
    assert told.of("alerts_judged") == 1
    assert 0 <= told.of("alerts_last_pass_age_seconds") <= 10
    assert not {"waystation_alerts", "waystation_alert_active"} & told.names
    (channel,) = Outbox(shift.desk).health()
    assert told.of("messages_waiting", channel=channel) == 0
    shift.say("quiet", cabinets=(Cabinet("c1", True, (), smoke=True),))
    shift.step()
    shift.now_ms, shift.mono_ms = shift.now_ms + 20_000, shift.mono_ms + 20_000
    told = figures(port)
    smoke = {"kind": "cabinet_smoke", "severity": "safety", "network": "net"}
    assert told.of("alerts", **smoke) == 1
    one = {"id": shift.one("cabinet_smoke").id, "state": "firing", "district": "东区", "station": "quiet"}
    assert told.of("alert_active", **smoke, **one, unit="c1") == 1
    assert told.of("messages_waiting", channel=channel) == 1
    assert told.of("messages_waiting_age_seconds", channel=channel) == 20
    assert told.of("channel_failing_seconds", channel=channel) == 0, "nothing was tried yet"
    shift.mono_ms += 61_000
    assert figures(port).of("alerts_judged") == 0, "no pass for a minute"


def test_each_figure_that_a_rule_reads_is_told(shift: Shift, port: int) -> None:
    shift.receiver("chat")
    go_quiet(shift)
    named = {name for name in re.findall(r"\bwaystation_\w+", RULES) if not name.endswith("_")}
    assert len(named) > 5
    assert named <= figures(port).names


def test_each_rule_is_explained_and_tried() -> None:
    rules = set(re.findall(r"- alert: (\w+)", RULES))
    tried = (CHECKOUT / "tests" / "prometheus_rules.yml").read_text(encoding="utf-8")
    page = (CHECKOUT / "docs" / "prometheus.md").read_text(encoding="utf-8")
    assert rules == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) - figures_of(page)
    fires = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", tried))
    silent = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", tried))
    assert fires == rules
    assert rules - silent <= {"WaystationStationOffline", "WaystationDistrictOffline", "WaystationWarning"}


def figures_of(page: str) -> set[str]:
    return set(re.findall(r"^\| `(waystation_\w+)` \|", page, re.MULTILINE))


@unpacked
@pytest.mark.parametrize(
    "command",
    [
        ("promtool", "check", "config", str(SHIPPED / "prometheus.yml")),
        ("promtool", "test", "rules", str(CHECKOUT / "tests" / "prometheus_rules.yml")),
        ("amtool", "check-config", str(SHIPPED / "alertmanager.yml")),
    ],
)
def test_their_own_checks_pass(command: tuple[str, ...]) -> None:
    said = subprocess.run(  # noqa: S603  (a program of our own folder)
        [PROGRAMS / command[0], *command[1:]], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


@unpacked
@pytest.mark.skipif(not may_bind(), reason="no mount namespaces here, which Debian's Alertmanager needs")
def test_a_stopped_station_reaches_the_alertmanagers_receiver(
    shift: Shift, port: int, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        address, told = stack.enter_context(receiving())
        manager = stack.enter_context(alertmanager(tmp_path, address))
        stack.enter_context(prometheus(tmp_path, port, manager))
        go_quiet(shift)
        until(lambda: "WaystationStationOffline" in {each["alertname"] for each in told()}, 60, "it is told")
        (station_offline,) = [each for each in told() if each["alertname"] == "WaystationStationOffline"]
        assert station_offline["station"] == "quiet"
        assert {each["alertname"] for each in told()} == {"WaystationStationOffline"}, "and nothing else"


@contextmanager
def receiving() -> Iterator[tuple[str, Callable[[], list[dict[str, str]]]]]:
    """The address of a webhook, and the labels of all alarms that it got."""
    got: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.extend(each["labels"] for each in json.loads(body)["alerts"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", lambda: list(got)
        finally:
            server.shutdown()
            thread.join(5)


@contextmanager
def alertmanager(folder: Path, receiver: str) -> Iterator[int]:
    """The port of an Alertmanager with the shipped settings, less patient."""
    settings = (SHIPPED / "alertmanager.yml").read_text(encoding="utf-8")
    settings = settings.replace("group_wait: 30s", "group_wait: 1s").replace(
        "https://example.org/alerts", receiver
    )
    (folder / "alertmanager.yml").write_text(settings, encoding="utf-8")
    port = free_port()
    with running(
        *BIND,
        PROGRAMS.parent / "share",
        PROGRAMS / "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        ready=f"http://127.0.0.1:{port}/-/ready",
    ):
        yield port


@contextmanager
def prometheus(folder: Path, target: int, manager: int) -> Iterator[None]:
    """A Prometheus with the shipped settings, less patient."""
    settings = (SHIPPED / "prometheus.yml").read_text(encoding="utf-8")
    for name, wanted in (("15s", "1s"), ("127.0.0.1:8080", f"127.0.0.1:{target}"), ("9093", str(manager))):
        assert name in settings
        settings = settings.replace(name, wanted)
    (folder / "prometheus.yml").write_text(settings, encoding="utf-8")
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    port = free_port()
    with running(
        PROGRAMS / "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        ready=f"http://127.0.0.1:{port}/-/ready",
    ):
        yield


@contextmanager
def running(*command: str | Path, ready: str) -> Iterator[None]:
    """A program that answers at ``ready``; ended afterwards."""

    def answers() -> bool:
        assert process.poll() is None, f"{command} has ended"
        try:
            return httpx.get(ready).status_code == 200
        except httpx.TransportError:
            return False

    process = subprocess.Popen(  # noqa: S603  (a program of our own folder)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(answers, 60, f"{command} answers")
        yield
    finally:
        process.terminate()
        process.wait(20)
