"""The gate of the console: who comes in, and who may do what where."""

from collections.abc import Callable
from typing import Final

import pytest

from server.accounts.sessions import COOKIE, IDLE_MS, csrf_of
from server.web.staff.visit import HOME
from tests.support.console import Browser, Console
from tests.support.probe import written
from tests.support.staff import MINUTE_MS

PAGE: Final = "/staff/password"
FORM: Final = "/staff/probe/city-0001"

Browse = Callable[[str], Browser]


class TestNobody:
    @pytest.mark.parametrize(
        ("asked", "then"),
        [
            (PAGE, "/staff/sign-in?next=%2Fstaff%2Fpassword"),
            ("/staff/more?x=1&lang=en", "/staff/sign-in?next=%2Fstaff%2Fmore%3Fx%3D1%26lang%3Den&lang=en"),
            (HOME, "/staff/sign-in"),
            ("/staff/there-is-no-such-page", "/staff/sign-in?next=%2Fstaff%2Fthere-is-no-such-page"),
        ],
    )
    def test_a_page_leads_to_the_sign_in_and_back(self, browse: Browse, asked: str, then: str) -> None:
        answer = browse("").get(asked)
        assert (answer.status_code, answer.headers["location"]) == (303, then)
        assert answer.headers["cache-control"] == "no-store"

    def test_a_form_leads_to_the_sign_in_and_back_to_its_page(self, browse: Browse) -> None:
        answer = browse("").post(FORM, headers={"referer": "http://test/staff/more?a=b"}, comment="x")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/staff/sign-in?next=%2Fstaff%2Fmore%3Fa%3Db"
        assert written == []

    @pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 100_000, "é" * 43])
    def test_a_cookie_that_was_made_up_is_nobodys(self, browse: Browse, token: str) -> None:
        nobody = browse("")
        nobody.token = token
        if token.isascii():
            assert nobody.get(PAGE).status_code == 303
        else:
            answer = nobody.client.ask(PAGE, headers=[(b"cookie", f"{COOKIE}={token}".encode())])
            assert answer.status_code == 303

    def test_a_link_in_a_chat_opens_what_it_names_for_who_is_signed_in(self, browse: Browse) -> None:
        # From another site, without Sec-Fetch-Site: none; the cookie is Lax, so browsers send it along.
        answer = browse("tian").get(PAGE, **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
        assert answer.status_code == 200


class TestStolen:
    """What was a session's opens nothing any more once it has ended, and sends nothing."""

    def refused(self, browser: Browser) -> None:
        assert browser.get(PAGE).status_code == 303
        assert browser.post(FORM, comment="stolen").status_code == 303
        assert written == []

    def test_after_the_sign_out(self, browse: Browse) -> None:
        tian = browse("tian")
        assert tian.get(PAGE).status_code == 200
        assert tian.post("/staff/sign-out").headers["location"].startswith("/staff/sign-in")
        self.refused(tian)

    def test_after_another_password(self, browse: Browse, made: Console) -> None:
        tian = browse("tian")
        made.staff.users.reset("tian", "another long 密码", "ada", made.now_ms)
        self.refused(tian)

    def test_after_being_disabled(self, browse: Browse, made: Console) -> None:
        tian = browse("tian")
        made.staff.users.disable("tian", "ada", made.now_ms)
        self.refused(tian)

    def test_after_a_shift_away_however_fresh_the_page_kept_itself(
        self, browse: Browse, made: Console
    ) -> None:
        tian, max_ = browse("tian"), browse("max")
        for _ in range(3):
            made.now_ms += IDLE_MS // 2 - MINUTE_MS
            assert max_.get(PAGE).status_code == 200
            last = tian.get(PAGE, **{"x-live": "1"}).status_code
        assert last == 303, "a page left open is nobody at work"
        self.refused(tian)
        assert max_.get(PAGE).status_code == 200


class TestToken:
    def test_the_right_one_writes(self, browse: Browse) -> None:
        assert browse("tian").post(FORM, comment=" 换了空调\r\n滤网 ").status_code == 303
        assert written == ["换了空调\n滤网"]

    @pytest.mark.parametrize("csrf", [None, "x", "A" * 43, "é", "\ud800"])
    def test_a_missing_or_wrong_one_writes_nothing(self, browse: Browse, csrf: str | None) -> None:
        body = "comment=x" + (f"&csrf={'%ED%A0%80' if csrf == chr(0xD800) else csrf}" if csrf else "")
        tian = browse("tian")
        answer = tian.client.ask(
            FORM,
            "POST",
            headers={
                "cookie": f"{COOKIE}={tian.token}",
                "content-type": "application/x-www-form-urlencoded",
            },
            content=body.replace("é", "%C3%A9"),
        )
        assert answer.status_code in (400, 403)
        assert written == []

    def test_that_of_another_session_writes_nothing(self, browse: Browse) -> None:
        tian, other = browse("tian"), browse("tian")
        assert other.token is not None
        answer = tian.post(FORM, csrf_of(other.token), comment="x")
        assert (answer.status_code, written) == (403, [])

    def test_every_form_of_the_shell_carries_it(self, browse: Browse) -> None:
        tian = browse("tian")
        assert tian.token is not None
        for path in ("/staff/more", "/staff/password"):
            page = tian.get(path).text
            assert page.count('<form class="') + page.count('<form method="post"') == page.count(
                f'name="csrf" value="{csrf_of(tian.token)}"'
            )


class TestSender:
    @pytest.mark.parametrize(
        ("headers", "status", "why"),
        [
            ({"sec-fetch-site": "same-origin"}, 303, "our own page"),
            ({"sec-fetch-site": "cross-site"}, 403, "the page of another site"),
            ({"sec-fetch-site": "same-site"}, 403, "the page of a neighbour"),
            ({"sec-fetch-site": "none"}, 303, "typed by the person"),
            ({"sec-fetch-site": "", "origin": "http://test"}, 403, "a header that says nothing"),
        ],
    )
    def test_only_pages_of_this_site_send(
        self, browse: Browse, headers: dict[str, str], status: int, why: str
    ) -> None:
        assert browse("tian").post(FORM, headers=headers, comment="x").status_code == status, why
        assert bool(written) == (status == 303), why

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("http://test", 303),
            ("https://test", 303),
            ("https://evil.example", 403),
            ("null", 403),
            ("http://[", 403),
        ],
    )
    def test_an_old_browser_says_where_it_comes_from(self, browse: Browse, origin: str, status: int) -> None:
        tian = browse("tian")
        assert tian.token is not None
        headers = {"cookie": f"{COOKIE}={tian.token}", "origin": origin}
        data = {"csrf": csrf_of(tian.token), "comment": "x"}
        assert tian.client.ask(FORM, "POST", headers=headers, data=data).status_code == status


class TestPlaces:
    @pytest.mark.parametrize(
        ("name", "station", "looks", "writes"),
        [
            ("tian", "city-0001", 200, 303),
            ("tian", "city-0002", 404, 404),
            ("tian", "town-0001", 404, 404),
            ("max", "city-0002", 200, 303),
            ("max", "town-0001", 404, 404),
            ("vi", "town-0001", 200, 403),
            ("ada", "town-0001", 200, 303),
            ("ada", "nowhere-1", 404, 404),
        ],
    )
    def test_elsewhere_is_as_if_it_did_not_exist(
        self, browse: Browse, name: str, station: str, looks: int, writes: int
    ) -> None:
        browser = browse(name)
        assert browser.get(f"/staff/probe/{station}").status_code == looks
        assert browser.post(f"/staff/probe/{station}", comment="x").status_code == writes
        assert len(written) == (writes == 303)

    def test_what_is_elsewhere_and_what_is_nowhere_look_alike(self, browse: Browse) -> None:
        tian = browse("tian")
        elsewhere, nowhere = (tian.get(f"/staff/probe/{each}") for each in ("town-0001", "town-0009"))
        assert elsewhere.text.replace("town-0001", "") == nowhere.text.replace("town-0009", "")
