"""The fuzzer of the swap cabinets' protocol finds nothing in a short run, and does break frames."""

import random
from pathlib import Path

from scripts.fuzz_tower import fuzz

DEVICES = Path(__file__).parents[1] / "firmware_config" / "devices"


def test_a_short_run() -> None:
    found = fuzz(6000, random.Random(7))  # noqa: S311  (repeatable on purpose)
    assert 20 < found.ends < 300, "some frames end their connection, not all"
    makers = {file.stem for file in DEVICES.iterdir() if file.stem.startswith("tower-")}
    understood = {name for name, rounds in found.understood.items() if rounds > 20}
    assert understood == makers, "cabinets of every maker say something that is understood"
