"""Settings as they are given: in ``waystation.toml`` and in ``WAYSTATION_<NAME>``, checked.

The environment wins over the file, the file over the default. Paths in the file are relative to it.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any, Final

from server.settings import Settings

ENVIRONMENT_PREFIX: Final = "WAYSTATION_"
_SECRETS: Final = {"broker_password": "password", "influx_token": "token"}
"""Settings that are better kept in a file of their own, named by the setting with ``_file`` behind it."""


class ConfigError(ValueError):
    """A setting that cannot be used: names the place, the key, the value and what is allowed."""

    def __init__(self, where: str, key: str, value: object, allowed: str) -> None:
        self.where, self.key, self.value, self.allowed = where, key, value, allowed
        super().__init__(f"{where}: {key} = {value!r}: expected {allowed}")


def load(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a TOML file, if given, and the environment.

    Raises:
        ConfigError: naming file and line, key, value and what is allowed.
    """
    values, lines = _from_file(path) if path else ({}, {})
    given = _from_environment(environment)
    for secret in _SECRETS:
        if secret in given:
            values.pop(f"{secret}_file", None)
    settings = Settings(**values | given)
    for secret in _SECRETS:
        name = f"{secret}_file"
        file: Path | None = getattr(settings, name)
        if file is not None:
            where = f"{ENVIRONMENT_PREFIX}{name.upper()}" if name in given else lines[name]
            given_there: dict[str, Any] = {secret: _secret(file, name, where)}
            settings = replace(settings, **given_there)
    return settings


def check(where: str, name: str, value: object) -> Any:
    """The value of one setting, given by hand at ``where``.

    Raises:
        ConfigError: it is not allowed.
    """
    setting = next(each for each in fields(Settings) if each.name == name)
    return _checked(setting, value, where, Path())


def _from_file(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The file's values by key, and where each stands."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), "file", path.name, f"a readable UTF-8 file ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), "file", path.name, f"TOML ({error})") from error
    known = {setting.name: setting for setting in fields(Settings)}
    values, lines = {}, {}
    for key, value in table.items():
        lines[key] = where = f"{path}:{_line_of(key, text)}"
        if key not in known:
            raise ConfigError(where, key, value, f"one of {', '.join(known)}")
        values[key] = _checked(known[key], value, where, path.parent)
    return values, lines


def _line_of(key: str, text: str) -> int:
    found = re.search(rf"^\s*\[*\s*[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for setting in fields(Settings):
        name = ENVIRONMENT_PREFIX + setting.name.upper()
        text = environment.get(name)
        if text is not None:
            values[setting.name] = _checked(setting, _parsed(setting, text), name, Path())
    return values


def _parsed(setting: "Field[Any]", text: str) -> object:
    if setting.type is int and re.fullmatch(r"-?\d{1,15}", text.strip()):
        return int(text)
    return text


def _checked(setting: "Field[Any]", value: object, where: str, folder: Path) -> Any:
    allowed = _allowed(setting)
    if setting.type is int:
        low, high = setting.metadata["low"], setting.metadata["high"]
        if type(value) is int and low <= value <= high:
            return value
    elif isinstance(value, str):
        if setting.type is not str:
            return folder / Path(value).expanduser() if value else None
        if value in setting.metadata.get("choices", (value,)) and _fits(setting, value):
            return value
    raise ConfigError(where, setting.name, value, allowed)


def _fits(setting: "Field[Any]", value: str) -> bool:
    return re.fullmatch(setting.metadata.get("pattern", ".*"), value, re.DOTALL) is not None


def _allowed(setting: "Field[Any]") -> str:
    if setting.type is int:
        return f"a whole number from {setting.metadata['low']} to {setting.metadata['high']}"
    if choices := setting.metadata.get("choices"):
        return f"one of {', '.join(choices)}"
    usual = "text" if setting.type is str else "a path"
    return str(setting.metadata.get("example", usual))


def _secret(file: Path, name: str, where: str) -> str:
    """The first line of ``file``, which the setting ``name`` gives at ``where``."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(where, name, str(file), f"a file that this user can read ({error})") from error
    if not lines or not lines[0]:
        said = _SECRETS[name.removesuffix("_file")]
        raise ConfigError(where, name, str(file), f"a file with the {said} in its first line")
    return lines[0]
