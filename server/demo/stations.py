"""The stations of the demo: the named ones, and invented ones around them, live or without live data.

The same number of stations always gives the same stations, so that a demo's data can be used again.
"""

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Final

from server.demo.areas import AGENCIES, AREAS, COMMUNITIES, SHOP_PLACES, TOWERS, VARIANTS, Area
from server.demo.named import NAMED, Named
from server.demo.usual import AMENITIES, CITY, EXTRAS, HOSTS, HOURS, VISITS, WEEKS
from server.model import Station

Life = dict[str, object]
"""What the simulation is told of a station: one entry of the fleet file."""

STATIC: Final = {
    "taiyuan": 40, "chengdu": 24, "qingbaijiang": 6, "pujiang": 4,
    "liuyang": 3, "jianwai": 32, "qiantang": 18,
}  # fmt: skip
"""Stations without live data. Jianwai's are its 32 social venues: shops that lend a chair."""

_SHARE: Final = {
    "chengdu": 46,
    "qingbaijiang": 16,
    "pujiang": 8,
    "liuyang": 22,
    "jianwai": 28,
    "qiantang": 40,
}
"""Live stations of each network in a demo of 250; Taiyuan, the largest, has the rest."""
_MOST: Final = {
    "chengdu": 226,
    "qingbaijiang": 114,
    "pujiang": 46,
    "liuyang": 22,
    "jianwai": 28,
    "qiantang": 140,
}
"""So that live and static stations together are no more than the network has declared."""

FEWEST: Final = 10
MOST: Final = 2_616
"""All declared stations, but for the static ones."""


@dataclass(frozen=True, slots=True)
class DemoStation:
    """A station of the registry, and its life if it has live data."""

    station: Station
    life: Life | None


def split(live: int) -> dict[str, int]:
    """How many live stations each network gets, at least one each; ``live`` in all."""
    shares = {
        network: min(max(round(share * live / 250), 1), _MOST[network]) for network, share in _SHARE.items()
    }
    return {"taiyuan": live - sum(shares.values())} | shares


def build(live: int) -> list[DemoStation]:
    """``live`` stations with live data, and the static ones, network by network, named ones first."""
    return [station for network, count in split(live).items() for station in _network(network, count)]


def _network(network: str, live: int) -> Iterator[DemoStation]:
    named = [each for each in NAMED if each.network == network]
    invented = _invented(network)
    written = [_named(each, live=each.live and number < live) for number, each in enumerate(named)]
    yield from written
    missing = live - sum(each.life is not None for each in written)
    for _ in range(missing):
        yield next(invented)
    for number in range(STATIC[network] - sum(each.life is None for each in written)):
        yield _without_life(next(invented)) if network != "jianwai" else _shop(number)


def _named(known: Named, *, live: bool) -> DemoStation:
    dice = _dice(known.id)
    station = Station(
        known.id,
        known.network,
        known.name_zh,
        known.name_en,
        aliases=known.aliases,
        region=known.region,
        lat=known.lat,
        lon=known.lon,
        places=known.places,
        area_m2=known.area_m2,
        area_qualifier=known.area_qualifier,
        hours=known.hours,
        host_kind=known.host_kind,
        amenities=known.amenities,
        instrumented=live,
    )
    life = _life(station, dice, known.visits_per_day, known.slots) if live else None
    return DemoStation(station, life)


def _invented(network: str) -> Iterator[DemoStation]:
    """Stations that nobody has built yet, one after another, never the same name twice in a district."""
    for number, (area, name, region) in enumerate(_sites(network), 1):
        dice = _dice(f"{network}-{number}")
        low, high = VISITS[network]
        visits = round(low * (high / low) ** dice.random())
        places = min(max(round(visits * dice.uniform(0.03, 0.1)), 5), 48)
        lat, lon = _near(area, dice)
        station = Station(
            f"{network}-{number:04d}",
            network,
            name,
            region=region,
            lat=lat,
            lon=lon,
            places=places,
            area_m2=float(round(places * dice.uniform(2.2, 4.5) + 6)),
            hours=dice.choices([hours for hours, _, _ in HOURS], [weight for _, weight, _ in HOURS])[0],
            host_kind="固定阵地" if network == "jianwai" and number <= 12 else _host(network, dice),
            amenities=_amenities(network, dice),
            instrumented=True,
        )
        slots = dice.choice((8, 12, 12, 16)) if dice.random() < 0.28 else 0
        yield DemoStation(station, _life(station, dice, visits, slots))


