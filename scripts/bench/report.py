"""Rows of the table, and the table."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_BEGIN: Final = "<!-- table: written by make bench -->"
_END: Final = "<!-- end of table -->"

Verdict = Literal["reached", "not reached", ""]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``wanted`` is empty for a yardstick, which is only there to be compared with."""

    what: str
    found: str
    wanted: str = ""
    verdict: Verdict = ""


def judged(what: str, found: str, wanted: str, reached: bool) -> Row:
    """A row with its verdict."""
    return Row(what, found, wanted, "reached" if reached else "not reached")


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of the sorted values do not exceed; 0 without values."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| what | found | to reach | |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.found} | {row.wanted} | {row.verdict} |" for row in rows])


def machine() -> str:
    """What it ran on, in a line."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(":")[2].strip() for line in cpus.splitlines() if "model name" in line), "?")
    return f"{cpus.count('processor	')} × {model}, Python {platform.python_version()}"


def write(rows: Sequence[Row]) -> None:
    """Put the table into docs/benchmarks.md in place of the one before."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    when = f"{datetime.now(UTC):%d %B %Y}, {machine()}."
    PAGE.write_text(f"{head}{_BEGIN}\n{when}\n\n{table(rows)}\n{_END}{tail}", encoding="utf-8")
