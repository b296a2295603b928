"""Who may import whom, what the pure modules keep out, and what each machine installs."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

STATION_LIBRARIES = {"paho", "gpiozero", "adafruit_dht", "board", "pymodbus", "jsonpath"}
PLUMBING = {
    *(
        "asyncio",
        "concurrent",
        "multiprocessing",
        "queue",
        "selectors",
        "signal",
        "socket",
        "subprocess",
        "threading",
    ),
    *("io", "logging", "os", "pathlib", "shutil", "sqlite3", "tempfile", "time", "tomllib", "urllib"),
    *("fastapi", "gpiozero", "jinja2", "paho", "rich", "sqlalchemy", "starlette", "typer", "uvicorn"),
}
CLOCKS_AND_FILES = {"now", "utcnow", "today", "open", "print", "input"}

PURE = [
    "contract/*.py",
    "edge/changes.py",
    "edge/discovery*.py",
    "edge/doors.py",
    "edge/zones.py",
    "edge/sensors/modbus_map.py",
    "edge/sensors/modbus_options.py",
    "edge/sensors/modbus_turns.py",
    "edge/sensors/mqtt_known.py",
    "edge/sensors/mqtt_map_options.py",
    "edge/sensors/power.py",
    "edge/sensors/units.py",
    "edge/sensors/values.py",
    "edge/days/*.py",
    "edge/sensors/tower_frames.py",
    "edge/sensors/tower_map.py",
    "edge/sensors/tower_memory.py",
    "edge/sensors/tower_session.py",
    "server/accounts/roles.py",
    "server/alerts/board.py",
    "server/alerts/facts.py",
    "server/alerts/inhibit.py",
    "server/alerts/kinds.py",
    "server/alerts/lifecycle.py",
    "server/alerts/model.py",
    "server/alerts/outlook.py",
    "server/alerts/rules*.py",
    "server/alerts/silences.py",
    "server/alerts/trends.py",
    "server/alerts/words.py",
    "server/board.py",
    "server/cells.py",
    "server/forecasts/pattern.py",
    "server/geo.py",
    "server/hours.py",
    *(
        f"server/influx/{name}.py"
        for name in ("answers", "points", "series", "standing", "track", "units", "words", "writer")
    ),
    "server/reports/limits.py",
    "server/model.py",
    "server/notes.py",
    "server/notify/model.py",
    "server/notify/outbox/pace.py",
    "server/notify/outbox/retry.py",
    "server/notify/receivers/grouping.py",
    "server/notify/receivers/model.py",
    "server/notify/targets/addresses.py",
    "server/notify/targets/cutting.py",
    "server/notify/targets/judging.py",
    "server/notify/words/harmless.py",
    "server/notify/words/late.py",
    "server/notify/words/texts.py",
    "server/occupancy.py",
    "server/ranking.py",
    "server/served/astray.py",
    "server/served/columns.py",
    "server/served/demand*.py",
    "server/served/model.py",
    "server/served/periods.py",
    "server/served/reach.py",
    "server/served/summing.py",
    "server/served/tally.py",
    "server/served/words.py",
    "server/standards.py",
    "server/state.py",
    "server/status/*.py",
    "server/visible.py",
]


def imported(source: str) -> set[str]:
    """Full names of all modules that ``source`` imports, wherever in it it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute here"
            names.add(node.module or "")
    return names


def packages(source: str) -> set[str]:
    """The first part of each imported name."""
    return {name.partition(".")[0] for name in imported(source)}


