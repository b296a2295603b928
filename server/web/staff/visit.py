"""One request of somebody: what was asked and sent, what they may, how they are answered."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from fastapi import Request, Response

from server.accounts import roles
from server.accounts.roles import Action, Place, User
from server.accounts.sessions import Session
from server.web import public
from server.web.bodies import accepts_gzip
from server.web.render import Renderer, View
from server.web.spans import span
from server.web.staff import forms, menu, times
from server.web.staff.services import Staff
from server.web.text import Text, strings

log = logging.getLogger(__name__)

NO_STORE: Final = "no-store"
HOME: Final = "/staff/alerts"
DONE: Final = "staff.done."
"""Beginning of the strings that tell what was just done."""
NOT_KEPT: Final = frozenset({"lang", "said", "next"})
"""Parameters that are not taken along into the other language."""


class Refused(Exception):  # noqa: N818  (an answer, not a failure)
    """Answered with a page that says why: ``key`` of its string, with its values."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        self.status, self.key, self.values = status, key, values
        super().__init__(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of anybody, signed in or not.

    Attributes:
        path: parameters of the route. ``query``, ``form``: one value a name, the first.
        address: the client's.
        version: of the alerts, before the page was made.
        token: of the cookie, which may be worth nothing.
        route: ``POST /staff/alerts/{alert_id}``, for the log.
    """

    staff: Staff | None
    renderer: Renderer
    view: View
    text: Text
    now_ms: int
    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    fields: forms.Fields = field(repr=False)
    address: str
    packed: bool
    request: Request = field(repr=False)
    known: frozenset[str] = field(repr=False)
    version: int
    token: str | None = field(repr=False)

    @property
    def who(self) -> str:
        """For the log."""
        return "-"

    @property
    def menu(self) -> list[menu.Entry]:
        """Where one can go from here."""
        return []

    @property
    def here(self) -> str:
        """This page once more."""
        kept = {name: value for name, value in self.query.items() if name not in NOT_KEPT}
        return self.view.link(self.view.path, **kept)

    @property
    def form(self) -> Mapping[str, str]:
        """What was sent, one value a name: the first."""
        return {name: values[0] for name, values in self.fields.items()}

    def many(self, name: str) -> tuple[str, ...]:
        """All values that were sent under a name."""
        return self.fields.get(name, ())

    def words(self, name: str, most: int = forms.MOST_WORDS) -> str:
        """What a person wrote, made fit to keep and to show; "" when the field is not there.

        Raises:
            Refused: 400, longer than ``most`` characters.
        """
        written = forms.words(self.form.get(name, ""))
        if len(written) > most:
            raise Refused(400, "staff.refused.long", most=most, count=len(written))
        return written

    def link(self, path: str, **parameters: object) -> str:
        """An address of the console that keeps a language that was chosen by hand."""
        return self.view.link(path, **parameters)

    def when(self, at_ms: int, zone: str) -> str:
        """A moment, never without the day when it is not today."""
        return times.moment(self.text, at_ms, zone)

    def whole(self, at_ms: int, zone: str) -> str:
        """A moment to the second."""
        return times.whole(at_ms, zone)

    def iso(self, at_ms: int) -> str:
        """A moment as programs read it."""
        return public.iso(at_ms)

    def ago(self, at_ms: int) -> str:
        """How long ago."""
        return times.ago(self.text, at_ms)

    def span(self, ms: int) -> str:
        """A length of time."""
        return span(self.text, ms)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of ``templates/``; what is answered with 400 or more is logged as refused."""
        if status >= 400:
            self.log(status, values.get("reason") or template)
        values = {"said": self.said(), "refused": status >= 400} | values
        body = self.renderer.page(template, self.view, visit=self, **values)
        headers = {
            "cache-control": NO_STORE,
            "content-type": body.content_type.decode(),
            "vary": "accept-language, accept-encoding, cookie",
        }
        if not self.packed or body.packed is None:
            return Response(body.plain, status, headers)
        return Response(body.packed, status, headers | {"content-encoding": "gzip"})

    def back(self, path: str, said: str = "", **parameters: object) -> Response:
        """To a page of the console after something was done: ``said`` is told there once.

        ``path`` begins with ``/staff``, ``said`` with :data:`DONE`. The address names the string only; what
        its blanks need the page there finds out by itself, see :meth:`said`.
        """
        assert not said or said.startswith(DONE), said
        to = self.link(path, **parameters, said=said.removeprefix(DONE))
        return Response(status_code=303, headers={"location": to, "cache-control": NO_STORE})

    def said(self, **values: object) -> str:
        """What was just done, with the page's own values in its blanks.

        "" for what the address may not name, and for a string whose blanks the page cannot fill (any more):
        the address is anybody's, so nothing of it is shown but which string it is.
        """
        known = strings(self.view.language).get(DONE + self.query.get("said", ""), "")
        try:
            return known.format_map(values)
        except KeyError:
            return ""

    def refuse(self, status: int, key: str, **values: object) -> Response:
        """A page that says why not."""
        page = self.page("staff/refused.html", status, key=key, values=values, reason=key)
        if status == 413:
            page.headers["connection"] = "close"
        return page

    def log(self, status: int, reason: str) -> None:
        """A line about a refusal; never with what was typed."""
        log.warning(
            "staff_refused status=%d reason=%s route=%s user=%s address=%s",
            status,
            reason,
            self.route.replace(" ", ":"),
            self.who,
            self.address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Call):
    """A request of somebody who is signed in."""

    staff: Staff
    session: Session

    @property
    def who(self) -> str:
        """For the log."""
        return self.user.name

    @property
    def user(self) -> User:
        """Who it is, with what they may at this moment."""
        return self.session.user

    @property
    def menu(self) -> list[menu.Entry]:
        """Where one can go from here."""
        return menu.entries(self.user, self.known)

    def may(self, action: Action, place: Place | None = None) -> bool:
        """Whether it is allowed, of placed actions: there; None is the server itself."""
        return roles.may(self.user, action, place, self.staff.live.networks())

    def sees(self, place: Place | None) -> bool:
        """Whether what is there may be looked at."""
        return self.may("look", place)

    def require(self, action: Action, place: Place | None = None) -> None:
        """Go on only if it is allowed.

        Raises:
            Refused: 403; 404 as for what does not exist where the person may not even look.
        """
        if self.may(action, place):
            return
        placed = roles.PERMISSIONS[action].placed
        raise Refused(404, MISSING) if placed and not self.sees(place) else Refused(403, "staff.refused.role")

    def zone(self, network_id: str = "") -> str:
        """The time zone of a network; without one that of the first there is."""
        networks = self.staff.live.networks()
        network = networks.get(network_id) or next(iter(networks.values()), None)
        return network.time_zone if network else "UTC"


MISSING: Final = "staff.refused.missing"


def own_path(address: str) -> str:
    """``address``, path and query without the base path, if it is a page of the console; else the first."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return HOME
    path = parts.path
    # Browsers read "%2e" as a dot, and "." and ".." as steps that lead out.
    steps = unquote(path).split("/")
    seen = all("!" <= char <= "~" for char in address) and "\\" not in address
    inside = path == "/staff" or path.startswith("/staff/")
    if parts.scheme or parts.netloc or not seen or not inside or "//" in path or {".", ".."} & set(steps):
        return HOME
    if path.startswith(("/staff/sign-in", "/staff/sign-out", "/staff/events")):
        return HOME
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name != "said"]
    return path + (f"?{urlencode(kept)}" if kept else "")


def parameters(request: Request) -> dict[str, str]:
    """The query, the first value of each name."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        found.setdefault(name, value)
    return found


def takes_gzip(request: Request) -> bool:
    """Whether the answer may be compressed."""
    return accepts_gzip(request.headers.get("accept-encoding", "").encode("latin-1"))
