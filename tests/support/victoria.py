"""A real VictoriaMetrics, as Debian packs it, which takes the client of InfluxDB 2 as it is.

It stores numbers only, and nought for text: a field ``people`` of ``occupancy`` becomes the metric
``occupancy_people``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.support.mosquitto import free_port
from tests.support.programs import Program, unpacked

ANSWER_S = 30.0


class Samples(NamedTuple):
    """One series.

    Attributes:
        labels: tags and ``__name__``.
        values: (time in ms, value), by time.
    """

    labels: dict[str, str]
    values: list[tuple[int, float]]


class Victoria:
    """A running VictoriaMetrics.

    Attributes:
        url: what the client of InfluxDB 2 is given; any token and organisation will do.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def samples(self, match: str) -> list[Samples]:
        """All that is stored of the series that ``match``: ``{__name__=~"climate_.*"}``."""
        httpx.get(f"{self.url}/internal/force_flush", timeout=ANSWER_S).raise_for_status()
        said = httpx.get(f"{self.url}/api/v1/export", params={"match[]": match}, timeout=ANSWER_S)
        said.raise_for_status()
        series = map(json.loads, said.text.splitlines())
        return [
            Samples(each["metric"], list(zip(each["timestamps"], each["values"], strict=True)))
            for each in series
        ]


@contextmanager
def victoria(folder: Path) -> Iterator[Victoria]:
    """VictoriaMetrics with its data in ``folder``; the test is skipped where it cannot be had."""
    if not unpacked("victoria-metrics"):
        pytest.skip("VictoriaMetrics is not unpacked: scripts/unpack.sh .venv/debian victoria-metrics")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Program(
        "victoria-metrics",
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-dedup.minScrapeInterval=1ms",
        "-memory.allowedBytes=128MB",
        ready=f"{url}/health",
        log=folder / "log",
    ):
        yield Victoria(url)