def called(source: str) -> set[str]:
    """Last part of the name of whatever ``source`` calls: ``now`` of ``datetime.now()``."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    attributes = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    return attributes | {func.id for func in calls if isinstance(func, ast.Name)}


def beyond_contract(source: str) -> set[str]:
    return packages(source) - sys.stdlib_module_names - {"contract"}


def beyond_station(source: str) -> set[str]:
    return packages(source) - sys.stdlib_module_names - {"contract", "edge"} - STATION_LIBRARIES


def beyond_server(source: str) -> set[str]:
    stranger = {"edge", "gpiozero", "adafruit_dht", "board", "tests", "scripts"}
    return packages(source) & (stranger | {"grafana", "grafana_foundation_sdk"})


def beyond_dashboards(source: str) -> set[str]:
    """Dashboards know of the server what its words are as numbers."""
    own = {"grafana", "grafana_foundation_sdk"} | sys.stdlib_module_names
    return {name for name in imported(source) if name.partition(".")[0] not in own} - {"server.influx"}


def impure(source: str) -> set[str]:
    return (packages(source) & PLUMBING) | (called(source) & CLOCKS_AND_FILES)


def files(*patterns: str) -> list[Path]:
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files("contract/**/*.py"), ids=named)
def test_the_contract_needs_the_standard_library_only(path: Path) -> None:
    assert not beyond_contract(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", files("edge/**/*.py"), ids=named)
def test_a_station_imports_the_contract_and_its_hardware_only(path: Path) -> None:
    assert not beyond_station(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", files("server/**/*.py"), ids=named)
def test_the_server_never_imports_the_station(path: Path) -> None:
    assert not beyond_server(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", files("grafana/*.py"), ids=named)
def test_dashboards_know_words_only(path: Path) -> None:
    assert not beyond_dashboards(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "pattern", [*PURE, "edge/**/*.py", "grafana/*.py", "server/**/*.py", "requirements/*.lock"]
)
def test_the_rules_have_files_to_look_at(pattern: str) -> None:
    assert files(pattern), "renamed?"


@pytest.mark.parametrize("path", files(*PURE), ids=named)
def test_thinking_keeps_plumbing_and_clocks_out(path: Path) -> None:
    assert not impure(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("rule", "source", "found"),
    [
        (beyond_contract, "import msgspec", {"msgspec"}),
        (beyond_contract, "def f():\n    from edge.clock import Clock", {"edge"}),
        (beyond_station, "from server.model import Station", {"server"}),
        (beyond_station, "import fastapi.responses", {"fastapi"}),
        (beyond_server, "import edge.outbox as outbox", {"edge"}),
        (beyond_server, "from grafana.influxql import ZONE", {"grafana"}),
        (beyond_dashboards, "from server.live import Live", {"server.live"}),
        (beyond_dashboards, "from server.influx import words", set()),
        (impure, "from datetime import datetime\nx = datetime.now()", {"now"}),
        (impure, "import time", {"time"}),
        (impure, "open('a')", {"open"}),
        (impure, "from datetime import datetime, UTC\nx = datetime.fromtimestamp(0, UTC)", set()),
    ],
)
def test_the_rules_can_fail(rule: type, source: str, found: set[str]) -> None:
    assert rule(source) == found


def locked(name: str) -> set[str]:
    """Names of the distributions in ``requirements/<name>.lock``."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def wanted(*extras: str) -> set[str]:
    """Names that the extras in ``pyproject.toml`` ask for, as lock files write them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {re.split(r"[\[<>=!~ ;]", line)[0].lower().replace("_", "-") for line in asked}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("edge", ["edge"]),
        ("pi", ["edge", "pi"]),
        ("server", ["edge", "server"]),
        ("dev", ["edge", "server", "dev"]),
    ],
)
def test_each_lock_holds_what_its_extras_ask_for(lock: str, extras: list[str]) -> None:
    assert wanted(*extras) <= locked(lock)
    assert "setuptools" in locked(lock)


@pytest.mark.parametrize("lock", ["edge", "pi"])
def test_a_station_installs_nothing_of_the_server(lock: str) -> None:
    heavy = {
        "fastapi",
        "starlette",
        "pydantic",
        "pydantic-core",
        "sqlalchemy",
        "uvicorn",
        "msgspec",
        "jinja2",
    }
    assert not locked(lock) & (heavy | (wanted("server") - {"paho-mqtt"}))


@pytest.mark.parametrize("path", files("requirements/*.lock"), ids=named)
def test_locks_carry_hashes_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert not [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry]
