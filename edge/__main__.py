"""``waystation-edge``: the commands of a station."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Final

from edge.options import ConfigError
from edge.version import version

COMMANDS: Final = {
    "run": "edge.run",
    "check": "edge.check",
    "devices": "edge.devices",
    "read": "edge.reading",
    "replay": "edge.replay",
    "simulate": "edge.simulate",
    "simulate-past": "edge.past",
}
"""Each command and the module that adds its parser and does it."""

EX_CONFIG: Final = 78
"""Exit code of a wrong station file; the unit does not start the agent again after it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse and do one command; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="waystation-edge", description="The agent of a station, and its tools."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    # The agent must stay small: what it does not need is not imported.
    chosen = [words[0]] if words and words[0] in COMMANDS else list(COMMANDS)
    for name in chosen:
        importlib.import_module(COMMANDS[name]).add_parser(subparsers)
    args = parser.parse_args(words)
    try:
        return int(args.main(args))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG


if __name__ == "__main__":
    sys.exit(main())
