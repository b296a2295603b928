"""What a page that stays open must not grow: nodes, documents, listeners, memory."""

from playwright.sync_api import CDPSession, Page

MEASURED = ("Nodes", "Documents", "JSEventListeners", "JSHeapUsedSize")


def growth(page: Page, session: CDPSession) -> dict[str, float]:
    """After everything that can be freed is freed.

    The least of some looks, for in one of them a page may just have been read. ``session`` has
    ``Performance`` enabled.
    """
    looks = []
    for _ in range(6):
        session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        looks.append({name: metrics[name] for name in MEASURED})
        page.wait_for_timeout(150)
    return min(looks, key=lambda look: look["Nodes"])
