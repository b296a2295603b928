"""Channels and receivers as staff have set them, and every change of them with its line in the audit log.

Addresses and secrets go in and do not come out again: what the console reads says only where a channel leads
(its host) and whether a secret is set. :func:`keys` opens them, for the postman alone.
"""

import logging
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, delete, select
from sqlalchemy.dialects.sqlite import insert

from server.accounts import audit
from server.alerts.silences import Matcher
from server.desk import Desk
from server.notify import rows
from server.notify.model import Channel, ChannelKind
from server.notify.receivers.checks import (
    ChannelForm,
    DirectoryError,
    ReceiverForm,
    check_channel,
    check_name,
    check_receiver,
    host,
    ring,
)
from server.notify.receivers.model import Quiet, Receiver
from server.notify.tables import CHANNELS, HEALTH, RECEIVERS, from_json, to_json
from server.web.text import LANGUAGES, Language

log = logging.getLogger(__name__)

ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """A channel as staff may see it.

    Attributes:
        host: of its address; for ``others`` the service, with the host where that is no secret, as
            ``mailtos://mail.example.org``.
        by: who changed it last, at ``changed_ms``.
    """

    id: str
    name: str
    kind: ChannelKind
    host: str
    has_secret: bool
    changed_ms: int
    by: str


@dataclass(frozen=True, slots=True)
class ReceiverEntry:
    """A receiver as staff have set it; see :class:`~server.notify.receivers.model.Receiver`."""

    id: str
    name: str
    channel: str
    language: Language
    takes: tuple[Matcher, ...]
    second: str
    quiet: Quiet | None
    time_zone: str
    changed_ms: int
    by: str

    @property
    def receiver(self) -> Receiver:
        """What grouping needs to know of it."""
        return Receiver(self.id, self.takes, self.second, self.quiet)


