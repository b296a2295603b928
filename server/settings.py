"""The server's settings: one table. How they are given: :mod:`server.config`."""

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final


def _about(unit: str, meaning: str, **limits: Any) -> dict[str, Any]:
    return {"unit": unit, "meaning": meaning, **limits}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of ``waystation serve``; :data:`SETTINGS` is the same as rows to print."""

    data_dir: Path = field(
        default=Path("data"),
        metadata=_about(
            "path", "folder of readings.db, rollups.db, registry.db, reports.db, desk.db and influx.db"
        ),
    )
    host: str = field(default="127.0.0.1", metadata=_about("address", "where the pages and the API listen"))
    port: int = field(
        default=8080,
        metadata=_about("port", "TCP port of the pages and the API; 0 takes a free one", low=0, high=65535),
    )
    base_path: str = field(
        default="", metadata=_about("URL path", "path below which a reverse proxy serves Waystation")
    )
    forwarded_allow_ips: str = field(
        default="127.0.0.1",
        metadata=_about(
            "addresses",
            "reverse proxies, with commas, believed about HTTPS (redirects say it) and the client (limits on "
            "reports)",
        ),
    )
    public_url: str = field(
        default="",
        metadata=_about(
            "URL",
            "where riders and staff reach the pages, https://example.org or with a path; on plates, in feeds "
            "and in messages to staff",
            pattern=r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?)?",
            example="an address such as https://example.org",
        ),
    )
    map_tiles: str = field(
        default="",
        metadata=_about(
            "URL",
            "tiles of the map, with {z}, {x} and {y}, of another server or (/tiles/…) of this one; empty "
            "draws the stations on plain ground",
            pattern=r"((https?://[A-Za-z0-9.-]+(:\d{1,5})?)?/(?!/)(?=.*\{z\})(?=.*\{x\})(?=.*\{y\})[!-~]*)?",
            example="an address such as https://tiles.example.org/{z}/{x}/{y}.png",
        ),
    )
    map_attribution: str = field(
        default="",
        metadata=_about(
            "text", "who made the tiles, shown on the map; an address at its end becomes the link of it"
        ),
    )
    map_datum: str = field(
        default="wgs84",
        metadata=_about(
            "datum", "what the tiles show places by; Chinese ones do it by gcj02", choices=("wgs84", "gcj02")
        ),
    )
    broker_host: str = field(default="127.0.0.1", metadata=_about("address", "host of the MQTT broker"))
    broker_port: int = field(
        default=1883, metadata=_about("port", "TCP port of the MQTT broker", low=1, high=65535)
    )
    broker_username: str = field(
        default="", metadata=_about("text", "the server's own broker user; empty logs in without one")
    )
    broker_password: str = field(
        default="", metadata=_about("text", "its password; better given by broker_password_file")
    )
    broker_password_file: Path | None = field(
        default=None, metadata=_about("path", "file whose first line is the password")
    )
    broker_tls_ca: Path | None = field(
        default=None, metadata=_about("path", "certificate authority of the broker; set, it turns TLS on")
    )
    broker_client_id: str = field(
        default="waystation-server",
        metadata=_about("text", "MQTT client id; keep it, or the broker forgets what it has queued"),
    )
    broker_keepalive_s: int = field(
        default=20,
        metadata=_about("s", "a connection silent for twice as long counts as lost", low=5, high=3600),
    )
    broker_passwd_file: Path | None = field(
        default=None, metadata=_about("path", "Mosquitto's password file, rewritten by stations credentials")
    )
    broker_acl_file: Path | None = field(
        default=None,
        metadata=_about("path", "Mosquitto's access control file, rewritten by stations credentials"),
    )
    broker_pid_file: Path | None = field(
        default=None,
        metadata=_about("path", "Mosquitto's pid file; that process is told to reload new credentials"),
    )
    accept_past_days: int = field(
        default=40, metadata=_about("days", "older readings are refused as too_old", low=1, high=3650)
    )
    accept_future_s: int = field(
        default=300,
        metadata=_about("s", "readings further in the future are refused as too_new", low=0, high=86_400),
    )
    rollups_days: int = field(
        default=1_096,
        metadata=_about(
            "days", "how long quarters of an hour are kept; days are kept for ever", low=92, high=36_600
        ),
    )
    raw_days: int = field(
        default=14,
        metadata=_about(
            "days",
            "so long whole readings are kept; what becomes of older ones is in store.md",
            low=7,
            high=3650,
        ),
    )
    dead_letters_max: int = field(
        default=10_000,
        metadata=_about(
            "messages", "refused messages kept to look at; the oldest go first", low=1, high=1_000_000
        ),
    )
    notify_private_addresses: str = field(
        default="no",
        metadata=_about(
            "yes or no",
            "whether messages to staff may go to plain http, to this machine and into its networks",
            choices=("no", "yes"),
        ),
    )
    dead_man_url: str = field(
        default="",
        metadata=_about(
            "URL",
            "asked each minute while alerts are judged and messages leave; an outside service that tells "
            "people when it stops",
            pattern=r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?)?",
            example="an address such as https://hc-ping.com/your-check",
        ),
    )
    influx_url: str = field(
        default="",
        metadata=_about(
            "URL",
            "InfluxDB 2 that every reading is written to as well; empty writes to none",
            pattern=r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?)?",
            example="an address such as http://127.0.0.1:8086",
        ),
    )
    influx_org: str = field(
        default="waystation", metadata=_about("text", "InfluxDB's organization that the bucket is in")
    )
    influx_bucket: str = field(
        default="waystation", metadata=_about("text", "the bucket; made by influx setup")
    )
    influx_token: str = field(
        default="",
        metadata=_about("text", "a token that may write there; better given by influx_token_file"),
    )
    influx_token_file: Path | None = field(
        default=None, metadata=_about("path", "file whose first line is the token")
    )
    log_level: str = field(
        default="info",
        metadata=_about(
            "level", "least serious message logged", choices=("debug", "info", "warning", "error")
        ),
    )

    @property
    def readings_db(self) -> Path:
        """The store of readings, written by ``serve`` alone."""
        return self.data_dir / "readings.db"

    @property
    def influx_db(self) -> Path:
        """How far InfluxDB has everything, and what it refused."""
        return self.data_dir / "influx.db"

    @property
    def rollups_db(self) -> Path:
        """Quarters of an hour and days, made from the readings; what is left when those are pruned."""
        return self.data_dir / "rollups.db"

    @property
    def desk_db(self) -> Path:
        """What staff work with: accounts and their audit log; the server and commands write it."""
        return self.data_dir / "desk.db"

    @property
    def reports_db(self) -> Path:
        """What riders have reported, closed by commands."""
        return self.data_dir / "reports.db"

    @property
    def registry_db(self) -> Path:
        """Networks and stations, written by commands too."""
        return self.data_dir / "registry.db"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of ``docs/settings.md``."""

    name: str
    unit: str
    default: str
    meaning: str


def _row(setting: "Field[Any]") -> SettingRow:
    default = "" if setting.default in (None, "") else str(setting.default)
    return SettingRow(setting.name, setting.metadata["unit"], default, setting.metadata["meaning"])


SETTINGS: Final[tuple[SettingRow, ...]] = tuple(_row(setting) for setting in fields(Settings))
