"""``/staff/channels``: where messages go, whether they arrive, and a test that says so."""

import base64
import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from server.notify.model import ChannelKind, Outcome, Refused
from server.notify.receivers.checks import CHANNEL_KINDS, MOST_NAME, ChannelForm, DirectoryError
from server.notify.receivers.directory import ChannelEntry
from server.notify.targets.webhook import PREFIX
from server.web.staff import visit as visits
from server.web.staff.gate import Gate
from server.web.staff.visit import MISSING, Visit

PATH: Final = "/staff/channels"
NEW: Final = "/staff/add-channel"
LATEST: Final = 20
"""Messages shown below the channels."""
SIGNED: Final[frozenset[ChannelKind]] = frozenset({"dingtalk", "feishu"})
"""Kinds whose chat gives out a secret that can be filled in; a webhook's is made here."""
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it is filled in. ``address`` and ``secret`` are never put into a page again."""

    name: str = ""
    kind: str = ""
    unsigned: bool = False


def add_channels(gate: Gate) -> None:
    """Add the pages, for admins."""
    gate.page(PATH, "manage_channels")(channels)
    gate.page(NEW, "manage_channels")(blank)
    gate.form(NEW, "manage_channels")(add)
    gate.page(f"{PATH}/{{channel_id}}", "manage_channels")(channel)
    gate.form(f"{PATH}/{{channel_id}}", "manage_channels")(change)
    gate.form(f"{PATH}/{{channel_id}}/secret", "manage_channels")(renew)
    gate.form(f"{PATH}/{{channel_id}}/test", "manage_channels")(test)
    gate.form(f"{PATH}/{{channel_id}}/remove", "manage_channels")(remove)
    for deed in ("secret", "test", "remove"):
        # Their answers are pages of that address, which a browser may be told to load again.
        gate.page(f"{PATH}/{{channel_id}}/{deed}", "manage_channels")(again)


def channels(visit: Visit) -> Response:
    """All channels with how they are, and the newest messages."""
    directory, outbox = visit.staff.directory, visit.staff.outbox
    stored = directory.channels()
    return visit.page(
        "staff/channels.html",
        channels=stored,
        health=outbox.health(),
        waits=outbox.waits(),
        messages=outbox.history(LATEST),
        names={each.id: each.name for each in stored},
        receivers={each.id: each.name for each in directory.receivers()},
        zone=visit.zone(),
    )


def blank(visit: Visit) -> Response:
    """Which kind; then what that kind needs."""
    kind = visit.query.get("kind", "")
    if kind not in CHANNEL_KINDS:
        return visit.page("staff/channel_kinds.html", kinds=CHANNEL_KINDS)
    return _form(visit, Draft(kind=kind), {})


def add(visit: Visit) -> Response:
    """A new channel; the secret of a webhook is made, and told in this answer only."""
    kind = _kind(visit.form.get("kind", ""))
    draft = Draft(visit.form.get("name", "").strip(), kind)
    secret = _made() if kind == "webhook" else visit.form.get("secret", "").strip()
    form = ChannelForm(draft.name, kind, visit.form.get("address", "").strip(), secret)
    try:
        channel_id = visit.staff.directory.put_channel(form, visit.user.name, visit.now_ms)
    except DirectoryError as error:
        return _form(visit, draft, _told(error), status=400)
    if kind == "webhook":
        return visit.page("staff/channel_secret.html", name=draft.name, channel=channel_id, secret=secret)
    return visit.back(f"{PATH}/{channel_id}", "staff.done.channel_added")


def channel(visit: Visit) -> Response:
    """One channel: how it is, who is told by it, its settings."""
    entry = _known(visit)
    return _form(visit, _draft_of(entry), {}, entry)


def change(visit: Visit) -> Response:
    """Another name, address or secret; what is left empty stays as it is."""
    entry = _known(visit)
    draft = Draft(visit.form.get("name", "").strip(), entry.kind, "unsigned" in visit.form)
    address, secret = (visit.form.get(name, "").strip() or None for name in ("address", "secret"))
    if draft.unsigned and entry.kind in SIGNED:
        secret = ""
    form = ChannelForm(draft.name, entry.kind, address, secret)
    try:
        visit.staff.directory.put_channel(form, visit.user.name, visit.now_ms, entry.id)
    except DirectoryError as error:
        return _form(visit, draft, _told(error), entry, status=400)
    return visit.back(f"{PATH}/{entry.id}", "staff.done.channel_changed")


def renew(visit: Visit) -> Response:
    """Another secret for a webhook, told in this answer only."""
    entry, secret = _known(visit), _made()
    if entry.kind != "webhook":
        raise visits.Refused(404, MISSING)
    form = ChannelForm(entry.name, entry.kind, None, secret)
    visit.staff.directory.put_channel(form, visit.user.name, visit.now_ms, entry.id)
    return visit.page("staff/channel_secret.html", name=entry.name, channel=entry.id, secret=secret)


def test(visit: Visit) -> Response:
    """Send a test message, wait for what becomes of it, and say that."""
    entry = _known(visit)
    try:
        outcome = visit.staff.postman.test(entry.id, visit.user.name)
    except DirectoryError as error:
        raise visits.Refused(404, MISSING) from error
    return _form(visit, _draft_of(entry), {}, entry, outcome=outcome)


def again(visit: Visit) -> Response:
    """What was sent is not sent again: to the channel as it is now."""
    return visit.back(f"{PATH}/{_known(visit).id}")


def remove(visit: Visit) -> Response:
    """Forget a channel that nobody is told by."""
    entry = _known(visit)
    try:
        visit.staff.directory.remove_channel(entry.id, visit.user.name, visit.now_ms)
    except DirectoryError as error:
        return _form(visit, _draft_of(entry), {"remove": _told(error)[error.field]}, entry, status=409)
    return visit.back(PATH, "staff.done.channel_removed")


def _form(
    visit: Visit,
    draft: Draft,
    wrong: dict[str, str],
    entry: ChannelEntry | None = None,
    *,
    outcome: Outcome | None = None,
    status: int = 200,
) -> Response:
    """The form of one channel; of what became of a test: ``refused`` and the moment after it."""
    receivers, outbox = visit.staff.directory.receivers(), visit.staff.outbox
    return visit.page(
        "staff/channel.html",
        status,
        draft=draft,
        entry=entry,
        wrong=wrong,
        reason=next(iter(wrong.values()), None),
        signed=draft.kind in SIGNED,
        users=[each for each in receivers if entry is not None and each.channel == entry.id],
        health=outbox.health().get(entry.id) if entry else None,
        waits=outbox.waits().get(entry.id) if entry else None,
        messages=outbox.history(LATEST, channel=entry.id) if entry else [],
        receivers={each.id: each.name for each in receivers},
        tested_ms=visit.staff.now_ms() if outcome is not None else None,
        refused=outcome if isinstance(outcome, Refused) else None,
        most_name=MOST_NAME,
        zone=visit.zone(),
    )


def _kind(text: str) -> ChannelKind:
    """The kind of that name.

    Raises:
        Refused: 400, there is none.
    """
    for kind in CHANNEL_KINDS:
        if kind == text:
            return kind
    raise visits.Refused(400, "staff.channels.wrong.kind")


def _made() -> str:
    """A random secret as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _told(error: DirectoryError) -> dict[str, str]:
    return {error.field: f"staff.channels.wrong.{error.reason}"}


def _draft_of(entry: ChannelEntry) -> Draft:
    return Draft(entry.name, entry.kind)


def _known(visit: Visit) -> ChannelEntry:
    """The channel of the address.

    Raises:
        Refused: 404, there is none.
    """
    wanted = visit.path["channel_id"]
    found = next((each for each in visit.staff.directory.channels() if each.id == wanted), None)
    if found is None:
        raise visits.Refused(404, MISSING)
    return found
