"""Of which slots of a cabinet it is unknown what they hold, and why, for people at a terminal. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contract.messages import Slot

Heard = Mapping[str, bool]
"""What a slot says of itself, by name, and whether it is understood."""

_TELLING: Final = ("battery", "charge", "soc_pct")
_TOLD: Final = frozenset({"full", "charging", "limited", "fault"})


def is_unknown(slot: Slot) -> bool:
    """Whether nothing that it says tells what it holds, nor why nobody can use it."""
    told = slot.battery != "unknown" or slot.charge in _TOLD or bool(slot.alarms)
    return not told and slot.door != "open" and slot.enabled is not False


def doubt_of(slots: Sequence[Slot], heard: Callable[[int], Heard]) -> str:
    """Why slots are unknown, in words; "" where none is."""
    reasons: dict[str, list[int]] = {}
    for slot in filter(is_unknown, slots):
        reasons.setdefault(_reason(heard(slot.n)), []).append(slot.n)
    return "; ".join(f"{_named(numbers, len(slots))}: {why}" for why, numbers in reasons.items())


def _reason(heard: Heard) -> str:
    if not heard.keys() & _TELLING:
        return "nothing of battery or charge is heard and understood; see waystation-edge read"
    strange = " and ".join(name for name in _TELLING if not heard.get(name, True))
    if strange:
        return f"what it says of {strange} is not understood, or contradicts itself; see waystation-edge read"
    return "nothing says whether a battery is there"


def _named(numbers: Sequence[int], of: int) -> str:
    if len(numbers) == of > 1:
        return "all slots"
    return f"slot{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
