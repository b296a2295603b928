"""Stations for the feeds, of some of which nearly everything can be told, and the schemas of the feeds."""

from dataclasses import replace
from typing import Any

from server.state import Access, Notice, StationState
from tests.support.asgi import Client
from tests.support.web import NOON_MS, TableLive, cabinet, open_state, static_state, station

HOSTILE = "<script>alert(1)</script>\"'\u202e&" + "驿" * 60


def trouble() -> StationState:
    """A station of which nearly everything can be told."""
    hot = replace(cabinet(), heat="smoke")
    where = replace(
        station(3), name_zh=HOSTILE, name_en="", area_qualifier="约", amenities=("WiFi", "修鞋摊")
    )
    access = Access("locked", "notice", NOON_MS + 3_600_000, True, NOON_MS)
    notice = Notice("locked", NOON_MS, NOON_MS + 3_600_000, "1", HOSTILE)
    return replace(open_state(where), access=access, cabinets=(hot,), notices=(notice,))


def table() -> TableLive:
    """Stations that measure and others, one in trouble, and one of which next to nothing is known."""
    table = TableLive()
    bare = replace(station(1, "liuyang"), lat=None, lon=None, hours="", area_m2=None, places=None)
    table.put(open_state(), static_state(), trouble(), open_state(station(1, "xiaodian")), static_state(bare))
    return table


def schema_of(client: Client, name: str) -> dict[str, Any]:
    """Of a feed, as the server publishes it."""
    answer = client.ask(f"/feeds/v1/{name.partition('.')[0]}.schema.json")
    assert answer.headers["content-type"] == "application/schema+json"
    schema: dict[str, Any] = answer.json()
    return schema
