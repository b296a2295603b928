"""The table of kinds and its page: each kind is explained, with the numbers that count."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from server.alerts.kinds import (
    KINDS,
    AlertThresholds,
    ServerThresholds,
    ThresholdError,
    overridden,
)
from server.alerts.model import SEVERITIES, Kind
from server.alerts.rules import PARTS, RULES, SERVER_RULES

PAGE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROW = re.compile(r"^\| (?:\[(\w+)\]\(#\1\)|`(\w+)`) \| (.+) \|$", re.MULTILINE)


def duration(ms: int) -> str:
    if not ms:
        return "at once"
    return f"{ms // 3_600_000} h" if ms % 3_600_000 == 0 else f"{ms // 60_000} min"


def test_every_kind_has_one_rule() -> None:
    stations = {kind.code for kind in KINDS.values() if kind.scope == "station"}
    server = {kind.code for kind in KINDS.values() if kind.scope == "server"}
    districts = {kind.code for kind in KINDS.values() if kind.scope == "network"}
    assert (set(RULES), set(SERVER_RULES), districts) == (stations, server, {"district_offline"})
    assert set(PARTS) == server, "each says which part of the server it is about"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_kind(kind: Kind) -> None:
    assert kind.severity in SEVERITIES
    assert set(kind.inhibited_by) <= set(KINDS) - {kind.code}, "what hides it is a kind, and another one"
    assert not (kind.safety and kind.inhibited_by), "safety is never hidden"
    assert kind.for_ms == 0 or not kind.safety, "safety does not wait"
    assert kind.schedule == "always" or not kind.safety, "smoke is no matter of opening hours"


def test_no_two_kinds_hide_each_other() -> None:
    hides = {(hiding, kind.code) for kind in KINDS.values() for hiding in kind.inhibited_by}
    assert hides
    assert not {(one, other) for one, other in hides if (other, one) in hides}, "or neither would be told"


def test_the_page_has_a_section_for_each_kind_and_no_other() -> None:
    assert list(SECTIONS) == list(KINDS), "in the order of the table"


@pytest.mark.parametrize("code", KINDS)
def test_each_section_says_what_it_means_and_what_to_do(code: str) -> None:
    for part in ("Meaning", "Threshold", "What to do"):
        said = re.search(rf"\*\*{part}\.\*\* (.+?)(?=\n\*\*|\Z)", SECTIONS[code], re.DOTALL)
        assert said, f"{code}: no {part}"
        assert len(said[1].split()) >= 3, f"{code}: {part} says nothing"


def test_the_page_has_the_numbers_of_the_kinds() -> None:
    table = PAGE.partition("## All kinds")[2].partition("\n## ")[0]
    rows = {code: tuple(rest.split(" | ")) for code, _, rest in ROW.findall(table)}
    assert rows == {
        kind.code: (
            kind.severity,
            duration(kind.for_ms),
            duration(kind.clear_ms),
            "in hours" if kind.schedule == "open" else "always",
        )
        for kind in KINDS.values()
    }


@pytest.mark.parametrize(
    ("thresholds", "begins", "ends"),
    [
        (AlertThresholds(), "## Thresholds", "Those of the server itself"),
        (ServerThresholds(), "Those of the server itself", "## Each kind"),
    ],
)
def test_the_page_has_the_default_of_each_threshold(thresholds: object, begins: str, ends: str) -> None:
    table = PAGE.partition(begins)[2].partition(ends)[0]
    rows = {key: rest.split(" | ") for _, key, rest in ROW.findall(table)}
    assert {key: float(row[0]) for key, row in rows.items()} == {
        field.name: getattr(thresholds, field.name)
        for field in fields(thresholds)  # type: ignore[arg-type]  # both are dataclasses
    }
    used = {code for row in rows.values() for code in re.findall(r"\(#(\w+)\)", row[2])}
    assert used <= set(KINDS)


def test_a_station_stands_over_its_network() -> None:
    network = overridden(AlertThresholds(), {"too_hot_c": 31, "flat_ms": 7_200_000})
    station = overridden(network, {"too_hot_c": 33.5})
    assert (station.too_hot_c, station.flat_ms) == (33.5, 7_200_000)
    assert overridden(network, {}) == network
    assert AlertThresholds().too_hot_c == 30, "the defaults are nobody's to change"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("too_hot", 30, "no such key"),
        ("too_hot_c", "30", "a text is no number"),
        ("too_hot_c", True, "true is no number either"),
        ("too_hot_c", float("nan"), "nothing is hotter than that"),
        ("too_hot_c", float("inf"), "nothing is hotter than that either"),
        ("too_hot_c", 126, "hotter than anything that is measured"),
        ("drift_days", 8, "only a week is kept"),
        ("drift_days", 2.5, "days are whole"),
        ("jumps", 0, "then a quiet sensor jumps"),
        ("flat_ms", 10, "shorter than the time between two readings"),
        ("disk_free_pct", -1, "then a full disk is well"),
        ("district_stations", 1, "one station is no district"),
    ],
)
def test_an_impossible_threshold_is_refused(key: str, value: object, why: str) -> None:
    with pytest.raises(ThresholdError) as refused:
        overridden(AlertThresholds(), {key: value})
    assert re.match(f"{key}: .*expected ", str(refused.value)), why


@pytest.mark.parametrize("field", fields(AlertThresholds), ids=lambda field: field.name)
def test_every_threshold_can_be_set_to_its_default(field: object) -> None:
    name = field.name  # type: ignore[attr-defined]  # it is a dataclass field
    assert overridden(AlertThresholds(), {name: getattr(AlertThresholds(), name)}) == AlertThresholds()
