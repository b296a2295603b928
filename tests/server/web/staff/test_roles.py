"""Every route of the console and of the API, walked by each role and by nobody: is it as the table says?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from server.accounts.roles import PERMISSIONS, ROLES, Role
from server.web.assets import Assets
from server.web.staff.gate import Gate, Route
from tests.support.console import Browser, browsing
from tests.support.walk import LOGINS, SAMPLES, World, world

CATCH_ALL: Final = "/staff/{rest:path}"
API: Final = {
    "GET /api/v1/networks": "/api/v1/networks",
    "GET /api/v1/stations": "/api/v1/stations",
    "GET /api/v1/stations/{station_id}": "/api/v1/stations/city-0001",
    "GET /api/v1/stations/{station_id}/history": (
        "/api/v1/stations/city-0001/history?quantity=temperature_c&from=2027-01-15T00:00:00Z"
        "&to=2027-01-15T08:00:00Z&step=1h"
    ),
    "GET /api/v1/networks/{network_id}/compact": "/api/v1/networks/city/compact",
    "GET /api/v1/stations/{station_id}/forecast": "/api/v1/stations/city-0001/forecast",
    "GET /healthz": "/healthz",
    "GET /readyz": "/readyz",
    "GET /metrics": "/metrics",
    "GET /api/v1/events": "/api/v1/events?network=city",
    "POST /api/v1/stations/{station_id}/reports": "/api/v1/stations/city-0001/reports",
}
"""The public API: open to everybody alike, signed in or not."""
RIDERS: Final = {
    "GET /": "/",
    "GET /n/{network_id}": "/n/city",
    "GET /s/{station_id}": "/s/city-0001",
    "GET /s/{station_id}/report": "/s/city-0001/report",
    "POST /s/{station_id}/report": "/s/city-0001/report",
    "GET /s/{station_id}/report/sent": "/s/city-0001/report/sent",
    "GET /door/{station_id}": "/door/city-0001",
    "GET /offline": "/offline",
    "GET /worker.js": "/worker.js",
    "GET /manifest.webmanifest": "/manifest.webmanifest",
    "GET /static/{version}/{name:path}": f"/static/{Assets().version}/css/page.css",
    "GET /api/v1/openapi.json": "/api/v1/openapi.json",
    "GET /feeds/v1/{name}": "/feeds/v1/station_status.json",
    "OPTIONS /feeds/v1/{name}": "/feeds/v1/station_status.json",
}
"""Pages and files for everybody, which the API does not tell of."""
LINKED: Final = {"GET /wall/{network_id}/{secret}"}
"""For who has the link, whoever that is."""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all that changes nothing."""
    with world(tmp_path_factory.mktemp("standing")) as made:
        yield made


@pytest.fixture(scope="module")
def browsers(standing: World) -> Iterator[dict[str, Browser]]:
    """A browser of each role, and of nobody."""
    with browsing(standing.made) as browse:
        yield {role: browse(login) for role, login in LOGINS.items()} | {"nobody": browse("")}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A world of one's own, to change something in it."""
    with world(tmp_path) as made:
        yield made


def gate_of(made: World) -> Gate:
    gate: Gate = made.made.app._app.state.gate
    return gate


def routes_of(made: World) -> list[Route]:
    """The routes that need a session, without the one that says of all else that it does not exist."""
    return [route for route in gate_of(made).routes if route.action and route.path != CATCH_ALL]


def ask(made: World, browser: Browser, route: str, given: dict[str, str]) -> httpx.Response:
    """One request of a route; what its path does not take goes into the form."""
    method, path = route.split(" ")
    filled = made.filled(given)
    address = path.format_map(filled)
    if method == "GET":
        return browser.get(address)
    taken = {name for name in filled if f"{{{name}}}" in path}
    # A form says "name" of a person, too: what the path takes is sent as well and does no harm.
    form = {name: value for name, value in filled.items() if name not in taken or name == "name"}
    return browser.send(address, form)


