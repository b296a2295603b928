"""What the gate of the console takes, how it answers, and what of it is in the log."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest

from server.accounts.sessions import COOKIE, csrf_of
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from server.web.front import MAX_REQUEST, SECURITY
from server.web.staff.visit import HOME, own_path
from tests.support.asgi import asking
from tests.support.console import Browser, browsing, console
from tests.support.probe import written
from tests.support.web import TableLive, TableStore

PAGE: Final = "/staff/password"
FORM: Final = "/staff/probe/city-0001"

Browse = Callable[[str], Browser]


class TestBody:
    def test_a_comment_of_70_kib_is_too_large(self, browse: Browse) -> None:
        answer = browse("tian").post(FORM, comment="x" * 70 * 1024)
        assert (answer.status_code, written) == (413, [])
        assert "内容太长" in answer.text

    def test_also_when_it_does_not_say_how_long_it_is(self, browse: Browse) -> None:
        tian = browse("tian")
        assert tian.token is not None

        async def pieces() -> AsyncIterator[bytes]:
            yield f"csrf={csrf_of(tian.token or '')}&comment=".encode()
            for _ in range(70):
                yield b"x" * 1024

        answer = tian.client.ask(
            FORM,
            "POST",
            headers={
                "cookie": f"{COOKIE}={tian.token}",
                "content-type": "application/x-www-form-urlencoded",
            },
            content=pieces(),
        )
        assert (answer.status_code, written) == (413, [])

    def test_the_largest_that_fits_is_read(self, browse: Browse) -> None:
        tian = browse("tian")
        taken = len(f"csrf={csrf_of(tian.token or '')}&comment=x&more=")
        assert tian.post(FORM, comment="x", more="y" * (MAX_REQUEST - taken)).status_code == 303
        assert tian.post(FORM, comment="x", more="y" * (MAX_REQUEST - taken + 1)).status_code == 413

    @pytest.mark.parametrize(("length", "status"), [(2_000, 303), (2_001, 400)])
    def test_a_comment_has_2000_characters(self, browse: Browse, length: int, status: int) -> None:
        assert browse("tian").post(FORM, comment="驿" * length).status_code == status
        assert len(written) == (status == 303)

    @pytest.mark.parametrize(
        ("content_type", "body", "status"),
        [
            ("application/json", b"{}", 415),
            ("multipart/form-data; boundary=x", b"--x--", 415),
            ("", b"comment=x", 415),
            ("application/x-www-form-urlencoded", "comment=é".encode(), 400),
            ("application/x-www-form-urlencoded", b"comment=%FF", 400),
            ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(500)), 400),
            ("application/x-www-form-urlencoded; charset=utf-8", b"comment=x", 403),
        ],
    )
    def test_only_forms_are_understood(
        self, browse: Browse, content_type: str, body: bytes, status: int
    ) -> None:
        tian = browse("tian")
        headers = {"cookie": f"{COOKIE}={tian.token}", "content-type": content_type}
        answer = tian.client.ask(FORM, "POST", headers=headers, content=body)
        assert (answer.status_code, written) == (status, [])

    def test_what_cannot_be_seen_is_taken_out(self, browse: Browse) -> None:
        browse("tian").post(FORM, comment="a\u202eb\x00c\u200bd\te")
        assert written == ["abcd e"]


class TestAnswers:
    @pytest.mark.parametrize(
        "path", ["/staff/more", "/staff/password", "/staff/sign-in", "/staff/none", FORM]
    )
    @pytest.mark.parametrize("name", ["", "tian"])
    def test_nothing_of_it_is_kept_and_the_rules_hold(self, browse: Browse, path: str, name: str) -> None:
        answer = browse(name).get(path)
        assert answer.headers["cache-control"] == "no-store"
        for header, value in SECURITY:
            assert answer.headers[header.decode()] == value.decode()
        assert "style=" not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script type="module" src="')

    def test_head_is_answered_as_get(self, browse: Browse) -> None:
        tian = browse("tian")
        assert tian.get(PAGE, "HEAD").headers.get("content-type") == tian.get(PAGE).headers["content-type"]
        assert browse("").get(PAGE, "HEAD").status_code == 303

    def test_a_program_that_takes_no_gzip_gets_none(self, browse: Browse) -> None:
        tian = browse("tian")
        assert tian.get(PAGE, **{"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
        assert "content-encoding" not in tian.get(PAGE, **{"accept-encoding": "identity"}).headers

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods_are_not_allowed(self, browse: Browse, method: str) -> None:
        assert browse("ada").get(PAGE, method).status_code == 405

    def test_a_language_that_was_chosen_is_kept(self, browse: Browse) -> None:
        tian = browse("tian")
        page = tian.get("/staff/more?lang=en").text
        assert '<html lang="en">' in page
        assert 'href="/staff/password?lang=en"' in page
        assert 'action="/staff/sign-out?lang=en"' in page
        assert tian.post("/staff/sign-out?lang=en").headers["location"].endswith("&lang=en")

    def test_the_other_language_shows_the_same_page(self, browse: Browse) -> None:
        page = browse("tian").get("/staff/more?since=7&said=password&lang=zh").text
        assert 'href="/staff/more?since=7&amp;lang=en"' in page

    @pytest.mark.parametrize(
        ("said", "shown"),
        [("password", True), ("nothing", False), ("<script>", False), ("../refused.role", False)],
    )
    def test_only_what_is_known_is_said(self, browse: Browse, said: str, shown: bool) -> None:
        page = browse("tian").get(f"/staff/more?said={said}").text
        assert ('class="said"' in page) == shown
        assert "<script>" not in page

    def test_it_works_below_a_path(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, base_path="/way")
        with console(tmp_path, settings) as made, browsing(made) as browse:
            answer = browse("").get("/way/staff/more?x=1")
            assert answer.headers["location"] == "/way/staff/sign-in?next=%2Fstaff%2Fmore%3Fx%3D1"
            tian = browse("tian")
            assert 'href="/way/staff/password"' in tian.get("/way/staff/more").text
            on = tian.get("/way" + answer.headers["location"].removeprefix("/way"))
            assert on.headers["location"] == "/way/staff/more?x=1"


class TestTrouble:
    def test_a_desk_that_fails_is_said_to(self, browse: Browse) -> None:
        answer = browse("tian").get("/staff/probe-fails/desk")
        assert answer.status_code == 503
        assert "骑手看到的页面不受影响" in answer.text

    def test_a_mistake_of_ours_ends_one_request(
        self, browse: Browse, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = browse("tian").get("/staff/probe-fails/otherwise")
        assert answer.status_code == 500
        assert "a mistake of ours" not in answer.text
        assert "a mistake of ours" in caplog.text

    def test_without_a_desk_riders_are_served_and_the_console_says_so(self) -> None:
        app = build_web(TableLive(), TableStore(), Settings(), Pipeline(connected=True, alive=True))
        with asking(app) as client:
            for path in ("/staff", "/staff/alerts", "/staff/sign-in", "/staff/events", "/staff/none"):
                assert client.ask(path).status_code == 503, path
            assert client.ask("/staff/sign-in", "POST", data={"name": "ada"}).status_code == 503
            assert client.ask("/").status_code == 200

    def test_refusals_are_logged_and_nothing_typed_is(
        self, browse: Browse, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        browse("").get(PAGE)
        browse("vi").post(FORM, comment="secret words")
        browse("tian").post("/staff/probe/town-0001", comment="secret words")
        browse("tian").post(FORM, "wrong", comment="secret words")
        browse("tian").post(FORM, comment="secret words" * 10_000)
        browse("tian").post(FORM, headers={"sec-fetch-site": "cross-site"}, comment="secret words")
        route = "POST:/staff/probe/{station}"
        here = "address=127.0.0.1"
        assert [each.getMessage() for each in caplog.records if each.name.startswith("server.web.staff")] == [
            f"staff_refused status=303 reason=not_signed_in route=GET:/staff/password user=- {here}",
            f"staff_refused status=403 reason=staff.refused.role route={route} user=vi {here}",
            f"staff_refused status=404 reason=staff.refused.missing route={route} user=tian {here}",
            f"staff_refused status=403 reason=staff.refused.token route={route} user=tian {here}",
            f"staff_refused status=413 reason=staff.refused.large route={route} user=- {here}",
            f"staff_refused status=403 reason=staff.refused.foreign route={route} user=- {here}",
        ]
        assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("/staff", "/staff"),
        ("/staff/alerts/0123?x=1&y=%E7%AB%99", "/staff/alerts/0123?x=1&y=%E7%AB%99"),
        ("/staff/more?said=password", "/staff/more"),
        ("", HOME),
        ("//evil.example/staff/", HOME),
        ("/staff//evil.example", HOME),
        ("https://evil.example/staff/alerts", HOME),
        ("/\\evil.example/staff", HOME),
        ("/staff/\\evil.example", HOME),
        ("javascript:alert(1)//staff/", HOME),
        ("/staff/../n/taiyuan", HOME),
        ("/staff/%2e%2e/n/taiyuan", HOME),
        ("/staff/.%2E/n/taiyuan", HOME),
        ("/staff/./sign-out", HOME),
        ("/staff/%2E/sign-out", HOME),
        ("/staff/people/v.i", "/staff/people/v.i"),
        ("/staff/audit.csv", "/staff/audit.csv"),
        ("/staffs", HOME),
        ("/n/taiyuan", HOME),
        ("/staff/x\r\nset-cookie: a=b", HOME),
        ("/staff/x y", HOME),
        ("/staff/站", HOME),
        ("http://[", HOME),
        ("/staff/sign-out", HOME),
        ("/staff/sign-in?next=/staff/sign-in", HOME),
        ("/staff/events", HOME),
    ],
)
def test_one_goes_on_to_pages_of_the_console_only(address: str, own: str) -> None:
    assert own_path(address) == own
