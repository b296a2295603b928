"""A real Mosquitto of one's own: free loopback port, the shipped settings and ACL, users as asked for.

    with Broker(tmp_path) as broker:
        password = broker.add_user("canteen-1")
        ...
        broker.kill()
        broker.start()

The config is the one that operators get (``firmware_config/mosquitto``) with paths and port replaced,
so whatever runs here has been run with it.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.wait import until

SHIPPED = Path(__file__).parents[2] / "firmware_config" / "mosquitto"
SERVER_USER = "waystation_server"
START_S = 30.0
STOP_S = 10.0
RELOADED = "Reloading config."

Options = Mapping[str, str | int]


_PORTS: Final = range(10_000, 32_000)
"""Below those that Linux lends to connections: between the look and the listening nobody is given one."""


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago, by chance: others may look at the same time."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def executable(name: str) -> str:
    """The full path of one of Mosquitto's programs; Debian puts the broker in sbin, off a user's path."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed; type: sudo apt install mosquitto mosquitto-clients"
        )
    return found


class Broker:
    """Mosquitto in ``folder``, which is kept over :meth:`kill` and :meth:`start`; so is the port.

    Attributes:
        host, port: where it listens.
        server_user, server_password: the login of the server, made at the start.
        passwd_file, acl_file, pid_file: as credentials commands need them.

    Args:
        folder: for config, users, persistence and log; made when missing.
        options: Mosquitto's own option names that replace the shipped values,
            e.g. ``{"max_queued_messages": 10}``.
        more: further config lines, put last: another listener, say.
    """

    host = "127.0.0.1"
    server_user = SERVER_USER

    def __init__(self, folder: Path, options: Options | None = None, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.server_password = secrets.token_urlsafe(16)
        self.passwd_file = folder / "passwd"
        self.acl_file = folder / "acl"
        self.pid_file = folder / "pid"
        self.log_file = folder / "log"
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare(options or {}, more)

    def _prepare(self, options: Options, more: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.passwd_file.touch(mode=0o600)
        shutil.copy(SHIPPED / "acl", self.acl_file)
        self._config.write_text(self._config_text(options) + more, encoding="utf-8")
        self.add_users({self.server_user: self.server_password})

    def _config_text(self, options: Options) -> str:
        """The shipped config, without the lines that are replaced; the listener comes last."""
        replaced: dict[str, str | int] = {
            "persistence_location": f"{self.folder}/",
            "pid_file": str(self.pid_file),
            "log_dest": "stderr",
            "password_file": str(self.passwd_file),
            "acl_file": str(self.acl_file),
            **({"user": "root"} if os.geteuid() == 0 else {}),
            **options,
        }
        own = [*replaced, "listener"]
        lines = (SHIPPED / "waystation.conf").read_text(encoding="utf-8").splitlines()
        shipped = [line for line in lines if line.split(" ")[0] not in own]
        heading = [f"{name} {value}" for name, value in replaced.items()]
        at = shipped.index("use_username_as_clientid true")
        listener = [f"listener {self.port} {self.host}"]
        return "\n".join(heading + shipped[:at] + listener + shipped[at:]) + "\n"

    def start(self) -> None:
        """Start, or start again on the same port; returns once it accepts connections."""
        with self.log_file.open("ab") as log:
            command = [executable("mosquitto"), "-c", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603  (our own config)
        until(self._answers, START_S, f"Mosquitto on port {self.port} accepts connections")

    def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"Mosquitto ended at its start:\n{self.log}")
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it as a power cut would: what it had not saved is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order: it saves first."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        if self._process is None:
            raise RuntimeError("Mosquitto is not running")
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has said so far."""
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def add_user(self, name: str, password: str | None = None) -> str:
        """Give ``name`` a login, at once if the broker runs; returns the password."""
        password = password or secrets.token_urlsafe(16)
        self.add_users({name: password})
        return password

    def add_users(self, passwords: Mapping[str, str]) -> None:
        """Give each name its password, with one reload for all."""
        plain = self.folder / "passwd.new"
        plain.write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()), encoding="utf-8")
        command = [executable("mosquitto_passwd"), "-U", str(plain)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  (our own file)
        hashed = plain.read_text(encoding="utf-8").splitlines()
        plain.unlink()
        kept = [line for line in self._users() if line.split(":")[0] not in passwords]
        self.passwd_file.write_text("\n".join([*kept, *hashed]) + "\n", encoding="utf-8")
        self.reload()

    def remove_user(self, name: str) -> None:
        """Take a login away; a running broker cuts its connection."""
        kept = [line for line in self._users() if line.split(":")[0] != name]
        self.passwd_file.write_text("\n".join(kept) + "\n", encoding="utf-8")
        self.reload()

    def _users(self) -> list[str]:
        return self.passwd_file.read_text(encoding="utf-8").splitlines()

    def reload(self) -> None:
        """Let a running broker read users and ACL again; whoever connects after this meets the new ones."""
        if self._process is None:
            return
        before = self.log.count(RELOADED)
        self._process.send_signal(signal.SIGHUP)
        until(lambda: self.log.count(RELOADED) > before, START_S, "Mosquitto has read its users again")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
