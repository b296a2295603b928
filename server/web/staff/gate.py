"""The only way into the console: session, role, form token, own site, size. Deny by default.

A page is a plain function of a :class:`Visit`; it runs in a thread, so it may read and write files::

    def add_alerts(gate: Gate) -> None:
        gate.page("/staff/alerts/{alert_id}", "look")(alert)
        gate.form("/staff/alerts/{alert_id}/take", "handle_alerts")(take)

    def take(visit: Visit) -> Response:
        alert = visit.staff.engine.find(visit.path["alert_id"])
        visit.require("handle_alerts", place_of_it)  # placed actions: here, too
        ...
        return visit.back(f"/staff/alerts/{alert.id}", "staff.done.taken")

Every route states its action of :data:`server.accounts.roles.PERMISSIONS`; the gate lets nobody in whose
role has it nowhere, and the page asks for the place. :attr:`Gate.routes` is what tests walk.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, Literal
from urllib.parse import urlsplit

import anyio
from fastapi import FastAPI, Request, Response

from server.accounts import roles
from server.accounts.roles import Action
from server.accounts.sessions import COOKIE, Session, is_csrf
from server.desk import DeskError
from server.web.desk import RefusedError, check_sender
from server.web.front import MAX_REQUEST
from server.web.render import Renderer
from server.web.staff import forms
from server.web.staff.services import Staff
from server.web.staff.visit import (
    HOME,
    MISSING,
    NO_STORE,
    NOT_KEPT,
    Call,
    Refused,
    Visit,
    own_path,
    parameters,
    takes_gzip,
)
from server.web.text import Text

__all__ = ["Call", "Gate", "Refused", "Route", "Staff", "Visit"]

log = logging.getLogger(__name__)

SIGN_IN: Final = "/staff/sign-in"
LIVE: Final = "x-live"
"""Says of a request that a page keeps itself fresh: nobody has used the session."""
AT_ONCE: Final = 12
"""Pages made at the same time, fewer than the desk has connections; the riders' have threads of their own."""
Method = Literal["GET", "POST"]
Handler = Callable[[Visit], Response]
OpenHandler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the console; ``action`` is None where nobody needs to be signed in.

    ``most``: bytes of a body that are read.
    """

    method: Method
    path: str
    action: Action | None
    most: int = MAX_REQUEST

    def __str__(self) -> str:
        """As the log has it."""
        return f"{self.method} {self.path}"


class Gate:
    """Registers the console's routes with ``app``; ``staff`` is None where its file cannot be used.

    Attributes:
        routes: all of them, but for the stream.
        staff: what the pages work with.
    """

    def __init__(self, app: FastAPI, renderer: Renderer, staff: Staff | None) -> None:
        self._app, self._renderer, self.staff = app, renderer, staff
        self.routes: list[Route] = []
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    def page(self, path: str, action: Action) -> Callable[[Handler], Handler]:
        """A page that GET asks for."""
        return self._signed_in(Route("GET", path, action))

    def form(self, path: str, action: Action, *, most: int = MAX_REQUEST) -> Callable[[Handler], Handler]:
        """What POST sends, with the token that ``form_head`` puts into each form; ``most`` bytes of it.

        More than usual has to be allowed by :func:`server.web.front.most_bytes`, too.
        """
        return self._signed_in(Route("POST", path, action, most))

    def open_page(self, path: str) -> Callable[[OpenHandler], OpenHandler]:
        """A page for everybody."""
        return self._for_all(Route("GET", path, None))

    def open_form(self, path: str) -> Callable[[OpenHandler], OpenHandler]:
        """What everybody may send from a page of this site."""
        return self._for_all(Route("POST", path, None))

    def close(self) -> None:
        """Whatever else lies below ``/staff`` does not exist; to be called after the last route."""
        self.page("/staff/{rest:path}", "enter")(_missing)
        self.form("/staff/{rest:path}", "enter")(_missing)

    def call(self, request: Request, route: str, fields: forms.Fields) -> Call:
        """A request, before it is known who asks."""
        given = parameters(request)
        view = self._renderer.view(request, *(name for name in given if name not in NOT_KEPT))
        now_ms = self._renderer.now_ms()
        return Call(
            staff=self.staff,
            renderer=self._renderer,
            view=view,
            text=Text(view.language, now_ms),
            now_ms=now_ms,
            route=route,
            path=dict(request.path_params),
            query=given,
            fields=fields,
            address=request.client.host if request.client else "",
            packed=takes_gzip(request),
            request=request,
            known=frozenset(each.path for each in self.routes if each.method == "GET"),
            version=self.staff.engine.version if self.staff else 0,
            token=request.cookies.get(COOKIE),
        )

    def _signed_in(self, route: Route) -> Callable[[Handler], Handler]:
        def decorator(handler: Handler) -> Handler:
            self._add(route, lambda call: self._admit(call, route, handler))
            return handler

        return decorator

    def _for_all(self, route: Route) -> Callable[[OpenHandler], OpenHandler]:
        def decorator(handler: OpenHandler) -> OpenHandler:
            self._add(route, handler)
            return handler

        return decorator

    def _add(self, route: Route, answer: OpenHandler) -> None:
        self.routes.append(route)

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, route, answer)

        self._app.add_api_route(
            route.path, endpoint, methods=[route.method], include_in_schema=False, response_model=None
        )

    async def _answer(self, request: Request, route: Route, answer: OpenHandler) -> Response:
        call = self.call(request, str(route), {})
        try:
            if route.method == "POST":
                check_sender(request)
                call = self.call(request, str(route), await forms.read(request, route.most))
        except RefusedError as error:
            return call.refuse(error.status, f"staff.refused.{error.reason}")
        except forms.FormError as error:
            return call.refuse(error.status, f"staff.refused.{error.reason}")
        return await anyio.to_thread.run_sync(_guarded, answer, call, limiter=self._threads)

    def _admit(self, call: Call, route: Route, handler: Handler) -> Response:
        """In a thread: who is it, may they, and then the page itself."""
        assert route.action is not None
        assert call.staff is not None
        used = LIVE not in call.request.headers
        session = call.staff.sessions.find(call.token, call.now_ms, used=used)
        if session is None:
            return to_sign_in(call, route)
        visit = visit_of(call, session)
        if route.method == "POST" and not is_csrf(session, call.form.get("csrf")):
            return visit.refuse(403, "staff.refused.token")
        try:
            if session.user.role not in roles.PERMISSIONS[route.action].roles:
                raise Refused(403, "staff.refused.role")
            return handler(visit)
        except Refused as error:
            return visit.refuse(error.status, error.key, **error.values)


def _guarded(answer: OpenHandler, call: Call) -> Response:
    """Whatever goes wrong in one request ends that request alone, with a page that says so."""
    if call.staff is None:
        return call.refuse(503, "staff.refused.desk")
    try:
        return answer(call)
    except Refused as error:
        return call.refuse(error.status, error.key, **error.values)
    except DeskError as error:
        log.warning("desk_failed route=%s error=%s", call.route, error)
        return call.refuse(503, "staff.refused.desk")
    except Exception:
        log.exception("staff_page_failed route=%s", call.route)
        return call.refuse(500, "staff.refused.broken")


def to_sign_in(call: Call, route: Route) -> Response:
    """To the page that signs in, and from there to what was asked for, or to the page with the form."""
    call.log(303, "signed_out" if call.token else "not_signed_in")
    if route.method == "GET":
        wanted = call.view.path + (f"?{call.request.url.query}" if call.request.url.query else "")
    else:
        wanted = own_referer(call)
    back = own_path(wanted)
    to = call.link(SIGN_IN, next="" if back == HOME else back)
    return Response(status_code=303, headers={"location": to, "cache-control": NO_STORE})


def own_referer(call: Call) -> str:
    """The page of this site that the request came from, "" when that is not said."""
    try:
        parts = urlsplit(call.request.headers.get("referer", ""))
    except ValueError:
        return ""
    path = parts.path.removeprefix(call.view.base_path)
    return path + (f"?{parts.query}" if parts.query else "")


def visit_of(call: Call, session: Session) -> Visit:
    """The same request, of somebody who is known."""
    return Visit(**{each.name: getattr(call, each.name) for each in fields(call)}, session=session)


def _missing(visit: Visit) -> Response:
    return visit.refuse(404, MISSING)
