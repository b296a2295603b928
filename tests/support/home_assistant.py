"""A real Home Assistant in this process, for tests that find its package: its core and MQTT, no pages."""

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

IN_S = 30.0


def module(name: str) -> Any:
    """One of Home Assistant's, which the project's checkers do not know."""
    return importlib.import_module(f"homeassistant.{name}")


async def bare(folder: Path) -> Any:
    """A core with nothing set up."""
    core = module("core").HomeAssistant(str(folder))
    if setup := getattr(module("helpers.frame"), "async_setup", None):  # since 2024.11
        setup(core)
    return core


@asynccontextmanager
async def with_mqtt(folder: Path, port: int) -> AsyncIterator[Any]:
    """A core that listens to the broker on ``port`` as somebody's would."""
    (folder / "configuration.yaml").touch()
    core = await bare(folder)
    core.config.skip_pip = True
    module("loader").async_setup(core)
    for helper in ("entity", "translation", "template"):
        module(f"helpers.{helper}").async_setup(core)
    entries = module("config_entries")
    core.config_entries = entries.ConfigEntries(core, {})
    core.config.components |= {"http", "file_upload"}  # MQTT asks for them, and uses them for its form only
    for registry in ("area", "category", "device", "entity", "floor", "issue", "label"):
        await module(f"helpers.{registry}_registry").async_load(core)
    await module("helpers.restore_state").async_load(core)
    await core.config_entries.async_initialize()
    core.set_state(module("core").CoreState.running)
    try:
        await core.config_entries.async_add(_entry(entries, port))
        yield core
    finally:
        await core.async_stop(force=True)


def _entry(entries: Any, port: int) -> Any:
    return entries.ConfigEntry(
        domain="mqtt",
        title="mqtt",
        data={"broker": "127.0.0.1", "port": port},
        options={},
        source="user",
        version=1,
        minor_version=2,
        unique_id=None,
        discovery_keys={},
        subentries_data=None,
    )


def shown(core: Any) -> dict[str, str]:
    """What people see: the state of each entity, by its unique id."""
    registry = module("helpers.entity_registry").async_get(core)
    states = {entry.unique_id: core.states.get(entry.entity_id) for entry in registry.entities.values()}
    return {name: state.state for name, state in states.items() if state}


async def until(predicate: Callable[[], bool], what: str) -> None:
    """Let it work until ``predicate`` holds.

    Raises:
        AssertionError: ``what`` has not come true after :data:`IN_S`.
    """
    deadline = time.monotonic() + IN_S
    while not predicate():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)
