"""``/staff/people``: who works at the console, as what, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Response

from server.accounts import passwords
from server.accounts.roles import PERMISSIONS, ROLES, Place, Role, User
from server.accounts.users import MOST_DISPLAY, AccountError, Profile, canonical
from server.web.staff.gate import Gate
from server.web.staff.places import Registered, ticked
from server.web.staff.visit import MISSING, Refused, Visit

PATH: Final = "/staff/people"
ADD: Final = "/staff/add-person"
"""Not below the others: "new" may be somebody's name."""
_FIELDS: Final = {
    "name": "name",
    "exists": "name",
    "display": "display",
    "role": "role",
    "place": "place",
    "last_admin": "role",
}
"""What an account error is about, as the field of the form beside which it is told."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it is filled in; ``reach``: ``all``, ``some``, or "" while nothing was chosen."""

    name: str = ""
    display: str = ""
    role: str = ""
    reach: str = ""
    places: tuple[Place, ...] = ()

    def profile(self) -> Profile:
        """What it says of the person. A role that is none is refused later, in its own words."""
        role: Role = self.role  # type: ignore[assignment]  # check_profile refuses what is no role
        everywhere = self.reach == "all"
        return Profile(self.display or self.name, role, everywhere, () if everywhere else self.places)


def add_people(gate: Gate) -> None:
    """Add the pages, for admins."""
    gate.page(PATH, "manage_people")(people)
    gate.page(ADD, "manage_people")(blank)
    gate.form(ADD, "manage_people")(add)
    gate.page(f"{PATH}/{{name}}", "manage_people")(person)
    gate.form(f"{PATH}/{{name}}", "manage_people")(change)
    gate.form(f"{PATH}/{{name}}/reset", "manage_people")(reset)
    gate.form(f"{PATH}/{{name}}/disable", "manage_people")(disable)
    gate.form(f"{PATH}/{{name}}/enable", "manage_people")(enable)


def people(visit: Visit) -> Response:
    """Everybody; who may not come in stands last."""
    everybody = sorted(visit.staff.users.all(), key=lambda user: (user.disabled_ms is not None, user.name))
    registered = Registered.of(visit)
    return visit.page("staff/people.html", people=everybody, places=registered.named)


def blank(visit: Visit) -> Response:
    """The empty form for a new person."""
    return _form(visit, Draft(), {})


def add(visit: Visit) -> Response:
    """A new person. The password is in this answer and nowhere else."""
    draft = _draft(visit, canonical(visit.form.get("name", "")))
    password, users = passwords.generated(), visit.staff.users
    wrong = _wrong(visit, draft, ()) or _tried(
        lambda: users.add(draft.name, draft.profile(), password, visit.user.name, visit.now_ms)
    )
    if wrong:
        return _form(visit, draft, wrong, status=400)
    return _password(visit, draft.name, password, new=True)


def person(visit: Visit) -> Response:
    """One person, and what can be done about them."""
    user = _known(visit)
    return _form(visit, _draft_of(user), {}, user)


def change(visit: Visit) -> Response:
    """Another role, other places or another display."""
    user, users = _known(visit), visit.staff.users
    draft = _draft(visit, user.name)
    wrong = _wrong(visit, draft, user.places) or _tried(
        lambda: users.change(user.name, draft.profile(), visit.user.name, visit.now_ms)
    )
    if wrong:
        return _form(visit, draft, wrong, user, 400)
    return visit.back(PATH, "staff.done.person_changed")


def reset(visit: Visit) -> Response:
    """Another password, in this answer and nowhere else."""
    user, password = _known(visit), passwords.generated()
    wrong = _tried(lambda: visit.staff.users.reset(user.name, password, visit.user.name, visit.now_ms))
    if wrong:
        return _form(visit, _draft_of(user), wrong, user, 400)
    return _password(visit, user.name, password, new=False)


def disable(visit: Visit) -> Response:
    """Signed out everywhere, and in no more."""
    user = _known(visit)
    wrong = _tried(lambda: visit.staff.users.disable(user.name, visit.user.name, visit.now_ms))
    if wrong:
        return _form(visit, _draft_of(user), {"disable": next(iter(wrong.values()))}, user, 400)
    return visit.back(PATH, "staff.done.person_disabled")


def enable(visit: Visit) -> Response:
    """May sign in again."""
    user = _known(visit)
    wrong = _tried(lambda: visit.staff.users.enable(user.name, visit.user.name, visit.now_ms))
    if wrong:
        return _form(visit, _draft_of(user), wrong, user, 400)
    return visit.back(f"{PATH}/{user.name}", "staff.done.person_enabled")


def _form(
    visit: Visit, draft: Draft, wrong: dict[str, str], user: User | None = None, status: int = 200
) -> Response:
    """The form of one person; ``wrong``: by field what is not taken, as the key of its string."""
    registered = Registered.of(visit)
    return visit.page(
        "staff/person.html",
        status,
        draft=draft,
        user=user,
        wrong=wrong,
        reason=next(iter(wrong.values()), None),
        roles=ROLES,
        permissions=PERMISSIONS,
        branches=registered.branches(draft.places),
        most_display=MOST_DISPLAY,
    )


def _password(visit: Visit, name: str, password: str, new: bool) -> Response:
    return visit.page("staff/person_password.html", name=name, password=password, new=new)


def _known(visit: Visit) -> User:
    """The person of the address.

    Raises:
        Refused: 404, there is none.
    """
    found = next((user for user in visit.staff.users.all() if user.name == visit.path["name"]), None)
    if found is None:
        raise Refused(404, MISSING)
    return found


def _draft(visit: Visit, name: str) -> Draft:
    form = visit.form
    return Draft(name, form.get("display", ""), form.get("role", ""), form.get("reach", ""), ticked(visit))


def _draft_of(user: User) -> Draft:
    return Draft(user.name, user.display, user.role, "all" if user.everywhere else "some", user.places)


def _wrong(visit: Visit, draft: Draft, kept: tuple[Place, ...]) -> dict[str, str]:
    """What the page can say better than the accounts do. ``kept``: places that they have, gone or not."""
    if draft.role == "admin" and draft.reach != "all":
        return {"place": "staff.people.wrong.place.admin"}
    if draft.reach not in ("all", "some") or (draft.reach == "some" and not draft.places):
        return {"place": "staff.people.wrong.place.none"}
    unknown = set(Registered.of(visit).unknown(draft.places)) - set(kept)
    if draft.reach == "some" and unknown:
        return {"place": "staff.people.wrong.place.gone"}
    return {}


def _tried(action: Callable[[], object]) -> dict[str, str]:
    """By field what was refused; nothing when it is done.

    Raises:
        Refused: 403, who asks is no admin any more; 404, the person is gone.
    """
    try:
        action()
    except AccountError as error:
        if error.reason in ("forbidden", "unknown"):
            status, key = (403, "staff.refused.role") if error.reason == "forbidden" else (404, MISSING)
            raise Refused(status, key) from error
        return {_FIELDS[error.reason]: f"staff.people.wrong.{error.reason}"}
    return {}
