"""What is told of a file of demand, in words: what cannot be taken, what was used, what is odd. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from server.imports.problems import quoted
from server.served.astray import Astray
from server.served.demand import MOST_POINTS, Problem
from server.served.demand_columns import MOST_LETTERS, MOST_TOLD, Columns
from server.web.text import Text


class Told(NamedTuple):
    """Where it is, what stands there, and what to do."""

    where: str
    found: str
    advice: str


def problem(text: Text, each: Problem) -> Told:
    """What cannot be taken; ``found`` is what somebody wrote, quoted."""
    key = "staff.reach.where.column" if each.column else "staff.reach.where"
    found = text("staff.reach.found.nothing") if each.found in ("", "''") else each.found
    return Told(
        text(key, line=each.line, column=each.column),
        found,
        text(
            f"staff.reach.problem.{each.kind}", count=text.number(each.count), most=text.number(MOST_POINTS)
        ),
    )


def columns(text: Text, told: Columns) -> Iterator[str]:
    """Sentences: which columns were used, which were passed over, which of those look like weights."""
    used = (
        text(
            "staff.reach.columns.as", name=quoted(name, MOST_LETTERS), what=text(f"staff.reach.columns.{key}")
        )
        for key, name in told.used.items()
    )
    yield text("staff.reach.columns.used", names=text("list.separator").join(used))
    if "weight" not in told.used:
        yield text("staff.reach.columns.unweighted")
    if told.passed:
        yield text("staff.reach.columns.passed", names=_names(text, told.passed))
    if told.maybe:
        yield text("staff.reach.columns.maybe", names=_names(text, told.maybe))


def far(text: Text, told: Astray | None) -> Iterator[str]:
    """Sentences: how many points lie far from all stations, where the farthest is, what may be wrong."""
    if told is None or not told.far:
        return
    near, km = (text.number(round(metres / 1000)) for metres in (told.limit_m, told.farthest_m))
    yield text("staff.reach.far", count=text.number(told.far), near=near, line=told.line, km=km)
    if told.swapped:
        yield text("staff.reach.far_swapped", count=text.number(told.swapped), line=told.swapped_line)


def _names(text: Text, names: Sequence[str]) -> str:
    said = text("list.separator").join(quoted(name, MOST_LETTERS) for name in names[:MOST_TOLD])
    return said if len(names) <= MOST_TOLD else text("staff.reach.columns.more", names=said, count=len(names))
