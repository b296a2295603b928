"""Where the rider is: asked for on a tap, kept on the phone, said when it is not known."""

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.support.browser import phone
from tests.support.rider import expect_ids, located, opened


def test_a_tap_asks_and_the_session_remembers(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "2", "3", "1", "4")
        expect(page.locator(".found")).to_have_text("4 个驿站，按区域和名称排列")
        context.grant_permissions(["geolocation"])
        context.set_geolocation({"latitude": 37.8033, "longitude": 112.5033})
        page.get_by_role("button", name="离我最近").click()
        expect_ids(page, "3", "2", "1", "4")
        expect(page.locator(".where")).to_have_text("位置只留在这台手机上")
        page.goto(f"{url}/s/taiyuan-0001")
        page.goto(f"{url}/n/taiyuan")
        expect_ids(page, "3", "2", "1", "4")
        expect(page.locator(".near")).to_have_attribute("aria-pressed", "true")


def test_no_request_carries_the_place(browser: Browser, url: str) -> None:
    asked: list[Request] = []
    with located(browser) as context:
        context.on("request", lambda request: asked.append(request))  # noqa: PLW0108  # no built-in method
        page = opened(context, f"{url}/n/taiyuan")
        expect_ids(page, "3", "2", "1", "4")
        page.get_by_role("button", name="离我最近").click()
        page.get_by_role("link", name="充电").click()
        page.locator(".districts summary").click()
        page.locator(".districts a").nth(1).click()
        page.get_by_role("searchbox").fill("嘉")
        page.locator("#list .card a").first.click()
        expect(page.locator(".station")).to_be_visible()
        sent = [" ".join([each.url, str(each.all_headers()), each.post_data or ""]) for each in asked]
    assert len(asked) > 15, "pages, scripts, lists and streams"
    for request in sent:
        assert not any(secret in request for secret in ("37.80", "112.50", "37%2E8", "geolocation")), request
    assert {request.method for request in asked} == {"GET"}


@pytest.mark.parametrize(
    ("code", "said"), [(1, "没有定位权限"), (2, "这会儿定位不到"), (3, "这会儿定位不到")]
)
def test_without_a_place_it_is_said_why_and_how_the_list_is_ordered(
    browser: Browser, url: str, code: int, said: str
) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script(
            "navigator.geolocation.getCurrentPosition ="
            f" (_, refuse) => setTimeout(() => refuse({{ code: {code} }}), 20)"
        )
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        page.get_by_role("button", name="离我最近").click()
        expect(page.locator(".where")).to_contain_text(said)
        expect(page.locator(".found")).to_contain_text("按区域和名称排列")
        expect_ids(page, "2", "3", "1", "4")


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_moves_under_the_thumb_that_asks(
    browser: Browser, url: str, language: str, width: int
) -> None:
    tops = "[...document.querySelectorAll('.wishes, .views, .card')].slice(0, 3)"
    tops += ".map((each) => each.getBoundingClientRect().top)"
    with phone(browser, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        page.add_init_script(
            "navigator.geolocation.getCurrentPosition = (...told) => { window.told = told.slice(0, 2); }"
        )
        page.goto(f"{url}/n/taiyuan?lang={language}")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        before, button, where = page.evaluate(tops), page.locator(".near"), page.locator(".where")
        plain = button.evaluate("e => getComputedStyle(e).backgroundColor")
        for answer, said in [
            ("told[1]({ code: 1 })", ("没有定位权限", "No permission")),
            ("told[1]({ code: 2 }); setTimeout(() => told[1]({ code: 2 }))", ("定位不到", "Not located")),
            ("told[0]({ coords: { latitude: 30.57, longitude: 104.06 } })", ("太远", "too far")),
            ("told[0]({ coords: { latitude: 37.8033, longitude: 112.5033 } })", ("这台手机", "this phone")),
        ]:
            button.click()
            expect(where).to_have_text(("正在定位…", "Locating…")[language == "en"])
            assert page.evaluate(tops) == before, "locating"
            expect(button).to_have_attribute("aria-pressed", "false")
            page.evaluate(answer)
            expect(where).to_contain_text(said[language == "en"])
            assert page.evaluate(tops) == before, said
        expect(button).to_have_attribute("aria-pressed", "true")
        assert button.evaluate("e => getComputedStyle(e).backgroundColor") != plain, "on looks on"


def test_a_refusal_of_the_browser_itself_is_said(browser: Browser, url: str) -> None:
    with phone(browser, permissions=[]) as context:
        page = opened(context, f"{url}/n/taiyuan?lang=en")
        page.get_by_role("button", name="Near me").click()
        expect(page.locator(".where")).to_contain_text("No permission to locate you")


def test_while_the_phone_looks_for_itself_it_says_so(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script("navigator.geolocation.getCurrentPosition = () => {}")
        page.goto(f"{url}/n/taiyuan")
        page.get_by_role("button", name="离我最近").click()
        expect(page.locator(".where")).to_have_text("正在定位…")


def test_an_address_without_https_is_said(browser: Browser, url: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
        page.goto(f"{url}/n/taiyuan")
        page.get_by_role("button", name="离我最近").click()
        expect(page.locator(".where")).to_contain_text("不是 https")


def test_in_another_city_riding_times_say_nothing(browser: Browser, url: str) -> None:
    with located(browser, {"latitude": 30.57, "longitude": 104.06}) as context:
        page = opened(context, f"{url}/n/taiyuan")
        page.get_by_role("button", name="离我最近").click()
        expect(page.locator(".where")).to_contain_text("太远")
        expect_ids(page, "2", "3", "1", "4")
        expect(page.locator(".way").first).to_have_text("")


def test_a_browser_that_tells_no_permissions_follows_the_rider_after_a_tap(
    browser: Browser, url: str
) -> None:
    """As WeChat's does: where it has just allowed the place, it is asked for it again without a word."""
    with phone(browser) as context:
        page = context.new_page()
        page.add_init_script(
            "Object.defineProperty(navigator, 'permissions', { value: undefined });"
            "const ride = [37.8033, 37.8010];"
            "navigator.geolocation.getCurrentPosition = (done) =>"
            " done({ coords: { latitude: ride.shift(), longitude: 112.501 } });"
        )
        page.goto(f"{url}/n/taiyuan")
        expect(page.locator(".connection")).to_have_attribute("data-state", "live")
        expect(page.locator("#taiyuan-0001 .way"), "nobody has asked").to_have_text("")
        page.get_by_role("button", name="离我最近").click()
        expect(page.locator("#taiyuan-0001 .way")).to_contain_text("260 米")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#taiyuan-0001 .way")).to_contain_text("10 米")
