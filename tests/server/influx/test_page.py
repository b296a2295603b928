"""What ``docs/influx.md`` says of measurements and numbers is what is written; years of data stand on it."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract.messages import Cabinet, Climate, Door, Health, Info, Slot, Socket
from server.influx import words
from tests.support.forwarding import MIN, NOON_MS, Bucket, Forwarding, snapshot, station
from tests.support.recordings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "influx.md").read_text(encoding="utf-8")
TOLD = PAGE.partition("## The measurements")[2].partition("## How it gets there")[0]


def fields() -> dict[str, set[str]]:
    """By measurement, as the page's table has them."""
    found: dict[str, set[str]] = {}
    for name, named in re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", TOLD, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r"`(\w+)`", named))
    return found


def test_it_names_each_field_that_is_written_and_no_other(tmp_path: Path) -> None:
    bucket = Bucket()
    scene = Forwarding(tmp_path, bucket.take, [station("a", lat=37.8, lon=112.5)])
    scene.steps()
    scene.say("a", Info("1.4.2", 1, 30))
    slot = Slot(1, "present", "full", "closed", soc_pct=100.0, temperature_c=30.0)
    everything = snapshot(
        1,
        NOON_MS,
        climate=Climate(NOON_MS, 24.0, 50.0, 700.0),
        doors=(Door("main", 0, 0),),
        sockets=(Socket("a1", "ac", "free", NOON_MS, 4.0),),
        cabinets=(Cabinet("c1", True, (slot,), True, 31.0, False),),
        health=Health(0, 0, 30, 0, cpu_c=50.0, undervoltage=False, disk_free_pct=70.0),
    )
    scene.commit("a", everything)
    scene.rest()
    scene.turn(MIN)
    scene.close()
    written: dict[str, set[str]] = {}
    for (series, _), named in bucket.points.items():
        written.setdefault(series.partition(",")[0], set()).update(named)
    written["network"] |= {"alerts_safety", "alerts_critical", "alerts_warning"}  # nobody judges here
    assert written == fields()


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("`access_code`", words.ACCESS),
        ("`crowding_code`", words.CROWDING),
        ("`comfort_code`", words.COMFORT),
        ("`state_code` of `sockets`", words.SOCKET),
        ("`state_code` of `cabinets`", words.SLOT),
    ],
)
def test_it_tells_what_each_number_means(field: str, codes: Mapping[str, int]) -> None:
    [row] = re.findall(rf"^\| {re.escape(field)} \|(.*)\|$", TOLD, re.MULTILINE)
    told = [cell.strip() for cell in row.split("|") if cell.strip()]
    assert {word: code for code, word in enumerate(told)} | {"unknown": words.UNKNOWN} == dict(codes)
    assert "9 is unknown everywhere" in TOLD
