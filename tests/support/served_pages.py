"""Addresses of the pages of services, and what is typed on them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.support.console import Browser

PAGE, NUMBERS, REACH = "/staff/served", "/staff/served-numbers", "/staff/served-reach"
FIRST = date(2026, 12, 1)
"""The console's clocks stand at 2027-01-15 16:00 in China: December is the last whole month."""
GOOD: dict[str, Any] = {
    "kind": "event",
    "place": "city/小店区",
    "first": "2026-12-05",
    "count": "85",
    "events": "2",
}
"""A number entered by hand that is taken."""
Signed = Callable[[str], Browser]
"""By the name of a person."""
