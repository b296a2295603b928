"""``/staff/receivers``: who is told of what, by which channel, and when they want to be left alone."""

from collections.abc import Iterable
from typing import Final

from fastapi import Response

from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES, Alert
from server.model import Station
from server.notify.receivers.checks import MOST_NAME, DirectoryError, ReceiverForm
from server.notify.receivers.directory import ReceiverEntry
from server.notify.receivers.model import Receiver, receivers_of
from server.notify.words.texts import Words
from server.web.staff.gate import Gate
from server.web.staff.messages import coverage
from server.web.staff.messages.receiver_form import Draft, checked, clock, draft_of, sent
from server.web.staff.messages.takes import theirs_of
from server.web.staff.places import Registered
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/receivers"
NEW: Final = "/staff/add-receiver"
MOST_SHOWN: Final = 50
"""Alerts in a preview."""
_TRIED: Final = "(this one)"
"""Id of a receiver that is not stored yet; ids are hex digits."""


def add_receivers(gate: Gate) -> None:
    """Add the pages, for admins."""
    gate.page(PATH, "manage_channels")(receivers)
    gate.page(NEW, "manage_channels")(blank)
    gate.form(NEW, "manage_channels")(save)
    gate.page(f"{PATH}/{{receiver_id}}", "manage_channels")(receiver)
    gate.form(f"{PATH}/{{receiver_id}}", "manage_channels")(save)
    gate.form(f"{PATH}/{{receiver_id}}/remove", "manage_channels")(remove)


def receivers(visit: Visit) -> Response:
    """Everybody who is told, and what would reach nobody."""
    directory, registered = visit.staff.directory, Registered.of(visit)
    stored = directory.receivers()
    return visit.page(
        "staff/receivers.html",
        receivers=[(each, theirs_of(each.takes)) for each in stored],
        names={each.id: each.name for each in stored},
        channels={each.id: each for each in directory.channels()},
        failing={id_ for id_, each in visit.staff.outbox.health().items() if each.failing},
        places=registered.named,
        gaps=coverage.gaps(registered.networks, registered.present, (each.receiver for each in stored)),
        clock=clock,
    )


def blank(visit: Visit) -> Response:
    """The empty form: all of it, by the only channel if there is one."""
    channels = visit.staff.directory.channels()
    channel = channels[0].id if len(channels) == 1 else ""
    return _form(visit, Draft(channel=channel, reach="all", time_zone=visit.zone()), {})


def receiver(visit: Visit) -> Response:
    """One receiver as it is set."""
    entry = _known(visit)
    return _form(visit, draft_of(entry), {}, entry)


def save(visit: Visit) -> Response:
    """Keep what was filled in, or show which of the present alerts it would be."""
    entry = _known(visit) if "receiver_id" in visit.path else None
    draft = sent(visit)
    try:
        form = checked(draft)
        if visit.form.get("do") == "preview":
            return _form(visit, draft, {}, entry, preview=_preview(visit, form, entry))
        networks = visit.staff.live.networks()
        name, receiver_id = visit.user.name, entry.id if entry else ""
        visit.staff.directory.put_receiver(form, name, visit.now_ms, networks, receiver_id)
    except DirectoryError as error:
        return _form(visit, draft, {error.field: f"staff.receivers.wrong.{error.reason}"}, entry, status=400)
    return visit.back(PATH, "staff.done.receiver_changed" if entry else "staff.done.receiver_added")


def remove(visit: Visit) -> Response:
    """Tell them no more."""
    entry = _known(visit)
    try:
        visit.staff.directory.remove_receiver(entry.id, visit.user.name, visit.now_ms)
    except DirectoryError as error:
        wrong = {"remove": f"staff.receivers.wrong.{error.reason}"}
        return _form(visit, draft_of(entry), wrong, entry, status=409)
    return visit.back(PATH, "staff.done.receiver_removed")


def nobodys(visit: Visit) -> list[Alert]:
    """Alerts of the present that reach nobody; who shows them leaves out what the person may not see."""
    stored = [each.receiver for each in visit.staff.directory.receivers()]
    engine = visit.staff.engine
    active = ((alert, engine.place(alert.subject)) for alert in engine.alerts() if alert.active)
    return [alert for alert, where in active if coverage.is_nobodys(alert, where, stored)]


def _form(
    visit: Visit,
    draft: Draft,
    wrong: dict[str, str],
    entry: ReceiverEntry | None = None,
    *,
    preview: list[Alert] | None = None,
    status: int = 200,
) -> Response:
    registered, directory = Registered.of(visit), visit.staff.directory
    zones = {network.time_zone for network in registered.networks.values()} | {draft.time_zone}
    return visit.page(
        "staff/receiver.html",
        status,
        draft=draft,
        entry=entry,
        wrong=wrong,
        reason=next(iter(wrong.values()), None),
        channels=directory.channels(),
        others=[each for each in directory.receivers() if entry is None or each.id != entry.id],
        branches=registered.branches(draft.theirs.places),
        kinds=_kinds(),
        severities=SEVERITIES,
        zones=sorted(zones),
        preview=preview and preview[:MOST_SHOWN],
        previewed=None if preview is None else len(preview),
        words=_words(visit, preview or ()),
        most_name=MOST_NAME,
    )


def _preview(visit: Visit, form: ReceiverForm, entry: ReceiverEntry | None) -> list[Alert]:
    """Which of the present alerts would be theirs, worst and newest first."""
    this = Receiver(entry.id if entry else _TRIED, form.takes)
    others = [each.receiver for each in visit.staff.directory.receivers() if each.id != this.id]
    engine = visit.staff.engine
    found = [
        alert
        for alert in engine.alerts()
        if alert.active and this.id in receivers_of(alert, engine.place(alert.subject), (*others, this))
    ]
    return sorted(found, key=lambda alert: (SEVERITIES.index(alert.severity), -alert.since_ms))


def _words(visit: Visit, alerts: Iterable[Alert]) -> Words:
    """Names of what these alerts are about."""
    live, stations = visit.staff.live, dict[str, Station]()
    for alert in alerts:
        state = live.state(alert.subject.id) if alert.subject.scope == "station" else None
        if state is not None:
            stations[state.station.id] = state.station
    return Words(visit.text, stations, live.networks(), "", visit.zone())


def _kinds() -> dict[str, list[str]]:
    """Codes by where they happen, in the order of the table."""
    scopes: dict[str, list[str]] = {"safety": [], "station": [], "network": [], "server": []}
    for kind in KINDS.values():
        scopes["safety" if kind.safety else kind.scope].append(kind.code)
    return scopes


def _known(visit: Visit) -> ReceiverEntry:
    """The receiver of the address.

    Raises:
        Refused: 404, there is none.
    """
    wanted = visit.path["receiver_id"]
    found = next((each for each in visit.staff.directory.receivers() if each.id == wanted), None)
    if found is None:
        raise Refused(404, MISSING)
    return found
