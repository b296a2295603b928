"""Signing in and out, and changing one's own password."""

from typing import Any, Final

from fastapi import Response

from server.accounts import passwords
from server.accounts.passwords import PasswordError
from server.accounts.sessions import COOKIE, COOKIE_ATTRIBUTES
from server.accounts.signin import Entered, Refused
from server.web.staff.gate import SIGN_IN, Call, Gate, Visit
from server.web.staff.visit import HOME, NO_STORE, own_path

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_LONGEST_NAME: Final = 256


def add_sign_in(gate: Gate) -> None:
    """Add the pages that let in and out."""
    gate.open_page(SIGN_IN)(ask)
    gate.open_form(SIGN_IN)(enter)
    gate.form("/staff/sign-out", "enter")(leave)
    gate.page("/staff/password", "enter")(ask_password)
    gate.form("/staff/password", "enter")(change_password)
    gate.page("/staff", "enter")(first)


def first(visit: Visit) -> Response:
    """The console begins with what is wrong now."""
    return visit.back(HOME)


def ask(call: Call) -> Response:
    """The form; who is signed in goes on at once."""
    assert call.staff is not None
    if call.staff.sessions.find(call.token, call.now_ms) is not None:
        return _on(call)
    if not keeps_cookie(call):
        return call.page("staff/sign_in.html", 403, **_shown(call, "https"))
    problem = "cookie" if "entered" in call.query else ""
    return call.page("staff/sign_in.html", **_shown(call, problem))


def enter(call: Call) -> Response:
    """Sign in, and go on where one wanted to go."""
    assert call.staff is not None
    if not keeps_cookie(call):
        return call.page("staff/sign_in.html", 403, **_shown(call, "https"))
    name, password = call.form.get("name", ""), call.form.get("password", "")
    found = call.staff.signin.enter(name[:_LONGEST_NAME], password, call.address, call.now_ms)
    if isinstance(found, Refused):
        return _refused(call, "staff/sign_in.html", found, name=name[:_LONGEST_NAME])
    # By way of the page that signs in: it sees whether the browser has kept the cookie.
    to = call.link(SIGN_IN, entered="yes", next=call.query.get("next", ""))
    return _with_cookie(Response(status_code=303, headers={"location": to}), found)


def leave(visit: Visit) -> Response:
    """Sign out."""
    visit.staff.sessions.close(visit.token, visit.now_ms)
    answer = visit.back(SIGN_IN, "staff.done.signed_out")
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def ask_password(visit: Visit) -> Response:
    """The form to change one's own password."""
    return visit.page("staff/password.html", **_shown(visit, ""))


def change_password(visit: Visit) -> Response:
    """Another password; signed out everywhere else."""
    old, new = visit.form.get("old", ""), visit.form.get("new", "")
    if new != visit.form.get("again", ""):
        return visit.page("staff/password.html", 400, **_shown(visit, "again"))
    try:
        found = visit.staff.signin.change_password(visit.user, old, new, visit.address, visit.now_ms)
    except PasswordError as error:
        return visit.page("staff/password.html", 400, **_shown(visit, f"password.{error.reason}"))
    if isinstance(found, Refused):
        return _refused(visit, "staff/password.html", found)
    return _with_cookie(visit.back("/staff/more", "staff.done.password"), found)


def keeps_cookie(call: Call) -> bool:
    """Whether a browser keeps the cookie from here: over HTTPS, or on this machine itself.

    A proxy may not say that it speaks HTTPS; browsers say of each request where it comes from
    (``Sec-Fetch-Site``) only where they trust the address.
    """
    request = call.request
    return (
        request.url.scheme == "https"
        or request.headers.get("sec-fetch-site") is not None
        or request.url.hostname in _LOOPBACK
    )


def _on(call: Call) -> Response:
    to = call.view.base_path + own_path(call.query.get("next", ""))
    return Response(status_code=303, headers={"location": to, "cache-control": NO_STORE})


def _refused(call: Call, template: str, found: Refused, **values: Any) -> Response:
    status = {"wrong": 403, "locked": 429, "busy": 503}[found.reason]
    minutes = -(-found.wait_ms // 60_000)
    page = call.page(template, status, **_shown(call, found.reason, **values) | {"minutes": minutes})
    if found.wait_ms:
        page.headers["retry-after"] = str(-(-found.wait_ms // 1000))
    return page


def _shown(call: Call, problem: str, **values: Any) -> dict[str, Any]:
    return {
        "problem": problem,
        "reason": problem,
        "name": "",
        "minutes": 0,
        "least": passwords.FEWEST,
        "most": passwords.MOST,
        "next": call.query.get("next", ""),
    } | values


def _with_cookie(answer: Response, entered: Entered) -> Response:
    answer.headers["cache-control"] = NO_STORE
    answer.set_cookie(COOKIE, entered.token, **COOKIE_ATTRIBUTES)  # type: ignore[arg-type]  # by name
    return answer
