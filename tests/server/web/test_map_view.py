"""What the settings of the map become: what its script is told, and whose images a page may show."""

import pytest

from server.config import ConfigError, load
from server.web.front import SECURITY, security
from server.web.map_view import MapView

TILES = "https://t.example.org/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("tiles", "base_path", "told", "origin", "why"),
    [
        ("", "/rest", "", "", "none"),
        (TILES, "/rest", TILES, "https://t.example.org", "of another server"),
        ("http://t.org:81/{z}/{x}/{y}", "", "http://t.org:81/{z}/{x}/{y}", "http://t.org:81", "with a port"),
        ("/tiles/{z}/{x}/{y}.png", "/rest", "/rest/tiles/{z}/{x}/{y}.png", "", "of this one, below its path"),
    ],
)  # fmt: skip
def test_tiles(tiles: str, base_path: str, told: str, *, origin: str, why: str) -> None:
    view = MapView(tiles, base_path=base_path)
    assert (view.told()["tiles"], view.origin) == (told, origin), why


@pytest.mark.parametrize(
    ("attribution", "text", "link", "why"),
    [
        ("", "", "", "nothing said"),
        ("© 某某地图 GS(2025)1234号", "© 某某地图 GS(2025)1234号", "", "words alone"),
        (
            "© OSM https://osm.org/copyright",
            "© OSM",
            "https://osm.org/copyright",
            "with an address at its end",
        ),
        ("https://osm.org", "https://osm.org", "https://osm.org", "an address alone"),
        ("© javascript:alert(1)", "© javascript:alert(1)", "", "no other address becomes a link"),
    ],
)
def test_attribution(attribution: str, text: str, link: str, why: str) -> None:
    told = MapView(TILES, attribution).told()
    assert (told["attribution"], told["link"]) == (text, link), why


def test_only_the_tile_server_is_added_to_what_a_page_may_show() -> None:
    assert security() == SECURITY
    added = [(a, b) for a, b in zip(SECURITY, security("https://t.example.org"), strict=True) if a != b]
    (((name, before), (_, after)),) = added
    assert name == b"content-security-policy"
    assert after.replace(b" https://t.example.org", b"") == before
    assert b"; img-src 'self' https://t.example.org; " in after


@pytest.mark.parametrize(
    ("tiles", "why"),
    [
        ("https://t.example.org/", "no place in it"),
        ("https://t.example.org/{z}/{x}.png", "no y"),
        ("https://{s}.example.org/{z}/{x}/{y}.png", "a host that nobody can name in a policy"),
        ("//t.example.org/{z}/{x}/{y}.png", "a host without a scheme"),
        ("ftp://t.example.org/{z}/{x}/{y}.png", "not the web"),
        ("https://t.example.org; script-src */{z}/{x}/{y}.png", "more than a host"),
        ("javascript:alert(1)//{z}/{x}/{y}", "a script"),
    ],
)
def test_tiles_that_cannot_be_used(tiles: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(None, {"WAYSTATION_MAP_TILES": tiles})
    assert refused.value.key == "map_tiles", why


def test_settings_of_the_map_are_read() -> None:
    settings = load(None, {"WAYSTATION_MAP_TILES": TILES, "WAYSTATION_MAP_DATUM": "gcj02"})
    assert (settings.map_tiles, settings.map_datum) == (TILES, "gcj02")
    with pytest.raises(ConfigError, match="one of wgs84, gcj02"):
        load(None, {"WAYSTATION_MAP_DATUM": "bd09"})
