"""The station file: what this station is, where its broker is, what is connected."""

import re
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contract.messages import UNIT_ID
from contract.topics import STATION_ID
from edge.discovery_words import LANGUAGES, Language
from edge.options import ConfigError, Options

WEEK_ROWS: Final = 7 * 24 * 3600 // 30
"""Rows of seven days at a heartbeat of 30 s: the outage that an outbox must hold."""

BROKER_KEYS: Final = ("host", "port", "username", "password", "password_file", "tls", "tls_ca")

TOPIC: Final = re.compile(r"(?=.{1,100}$)[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
"""Narrower than MQTT: no wildcards, no empty levels, nothing that Home Assistant's own pattern refuses."""


@dataclass(frozen=True, slots=True)
class SensorEntry:
    """One ``[[sensor]]`` of the station file; its driver reads and checks ``options`` itself."""

    id: str
    kind: str
    interval_s: float | None
    options: Mapping[str, object]
    where: str
    folder: Path = Path()

    def read_options(self) -> Options:
        """The keys that belong to the driver, to be asked for one by one."""
        return Options(self.options, self.where, self.folder)


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """How to log in. ``tls_ca`` None means the system's authorities."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = False
    tls_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class HomeAssistantConfig:
    """Which broker Home Assistant listens to, and under which topics it hears of the station.

    An empty ``broker.username`` logs in without one.
    """

    broker: BrokerConfig
    prefix: str
    topic: str
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How often, in seconds."""

    sample_s: float = 1.0
    heartbeat_s: float = 30.0
    health_s: float = 600.0


@dataclass(frozen=True, slots=True)
class OutboxConfig:
    """Where snapshots wait, and how many may."""

    path: Path
    max_rows: int = 5 * WEEK_ROWS
    max_mb: int = 400


@dataclass(frozen=True, slots=True)
class StationConfig:
    """A whole station file, checked except for the sensors' own options."""

    file: Path
    station: str
    broker: BrokerConfig
    sampling: SamplingConfig
    outbox: OutboxConfig
    sensors: tuple[SensorEntry, ...]
    home_assistant: HomeAssistantConfig | None = None


def load(file: Path) -> StationConfig:
    """Read a station file.

    Raises:
        ConfigError: naming file, table, key, value and what is allowed.
    """
    root = Options(parse(file), file.name, file.parent)
    root.only("station", "broker", "sampling", "outbox", "sensor", "home_assistant")
    station = root.table("station")
    station.only("id")
    station_id = station.text("id", pattern=STATION_ID.pattern, allowed="3 to 32 of a-z, 0-9 and '-'")
    config = StationConfig(
        file,
        station_id,
        _broker(root.table("broker"), station_id),
        _sampling(root.table("sampling")),
        _outbox(root.table("outbox")),
        tuple(_sensor(entry, file.parent) for entry in root.tables("sensor")),
        _home_assistant(root.table("home_assistant"), station_id) if root.has("home_assistant") else None,
    )
    _check_distinct(config)
    return config


def parse(file: Path) -> dict[str, object]:
    """The tables of a TOML file; one that cannot be read is a :class:`ConfigError`."""
    text = ""
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text)
    except OSError as error:
        raise ConfigError(str(file), "", None, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), "", None, f"must be text in UTF-8 ({error})") from None
    except tomllib.TOMLDecodeError as error:
        single = re.search(r"^\s*\[sensor\]", text, re.MULTILINE)
        hint = "; each sensor begins with [[sensor]], in two brackets" if single else ""
        raise ConfigError(str(file), "", None, f"must be TOML ({error}){hint}") from None
    except (ValueError, RecursionError) as error:  # a path that cannot be; tables nested without end
        raise ConfigError(repr(str(file)), "", None, f"cannot be read ({error})") from None


def _broker(table: Options, station_id: str) -> BrokerConfig:
    table.only(*BROKER_KEYS)
    return _login(table, table.text("username", default=station_id), read_password(table))


def _login(table: Options, username: str, password: str) -> BrokerConfig:
    ca = table.path("tls_ca") if table.has("tls_ca") else None
    tls = table.flag("tls", default=ca is not None)
    if ca is not None:
        _check_ca(table, ca)
    return BrokerConfig(
        table.host("host"),
        table.whole("port", default=8883 if tls else 1883, low=1, high=65535),
        username,
        password,
        tls,
        ca,
    )


def _home_assistant(table: Options, station_id: str) -> HomeAssistantConfig:
    table.only(*BROKER_KEYS, "language", "prefix", "topic")
    username = table.text("username", default="")
    return HomeAssistantConfig(
        _login(table, username, read_password(table) if username else ""),
        _topic(table, "prefix", "homeassistant"),
        _topic(table, "topic", f"waystation/{station_id}"),
        _language(table),
    )


def _language(table: Options) -> Language:
    chosen = table.choice("language", LANGUAGES, default="zh")
    return next(language for language in LANGUAGES if language == chosen)


def _topic(table: Options, key: str, default: str) -> str:
    return table.text(
        key,
        default=default,
        pattern=TOPIC.pattern,
        allowed="a topic of a-z, A-Z, 0-9, '_' and '-', with '/' between",
    )


def _check_ca(table: Options, ca: Path) -> None:
    try:
        ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise table.wrong("tls_ca", f"a file of certificates in PEM form ({error})") from None


def read_password(table: Options) -> str:
    """``password``, or what ``password_file`` holds."""
    if table.has("password") == table.has("password_file"):
        raise table.wrong("password", "exactly one of password and password_file")
    if table.has("password"):
        return table.text("password")
    file = table.path("password_file")
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise table.wrong("password_file", f"a readable text file ({error})") from None


def _sampling(table: Options) -> SamplingConfig:
    table.only("sample_s", "heartbeat_s", "health_s")
    return SamplingConfig(
        table.number("sample_s", default=1.0, low=0.1, high=60),
        table.number("heartbeat_s", default=30.0, low=1, high=3600),
        table.number("health_s", default=600.0, low=10, high=86400),
    )


def _outbox(table: Options) -> OutboxConfig:
    table.only("path", "max_rows", "max_mb")
    return OutboxConfig(
        table.path("path", default="/var/lib/waystation-edge/outbox.db"),
        # Less would not hold the seven days that Waystation promises.
        table.whole("max_rows", default=5 * WEEK_ROWS, low=WEEK_ROWS, high=10_000_000),
        table.whole("max_mb", default=400, low=64, high=100_000),
    )


def _sensor(table: Options, folder: Path) -> SensorEntry:
    sensor_id = table.text("id", pattern=UNIT_ID.pattern, allowed="1 to 32 of a-z, 0-9, '_' and '-'")
    kind = table.text("kind", allowed="a kind of sensor, e.g. dht22")
    interval = table.number("interval_s", low=0.1, high=3600) if table.has("interval_s") else None
    return SensorEntry(sensor_id, kind, interval, table.rest(), f"{table.where} ({sensor_id})", folder)


def _check_distinct(config: StationConfig) -> None:
    seen = {"outbox"}  # reports its own faults beside the sensors
    for entry in config.sensors:
        if entry.id in seen:
            raise ConfigError(entry.where, "id", entry.id, "an id that no other sensor has, and not 'outbox'")
        seen.add(entry.id)
