"""Kills broker, server and stations at random while readings are made, then counts what came of them.

    python -m tests.faults --kills 200 --seed 7

    edge_process     stations in a child process; each notes what its outbox has committed
    server_process   the server in a child process, which can be told at which point to die
    schedule         who is killed when, from a seed
    run              starts, kills, starts again, waits for the end
    oracle           what was made against what is stored
    report           the figures

Nothing is mocked: Mosquitto with the shipped settings, ``waystation serve``, and the sampler, outbox and
publisher of a real station. With ``--forget-on-puback`` stations forget a reading when the broker has it,
which is the usual way and a wrong one: such a run must find losses.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.report import table
from tests.faults.run import Run


def main() -> int:
    """0 when nothing was lost, doubled, changed or made up; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="faults", description="kill at random and count the readings")
    parser.add_argument("--kills", type=int, default=60, help="how many processes to kill (60)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed kills in the same order (7)")
    parser.add_argument("--forget-on-puback", action="store_true", help="stations that trust the broker")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waystation-faults-") as folder:
        run = Run(Path(folder), args.seed, forget_on_puback=args.forget_on_puback)
        outcome = run.play(args.kills, tell=lambda line: print(line, flush=True))
    print(table(outcome))
    return 0 if outcome.findings.sound else 1


if __name__ == "__main__":
    sys.exit(main())
