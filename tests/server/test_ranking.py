"""The ranking, held to the table of cases that ``static/js/rank.js`` is held to as well."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server import ranking
from server.model import RANKING, Thresholds
from server.ranking import Candidate, Ranked, rank

TABLE = json.loads((Path(__file__).parents[1] / "ranking_cases.json").read_text(encoding="utf-8"))
THRESHOLDS = Thresholds(**{name: TABLE["ranking"][name] for name in RANKING})


def instant_ms(text: str | None) -> int | None:
    return None if text is None else round(datetime.fromisoformat(text).timestamp() * 1000)


def candidate(changes: dict[str, Any]) -> Candidate:
    """A row of the table, which has the shape of the API's."""
    row = TABLE["base"] | changes
    access = row["access"]
    return Candidate(
        row["id"],
        row["region"][0] if row["region"] else "",
        row["name"]["zh"],
        None if row["lat"] is None else (row["lat"], row["lon"]),
        row["freshness"],
        access["value"],
        access.get("evidence", "none"),
        instant_ms(access.get("changes_at")),
        row["crowding"]["value"],
        row["comfort"]["value"],
        row["sockets"]["free"] if "sockets" in row else None,
        row["batteries"]["charged"] if "batteries" in row else None,
        frozenset(row["amenities"]),
        row.get("forecast", ""),
        access.get("then"),
    )


def told(ranked: Ranked) -> dict[str, Any]:
    return {
        "id": ranked.candidate.id,
        "metres": ranked.metres,
        "riding_min": ranked.riding_min,
        "minutes": ranked.minutes,
        "penalties": dict(ranked.penalties),
        "closed": ranked.closed,
        "crowding": ranked.crowding,
        "by_forecast": ranked.by_forecast,
    }


def about(expected: dict[str, Any]) -> dict[str, Any]:
    """Minutes are written with four decimals in the table."""
    return {
        key: pytest.approx(value, abs=1e-3) if isinstance(value, float) else value
        for key, value in expected.items()
    }


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["why"])
def test_cases(case: dict[str, Any]) -> None:
    place = tuple(case["place"]) if case["place"] else None
    now_ms = instant_ms(case["now"])
    assert now_ms is not None
    ranked = rank(map(candidate, case["stations"]), place, case["wishes"], now_ms, THRESHOLDS)
    assert [told(each) for each in ranked] == [about(each) for each in case["expected"]], case["why"]


def test_the_cases_rank_by_the_defaults() -> None:
    assert TABLE["ranking"] == ranking.rules(Thresholds())


def test_every_penalty_has_a_case() -> None:
    seen = {reason for case in TABLE["cases"] for row in case["expected"] for reason in row["penalties"]}
    wishes = {*ranking.AMENITIES, *ranking.EQUIPPED, "places"}
    words = {"crowded", "full", "hot", "cold", "crowding_unknown", "comfort_unknown", "access_unknown"}
    missing = {f"no_{wish}" for wish in wishes} | {f"unknown_{wish}" for wish in ranking.EQUIPPED}
    assert seen == words | missing


def test_a_network_that_fears_the_heat_ranks_otherwise() -> None:
    near_and_hot = candidate({"id": "near", "comfort": {"value": "hot"}})
    far_and_cool = candidate({"id": "far", "lat": 37.85})
    place, now_ms = (37.8, 112.5), 0
    usual = rank([near_and_hot, far_and_cool], place, (), now_ms, Thresholds())
    heat = Thresholds(discomfort_penalty_min=30)
    assert [each.candidate.id for each in usual] == ["near", "far"]
    assert [each.candidate.id for each in rank([near_and_hot, far_and_cool], place, (), now_ms, heat)] == [
        "far",
        "near",
    ]
    slow = Thresholds(riding_kmh=9, detour=2)
    assert rank([far_and_cool], place, (), now_ms, slow)[0].minutes == pytest.approx(5560 * 2 / 150)
