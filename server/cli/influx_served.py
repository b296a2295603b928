"""What the running server does about InfluxDB, by its own ``/metrics`` and ``/readyz``."""

from collections.abc import Iterable
from typing import NamedTuple

from server.alerts.kinds import ServerThresholds
from server.cli.records import duration
from server.cli.running import NotRunningError, look
from server.settings import Settings


class Served(NamedTuple):
    """A sentence for staff, and whether the server writes and is not late."""

    said: str
    well: bool


def served(chosen: Settings) -> Served:
    """What the server of these settings says now."""
    try:
        now = look(chosen)
    except NotRunningError as error:
        return Served(f"{error}: nothing is being written", well=False)
    return meant({name: values[()] for name, values in now.figures.items() if () in values}, now.notices)


def meant(figures: dict[str, float], notices: Iterable[str]) -> Served:
    """The meaning of its figures without labels, and of its notices. Pure."""
    if "waystation_influx_well" not in figures:
        return Served("runs, but was started without influx_url: restart it", well=False)
    if not figures["waystation_influx_well"]:
        why = [each for each in notices if each.startswith("InfluxDB takes nothing")]
        return Served(" ".join(why) or "InfluxDB takes nothing at present", well=False)
    taken_s = figures.get("waystation_influx_last_taken_age_seconds")
    behind_s = figures["waystation_influx_behind_seconds"]
    last = "has written nothing since its start" if taken_s is None else f"wrote {_time(taken_s)} ago"
    behind = f", is behind for {_time(behind_s)}" if behind_s else ", nothing is waiting"
    return Served(last + behind, well=behind_s * 1000 <= ServerThresholds().influx_behind_ms)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else duration(round(seconds * 1000))
