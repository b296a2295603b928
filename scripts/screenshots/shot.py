"""What is to be seen, and the picture of it."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from server.accounts.sessions import COOKIE
from tests.support.browser import phone

NOON: Final = datetime(2026, 7, 28, 13, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
NOON_MS: Final = int(NOON.timestamp() * 1000)
LANGUAGES: Final = {"zh": "zh-CN", "en": "en-US"}
WEBP_QUALITY: Final = 80
"""At which text is crisp; a half of what the same picture takes as PNG."""
LINE: Final = ".connection, .watch, #wall"
"""Where a page says whether it is live."""


@dataclass(frozen=True, slots=True)
class Site:
    """Pages that are served; ``tokens`` of the sessions of those who are signed in, by login.

    ``blanks``: what stands in the paths of shots for what is known only now.
    """

    address: str
    tokens: Mapping[str, str] = field(default_factory=dict)
    blanks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shot:
    """What is to be seen: ``act`` brings the page at ``path`` to show it.

    ``options`` are of the browser's context; ``who`` is signed in, "" for nobody.
    """

    path: str
    act: Callable[[Page], None]
    options: Mapping[str, Any]
    who: str = ""


def as_it_comes(page: Page) -> None:
    """The page itself."""
    page.evaluate("scrollTo(0, 0)")


def live(page: Page) -> None:
    """Wait until the page renews itself."""
    expect(page.locator(LINE)).to_have_attribute("data-state", "live")


def shoot(browser: Browser, site: Site, shot: Shot, language: str) -> bytes:
    """One picture, WebP."""
    options = {"reduced_motion": "reduce", "locale": LANGUAGES[language], **shot.options}
    with phone(browser, **options) as context:
        if shot.who:
            # Browsers take a secure cookie for localhost without HTTPS.
            url = site.address.replace("http:", "https:")
            context.add_cookies(
                [{"name": COOKIE, "value": site.tokens[shot.who], "url": url, "secure": True}]
            )
        context.clock.set_fixed_time(NOON)
        page = context.new_page()
        page.goto(site.address + shot.path.format_map({**site.blanks, "language": language}))
        if page.locator(LINE).count():
            live(page)
        shot.act(page)
        page.wait_for_load_state("networkidle")
        session = context.new_cdp_session(page)
        picture = session.send("Page.captureScreenshot", {"format": "webp", "quality": WEBP_QUALITY})
        return base64.b64decode(picture["data"])
