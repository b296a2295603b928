"""A report as sentences to paste, with what they rest on, in Chinese and English. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.served.model import LEAST_MEASURED, Entered, Line, Report
from server.served.periods import Period
from server.web.shapes import Name
from server.web.text import Text

WHOLE: Final = 0.9995
"""From that share on "all of the time" is said."""
LEAST_FOR_MEAN: Final = 2
"""Days from which on a daily mean says something."""


def span(text: Text, period: Period) -> str:
    """``2026年7月``, ``2026年第28周（7月6日至7月12日）``, ``2026年7月1日至2026年7月20日``."""
    first, last = (text.date(day.isoformat()) for day in (period.first, period.last))
    if period.kind == "day" or period.days == 1:
        return first
    if period.kind == "week":
        year, week, _ = period.first.isocalendar()
        return text("served.span.week", year=year, week=week, first=first, last=last)
    if period.kind in ("month", "year"):
        whole = text.date(str(period))
        return whole if _whole(period) else text("served.span.of", whole=whole, first=first, last=last)
    return text("served.span.range", first=first, last=last)


def _whole(period: Period) -> bool:
    return period.before().after() == period


def place(text: Text, report: Report) -> str:
    """The network's name, with the district, street or station asked for."""
    name = text.name(Name(report.network.name_zh, report.network.name_en))
    if report.station is not None:
        return text.name(Name(report.station.name_zh, report.station.name_en))
    scope = report.scope
    inside = [part for part in (scope.district, scope.street) if part]
    if text.language == "zh":
        return f"{name}（{''.join(inside)}）" if inside else name
    return ", ".join((*inside[::-1], name))


def share(text: Text, measured: float) -> str:
    """``97%``; never rounded up to all of it, nor down to nothing."""
    if measured >= WHOLE:
        return "100%"
    return text("served.share.least") if 0 < measured < 0.01 else f"{int(100 * measured)}%"


def percent(value: float) -> str:
    """``3.8%`` without a sign."""
    return f"{abs(value):.1f}%".replace(".0%", "%")


def changed(value: float) -> str:
    """``+3.8%``; never a minus before nothing."""
    return f"{round(value, 1) + 0.0:+.1f}%"


def tenths(text: Text, value: float) -> str:
    """``261.3``; thousands are grouped in English only, as in whole numbers."""
    return f"{value:,.1f}" if text.language == "en" else f"{value:.1f}"


def rounded(text: Text, visits: int) -> str:
    """As it is said in a speech: ``8100余`` for 8,137, ``8100`` for 8,100; under a hundred exactly.

    余 is only said of what was rounded down: so many were counted, and some more.
    """
    step = 1 if visits < 100 else 10 if visits < 1_000 else 100 if visits < 100_000 else 1_000
    down = visits // step * step
    said = _ten_thousands(text, down) if text.language == "zh" and down >= 10_000 else text.number(down)
    return said if down == visits else text("served.over", count=said)


def _ten_thousands(text: Text, count: int) -> str:
    return text("served.wan", count=f"{count / 10_000:.2f}".rstrip("0").removesuffix("."))


def headline(text: Text, report: Report) -> str:
    """The sentence in short."""
    if report.total.visits is None:
        return nothing(text, report)
    where, when = place(text, report), span(text, report.elapsed or report.period)
    key = "served.short.station" if report.station else "served.short"
    return _marked(text, report) + text(
        key, when=when, where=where, visits=rounded(text, report.total.visits)
    )


def sentence(text: Text, report: Report) -> str:
    """The sentence with its qualifier: exact, and how much was counted, by how many stations."""
    total = report.total
    if total.visits is None:
        return nothing(text, report) + _entered(text, total.entered)
    key = "served.sentence.station" if report.station else "served.sentence"
    said = text(
        key,
        when=span(text, report.elapsed or report.period),
        where=place(text, report),
        visits=text.number(total.visits),
        mean=_mean(text, total),
        rests=_rests(text, report),
    )
    return _marked(text, report) + said + _compared(text, report) + _entered(text, total.entered)


def _marked(text: Text, report: Report) -> str:
    """What is simulated is never taken for counted, wherever the sentence is pasted."""
    return text("served.simulated") if report.simulated else ""


