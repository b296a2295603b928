"""Each map gets the place in its own datum, and no name can move it."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from server.geo import to_wgs84
from server.web.directions import links

PLACE = (37.87, 112.55)
"""In Taiyuan, WGS-84."""
HOSTILE = (
    ",120,30",
    "|latlng:0,0",
    "&tocoord=0,0",
    "?q=0,0",
    ")(",
    "#",
    "a b",
    "\u202e反",
    "</a><script>",
    "'\"",
    "嘉" * 500,
    "\x00\n",
)


def asked(lat: float, lon: float, name: str = "嘉节社区暖心驿站") -> dict[str, dict[str, str]]:
    """Each web link's parameters as its map reads them."""
    web = {
        link.app: parse_qs(urlsplit(link.url).query) for link in links(lat, lon, name) if link.app != "geo"
    }
    return {
        app: {key: values[0] for key, values in given.items() if len(values) == 1}
        for app, given in web.items()
    }


def test_each_map_is_named_once_and_by_https() -> None:
    made = links(*PLACE, "驿站")
    assert [link.app for link in made] == ["amap", "tencent", "baidu", "geo"]
    assert [link.url.partition("?")[0] for link in made[:3]] == [
        "https://uri.amap.com/navigation",
        "https://apis.map.qq.com/uri/v1/routeplan",
        "https://api.map.baidu.com/marker",
    ]


def test_each_map_gets_its_own_datum() -> None:
    told = asked(*PLACE)
    lon, lat, name = told["amap"]["to"].split(",")
    assert name == "嘉节社区暖心驿站"
    assert to_wgs84(float(lat), float(lon), "gcj02") == pytest.approx(PLACE, abs=2e-6)
    tencent = [float(part) for part in told["tencent"]["tocoord"].split(",")]
    assert to_wgs84(tencent[0], tencent[1], "gcj02") == pytest.approx(PLACE, abs=2e-6)
    assert told["baidu"]["coord_type"] == "bd09ll"
    baidu = [float(part) for part in told["baidu"]["location"].split(",")]
    assert to_wgs84(baidu[0], baidu[1], "bd09") == pytest.approx(PLACE, abs=2e-6)
    assert (
        links(*PLACE, "驿站")[3].url == "geo:37.870000,112.550000?q=37.870000,112.550000(%E9%A9%BF%E7%AB%99)"
    )


@pytest.mark.parametrize(
    ("lat", "lon", "where"),
    [
        (51.5, -0.12, "London"),
        (-33.86, 151.2, "Sydney"),
        (0.0, 0.0, "nowhere"),
        (48.0, 140.0, "east of the border"),
    ],
)
def test_outside_china_nothing_is_shifted(lat: float, lon: float, where: str) -> None:
    told = asked(lat, lon, where)
    assert told["amap"]["to"] == f"{lon:.6f},{lat:.6f},{where}"
    assert told["tencent"]["tocoord"] == f"{lat:.6f},{lon:.6f}"
    assert (told["baidu"]["location"], told["baidu"]["coord_type"]) == (f"{lat:.6f},{lon:.6f}", "wgs84")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    plain, told = asked(*PLACE, ""), asked(*PLACE, name)
    assert told.keys() == plain.keys()
    for app in told:
        assert told[app].keys() >= plain[app].keys(), app
    assert told["amap"]["to"].split(",")[:2] == plain["amap"]["to"].split(",")[:2]
    assert told["amap"]["to"].count(",") == 2
    assert told["tencent"]["tocoord"] == plain["tencent"]["tocoord"]
    assert told["baidu"]["location"] == plain["baidu"]["location"]
    for link in links(*PLACE, name):
        assert link.url.isascii()
        assert link.url.isprintable()
        assert len(link.url) < 1400
        assert not set("<>\"' ") & set(link.url), link.app
        assert "\u202e" not in unquote(link.url)


def test_no_link_says_where_the_rider_is() -> None:
    for given in asked(*PLACE).values():
        assert not {"from", "fromcoord", "origin"} & given.keys()
