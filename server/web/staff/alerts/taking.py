"""One station's alerts taken with one tap: whose they are, and what of them is free."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response

from server.alerts.model import Alert, Subject
from server.web.staff.alerts.alert import LIST, to_list
from server.web.staff.alerts.rows import Teller
from server.web.staff.gate import Gate, Visit


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose the alerts of one station are.

    Attributes:
        nobodys: how many nobody has in hand.
        knows, works: who knows of some, and who works on some; each named once, the reader first.
        free: ids of those that the reader may take, as nobody works on them.
    """

    nobodys: int
    knows: tuple[str, ...]
    works: tuple[str, ...]
    free: tuple[str, ...]


def hands_of(alerts: Sequence[Alert], teller: Teller) -> Hands:
    """Whose they are."""
    mine_first = sorted(alerts, key=teller.mine, reverse=True)
    known, worked_on = (
        dict.fromkeys(teller.holder(each) for each in mine_first if each.state == state)
        for state in ("acknowledged", "in_progress")
    )
    free = tuple(each.id for each in alerts if each.free and teller.may_handle(each))
    return Hands(sum(each.state == "firing" for each in alerts), tuple(known), tuple(worked_on), free)


def add_taking(gate: Gate) -> None:
    """Add the form of a station's card."""
    gate.form("/staff/stations/{station_id}/take", "handle_alerts")(take)


def take(visit: Visit) -> Response:
    """Take those that the card showed, if nobody works on them; never one about safety or one unseen."""
    teller, subject = Teller(visit), Subject("station", visit.path["station_id"])
    visit.require("handle_alerts", teller.where(subject).place)
    shown = set(visit.form.get("alerts", "").split())
    wanted = [
        each.id
        for each in teller.standing.values()
        if each.id in shown and each.subject[:2] == subject[:2] and not each.safety
    ]
    after = visit.staff.engine.take_up(wanted, visit.user.name)
    return to_list(visit, LIST, f"staff.done.{_done(after, teller)}")


def _done(after: Sequence[Alert], teller: Teller) -> str:
    """Which string says it: all that is wrong still is the reader's now, some of it, or none."""
    mine = [teller.mine(each) for each in after if each.active]
    if not any(mine):
        return "taken_none"
    return "taken" if all(mine) else "taken_rest"
