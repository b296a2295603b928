"""``python -m server.demo.files``: what a simulated fleet needs where compose.yaml starts it.

Networks and stations go into the registry, the fleet file and the stations' passwords into a folder, all
logins into the broker's files. The server's settings come from the environment. Done again it changes nothing
but what is missing, and the server's own password where that is another now.
"""

import argparse
import os
import sys
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from server import config
from server.config import ConfigError
from server.credentials import BrokerFiles, CredentialsError, Login, issue
from server.demo.demo import fleet_text
from server.demo.folder import write_secret
from server.demo.networks import NETWORKS
from server.demo.stations import FEWEST, MOST, DemoStation, build
from server.registry import Registry, RegistryError
from server.settings import Settings


def main(words: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m server.demo.files")
    parser.add_argument("--stations", type=int, default=250, help=f"with readings, {FEWEST} to {MOST}")
    parser.add_argument("--into", type=Path, required=True, help="folder of the fleet")
    asked = parser.parse_args(words)
    if not FEWEST <= asked.stations <= MOST:
        parser.error(f"--stations is {FEWEST} to {MOST}")
    try:
        prepare(config.load(None, os.environ), build(asked.stations), asked.into)
    except (ConfigError, CredentialsError, RegistryError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{asked.stations} simulated stations are prepared\n")
    return 0


def prepare(settings: Settings, stations: Collection[DemoStation], folder: Path) -> None:
    """Make what is missing of all files.

    Raises:
        CredentialsError, RegistryError, OSError: something cannot be written, or is not set.
    """
    if not (settings.broker_passwd_file and settings.broker_acl_file and settings.broker_password):
        raise CredentialsError("broker_passwd_file, broker_acl_file and broker_password must be set")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with closing(Registry.open(settings.registry_db)) as registry:
        registry.put_networks(NETWORKS)
        registry.put_stations([each.station for each in stations])
    (folder / "fleet.json").write_text(fleet_text(stations), encoding="utf-8")
    known = _passwords(folder / "passwords")
    missing = [each.station.id for each in stations if each.life and each.station.id not in known]
    files = BrokerFiles(settings.broker_passwd_file, settings.broker_acl_file)
    made = issue(files, missing, Login(settings.broker_username, settings.broker_password))
    lines = (f"{station}:{password}\n" for station, password in (known | made).items())
    write_secret(folder / "passwords", "".join(lines))


def _passwords(file: Path) -> dict[str, str]:
    """Those that stations have already, by station."""
    if not file.exists():
        return {}
    pairs = (line.partition(":") for line in file.read_text("utf-8").splitlines())
    return {station: password for station, _, password in pairs if password}


if __name__ == "__main__":
    sys.exit(main())
