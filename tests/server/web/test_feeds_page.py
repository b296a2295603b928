"""``docs/feeds.md`` names every field and word of the feeds, and its examples run as they stand."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from server.web.feeds import KINDS
from tests.support.asgi import Client, asking
from tests.support.feeds import schema_of, table
from tests.support.serving import serving
from tests.support.web import TableLive, TableStore

PAGE = Path(__file__).parents[3] / "docs" / "feeds.md"
NAMES = list(KINDS)


@pytest.fixture
def live() -> TableLive:
    return table()


@pytest.fixture
def client(live: TableLive) -> Iterator[Client]:
    with asking(build_web(live, TableStore(), Settings(), Pipeline())) as client:
        yield client


def section(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def explained(text: str) -> set[str]:
    """The fields of the section's table."""
    table = text.partition("| field | meaning |")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `([\w.]+)`", table, re.MULTILINE))


def kinds(schema: dict[str, Any]) -> dict[str, Any]:
    """What a feed consists of, without the envelope that all have."""
    return {name: kind for name, kind in schema["$defs"].items() if not name.startswith("Feed_")}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_explains_every_field_and_no_other(client: Client, name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    shared = explained(section(text, "What every feed has"))
    named = explained(section(text, name)) | shared
    leaves = {field.rpartition(".")[2] for field in named}
    fields = {field for kind in kinds(schema_of(client, name)).values() for field in kind["properties"]}
    assert fields - leaves == set(), "not explained"
    assert leaves - fields - shared == set(), "there is no such field"


def test_the_page_tells_every_word_that_a_field_can_be(client: Client) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for kind in kinds(schema_of(client, "alerts.json")).values():
        for field in kind["properties"].values():
            assert not [word for word in field.get("enum", ()) if f"`{word}`" not in text]


def example(language: str, port: int) -> str:
    """The first example in that language, as a developer pastes it, but for the server's address."""
    (block, *_) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert "http://127.0.0.1:8080" in block
    return str(block).replace("http://127.0.0.1:8080", f"http://127.0.0.1:{port}")


@pytest.fixture
def port(live: TableLive) -> Iterator[int]:
    with serving(build_web(live, TableStore(), Settings(), Pipeline())) as port:
        yield port


def test_the_python_example_runs(port: int) -> None:
    code = example("python", port)
    assert len(code.splitlines()) <= 14
    said = subprocess.run(  # noqa: S603 # our own page
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert said.stdout.splitlines() == ["嘉节社区暖心驿站 quiet 2 free sockets"] * 2


def test_the_curl_example_runs(port: int) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    said = subprocess.run(  # noqa: S603 # our own page
        ["/bin/sh", "-ec", example("sh", port)], capture_output=True, check=True, timeout=30
    )
    address = f"http://127.0.0.1:{port}/feeds/v1/station_status.json?network=taiyuan"
    assert json.loads(said.stdout)["data"] == httpx.get(address).json()["data"]