def _sites(network: str) -> Iterator[tuple[Area, str, tuple[str, ...]]]:
    """Area, name and region path of one site after another."""
    areas = [area for area in AREAS if area.network == network]
    if network == "jianwai":
        for number, (place, tower) in enumerate(product(("", "二层", "B1层"), TOWERS)):
            area = areas[number % len(areas)]
            yield area, f"{tower}{place}暖心驿站", (f"{area.name}社区",)
        return
    dice = _dice(network)
    names = {area.name: iter(_communities(area, dice)) for area in areas}
    while True:
        area = dice.choices(areas, [area.weight for area in areas])[0]
        community = next(names[area.name])
        street = (dice.choice(area.parts),) if area.parts else ()
        yield area, _name(network, community, dice), (area.name, *street, f"{community}社区")


def _communities(area: Area, dice: Random) -> Iterator[str]:
    """Plain names first, in an order of the area's own; then 千峰南, 千峰二 and so on."""
    names = list(COMMUNITIES[area.network])
    dice.shuffle(names)
    for variant, name in product(VARIANTS, names):
        yield name + variant


def _name(network: str, community: str, dice: Random) -> str:
    place = f"{community}社区"
    match network:
        case "taiyuan":
            return f"{place}暖心驿站"
        case "chengdu":
            return f"{place}{dice.choice(('暖“新”驿站', '暖“新”驿站', '骑手暖心小站'))}"
        case "qingbaijiang":
            return f"{place}职工驿站"
        case "pujiang":
            return f"{place}暖“新”驿站"
        case "liuyang":
            return f"{place}“奔跑者”红色驿站"
        case _:
            return f"{place}“小哥之家”"


def _shop(number: int) -> DemoStation:
    """One of Jianwai's social venues: an estate agent's shop with its own hours and no sensors."""
    agency, place = AGENCIES[number % len(AGENCIES)], SHOP_PLACES[number // len(AGENCIES)]
    dice = _dice(f"jianwai-shop-{number}")
    area = dice.choice([area for area in AREAS if area.network == "jianwai"])
    lat, lon = _near(area, dice)
    station = Station(
        f"jianwai-shop-{number + 1:02d}",
        "jianwai",
        f"{agency}{place}店暖心驿站",
        region=(f"{area.name}社区",),
        lat=lat,
        lon=lon,
        hours=dice.choice(("09:00-21:00", "09:00-20:30", "")),
        host_kind="社会化阵地",
        amenities=("seats", "water", "phone_charging"),
    )
    return DemoStation(station, None)


def _without_life(invented: DemoStation) -> DemoStation:
    station = invented.station
    return DemoStation(
        Station(
            station.id,
            station.network,
            station.name_zh,
            region=station.region,
            lat=station.lat,
            lon=station.lon,
            hours=station.hours,
            host_kind=station.host_kind,
            amenities=station.amenities,
        ),
        None,
    )


def _life(station: Station, dice: Random, visits: float, slots: int) -> Life:
    conditioning = dice.choices(("good", "weak", "failing", "none"), (72, 16, 7, 5))[0]
    cabinets = [{"slots": slots, "voltage_v": dice.choice((48, 60, 60, 72))}] if slots else []
    return {
        "id": station.id,
        "seed": zlib.crc32(station.id.encode()),
        "visits_per_day": float(visits),
        "week": list(WEEKS[station.hours]),
        "climate": CITY[station.network],
        "conditioning": conditioning,
        "doors": 2 if visits > 120 else 1,
        "bolt": dice.random() < 0.4,
        "co2": dice.random() < 0.25,
        "ac_sockets": 0 if dice.random() < 0.1 else min(2 + int(visits / 25) + dice.randrange(3), 10),
        "usb_sockets": dice.choice((0, 0, 2, 4)),
        "metered": dice.random() < 0.75,
        "cabinets": cabinets,
    }


def _host(network: str, dice: Random) -> str:
    return "整合式阵地" if network == "jianwai" else dice.choice(HOSTS[network])


def _amenities(network: str, dice: Random) -> tuple[str, ...]:
    """The network's usual ones, mostly, and one or two more."""
    usual = [amenity for amenity in AMENITIES[network] if dice.random() < 0.92]
    return (*usual, *dice.sample(EXTRAS, dice.randrange(3)))


def _near(area: Area, dice: Random) -> tuple[float, float]:
    north_km, east_km = (dice.gauss(0, area.spread_km / 2) for _ in range(2))
    lat = area.lat + north_km / 111.2
    return round(lat, 5), round(area.lon + east_km / (111.2 * math.cos(math.radians(lat))), 5)


def _dice(name: str) -> Random:
    return Random(zlib.crc32(name.encode()))  # noqa: S311  (a demo's look, not a secret)


def fleet(stations: Iterable[DemoStation]) -> Mapping[str, object]:
    """The fleet file of the live ones."""
    return {"stations": [each.life for each in stations if each.life is not None]}
