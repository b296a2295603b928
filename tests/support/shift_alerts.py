"""The alerts of a morning, as those see them who work at the console."""

from typing import Any

from server.alerts.model import Alert, Subject
from tests.support.alarms import (
    FAR,
    HERE,
    HOUR,
    MIN,
    SERVER,
    THERE,
    alert,
)
from tests.support.console import Browser, Console

HOT = alert()
SMOKE = alert("cabinet_smoke", Subject("station", "city-0001", "c1"), ago=5 * MIN)
ELSEWHERE = alert("too_cold", THERE, values={"temperature_c": 9, "limit_c": 14}, ago=3 * HOUR)
OTHER_TOWN = alert("station_offline", FAR, values={"minutes": 50}, ago=50 * MIN)
OF_SERVER = alert("broker_down", SERVER, ago=10 * MIN)
TAKEN = alert("door_blocked", Subject("station", "city-0001", "front"), "in_progress", by="ada", ago=HOUR)
OVER = alert("pi_hot", HERE, "resolved", by="tian", ago=6 * HOUR, values={"cpu_c": 82, "limit_c": 80})
LONG_OVER = alert("mains_lost", Subject("station", "city-0001", "c1"), "closed", by="max", ago=30 * HOUR)
ALL = (HOT, SMOKE, ELSEWHERE, OTHER_TOWN, TAKEN, OVER, LONG_OVER)


def page(browser: Browser, path: str, status: int = 200) -> str:
    """A page in English."""
    answer = browser.get(path, **{"accept-language": "en"})
    assert answer.status_code == status, answer.text
    return answer.text


def act(browser: Browser, of: Alert, do: str, version: int = 1, **form: Any) -> Any:
    """Something is done to an alert, by its page's form."""
    headers = {"accept-language": "en"}
    return browser.post(f"/staff/alerts/{of.id}", headers=headers, do=do, version=version, **form)


def now(made: Console, of: Alert) -> Alert:
    """The alert as the engine has it."""
    found = made.services.engine.find(of.id)
    assert found is not None
    return found
