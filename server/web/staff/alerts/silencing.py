"""Silences as somebody wishes for them in a form: what is meant, for how long, and why."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server.accounts.roles import Place, place_of
from server.alerts.ledger import Wish, silence_id
from server.alerts.model import Alert
from server.alerts.silences import MOST_REASON, Maintenance, Matcher, Silence, silenced
from server.desk import DeskError
from server.web.staff.alerts.rows import Where
from server.web.staff.gate import Refused, Visit

log = logging.getLogger(__name__)

HOUR_MS: Final = 3_600_000
MOST_MS: Final = 30 * 24 * HOUR_MS
"""What has to be quiet for longer is taken out of the registry, or gets thresholds of its own."""
AHEAD_MS: Final = 60 * 24 * HOUR_MS
"""So far ahead a silence may be planned."""
MORNING: Final = time(8)
"""When "until tomorrow morning" ends."""
LENGTHS: Final = {"1h": HOUR_MS, "8h": 8 * HOUR_MS, "24h": 24 * HOUR_MS}
LONGER: Final = {"3d": 72 * HOUR_MS, "7d": 168 * HOUR_MS, "30d": MOST_MS}
REASONS: Final = ("known", "works", "waiting", "checked")
"""What is chosen instead of being written."""


def lengths(visit: Visit, zone: str, *, longer: bool = False) -> list[tuple[str, str]]:
    """What can be chosen, with its words."""
    words = [
        (code, visit.text(f"staff.silence.for.{code}")) for code in (*LENGTHS, *(LONGER if longer else ()))
    ]
    until = visit.when(morning_ms(visit.now_ms, zone), zone)
    return [*words[:3], ("morning", visit.text("staff.silence.for.morning", time=until)), *words[3:]]


def morning_ms(now_ms: int, zone: str) -> int:
    """The next :data:`MORNING` by the clock there; at night that is this day's."""
    now = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    day = now.date() + timedelta(days=now.time() >= MORNING)
    return round(datetime.combine(day, MORNING, ZoneInfo(zone)).timestamp() * 1000)


def of_alert(alert: Alert, where: Where, *, whole: bool) -> Matcher:
    """What to silence so that an alert is: its kind at its place, with ``whole`` everything there."""
    kinds = () if whole and where.place else (alert.kind,)
    if alert.subject.scope == "station":
        return Matcher(stations=(alert.subject.id,), kinds=kinds)
    if where.place is None:
        return Matcher(kinds=(alert.kind,))
    districts = (where.district,) if where.district else ()
    return Matcher(networks=(where.network,), districts=districts, kinds=kinds)


def replaced(visit: Visit, silence: Silence) -> None:
    """Keep the silence in place of those of the same matcher that run, in one transaction.

    Raises:
        DeskError: the file cannot be written; nothing is changed.
    """
    ledger, by, now_ms = visit.staff.ledger, visit.user.name, visit.now_ms
    before = same(ledger.silences(now_ms), silence.matcher, now_ms)
    with visit.staff.desk.writing() as connection:
        for each in before:
            ledger.end_silence(each.id, by, now_ms, connection=connection)
        ledger.add_silence(silence, by, now_ms, connection=connection)


def same(wishes: Iterable[Wish], matcher: Matcher, now_ms: int) -> list[Silence]:
    """Those of exactly this matcher that run; planned works are told to riders and are none of them."""
    silences = (each for each in wishes if isinstance(each, Silence))
    return [each for each in silences if each.matcher == matcher and each.holds(now_ms)]


def lifted(visit: Visit, alert: Alert, where: Where) -> Silence | None:
    """End what silences nothing but this alert, for who has mended it wants to hear if it comes back.

    Returns:
        The silence that still holds its messages back: a wider one, or one that could not be ended.
    """
    ledger, now_ms = visit.staff.ledger, visit.now_ms
    matcher = of_alert(alert, where, whole=False)
    own = same(ledger.silences(now_ms), matcher, now_ms) if visit.may("silence", where.place) else []
    try:
        for each in own:
            ledger.end_silence(each.id, visit.user.name, now_ms)
    except DeskError as error:  # the alert is mended all the same, and the answer says what is still silent
        log.warning("silence_not_ended alert=%s error=%s", alert.id, error)
    return holding(visit, alert)


def holding(visit: Visit, alert: Alert) -> Silence | None:
    """What would hold back the messages of an alert now, also of one that is over."""
    wishes = visit.staff.ledger.silences(visit.now_ms)
    running = (wish.silence if isinstance(wish, Maintenance) else wish for wish in wishes)
    return silenced(alert, visit.staff.engine.place(alert.subject), running, visit.now_ms)


def made(visit: Visit, matcher: Matcher, zone: str) -> Silence:
    """The silence that the form asks for.

    Raises:
        Refused: 400, with what is wrong with it.
    """
    from_ms = _start_ms(visit, zone)
    until_ms = _end_ms(visit.form.get("for", ""), from_ms, zone)
    try:
        return Silence(silence_id(), matcher, from_ms, until_ms, visit.user.name, *_reason(visit))
    except ValueError as error:
        raise Refused(400, "staff.silence.refused.matcher") from error


def _start_ms(visit: Visit, zone: str) -> int:
    """Now, or the local time that was filled in."""
    given = visit.form.get("from", "").strip()
    if not given:
        return visit.now_ms
    try:
        local = datetime.strptime(given, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
        at_ms = round(local.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Refused(400, "staff.silence.refused.start") from error
    if at_ms > visit.now_ms + AHEAD_MS:
        raise Refused(400, "staff.silence.refused.start")
    return max(at_ms, visit.now_ms)


def _end_ms(code: str, from_ms: int, zone: str) -> int:
    if code == "morning":
        return morning_ms(from_ms, zone)
    length_ms = (LENGTHS | LONGER).get(code)
    if length_ms is None:
        raise Refused(400, "staff.silence.refused.length")
    return from_ms + length_ms


def _reason(visit: Visit) -> tuple[str, str]:
    """What was written, in one line, and what was chosen."""
    chosen = visit.form.get("reason", "")
    preset = chosen if chosen in REASONS else ""
    written = " ".join(visit.words("text", MOST_REASON).split())
    if not (preset or written):
        raise Refused(400, "staff.silence.refused.reason", most=MOST_REASON)
    return written, preset


def places(visit: Visit, matcher: Matcher) -> Iterator[Place | None]:
    """Where a silence works, for roles; None for everywhere, and for what is not in the registry any more."""
    if matcher.stations:
        registered = visit.staff.live.registered()
        known = (registered.get(station_id) for station_id in matcher.stations)
        yield from (place_of(each.station) if each else None for each in known)
    elif matcher.networks:
        for network in matcher.networks:
            yield from (Place(network, district) for district in matcher.districts or ("",))
    else:
        yield None