class Directory:
    """All channels and receivers of ``desk.db``. Safe to use from several threads.

    Args:
        desk: with the parts of accounts and of :mod:`server.notify.tables`.
        allow_private: also plain http: the operator's word, as for
            :class:`server.notify.targets.posting.Courier`.
    """

    def __init__(self, desk: Desk, *, allow_private: bool = False) -> None:
        self._desk, self._allow_private = desk, allow_private

    def channels(self) -> tuple[ChannelEntry, ...]:
        """All channels, by name.

        Raises:
            DeskError: they cannot be read.
        """
        with self._desk.reading() as connection:
            found = connection.execute(select(CHANNELS).order_by(CHANNELS.c.name)).mappings()
            return tuple(map(_channel_entry, found))

    def receivers(self) -> tuple[ReceiverEntry, ...]:
        """All receivers, by name.

        Raises:
            DeskError: they cannot be read.
        """
        with self._desk.reading() as connection:
            return entries(connection)

    def theirs(self) -> dict[str, Receiver]:
        """Who is told of what, by id, for :mod:`server.notify.receivers.grouping`.

        Raises:
            DeskError: they cannot be read.
        """
        return {each.id: each.receiver for each in self.receivers()}

    def put_channel(self, form: ChannelForm, by: str, now_ms: int, channel_id: str = "") -> str:
        """A new channel, or another shape of one; its id. What could not leave by it is tried again.

        Raises:
            DirectoryError: a field that cannot be, a name that another has, or no channel of this id.
            DeskError: it cannot be written.
        """
        check_name(form.name)
        with self._desk.writing() as connection:
            before = _row(connection, CHANNELS, channel_id) if channel_id else None
            row = self._channel_row(form, before)
            _check_free(connection, CHANNELS, form.name, channel_id)
            channel_id = channel_id or secrets.token_hex(ID_BYTES)
            changed = _changes(before, row)
            if changed:
                _store(connection, CHANNELS, row | {"id": channel_id, "changed_ms": now_ms, "by": by})
                what = "channel.changed" if before else "channel.added"
                audit.record(connection, now_ms, by, what, channel_id, **_told(changed))
                rows.release(connection, rows.of_channel(channel_id), now_ms)
        return channel_id

    def remove_channel(self, channel_id: str, by: str, now_ms: int) -> None:
        """Forget a channel.

        Raises:
            DirectoryError: a receiver uses it, or there is none of this id.
            DeskError: it cannot be written.
        """
        with self._desk.writing() as connection:
            row = _row(connection, CHANNELS, channel_id)
            used = select(RECEIVERS.c.name).where(RECEIVERS.c.channel == channel_id)
            if (name := connection.scalar(used)) is not None:
                raise DirectoryError("", "used", f"the receiver {name} is told by it")
            connection.execute(delete(CHANNELS).where(CHANNELS.c.id == channel_id))
            connection.execute(delete(HEALTH).where(HEALTH.c.channel == channel_id))
            audit.record(connection, now_ms, by, "channel.removed", channel_id, name=row["name"])

    def put_receiver(
        self, form: ReceiverForm, by: str, now_ms: int, networks: Collection[str], receiver_id: str = ""
    ) -> str:
        """A new receiver, or another shape of one; its id.

        Args:
            networks: ids of all that exist.

        Raises:
            DirectoryError: a field that cannot be, a name that another has, or no receiver of this id.
            DeskError: it cannot be written.
        """
        check_receiver(form, networks)
        with self._desk.writing() as connection:
            before = _row(connection, RECEIVERS, receiver_id) if receiver_id else None
            _check_free(connection, RECEIVERS, form.name, receiver_id)
            receiver_id = receiver_id or secrets.token_hex(ID_BYTES)
            _check_links(connection, form, receiver_id)
            row = _receiver_row(form)
            changed = _changes(before, row)
            if changed:
                kept = {"id": receiver_id, "tested": before["tested"] if before else "", "by": by}
                _store(connection, RECEIVERS, row | kept | {"changed_ms": now_ms})
                what = "receiver.changed" if before else "receiver.added"
                audit.record(connection, now_ms, by, what, receiver_id, **changed)
            if "channel" in changed:
                rows.release(connection, rows.of_receiver(receiver_id), now_ms)
        return receiver_id

    def remove_receiver(self, receiver_id: str, by: str, now_ms: int) -> None:
        """Forget a receiver; what waits for it is not sent.

        Raises:
            DirectoryError: it is the second of another one, or there is none of this id.
            DeskError: it cannot be written.
        """
        with self._desk.writing() as connection:
            row = _row(connection, RECEIVERS, receiver_id)
            used = select(RECEIVERS.c.name).where(RECEIVERS.c.second == receiver_id)
            if (name := connection.scalar(used)) is not None:
                raise DirectoryError("", "used", f"it is the second receiver of {name}")
            connection.execute(delete(RECEIVERS).where(RECEIVERS.c.id == receiver_id))
            audit.record(connection, now_ms, by, "receiver.removed", receiver_id, name=row["name"])

    def _channel_row(self, form: ChannelForm, before: RowMapping | None) -> dict[str, object]:
        """The columns of a channel; where it keeps its kind, what is not given stays as it was."""
        kept = before if before and before["kind"] == form.kind else {"address": "", "secret": ""}
        address = kept["address"] if form.address is None else form.address.strip()
        secret = kept["secret"] if form.secret is None else form.secret.strip()
        check_channel(form.kind, address, secret, allow_private=self._allow_private)
        return {"name": form.name, "kind": form.kind, "address": address, "secret": secret}


def entries(connection: Connection) -> tuple[ReceiverEntry, ...]:
    """All receivers, by name, in the caller's transaction.

    One that cannot be understood is left out, and that is logged: it must keep nobody else from being told.
    """
    found = connection.execute(select(RECEIVERS).order_by(RECEIVERS.c.name)).mappings()
    return tuple(_readable(found))


def _readable(found: Iterable[RowMapping]) -> Iterator[ReceiverEntry]:
    for row in found:
        try:
            yield _receiver_entry(row)
        except (ValueError, LookupError, OSError) as error:
            _unreadable(row["id"], row["changed_ms"], f"{type(error).__name__}: {error}")


