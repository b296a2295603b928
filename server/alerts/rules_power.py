"""Rules about charging sockets and swap cabinets.

Of the many parts that are well nothing is said, unless there is an alert about them.
"""

from collections.abc import Iterator

from contract.messages import Cabinet, Socket
from server.alerts.facts import Facts
from server.alerts.kinds import AlertThresholds
from server.alerts.words import Word, word


def socket_fault(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A socket is broken or switched off, so that nobody can charge there."""
    del limits, now_ms
    for socket, at_ms in _sockets(facts):
        wrong = None if socket.state == "unknown" else socket.state in ("fault", "off")
        if wrong or ("socket_fault", socket.id) in facts.alerts:
            yield word(socket.id, wrong, at_ms, state=socket.state, since_ms=socket.since_ms)


def socket_overload(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """More is drawn than the socket may give."""
    del now_ms
    for socket, at_ms in _sockets(facts):
        limit_w = limits.overload_usb_w if socket.kind == "usb" else limits.overload_ac_w
        back_pct = limits.overload_hysteresis_pct if facts.raised("socket_overload", socket.id) else 0
        power_w = socket.power_w
        over = None if power_w is None else power_w > limit_w * (1 - back_pct / 100)
        if over or ("socket_overload", socket.id) in facts.alerts:
            yield word(socket.id, over, at_ms, power_w=power_w, limit_w=limit_w)


def _sockets(facts: Facts) -> Iterator[tuple[Socket, int]]:
    if facts.snapshot:
        for socket in facts.snapshot.sockets:
            yield socket, facts.snapshot.at_ms


def cabinet_offline(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A cabinet does not answer, or the station does not even speak of it."""
    del limits, now_ms
    if facts.snapshot:
        for cabinet in facts.state.cabinets:
            spoken_of = any(each.id == cabinet.id for each in facts.snapshot.cabinets)
            yield word(
                cabinet.id, not cabinet.online, facts.snapshot.at_ms, known="yes" if spoken_of else "no"
            )


def slot_fault(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A slot reports a fault or an alarm."""
    del limits, now_ms
    for cabinet, at_ms in _cabinets(facts):
        for slot in cabinet.slots:
            wrong = slot.charge == "fault" or bool(slot.alarms)
            if wrong or (facts.alerts and ("slot_fault", f"{cabinet.id}/{slot.n}") in facts.alerts):
                known = cabinet.online and (wrong or slot.charge != "unknown" or slot.battery == "absent")
                alarms = ",".join(slot.alarms) or None
                yield word(f"{cabinet.id}/{slot.n}", wrong if known else None, at_ms, alarms=alarms)


def mains_lost(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A cabinet is without mains: it no longer charges."""
    del limits, now_ms
    for cabinet, at_ms in _cabinets(facts):
        known = cabinet.online and cabinet.mains_ok is not None
        yield word(cabinet.id, not cabinet.mains_ok if known else None, at_ms)


def no_charged_battery(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A cabinet has no charged battery to give, by what riders are told of its slots."""
    del limits, now_ms
    if facts.snapshot:
        for cabinet in facts.state.cabinets:
            unknown = not cabinet.online or all(each == "unknown" for _, each in cabinet.slots)
            slots = len(cabinet.slots)
            wrong = None if unknown else cabinet.charged == 0
            yield word(cabinet.id, wrong, facts.snapshot.at_ms, slots=slots, faulty=cabinet.faulty)


def cabinet_overheat(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A cabinet or a battery in it is as hot as none may be."""
    del now_ms
    for cabinet, at_ms in _cabinets(facts):
        hottest_c, place = max(_temperatures(cabinet), default=(None, ""))
        back_c = limits.overheat_hysteresis_c if facts.raised("cabinet_overheat", cabinet.id) else 0
        limit_c = facts.thresholds.overheat_c
        hot = hottest_c is not None and hottest_c >= limit_c - back_c
        wrong = hot if hot or _all_measured(cabinet) else None
        yield word(cabinet.id, wrong, at_ms, temperature_c=hottest_c, limit_c=limit_c, slot=place or None)


def cabinet_smoke(facts: Facts, limits: AlertThresholds, now_ms: int) -> Iterator[Word]:
    """A cabinet reports smoke."""
    del limits, now_ms
    for cabinet, at_ms in _cabinets(facts):
        well = False if cabinet.online and cabinet.smoke is False else None
        yield word(cabinet.id, True if cabinet.smoke else well, at_ms)


def _cabinets(facts: Facts) -> Iterator[tuple[Cabinet, int]]:
    if facts.snapshot:
        for cabinet in facts.snapshot.cabinets:
            yield cabinet, facts.snapshot.at_ms


def _temperatures(cabinet: Cabinet) -> Iterator[tuple[float, str]]:
    """Each temperature with its slot, "" for the cabinet itself."""
    if cabinet.temperature_c is not None:
        yield cabinet.temperature_c, ""
    for slot in cabinet.slots:
        if slot.temperature_c is not None:
            yield slot.temperature_c, str(slot.n)


def _all_measured(cabinet: Cabinet) -> bool:
    """Whether nothing hot can hide: it answers, and where batteries are measured, every one is."""
    batteries = [slot for slot in cabinet.slots if slot.battery != "absent"]
    measured = [slot.temperature_c is not None for slot in batteries]
    if cabinet.temperature_c is not None and not any(measured):
        return cabinet.online
    return cabinet.online and bool(cabinet.slots) and all(measured)
