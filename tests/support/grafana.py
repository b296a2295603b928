"""What Grafana does with a dashboard's JSON before InfluxDB hears of it, and with the answer after.

As in Grafana 11: the page puts variables in (``:regex`` escapes each value and joins several as ``(a|b)``),
the back end then replaces ``$timeFilter`` and ``$__interval`` in the raw query.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "grafana"
Values = Mapping[str, Sequence[str]]
Rows = list[dict[str, Any]]
Series = dict[str, dict[int, Any]]
_ESCAPED = re.compile(r"[\\^$*+?.()|\[\]{}/]")
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
_ALIAS = re.compile(r"\$tag_(\w+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a dashboard: of a panel, or of a variable, which has no ``ref``."""

    board: str
    title: str
    ref: str
    query: str
    form: str
    alias: str


@dataclass(frozen=True, slots=True)
class Page:
    """A dashboard as somebody has opened it."""

    values: Values
    from_ms: int
    to_ms: int
    interval: str = "5m"

    def sent(self, query: str) -> str:
        """The query as InfluxDB gets it.

        Raises:
            AssertionError: if something in it is left that Grafana would not replace.
        """
        text = _VARIABLE.sub(lambda found: self._value(found[1], found[2]), query)
        text = text.replace("$timeFilter", f"time >= {self.from_ms}ms and time <= {self.to_ms}ms")
        text = text.replace("$__interval", self.interval)
        assert not re.search(r"\$[\w{]", text), text
        return text

    def _value(self, name: str, form: str | None) -> str:
        if name in ("__from", "__to"):
            return str(self.from_ms if name == "__from" else self.to_ms)
        assert form == "regex", f"${{{name}}} would come in unescaped"
        escaped = [_ESCAPED.sub(r"\\\g<0>", value) for value in self.values[name]]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def boards() -> dict[str, dict[str, Any]]:
    """All dashboards as they are checked in."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER / "dashboards").glob("*.json"))
    }


def panel_title(panel: Mapping[str, Any]) -> str:
    """The title, wherever the panel shows it."""
    defaults = panel["fieldConfig"]["defaults"]
    overrides = panel["fieldConfig"]["overrides"]
    inside = [
        each["value"] for rule in overrides for each in rule["properties"] if each["id"] == "displayName"
    ]
    return str(panel["title"] or "、".join(inside) or defaults.get("displayName", ""))


def asked(name: str, board: Mapping[str, Any]) -> Iterator[Asked]:
    """All its queries."""
    for variable in board["templating"]["list"]:
        yield Asked(name, variable["name"], "", variable["query"], "table", "")
    for panel in board["panels"]:
        for target in panel["targets"]:
            alias = target.get("alias", "")
            title = panel_title(panel)
            yield Asked(name, title, target["refId"], target["query"], target["resultFormat"], alias)


def as_series(rows: Rows, alias: str) -> Series:
    """Series by name, each with its values by time; what is not known is left out."""
    made: Series = {}
    for row in rows:
        name = _ALIAS.sub(lambda found: str(row[found[1]]), alias)  # noqa: B023 # used at once
        values = [value for key, value in row.items() if key != "time" and f"$tag_{key}" not in alias]
        assert len(values) == 1, row
        if values[0] is not None:
            made.setdefault(name, {})[row["time"]] = values[0]
    return made


def as_table(rows: Rows) -> Rows:
    """Rows without time, in the order of their text."""
    told = [{key: value for key, value in row.items() if key != "time"} for row in rows]
    return sorted(told, key=repr)
