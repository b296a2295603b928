"""What compose.yaml starts, started without Docker: commands, variables, health checks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from server.demo.stations import split
from server.registry import Registry
from tests.support.compose import Service, services
from tests.support.mosquitto import executable, free_port
from tests.support.recordings import CHECKOUT
from tests.support.wait import until

STATIONS = 12
CONF = CHECKOUT / "firmware_config" / "compose" / "mosquitto.conf"
PLACES = ("/var/lib/waystation-fleet", "/var/lib/waystation", "/etc/waystation-broker", "/mosquitto/data")
"""Folders of the containers, each before those that it begins like."""


class Outside:
    """The services, with the containers' folders in ``folder`` and free ports of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broker, self.web = free_port(), free_port()
        for place in PLACES:
            (folder / place.strip("/")).mkdir(parents=True)
        self.services = services({"STATIONS": str(STATIONS)})

    def place(self, text: str) -> str:
        """As it is called outside."""
        for place in PLACES:
            if text.startswith(place):
                return f"{self._folder}{text}"
        ports = {"broker:1883": f"127.0.0.1:{self.broker}", ":8080/": f":{self.web}/"}
        for inside, outside in ports.items():
            text = text.replace(inside, outside)
        return text

    def environment(self, service: Service) -> Mapping[str, str]:
        """The service's own, and the path to our Python."""
        given = {name: self.place(value) for name, value in service.get("environment", {}).items()}
        here = {
            "WAYSTATION_HOST": "127.0.0.1",
            "WAYSTATION_PORT": str(self.web),
            "WAYSTATION_BROKER_HOST": "127.0.0.1",
            "WAYSTATION_BROKER_PORT": str(self.broker),
            # Nobody listens there: InfluxDB is away, and nothing else may mind.
            "WAYSTATION_INFLUX_URL": f"http://127.0.0.1:{free_port()}",
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return (
            {"PATH": path, "PYTHONPATH": str(CHECKOUT)}
            | given
            | {k: v for k, v in here.items() if k in given}
        )

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """A service that ends."""
        service = self.services[name]
        return subprocess.run(  # noqa: S603  (the checkout's own)
            [*map(self.place, service["command"])], env=dict(self.environment(service)), cwd=self._folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    @contextmanager
    def started(self, name: str, command: list[str] | None = None) -> Iterator[Path]:
        """A service that goes on; the file with what it says."""
        service, log = self.services[name], self._folder / f"{name}.log"
        words = command or [self.place(word) for word in service["command"]]
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603
                words, env=dict(self.environment(service)), cwd=self._folder, stdout=output, stderr=output
            ) as process,
        ):
            try:
                yield log
            finally:
                process.terminate()
                process.wait(20)

    def mosquitto(self) -> list[str]:
        """The broker's settings with the folders and the port of outside."""
        text = CONF.read_text("utf-8").replace("listener 1883", f"listener {self.broker} 127.0.0.1")
        for place in PLACES:
            text = text.replace(f" {place}", f" {self._folder}{place}")
        user = "user root\n" if os.geteuid() == 0 else ""
        (self._folder / "mosquitto.conf").write_text(text + user, encoding="utf-8")
        return [executable("mosquitto"), "-c", str(self._folder / "mosquitto.conf")]

    def healthy(self, name: str) -> bool:
        """What the health check says, but for the port."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", words[0].replace("mosquitto_pub", f"mosquitto_pub -p {self.broker}")]
        checked = subprocess.run(  # noqa: S603
            [self.place(word) for word in words], env=dict(self.environment(self.services[name])),
            capture_output=True, check=False, timeout=20,
        )  # fmt: skip
        return checked.returncode == 0


def test_prepared_the_broker_the_server_and_the_fleet_find_each_other(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    said = outside.run("prepare")
    assert said.returncode == 0, said.stderr
    assert said.stdout == f"{STATIONS} simulated stations are prepared\n"
    with ExitStack() as stack:
        assert not outside.healthy("broker"), "the check can fail"
        stack.enter_context(outside.started("broker", outside.mosquitto()))
        until(lambda: outside.healthy("broker"), 20, "the broker refuses strangers")
        assert not outside.healthy("waystation")
        server = stack.enter_context(outside.started("waystation"))
        until(lambda: outside.healthy("waystation"), 60, "the server is ready")
        fleet = stack.enter_context(outside.started("fleet"))
        until(lambda: f"{STATIONS} of {STATIONS} connected" in fleet.read_text("utf-8"), 90, "all connect")
        assert "Traceback" not in server.read_text("utf-8")


def test_prepared_again_every_station_keeps_its_password_and_a_new_one_gets_one(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    passwords = tmp_path / "var/lib/waystation-fleet/passwords"
    assert outside.run("prepare").returncode == 0
    first = passwords.read_text("utf-8").splitlines()
    logins = (tmp_path / "etc/waystation-broker/passwd").read_text("utf-8").splitlines()
    assert len(first) == STATIONS == sum(split(STATIONS).values())
    assert len(logins) == STATIONS + 1
    assert passwords.stat().st_mode & 0o777 == 0o600
    outside.services = services({"STATIONS": str(STATIONS + 8)})
    assert outside.run("prepare").returncode == 0
    second = passwords.read_text("utf-8").splitlines()
    assert set(first) <= set(second)
    assert len(second) == STATIONS + 8
    kept = {line for line in logins if not line.startswith("waystation_server:")}
    assert kept <= set((tmp_path / "etc/waystation-broker/passwd").read_text("utf-8").splitlines())
    with closing(Registry.open(tmp_path / "var/lib/waystation/registry.db", read_only=True)) as registry:
        assert {line.partition(":")[0] for line in second} <= set(registry.stations())


def test_without_a_password_nothing_is_prepared(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    del outside.services["prepare"]["environment"]["WAYSTATION_BROKER_PASSWORD"]
    said = outside.run("prepare")
    assert said.returncode == 1
    assert "broker_password must be set" in said.stderr
    assert not list((tmp_path / "var/lib/waystation-fleet").iterdir())
