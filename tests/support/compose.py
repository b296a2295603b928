"""compose.yaml, read: its services with the variables of an .env put in."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from tests.support.recordings import CHECKOUT

FILE: Final = CHECKOUT / "compose.yaml"
SCRIPT: Final = CHECKOUT / "scripts" / "compose.sh"
BLANK: Final = re.compile(r"\$\{(?P<name>\w+)(?::(?P<sign>[?-])(?P<word>[^}]*))?\}")
SECRETS: Final = (
    "BROKER_PASSWORD", "INFLUX_PASSWORD", "INFLUX_ADMIN_TOKEN", "GRAFANA_PASSWORD",
    "INFLUX_WRITE_TOKEN", "INFLUX_READ_TOKEN",
)  # fmt: skip

Service = Mapping[str, Any]


def text() -> str:
    """The file as it stands."""
    return FILE.read_text(encoding="utf-8")


def whole(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All of it, with these variables; without them a letter stands for each secret."""
    given = dict.fromkeys(SECRETS, "x" * 32) | dict(environment or {})
    found: dict[str, Any] = yaml.safe_load(BLANK.sub(lambda blank: _filled(blank, given), text()))
    return found


def services(environment: Mapping[str, str] | None = None) -> dict[str, Service]:
    """The services by name."""
    found: dict[str, Service] = whole(environment)["services"]
    return found


def ours(found: Mapping[str, Service]) -> dict[str, Service]:
    """Those that run the image of this checkout."""
    return {name: each for name, each in found.items() if "build" in each}


def mounts(service: Service) -> dict[str, str]:
    """What is put where, by place in the container."""
    pairs = (each.split(":") for each in service.get("volumes", ()))
    return {pair[1]: pair[0] for pair in pairs}


def _filled(blank: "re.Match[str]", given: Mapping[str, str]) -> str:
    """As Compose does it: a value, else a default, else a refusal."""
    value = given.get(blank["name"], "")
    if value:
        return value
    if blank["sign"] == "-":
        return blank["word"]
    raise KeyError(f"{blank['name']}: {blank['word']}")
