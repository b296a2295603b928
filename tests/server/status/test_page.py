"""Every word and threshold of the status stands in its page."""

from dataclasses import Field, fields
from pathlib import Path
from typing import get_args

import pytest

from server import model, state
from server.model import Thresholds

PAGE = Path(__file__).parents[3] / "docs" / "status.md"
VOCABULARY = (
    state.AccessValue,
    state.Evidence,
    state.CrowdingValue,
    state.CrowdingReason,
    state.ComfortValue,
    state.ComfortReason,
    state.Freshness,
    model.Season,
    state.SlotWord,
    model.Qualifier,
)


@pytest.mark.parametrize("word", sorted({word for kind in VOCABULARY for word in get_args(kind)} - {""}))
def test_every_word_is_in_the_page(word: str) -> None:
    assert f"`{word}`" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("threshold", fields(Thresholds), ids=lambda field: field.name)
def test_every_threshold_is_in_the_page_with_its_default(threshold: Field[float]) -> None:
    assert f"| `{threshold.name}` | {threshold.default} |" in PAGE.read_text("utf-8")
