"""How far InfluxDB is behind the store, as one value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """For alerts, figures and staff.

    Attributes:
        since_ms: when the oldest reading was received that is not written; None when all is.
        rows: how many commits are not written, roughly.
        why: what InfluxDB said or did at the last try, "" when it took all.
        refused: lines that it refused for good, ever; written: lines that it took since the start.
        taken_ms: when it took something last, None before.
        reached: the commit up to which all is written.
        late: so many stations are written anew, because something came late or influx.db was damaged.
        dropped: lines of networks that could not wait for InfluxDB so long, ever.
        damaged: the name of an influx.db that was damaged and lies beside the new one, "" where none does.
    """

    since_ms: int | None = None
    rows: int = 0
    why: str = ""
    refused: int = 0
    written: int = 0
    taken_ms: int | None = None
    reached: int = 0
    late: int = 0
    dropped: int = 0
    damaged: str = ""

    def behind_ms(self, now_ms: int) -> int:
        """For how long the oldest reading has waited; 0 when none does."""
        return 0 if self.since_ms is None else max(0, now_ms - self.since_ms)
