"""Signing in and out at the console, and changing one's own password, as a browser does it."""

import logging
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final

import httpx
import pytest

from server.accounts.lockout import MOST_FOR_NAME, WINDOW_MS
from server.accounts.passwords import WAITING
from server.accounts.sessions import COOKIE
from tests.support.console import Browser, Console, browsing, console
from tests.support.staff import MINUTE_MS, PASSWORD

SIGN_IN: Final = "/staff/sign-in"
NEW: Final = "ein neues 好密码 2"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as running:
        yield running


@pytest.fixture
def nobody(made: Console) -> Iterator[Browser]:
    with browsing(made) as browse:
        yield browse("")


def kept(answer: httpx.Response) -> str | None:
    """The cookie as a browser keeps it: over HTTPS, for the whole of this host, unseen by scripts."""
    cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
    if COOKIE not in cookies:
        return None
    cookie = cookies[COOKIE]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "lax")
    return cookie.value


def enter(browser: Browser, name: str = "tian", password: str = PASSWORD, to: str = "") -> httpx.Response:
    return browser.post(SIGN_IN + (f"?next={to}" if to else ""), None, name=name, password=password)


class TestSignIn:
    def test_it_leads_to_where_one_wanted_to_go(self, nobody: Browser) -> None:
        answer = enter(nobody, to="/staff/password?x=1")
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        nobody.token = kept(answer)
        on = nobody.get(answer.headers["location"])
        assert (on.status_code, on.headers["location"]) == (303, "/staff/password?x=1")
        assert nobody.get("/staff/password?x=1").status_code == 200

    def test_without_a_wish_it_leads_to_what_is_wrong_now(self, nobody: Browser) -> None:
        answer = enter(nobody)
        nobody.token = kept(answer)
        assert nobody.get(answer.headers["location"]).headers["location"] == "/staff/alerts"

    @pytest.mark.parametrize(
        "to", ["https://evil.example/staff", "//evil.example", "/n/taiyuan", "%0d%0ax:y"]
    )
    def test_it_never_leads_away(self, nobody: Browser, to: str) -> None:
        answer = enter(nobody, to=to)
        assert answer.headers["location"].startswith("/staff/sign-in?entered=yes")
        nobody.token = kept(answer)
        assert nobody.get(answer.headers["location"]).headers["location"] == "/staff/alerts"

    @pytest.mark.parametrize("typed", ["Tian", " tian ", "ＴＩＡＮ"])
    def test_a_name_is_taken_as_phones_type_it(self, nobody: Browser, typed: str) -> None:
        assert kept(enter(nobody, typed))

    def test_what_is_wrong_is_not_told_apart(self, nobody: Browser, made: Console) -> None:
        made.staff.users.disable("vi", "ada", made.now_ms)
        answers = [
            enter(nobody, name, word) for name, word in (("tian", "no"), ("no", PASSWORD), ("vi", PASSWORD))
        ]
        assert [answer.status_code for answer in answers] == [403] * 3
        assert [kept(answer) for answer in answers] == [None] * 3
        texts = {
            answer.text.replace(f'value="{name}"', "")
            for answer, name in zip(answers, ("tian", "no", "vi"), strict=True)
        }
        assert len(texts) == 1
        assert "用户名或密码不对" in texts.pop()

    def test_the_lock_out_tells_when_it_ends(self, nobody: Browser, made: Console) -> None:
        for _ in range(MOST_FOR_NAME):
            assert enter(nobody, "tian", "wrong").status_code == 403
            made.now_ms += MINUTE_MS
        answer = enter(nobody)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == str((WINDOW_MS - MOST_FOR_NAME * MINUTE_MS) // 1000)
        assert "10 分钟后再试" in answer.text
        assert kept(answer) is None
        made.now_ms += 10 * MINUTE_MS
        assert kept(enter(nobody))

    def test_a_name_that_is_code_is_shown_as_text(self, nobody: Browser) -> None:
        for name in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=1+1", "x" * 10_000):
            page = enter(nobody, name).text
            assert "<script>alert" not in page
            assert "<img" not in page
            assert len(page) < 20_000

    def test_the_password_is_neither_shown_again_nor_logged(
        self, nobody: Browser, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        page = enter(nobody, "tian", "geheim geheim")
        assert "geheim" not in page.text
        assert "geheim" not in caplog.text
        assert "staff_refused status=403 reason=wrong route=POST:/staff/sign-in" in caplog.text

    def test_too_many_at_once_are_told_to_come_again(self, nobody: Browser, made: Console) -> None:
        taken = made.staff.hashing
        for _ in range(WAITING):
            assert taken._waiting.acquire(blocking=False)
        answer = enter(nobody)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    def test_another_site_signs_nobody_in(self, nobody: Browser) -> None:
        form = {"name": "tian", "password": PASSWORD}
        answer = nobody.post(SIGN_IN, None, {"sec-fetch-site": "cross-site"}, **form)
        assert (answer.status_code, kept(answer)) == (403, None)

    def test_who_is_signed_in_goes_on(self, browse: Callable[[str], Browser]) -> None:
        answer = browse("tian").get(SIGN_IN + "?next=/staff/more")
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/more")


class TestInsecure:
    """Over plain HTTP from another machine no browser keeps the cookie: said, not tried."""

    HERE: Final = {"host": "10.0.0.5:8080"}

    def ask(self, nobody: Browser, method: str = "GET", **headers: str) -> httpx.Response:
        data = {"data": {"name": "tian", "password": PASSWORD}} if method == "POST" else {}
        return nobody.client.ask(SIGN_IN, method, headers=self.HERE | headers, **data)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_it_says_that_https_is_needed(self, nobody: Browser, method: str) -> None:
        answer = self.ask(nobody, method)
        assert answer.status_code == 403
        assert "只能用 HTTPS 打开" in answer.text
        assert "<form" not in answer.text
        assert kept(answer) is None

    @pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
    def test_this_machine_itself_is_trusted(self, nobody: Browser, host: str) -> None:
        assert self.ask(nobody, host=host).status_code == 200

    def test_so_is_a_browser_that_trusts_the_address(self, nobody: Browser) -> None:
        # Browsers send it over HTTPS and to loopback names only; a proxy may not have said that it is HTTPS.
        assert kept(self.ask(nobody, "POST", **{"sec-fetch-site": "same-origin"}))

    def test_a_browser_that_keeps_no_cookie_is_told_so(self, nobody: Browser) -> None:
        answer = enter(nobody, to="/staff/more")
        page = nobody.get(answer.headers["location"])
        assert page.status_code == 200
        assert "浏览器没有保存登录状态" in page.text
        assert 'action="/staff/sign-in?next=%2Fstaff%2Fmore"' in page.text


class TestSignOut:
    def test_it_ends_the_session_and_the_cookie(self, browse: Callable[[str], Browser]) -> None:
        tian = browse("tian")
        answer = tian.post("/staff/sign-out")
        assert answer.headers["location"] == "/staff/sign-in?said=signed_out"
        assert f'{COOKIE}=""' in answer.headers["set-cookie"]
        assert kept(answer) == ""
        assert "已退出登录" in browse("").get(answer.headers["location"]).text
        assert tian.get("/staff/more").status_code == 303

    def test_it_leaves_a_line_in_the_audit_log(self, browse: Callable[[str], Browser], made: Console) -> None:
        browse("tian").post("/staff/sign-out")
        assert [(each.by, each.what) for each in made.staff.audit()] == [
            ("tian", "session.opened"),
            ("tian", "session.closed"),
        ]

    def test_a_link_signs_nobody_out(self, browse: Callable[[str], Browser]) -> None:
        tian = browse("tian")
        assert tian.get("/staff/sign-out").status_code == 404
        assert tian.get("/staff/more").status_code == 200


class TestPassword:
    def change(
        self, browser: Browser, old: str = PASSWORD, new: str = NEW, again: str = NEW
    ) -> httpx.Response:
        return browser.post("/staff/password", old=old, new=new, again=again)

    def test_it_signs_out_everywhere_else(self, browse: Callable[[str], Browser]) -> None:
        tian, phone = browse("tian"), browse("tian")
        answer = self.change(tian)
        assert answer.headers["location"] == "/staff/more?said=password"
        assert [each.get("/staff/more").status_code for each in (tian, phone)] == [303, 303]
        tian.token = kept(answer)
        assert tian.get("/staff/more").status_code == 200
        assert kept(enter(browse(""), password=NEW))
        assert enter(browse("")).status_code == 403

    @pytest.mark.parametrize(
        ("typed", "status", "said"),
        [
            (("wrong", NEW, NEW), 403, "现在的密码不对"),
            ((PASSWORD, NEW, NEW + "x"), 400, "两遍新密码不一样"),
            ((PASSWORD, "short", "short"), 400, "12 到 128 个字符"),
            ((PASSWORD, "9" * 129, "9" * 129), 400, "12 到 128 个字符"),
            ((PASSWORD, "13912345678901", "13912345678901"), 400, "不能只是数字"),
            ((PASSWORD, "aaaabbbbaaaa", "aaaabbbbaaaa"), 400, "重复的字符太多"),
            ((PASSWORD, "tian-password1", "tian-password1"), 400, "太容易被猜到"),
            ((PASSWORD, PASSWORD, PASSWORD), 400, "和现在的一样"),
            ((PASSWORD, "with\tcontrol characters", "with\tcontrol characters"), 400, "键盘打不出"),
        ],
    )
    def test_what_is_refused_changes_nothing(
        self, browse: Callable[[str], Browser], typed: tuple[str, str, str], status: int, said: str
    ) -> None:
        tian = browse("tian")
        answer = self.change(tian, *typed)
        assert answer.status_code == status
        assert said in answer.text
        assert kept(answer) is None
        assert tian.get("/staff/more").status_code == 200
        assert kept(enter(browse("")))

    def test_wrong_ones_count_for_the_lock_out(self, browse: Callable[[str], Browser]) -> None:
        tian = browse("tian")
        answers = [self.change(tian, old="wrong").status_code for _ in range(MOST_FOR_NAME + 1)]
        assert answers == [403] * MOST_FOR_NAME + [429]
