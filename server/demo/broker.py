"""A Mosquitto for the demo alone: loopback, a free port, a login for each station and one for the server."""

import os
import secrets
import shutil
from collections.abc import Iterable
from typing import Final

from server.credentials import BrokerFiles, Login, issue
from server.demo.folder import DemoError, Folder, write_secret

SERVER_USER: Final = "waystation_server"
_SYSTEM_FOLDERS: Final = "/usr/sbin:/usr/local/sbin"
"""Debian puts the broker where users' paths do not lead."""

# The same limits as in firmware_config/mosquitto/waystation.conf, where the reasons stand.
_CONFIG: Final = """\
listener {port} 127.0.0.1
use_username_as_clientid true
allow_anonymous false
password_file {folder}/passwd
acl_file {folder}/acl
pid_file {folder}/pid
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1000
max_inflight_messages 2000
max_queued_messages 20000
max_queued_bytes 67108864
max_packet_size 131072
persistent_client_expiration 14d
set_tcp_nodelay true
connection_messages false
log_dest stderr
"""


def find_mosquitto() -> str:
    """The program's path.

    Raises:
        DemoError: it is not installed.
    """
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")
    if found is None:
        raise DemoError("Mosquitto, the MQTT broker, is not installed; type: sudo apt install mosquitto")
    return found


def prepare(folder: Folder, port: int, stations: Iterable[str]) -> str:
    """Write config, users and access rules, all passwords new; returns the server's password."""
    # Started by root, the broker would become user "mosquitto", who may not read the demo's folder.
    user = "user root\n" if os.geteuid() == 0 else ""
    config = _CONFIG.format(port=port, folder=folder.broker) + user
    (folder.broker / "mosquitto.conf").write_text(config, encoding="utf-8")
    (folder.broker / "passwd").unlink(missing_ok=True)
    server = Login(SERVER_USER, secrets.token_urlsafe(24))
    passwords = issue(BrokerFiles(folder.broker / "passwd", folder.broker / "acl"), stations, server)
    lines = (f"{station}:{password}\n" for station, password in passwords.items())
    write_secret(folder.passwords, "".join(lines))
    return server.password
