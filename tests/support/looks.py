"""How a page is for everybody's eyes and hands: WCAG 2.2 AA by axe-core, and what axe cannot see."""

from contextlib import suppress
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

from tests.support.wait import until

FINGER: Final = 44
"""What is tapped is at least so wide and high, in CSS pixels."""
SETTLED_S: Final = 2.0
NARROW: Final = {"width": 320, "height": 640}
DESK: Final[dict[str, Any]] = {
    "viewport": {"width": 1280, "height": 900},
    "is_mobile": False,
    "has_touch": False,
}
"""A browser's options for a computer with a mouse."""
_AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_FIND: Final = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
    ({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target.join(" "), failureSummary])])"""
_WIDER: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_CUT: Final = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((e) => {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) return false;
    const style = getComputedStyle(e);
    if (e.closest(".sr, [hidden], .kind, svg, template") || style.visibility === "hidden") return false;
    for (let up = e; up; up = up.parentElement) if (getComputedStyle(up).clipPath !== "none") return false;
    const words = document.createRange();
    words.selectNodeContents(e);
    const text = words.getBoundingClientRect();
    if (!text.width) return false;
    let box = e;
    while (box && !/hidden|clip/.test(getComputedStyle(box).overflowX)) box = box.parentElement;
    const limit = box ? box.getBoundingClientRect().right : innerWidth;
    const ellipsis = box && /ellipsis/.test(getComputedStyle(box).textOverflow);
    return !ellipsis && text.right > limit + 1;
}).map((e) => `${e.className || e.nodeName}: ${e.textContent.trim()}`)"""
"""Texts that stand out of the screen, or of a box that cuts them off."""
_SMALL: Final = """(least) => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .concat([...document.querySelectorAll("label")].filter((e) => e.querySelector("input")))
    .filter((e) => e.checkVisibility({ visibilityProperty: true }))
    .filter((e) => !e.closest(".skip, .leaflet-control-attribution"))
    .filter((e) => e.matches("label") || !e.closest("label"))
    .map((e) => {
        const over = getComputedStyle(e, "::after");
        const over_all = over.position === "absolute" && over.content !== "none";
        const whole = over_all && e.closest(".card, .network, .fleet > li, .reports > li");
        const { width, height } = (whole || e).getBoundingClientRect();
        return [width, height, `${e.className || e.nodeName} ${e.textContent.trim()}`];
    })
    .filter(([width, height]) => width && (width < least || height < least))"""
"""Targets narrower or lower than so many CSS pixels; what is stretched over its card is as large as that."""


def violations(page: Page) -> list[Any]:
    """What axe finds, each with where."""
    page.evaluate(_AXE)
    found: list[Any] = page.evaluate(_FIND)
    return found


def wider(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate(_WIDER))


def small(page: Page) -> list[Any]:
    """What is too small for a finger."""
    found: list[Any] = page.evaluate(_SMALL, FINGER)
    return found


def cut(page: Page) -> list[str]:
    """Texts that stand out of the screen and stay there: a map may still be on its way."""
    with suppress(AssertionError):
        until(lambda: not page.evaluate(_CUT), SETTLED_S, "all texts are whole")
    found: list[str] = page.evaluate(_CUT)
    return found


def looks_right(page: Page) -> None:
    """All looks at a page that is open: axe, fingers, and a narrow phone in usual and in large type.

    The window is as large afterwards as before.
    """
    assert violations(page) == [], page.url
    assert small(page) == [], page.url
    size = page.viewport_size
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # as playwright's own type says
    for percent in (100, 200):
        page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        assert wider(page) <= 0, (page.url, percent)
        assert cut(page) == [], (page.url, percent)
    page.evaluate("document.documentElement.style.fontSize = ''")
    if size:
        page.set_viewport_size(size)


def open_all(page: Page) -> None:
    """Open whatever can be opened, so that it is looked at, too."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