@lru_cache(maxsize=256)
def _unreadable(receiver_id: str, changed_ms: int, error: str) -> None:
    """Say it once: they are read every few seconds."""
    log.error(
        "receiver unreadable, told nothing: receiver=%s since=%d error=%s", receiver_id, changed_ms, error
    )


def keys(connection: Connection) -> dict[str, Channel]:
    """Every channel with its address and secret, by id: for the postman alone."""
    found = connection.execute(select(CHANNELS)).mappings()
    return {row["id"]: Channel(row["id"], row["kind"], row["address"], row["secret"]) for row in found}


def _channel_entry(row: RowMapping) -> ChannelEntry:
    return ChannelEntry(
        row["id"], row["name"], row["kind"], host(row["kind"], row["address"]), bool(row["secret"]),
        row["changed_ms"], row["by"],
    )  # fmt: skip


def _receiver_entry(row: RowMapping) -> ReceiverEntry:
    """What a row says.

    Raises:
        ValueError: it says nothing, or not to this version of the program.
        LookupError, OSError: its time zone is not known here.
    """
    quiet = from_json(row["quiet"], Quiet) if row["quiet"] else None
    for zone in {row["time_zone"], quiet.time_zone if quiet else row["time_zone"]}:
        ZoneInfo(zone)
    if row["language"] not in LANGUAGES:
        raise ValueError(f"language {row['language']!r}")
    return ReceiverEntry(
        id=row["id"],
        name=row["name"],
        channel=row["channel"],
        language=row["language"],
        takes=from_json(row["takes"], tuple[Matcher, ...]),
        second=row["second"],
        quiet=quiet,
        time_zone=row["time_zone"],
        changed_ms=row["changed_ms"],
        by=row["by"],
    )


def _receiver_row(form: ReceiverForm) -> dict[str, object]:
    return {
        "name": form.name,
        "channel": form.channel,
        "language": form.language,
        "time_zone": form.time_zone,
        "takes": to_json(form.takes),
        "second": form.second,
        "quiet": to_json(form.quiet) if form.quiet else "",
    }


def _row(connection: Connection, table: Table, entry_id: str) -> RowMapping:
    row = connection.execute(select(table).where(table.c.id == entry_id)).mappings().one_or_none()
    if row is None:
        raise DirectoryError("", "unknown", f"there is none of the id {entry_id[:20]!r}")
    return row


def _check_free(connection: Connection, table: Table, name: str, own_id: str) -> None:
    taken = select(table.c.id).where(table.c.name == name, table.c.id != own_id)
    if connection.scalar(taken) is not None:
        raise DirectoryError("name", "name_taken", "another one has this name")


def _check_links(connection: Connection, form: ReceiverForm, receiver_id: str) -> None:
    """Channel and second receiver must be there, and the seconds must come to an end."""
    if connection.scalar(select(CHANNELS.c.id).where(CHANNELS.c.id == form.channel)) is None:
        raise DirectoryError("channel", "channel", "there is no such channel")
    seconds = {row.id: row.second for row in connection.execute(select(RECEIVERS.c.id, RECEIVERS.c.second))}
    if form.second and form.second != receiver_id and form.second not in seconds:
        raise DirectoryError("second", "second", "there is no such receiver")
    if ring(receiver_id, form.second, seconds):
        raise DirectoryError("second", "ring", "the second receivers would come back to this one")


def _changes(before: RowMapping | None, row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if before is None or before[name] != value}


def _told(changed: Mapping[str, object]) -> dict[str, object]:
    """Changes of a channel as the audit log may have them: that an address or a secret is another one."""
    return {
        name: ("set" if value else "none") if name in ("address", "secret") else value
        for name, value in changed.items()
    }


def _store(connection: Connection, table: Table, row: Mapping[str, object]) -> None:
    stored = insert(table).values(**row)
    connection.execute(stored.on_conflict_do_update(index_elements=["id"], set_=dict(row)))
