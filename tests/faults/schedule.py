"""Who is killed when. Pure: the same seed gives the same faults."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final, Literal

Victim = Literal["broker", "server", "point", "edge", "both"]

WEIGHTS: Final[dict[Victim, int]] = {"broker": 5, "server": 4, "point": 6, "edge": 3, "both": 2}
POINTS: Final = ("before BEGIN", "before COMMIT", "before PUBACK", "before commit ack")
OVERLAP: Final = 0.15
"""How often the next kill does not wait until the last one has healed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One step of the schedule.

    Attributes:
        victim: ``point`` is the server at the named point; ``both`` are server, then broker.
        pause_s: work goes on for so long before it.
        down_s: how long the victim stays away.
        heal: whether to wait for the recovery before the next step.
        edge: which of the edge processes, where it is one.
    """

    victim: Victim
    point: str
    pause_s: float
    down_s: float
    heal: bool
    edge: int

    @property
    def kills(self) -> int:
        """Processes that it ends."""
        return 2 if self.victim == "both" else 1


def faults(seed: int, kills: int, edges: int) -> Iterator[Fault]:
    """Steps until ``kills`` processes were killed (one more where the last step kills two)."""
    random = Random(seed)  # noqa: S311 - a schedule that can be played again
    points = cycle(POINTS)
    done = 0
    while done < kills:
        victim = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        fault = Fault(
            victim,
            next(points) if victim == "point" else "",
            random.uniform(0.05, 0.6),
            random.choice((0.0, 0.2, 0.7)),
            random.random() >= OVERLAP,
            random.randrange(edges),
        )
        done += fault.kills
        yield fault
