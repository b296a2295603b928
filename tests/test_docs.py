"""The documents hold together: links resolve, files and targets that they name are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
FILE = re.compile(
    r"(?:contract|docs|edge|firmware_config|grafana|requirements|scripts|server|tests)/[\w./-]*[\w/]|Makefile|pyproject\.toml"
)
TARGET = re.compile(r"\bmake ([a-z]+)\b")


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


def test_the_checks_can_fail() -> None:
    text = "# Here\n[a](no-such-file.md) [b](#there) [c](#here) `edge/no_such.py` `edge/clock.py`\n"
    path = ROOT / "README.md"
    assert list(broken(path, text)) == ["no-such-file.md", "#there"]
    assert list(unknown_files(text)) == ["edge/no_such.py"]
