"""Broker logins: one random password for each station, and nothing that opens more than one.

Written for Mosquitto: its password file (a salted PBKDF2 hash a line) and its access control file, each
replaced in one step, and its process asked to read them again. A rotated password ends the connection
that used the old one. The password itself is only in the station file that goes to the Pi.
"""

import base64
import fcntl
import grp
import hashlib
import os
import re
import secrets
import signal
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.topics import ROOT, STATION_ID, Leaf, everyones

PASSWORD_BYTES: Final = 24
"""192 random bits: no dictionary reaches them, so the broker's few hash rounds (101, its own) suffice."""
ITERATIONS: Final = 101
SALT_BYTES: Final = 12
_BROKER_GROUP: Final = "mosquitto"
_BROKER_MODE: Final = 0o640
"""The broker reads its files again after it has dropped to its own user."""

_FROM_STATION: Final[tuple[Leaf, ...]] = ("telemetry", "status", "info")
_TO_STATION: Final[Leaf] = "ack"


class CredentialsError(Exception):
    """Nothing was changed, or the broker did not hear of it; the message says what to do."""


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """Mosquitto's files; without ``pid`` the broker has to be reloaded by hand."""

    passwd: Path
    acl: Path
    pid: Path | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A broker user."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where stations reach the broker.

    Attributes:
        ca: its own certificate authority, which lies as ``ca.crt`` beside the station file; None: one
            that the Pi's system trusts.
    """

    host: str
    port: int
    tls: bool = False
    ca: Path | None = None


def issue(files: BrokerFiles, stations: Iterable[str], server: Login) -> dict[str, str]:
    """Write a new password for each of ``stations`` and the server's own; other users stay as they are.

    Returns the passwords by station. The broker goes on with the old ones until :func:`reload_broker`,
    so that the passwords can be put in safety first.

    Raises:
        CredentialsError: with what to do.
    """
    if STATION_ID.fullmatch(server.name) or not re.fullmatch(r"[\w.-]{1,64}", server.name):
        raise CredentialsError(
            f"broker_username {server.name!r} must not look like a station's id: "
            "put a '_' into it, e.g. waystation_server"
        )
    passwords = {station: secrets.token_urlsafe(PASSWORD_BYTES) for station in stations}
    with _locked(files.passwd):
        words = passwords | {server.name: server.password}
        users = logins(files.passwd) | {name: hashed_password(word) for name, word in words.items()}
        lines = (f"{name}:{hashed}\n" for name, hashed in users.items())
        _replace(files.passwd, "".join(lines), _BROKER_MODE, _broker_group())
        _replace(files.acl, acl(server.name), _BROKER_MODE, _broker_group())
    return passwords


def revoke(files: BrokerFiles, station: str) -> bool:
    """Take the login of ``station`` out of the broker's file; whether there was one.

    The broker lets it in until :func:`reload_broker`.

    Raises:
        CredentialsError: with what to do.
    """
    with _locked(files.passwd):
        users = logins(files.passwd)
        if users.pop(station, None) is None:
            return False
        lines = (f"{name}:{hashed}\n" for name, hashed in users.items())
        _replace(files.passwd, "".join(lines), _BROKER_MODE, _broker_group())
    return True


def acl(server_user: str) -> str:
    """Who may do what: a station below its own id only, the server on everyone's topics."""
    lines = [
        "# What each broker user may do; all else is refused. %u is the user: a station's id.",
        "",
        f"user {server_user}",
        *(f"topic read {everyones(leaf)}" for leaf in _FROM_STATION),
        f"topic write {everyones(_TO_STATION)}",
        "",
        *(f"pattern write {ROOT}/%u/{leaf}" for leaf in _FROM_STATION),
        f"pattern read {ROOT}/%u/{_TO_STATION}",
    ]
    return "\n".join(lines) + "\n"


def hashed_password(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """``password`` as Mosquitto 2 keeps it: ``$7$`` iterations, salt and PBKDF2-HMAC-SHA512."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def reload_broker(files: BrokerFiles) -> None:
    """Let the broker read its files again.

    Raises:
        CredentialsError: when it cannot be told, with what to type instead.
    """
    by_hand = "the files are written; now type: sudo systemctl reload mosquitto"
    if files.pid is None:
        raise CredentialsError(f"broker_pid_file is not set: {by_hand}")
    try:
        pid = int(files.pid.read_text(encoding="ascii"))
        # The number may be another's by now, and SIGHUP would end most programs.
        if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() != "mosquitto":
            raise ProcessLookupError(f"process {pid} is not mosquitto")
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"cannot reload by {files.pid} ({error}): {by_hand}") from error


def write_station_file(path: Path, station: str, password: str, broker: BrokerAddress) -> None:
    """The file for the Pi, readable by its owner only.

    An existing one keeps everything but its ``[broker]``: sensors and comments are the operator's.

    Raises:
        CredentialsError: if it cannot be written.
    """
    table = _broker_table(password, broker)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else _STATION_FILE.format(id=station)
        text = _BROKER_TABLE.sub(lambda _: table, text, count=1)
        if tomllib.loads(text).get("broker", {}).get("password") != password:
            raise CredentialsError(
                f"{path}: expected one [broker] table with its keys below it, line by line"
            )
        _replace(path, text, 0o600, None)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"{path}: {error}; take it away to get a new one") from error


_BROKER_TABLE: Final = re.compile(r"^\[broker\]\n(?:[a-z_]+\s*=.*\n)*", re.MULTILINE)

_STATION_FILE: Final = """\
# The station file of {id}. On the Pi `scripts/install.sh station FILE` puts it where it belongs:
# /etc/waystation/station.toml, root:waystation, mode 0640. Until then only its owner reads it (0600).
# Every key, with unit and default: firmware_config/station.toml.

[station]
id = "{id}"

[broker]

# What is connected, one [[sensor]] each, e.g.:
# [[sensor]]
# id = "room"
# kind = "dht22"
# pin = 4
"""


def _broker_table(password: str, broker: BrokerAddress) -> str:
    lines = ["[broker]", f'host = "{broker.host}"', f"port = {broker.port}"]
    if broker.tls:
        lines.append('tls_ca = "ca.crt"' if broker.ca else "tls = true")
    return "\n".join([*lines, f'password = "{password}"']) + "\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other runs of this command out of the folder of ``path``."""
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise CredentialsError(f"{path.parent}: {error.strerror}; make this folder first") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise CredentialsError(f"{path} cannot be written ({error.strerror}); run this as root") from error
    finally:
        os.close(folder)


def logins(passwd: Path) -> dict[str, str]:
    """The hashes that are there already, by user."""
    if not passwd.exists():
        return {}
    pairs = (line.partition(":") for line in passwd.read_text(encoding="utf-8").splitlines())
    return {name: hashed for name, _, hashed in pairs if hashed}


def _broker_group() -> int | None:
    """The broker's group, if we may give files to it and it is there."""
    if os.geteuid() != 0:
        return None
    try:
        return grp.getgrnam(_BROKER_GROUP).gr_gid
    except KeyError:
        return None


def _replace(path: Path, text: str, mode: int, group: int | None) -> None:
    """Put ``text`` in the place of ``path``: a reader sees the old file or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        if group is not None:
            os.fchown(file.fileno(), -1, group)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
