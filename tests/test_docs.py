"""The documents hold together: what they name is there, and what can be opened or typed is named."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer import Typer

from server.__main__ import app

ROOT = Path(__file__).parents[1]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
FILE = re.compile(
    r"(?:contract|docs|edge|firmware_config|grafana|requirements|scripts|server|tests)/[\w./-]*[\w/]|Makefile|pyproject\.toml"
)
TARGET = re.compile(r"\bmake ([a-z]+)\b")
PICTURE = re.compile(r'!\[[^\]]*\]\(([^)\s]+)\)|<img src="([^"]+)"[^>]* alt="[^"]+">')
ROUTE = re.compile(r'^ *@app\.(?:get|post)\(\s*"(/[^"]*)"', re.MULTILINE)
BLANK = re.compile(r"\{[\w:]+\}|<[a-z]+>")
"""What stands in an address for an id."""
IMAGES = ROOT / "docs" / "images"
LARGEST_PICTURE, ALL_PICTURES = 90_000, 1_300_000
"""Bytes: a clone stays small, and a page of the docs opens on a phone."""


def documents() -> list[Path]:
    hidden = {".venv", ".demo", ".pytest_cache"}
    return sorted(path for path in ROOT.rglob("*.md") if not hidden & set(path.relative_to(ROOT).parts))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """The names that a heading can be linked by, made as code hosts make them."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path, text: str) -> Iterator[str]:
    """Links of the document that lead nowhere inside the checkout."""
    for link in LINK.findall(FENCE.sub("", text)):
        place, _, anchor = link.partition("#")
        if "://" in place or place.startswith("mailto:"):
            continue
        target = path.parent / place if place else path
        own = text if target == path or not target.is_file() else target.read_text(encoding="utf-8")
        if not target.exists() or (anchor and anchor not in anchors(own)):
            yield link


def unknown_files(text: str) -> Iterator[str]:
    """Files of the checkout that the document names and that are not there."""
    for code in CODE.findall(FENCE.sub("", text)):
        if FILE.fullmatch(code) and not (ROOT / code).exists():
            yield code


def pictures(path: Path) -> set[Path]:
    """The pictures of a document; those of a page elsewhere are none of ours."""
    found = ("".join(each) for each in PICTURE.findall(FENCE.sub("", path.read_text(encoding="utf-8"))))
    return {(path.parent / each).resolve() for each in found if "://" not in each}


def routes() -> set[str]:
    """Addresses that the server answers, but for its own scripts and styles."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "server" / "web").glob("*.py"))
    found = {route for source in sources for route in ROUTE.findall(source)}
    return {route for route in found if not route.startswith("/static/")}


def commands(group: Typer, words: str) -> Iterator[str]:
    """What can be typed below ``words``."""
    for command in group.registered_commands:
        yield f"{words} {command.name or getattr(command.callback, '__name__', '')}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{words} {inner.name}")


def all_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in documents())


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^\.PHONY: (\w+)$", makefile, re.MULTILINE))


@pytest.mark.parametrize("path", documents(), ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    assert not list(broken(path, path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", documents(), ids=named)
def test_files_that_are_named_exist(path: Path) -> None:
    assert not list(unknown_files(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", documents(), ids=named)
def test_targets_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commands = [*CODE.findall(text), *re.findall(r"^ *(?:\$ )?(make .*)$", text, re.MULTILINE)]
    assert {target for command in commands for target in TARGET.findall(command)} <= targets()


def test_contributing_explains_every_target() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert targets()
    assert not {target for target in targets() if f"`make {target}" not in text}


def test_the_readme_leads_to_every_page_of_the_docs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages
    assert not pages - set(LINK.findall(text))


def test_the_pictures_of_the_docs_are_those_that_are_there() -> None:
    named = set[Path]().union(*(pictures(path) for path in documents()))
    assert named
    assert named == set(IMAGES.iterdir())


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_PICTURE} == {}
    assert sum(sizes.values()) <= ALL_PICTURES


def test_each_address_is_in_the_docs() -> None:
    named = set(re.findall(r"/[\w./{}-]*", BLANK.sub("{}", all_text())))
    assert len(routes()) > 15
    assert {route for route in routes() if BLANK.sub("{}", route) not in named} == set()


def test_each_command_is_in_the_docs() -> None:
    text = all_text()
    found = set(commands(app, "waystation"))
    assert {"waystation demo", "waystation reports done", "waystation stations import"} <= found
    assert {command for command in found if not re.search(rf"\b{command}\b", text)} == set()


def test_the_checks_can_fail() -> None:
    text = "# Here\n[a](no-such-file.md) [b](#there) [c](#here) `edge/no_such.py` `edge/clock.py`\n"
    path = ROOT / "README.md"
    assert list(broken(path, text)) == ["no-such-file.md", "#there"]
    assert list(unknown_files(text)) == ["edge/no_such.py"]