def role_has(route: str, role: Role, made: World) -> bool:
    action = next(each.action for each in routes_of(made) if str(each) == route)
    assert action is not None
    return role in PERMISSIONS[action].roles


def refusals(caplog: pytest.LogCaptureFixture, status: int, route: str, login: str) -> list[str]:
    """The lines of the log that tell of it."""
    said = f"staff_refused status={status} "
    about = f"route={route.replace(' ', ':')} user={login} "
    found = [record.getMessage() for record in caplog.records]
    return [line for line in found if line.startswith(said) and about in line]


def test_every_route_has_a_sample_and_every_sample_a_route(standing: World) -> None:
    assert {str(route) for route in routes_of(standing)} == set(SAMPLES)


def test_every_route_names_an_action_of_the_table(standing: World) -> None:
    open_routes = {str(route) for route in gate_of(standing).routes if route.action is None}
    assert open_routes == {"GET /staff/sign-in", "POST /staff/sign-in"}
    assert {route.action for route in routes_of(standing)} <= set(PERMISSIONS)
    placed = {
        str(r) for r in routes_of(standing) if r.action and PERMISSIONS[r.action].placed and "{" in r.path
    }
    assert {route for route in placed if SAMPLES[route].elsewhere is None} == set()


def test_nothing_below_staff_is_reached_but_through_the_gate(standing: World) -> None:
    known = {(route.method, route.path) for route in gate_of(standing).routes}
    app = standing.made.app._app
    below = {
        (method, route.path)
        for route in app.routes
        if getattr(route, "path", "").startswith("/staff")
        for method in getattr(route, "methods", None) or ["ANY"]
    }
    assert below - {(method, path) for method, path in below if method == "HEAD"} == known


@pytest.mark.parametrize("route", SAMPLES)
class TestRefused:
    """What is refused changes nothing, whoever asks, and is in the log."""

    def test_nobody(
        self, standing: World, browsers: dict[str, Browser], caplog: pytest.LogCaptureFixture, route: str
    ) -> None:
        before = standing.kept()
        answer = ask(standing, browsers["nobody"], route, dict(SAMPLES[route].own))
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/staff/sign-in")
        assert standing.kept() == before
        assert refusals(caplog, 303, route, "-")

    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_that_has_it_nowhere(
        self,
        standing: World,
        browsers: dict[str, Browser],
        caplog: pytest.LogCaptureFixture,
        route: str,
        role: Role,
    ) -> None:
        if role_has(route, role, standing):
            return
        before = standing.kept()
        for given in (SAMPLES[route].own, SAMPLES[route].elsewhere):
            if given is not None:
                caplog.clear()
                assert ask(standing, browsers[role], route, dict(given)).status_code == 403
                assert refusals(caplog, 403, route, LOGINS[role])
        assert standing.kept() == before

    @pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
    def test_at_another_place(
        self,
        standing: World,
        browsers: dict[str, Browser],
        caplog: pytest.LogCaptureFixture,
        route: str,
        role: Role,
    ) -> None:
        sample = SAMPLES[route]
        if sample.elsewhere is None or not role_has(route, role, standing):
            return
        before = standing.kept()
        answer = ask(standing, browsers[role], route, dict(sample.elsewhere))
        assert answer.status_code in sample.foreign, answer.text[-2000:]
        assert standing.kept() == before
        assert refusals(caplog, answer.status_code, route, LOGINS[role])

    def test_without_the_token_of_the_form(
        self, standing: World, browsers: dict[str, Browser], caplog: pytest.LogCaptureFixture, route: str
    ) -> None:
        if route.startswith("GET"):
            return
        before = standing.kept()
        path = route.split(" ")[1].format_map(standing.filled(SAMPLES[route].own))
        for csrf in (None, "wrong"):
            caplog.clear()
            answer = browsers["admin"].send(path, standing.filled(SAMPLES[route].own), csrf)
            assert answer.status_code == 403
            assert refusals(caplog, 403, route, LOGINS["admin"])
        assert standing.kept() == before

    def test_a_name_that_is_nothing(self, standing: World, browsers: dict[str, Browser], route: str) -> None:
        sample = dict(SAMPLES[route].own)
        taken = [name for name in sample if f"{{{name}}}" in route]
        before = standing.kept()
        for name in taken:
            for odd in ("0", "9" * 30, "nothing", "%00", "..", "%F0%9F%8F%A0", "'", "<b>"):
                answer = ask(standing, browsers["admin"], route, sample | {name: odd})
                # Of ".." a client makes an address one higher, which takes no form.
                assert answer.status_code in (303, 404, 405 if odd == ".." else 404), (name, odd)
        if taken and route.startswith("POST"):
            assert standing.kept() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", [route for route in SAMPLES if route.startswith("GET")])
