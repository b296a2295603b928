"""``python -m scripts.bench``: measure, print the table, keep it in docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Final

from scripts.bench import (
    agent,
    backlog,
    backup,
    city,
    devices,
    disk,
    influx,
    latency,
    rollups,
    throughput,
    web,
)
from scripts.bench.report import Row, machine, table, write
from server.app import raise_descriptor_limit

MEASUREMENTS: Final[dict[str, Callable[[bool], Iterator[Row]]]] = {
    "throughput": throughput.measure,
    "city": city.measure,
    "latency": latency.measure,
    "backlog": backlog.measure,
    "stations": web.measure_stations,
    "readers": web.measure_readers,
    "pages": web.measure_watched_ingest,
    "disk": disk.measure,
    "rollups": rollups.measure,
    "backup": backup.measure,
    "influx": influx.measure,
    "agent": agent.measure,
    "devices": devices.measure,
}


def main() -> int:
    """Always 0: a figure that is not reached is said, not a failure."""
    parser = argparse.ArgumentParser(prog="bench", description="measure what Waystation reaches here")
    parser.add_argument("--quick", action="store_true", help="less of everything; rough, and not kept")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS), metavar="NAME")
    args = parser.parse_args()
    raise_descriptor_limit()
    rows: list[Row] = []
    for name in args.only:
        for row in MEASUREMENTS[name](args.quick):
            rows.append(row)
            print(f"{row.what}: {row.found}  {row.wanted}  {row.verdict}", file=sys.stderr, flush=True)
    print(f"\n{machine()}\n\n{table(rows)}")
    if not args.quick and args.only == list(MEASUREMENTS):
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
