"""What a rider needs of a station: the codes of an address (``want=socket,water``), and what lacks. Pure.

``static/js/head.js`` and ``selection.js`` say the same on the phone; which station meets a wish,
:mod:`server.ranking` says.
"""

from typing import Final, get_args

from server.ranking import Ranked, Wish

WISHES: Final[tuple[Wish, ...]] = get_args(Wish)
"""In the order in which they are offered."""
_LONGEST: Final = 200


def parse(want: str) -> tuple[Wish, ...]:
    """The wishes of an address, each once and in one order; what is not a wish is ignored."""
    asked = want[:_LONGEST].split(",")
    return tuple(wish for wish in WISHES if wish in asked)


def toggled(wishes: tuple[Wish, ...], wish: Wish) -> str:
    """What ``want=`` is after a touch on ``wish``."""
    return ",".join(each for each in WISHES if (each in wishes) != (each == wish))


def lacks(ranked: Ranked, wishes: tuple[Wish, ...]) -> tuple[str, ...]:
    """What a station lacks of the wishes: ``no_water``, ``unknown_socket``, and ``closed``.

    With wishes a closed station lacks something too: nobody gets anything behind a closed door.
    """
    reasons = tuple(reason for reason in ranked.penalties if reason.startswith(("no_", "unknown_")))
    return ("closed", *reasons) if ranked.closed and wishes else reasons