def test_who_may_look_sees_it(standing: World, browsers: dict[str, Browser], route: str, role: Role) -> None:
    if not role_has(route, role, standing):
        return
    sample = SAMPLES[route]
    seen = [sample.own] + ([sample.elsewhere] if sample.elsewhere is not None and role == "admin" else [])
    for given in seen:
        answer = ask(standing, browsers[role], route, dict(given))
        leads_on = route == "GET /staff" or route.endswith(("/secret", "/test", "/remove"))
        assert answer.status_code == (303 if leads_on else 200)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", [route for route in SAMPLES if route.startswith("POST")])
def test_who_may_write_does(fresh: World, route: str, role: Role) -> None:
    if not role_has(route, role, fresh):
        return
    with browsing(fresh.made) as browse:
        browser = browse(LOGINS[role])
        before = fresh.kept()  # after the sign-in, which is written, too
        answer = ask(fresh, browser, route, dict(SAMPLES[route].own))
    assert answer.status_code in ((200, 303, 409) if route in UNSEEN else (200, 303)), answer.text[-2000:]
    assert not answer.headers.get("location", "").startswith("/staff/sign-in?next")
    if route not in UNSEEN:
        assert fresh.kept() != before


UNSEEN: Final = frozenset(
    {
        "POST /staff/stations/{station_id}/people",
        "POST /staff/channels/{channel_id}/test",
        "POST /staff/served-reach",
    }
)
"""Written where this test does not look: into the store of readings, which has none here; into a chat; or
nowhere, as what is worked out is only shown."""


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_what_does_not_exist(browsers: dict[str, Browser], role: str) -> None:
    for answer in (browsers[role].get("/staff/nothing/here"), browsers[role].post("/staff/nothing")):
        assert answer.status_code == (303 if role == "nobody" else 404)


def test_the_public_api_is_all_here(standing: World) -> None:
    paths = standing.made.app._app.openapi()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == set(API)


def test_nothing_else_is_open_to_everybody(standing: World) -> None:
    found = {
        f"{method} {route.path}"
        for route in standing.made.app._app.routes
        for method in getattr(route, "methods", None) or ["ANY"]
        if not route.path.startswith("/staff") and method != "HEAD"
    }
    assert found - set(API) == set(RIDERS) | LINKED


@pytest.mark.parametrize("route", [route for route in API | RIDERS if route.startswith("GET")])
def test_it_says_the_same_to_everybody(browsers: dict[str, Browser], route: str) -> None:
    method = "HEAD" if route.endswith("/events") else "GET"
    answers = {role: browser.get((API | RIDERS)[route], method) for role, browser in browsers.items()}
    assert {role: answer.status_code for role, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert all("set-cookie" not in answer.headers for answer in answers.values())
    if route not in ("GET /metrics", "GET /api/v1/events"):
        assert len({answer.text for answer in answers.values()}) == 1


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_anybody_reports_a_problem(fresh: World, role: str) -> None:
    with browsing(fresh.made) as browse:
        browser = browse(LOGINS.get(role, ""))
        path = API["POST /api/v1/stations/{station_id}/reports"]
        answer = browser.client.ask(path, "POST", json={"kind": "temperature", "note": "热"})
    assert answer.status_code == 201