def nothing(text: Text, report: Report) -> str:
    """That there is no number, which is not none."""
    key = "served.ahead" if report.elapsed is None else "served.nothing"
    return text(key, when=span(text, report.elapsed or report.period), where=place(text, report))


def _mean(text: Text, total: Line) -> str:
    """A daily mean; rounded ones say so."""
    if total.per_day is None or total.days < LEAST_FOR_MEAN:
        return ""
    digits = 0 if total.per_day >= 10 else 1
    value = round(total.per_day, digits)
    exact = value * total.days == total.sum.visits
    return text("served.mean" if exact else "served.mean.about", count=text.number(value))


def _rests(text: Text, report: Report) -> str:
    """How many stations counted, how much of the time, and up to when while the period runs."""
    total = report.total
    key = "served.rests.all" if (total.share or 0) >= WHOLE else "served.rests"
    told = {"share": share(text, total.share or 0), "until": _until(text, report)}
    if total.level == "station" or total.stations == 1:
        return text(f"{key}.station", **told)
    of = "served.of.all" if total.counted == total.stations else "served.of.some"
    stations = text(of, counted=text.number(total.counted), stations=text.number(total.stations))
    return text(key, of=stations, **told)


def until(text: Text, report: Report) -> str:
    """Up to when a period that is not over was counted; "" once it is, and where nothing was measured."""
    if not report.running or not report.total.sum.known:
        return ""
    there = datetime.fromtimestamp(report.until_ms / 1000, ZoneInfo(report.network.time_zone))
    time = f"{there.hour}:{there.minute:02}"
    return text("served.moment", day=text.date(there.date().isoformat()), time=time)


def _until(text: Text, report: Report) -> str:
    at = until(text, report)
    return text("served.until", at=at) if at else ""


def _compared(text: Text, report: Report) -> str:
    """Against the period before, where the two can be compared."""
    change = report.total.change_pct
    if change is None or report.compared is None:
        return ""
    before = report.total.before
    assert before is not None
    key = "same" if not change else "near" if percent(change) == "0%" else "more" if change > 0 else "less"
    return text(
        f"served.compared.{key}",
        when=span(text, report.compared),
        visits=text.number(before.visits),
        change=percent(change),
    )


def about(text: Text, count: int, rough: bool) -> str:
    """A sum; 约 where one of its numbers was entered as being about so many."""
    return text("served.about", count=text.number(count)) if rough else text.number(count)


def _entered(text: Text, entered: Entered) -> str:
    """What staff have entered, apart."""
    said = []
    if entered.count is not None:
        said.append(text("served.entered.count", count=about(text, entered.count, entered.count_rough)))
    if entered.attendance is not None:
        said.append(
            text(
                "served.entered.events",
                count=entered.events,
                events=text.number(entered.events),
                attendance=about(text, entered.attendance, entered.attendance_rough),
            )
        )
    return text("served.entered", said=text("list.separator").join(said)) if said else ""


def notes(text: Text, report: Report) -> Iterator[str]:
    """What whoever passes the numbers on has to know."""
    total = report.total
    yield text("served.note.visits")
    if report.elapsed is None:
        return
    yield from _missing(text, total)
    if total.sum.known:
        yield text("served.note.stay")
    if total.sum.corrections:
        yield text("served.note.corrected", count=total.sum.corrections, people=f"{total.sum.corrected:+d}")
    if total.sum.energy_wh is not None or total.sum.swaps is not None:
        yield text("served.note.metered")
    if total.before and total.before.visits and total.sum.known and not (total.running or total.comparable):
        yield text("served.note.incomparable")
    if total.entered.partly:
        yield text("served.note.partly", count=total.entered.partly)
    if at := until(text, report):
        yield text("served.note.running", at=at)
    yield text("served.note.late")


def _missing(text: Text, total: Line) -> Iterator[str]:
    """What was not measured, and what is not told for it."""
    if not total.counted:
        yield text("served.note.uncounted.all")
        return
    if total.counted < total.stations:
        yield text("served.note.uncounted", count=total.stations - total.counted, stations=total.stations)
    if total.share is not None and total.share < WHOLE:
        yield text("served.note.share", share=share(text, total.share))
    if not total.measured:
        yield text("served.note.mean", least=share(text, LEAST_MEASURED))
