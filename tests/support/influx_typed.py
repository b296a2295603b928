"""``waystation influx …`` as it is typed, and the settings it reads."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from server.__main__ import app
from tests.support.influx import Influx
from tests.support.influx_api import Api

BOOKMARK = "influx_backfill.json"
ZONE = ZoneInfo("Asia/Urumqi")
MIDNIGHT_MS = int(datetime(2026, 7, 2, tzinfo=ZONE).timestamp()) * 1000
BEFORE, SNAPSHOTS = 60, 800
"""Heartbeats before midnight, and in all: enough for two requests."""


def name(here: Path, server: Influx | Api, bucket: str, token: str) -> None:
    """Write the settings of a server into the file."""
    (here / "token").write_text(token + "\n")
    with (here / "waystation.toml").open("a") as settings:
        settings.write(f'influx_url = "{server.url}"\ninflux_org = "{server.org}"\n')
        settings.write(f'influx_bucket = "{bucket}"\ninflux_token_file = "token"\n')


def typed(*words: str, stdin: str = "") -> tuple[int, str]:
    """Its exit code, and all that it said."""
    result = CliRunner().invoke(app, ["influx", *words], input=stdin)
    return result.exit_code, result.stdout + result.stderr
