"""The desk that takes reports of problems: what is understood, who may send, how much, and keeping it.

Nothing of the sender is kept: the address counts for the limits only (:mod:`server.reports.limits`), and
numbers and accounts in a note are masked (:mod:`server.notes`). Other sites cannot make a visitor's browser
send one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from server import notes
from server.reports.limits import Limits
from server.reports.reports import KINDS, FullError, Kind, Reports, ReportsError
from server.web import public
from server.web.shapes import Struct
from server.web.text import Text

log = logging.getLogger(__name__)

MAX_REPORT: Final = 4 * 1024
"""Bytes of a request: a note of the greatest length with every character escaped, and room to spare."""
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class ReportRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A problem at a station. ``note``: at most 200 characters; numbers and accounts in it are masked."""

    kind: Kind
    note: str = ""


class ReportAnswer(Struct, frozen=True, omit_defaults=False):
    """The report as it is kept. Nothing else is."""

    station: str
    kind: Kind
    note: str
    at: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a rider has filled in so far."""

    kind: str = ""
    note: str = ""


class RefusedError(Exception):
    """A report that is not taken: ``reason`` names the string that says why, with its values."""

    def __init__(self, status: int, reason: str, wait_ms: int = 0) -> None:
        self.status, self.reason = status, reason
        self.wait_s = -(-wait_ms // 1000)
        self.parameter = reason if reason in ("kind", "note") else None
        super().__init__(reason)

    def say(self, text: Text) -> str:
        """Why, in the reader's language."""
        values = {"note": {"most": notes.MOST}, "often": {"count": -(-self.wait_s // 60)}}
        return text(f"report.refused.{self.reason}", **values.get(self.reason, {}))

    def headers(self) -> dict[str, str]:
        """Never kept; with the time after which it may be tried again."""
        return {"cache-control": "no-store"} | ({"retry-after": str(self.wait_s)} if self.wait_s else {})


class Desk:
    """Takes reports. Used on the event loop; the file is written in a thread.

    ``reports`` is None where the file cannot be used: every report is refused then. ``now_ms`` and
    ``mono_ms`` are the clocks, handed in.
    """

    def __init__(
        self, reports: Reports | None, now_ms: Callable[[], int], mono_ms: Callable[[], int]
    ) -> None:
        self._reports, self._now_ms, self._mono_ms = reports, now_ms, mono_ms
        self._limits = Limits()

    async def take(self, request: Request, station: str, kind: Kind, text: str) -> tuple[ReportAnswer, bool]:
        """Keep a report, and whether it is new; one that this sender has sent minutes ago is not.

        Raises:
            RefusedError: it is not kept.
        """
        if self._reports is None:
            raise RefusedError(503, "unavailable")
        if len(notes.plain(text)) > notes.MOST:
            raise RefusedError(400, "note")
        note, at_ms = notes.clean(text), self._now_ms()
        address = request.client.host if request.client else ""
        verdict = self._limits.ask(address, station, (kind, note), self._mono_ms())
        if verdict.wait_ms:
            raise RefusedError(429, "often", verdict.wait_ms)
        if not verdict.repeated:
            try:
                await run_in_threadpool(self._reports.add, station, kind, note, at_ms)
            except ReportsError as error:
                self._limits.give_back(address, station, (kind, note))
                log.warning("report_not_kept station=%s error=%s", station, error)
                raise RefusedError(503, "full" if isinstance(error, FullError) else "unavailable") from error
        return ReportAnswer(station, kind, note, public.iso(at_ms)), not verdict.repeated


def check_sender(request: Request) -> None:
    """Refuse what another site makes a browser send; programs, which say nothing of a site, may.

    Raises:
        RefusedError: by ``Sec-Fetch-Site``, or where a browser does not know it by ``Origin``.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = (
        site in ("same-origin", "none") if site is not None else _is_own(origin, request.headers.get("host"))
    )
    if not own:
        raise RefusedError(403, "foreign")


def _is_own(origin: str | None, host: str | None) -> bool:
    """Whether ``origin`` is this host; a proxy may listen on another port than the one it names."""
    if origin is None:
        return True
    try:
        theirs, ours = urlsplit(origin).hostname, urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return theirs is not None and theirs == ours


async def read_body(request: Request, content_type: str) -> bytes:
    """The body of a request, bounded by :data:`MAX_REPORT`.

    Raises:
        RefusedError: too long, or of another type.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        raise RefusedError(415, "type")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_REPORT:
            raise RefusedError(413, "large")
    return body


def filled_in(body: bytes) -> Draft:
    """What a form says.

    Raises:
        RefusedError: it is no form.
    """
    try:
        fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8))
    except ValueError as error:
        raise RefusedError(400, "type") from error
    return Draft(fields.get("kind", ""), fields.get("note", ""))


def decoded(body: bytes) -> ReportRequest:
    """What a program says.

    Raises:
        RefusedError: it is not what :class:`ReportRequest` is.
    """
    try:
        return msgspec.json.decode(body, type=ReportRequest)
    except msgspec.ValidationError as error:
        raise RefusedError(400, "note" if str(error).endswith("`$.note`") else "kind") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, "type") from error


def known_kind(text: str) -> Kind:
    """The kind of that name.

    Raises:
        RefusedError: there is none.
    """
    for known in KINDS:
        if text == known:
            return known
    raise RefusedError(400, "kind")
