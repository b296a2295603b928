"""Networks and stations from the operator's files: all of a file or nothing of it.

    problems    what is wrong, with file, line, column, value and what is expected
    values      how one value is written: lists, qualified numbers, thresholds
    networks    TOML -> networks
    stations    CSV -> stations

The formats are described in ``docs/networks.md``.
"""

from server.imports.networks import read_networks
from server.imports.problems import ImportFailed, ImportProblem
from server.imports.stations import read_stations

__all__ = ["ImportFailed", "ImportProblem", "read_networks", "read_stations"]
