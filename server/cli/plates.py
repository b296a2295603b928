"""``waystation plate``: what is printed for the doors of stations."""

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.progress import track

from server import config
from server.cli import console, fail, problems, registry, settings
from server.config import ConfigError
from server.model import Network, Station, family
from server.plates import Face, FaceError, Sign
from server.plates import plate as draw_plate
from server.plates import poster as draw_poster

_MOST_MISSING = 20


class Format(StrEnum):
    """The kind of file that a sheet is written as."""

    SVG = "svg"
    PDF = "pdf"


def plate(
    context: typer.Context,
    *,
    stations: Annotated[list[str] | None, typer.Argument(metavar="[STATION]…", help="Their ids.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files, one for each station.")],
    format: Annotated[Format, typer.Option(help="Kind of file.")] = Format.PDF,
    every: Annotated[bool, typer.Option("--all", help="All stations.")] = False,
    network: Annotated[
        str | None, typer.Option(metavar="ID", help="With --all: of this network and those inside it.")
    ] = None,
    poster: Annotated[bool, typer.Option("--poster", help="A3, with the network's name.")] = False,
    url: Annotated[str | None, typer.Option(help="Where riders reach the pages; else public_url.")] = None,
    font: Annotated[Path | None, typer.Option(help="A font with Chinese; else Noto Sans CJK.")] = None,
) -> None:
    """Draw a sheet for the door: the station's name, and a QR code that opens its page."""
    address = _address(context, url)
    chosen, networks = _chosen(context, stations or [], every, network)
    if _is_loopback(address):
        problems.print(
            f"{address} is this machine only: from a phone these codes lead nowhere", style="yellow"
        )
    try:
        face = Face.open(font)
        out.mkdir(parents=True, exist_ok=True)
        draw, tail = (draw_poster, "-poster") if poster else (draw_plate, "")
        for station in track(chosen, "sheets", console=problems, disable=len(chosen) < 10):
            sign = _sign(station, networks[station.network], address)
            _say_missing(face, sign)
            canvas = draw(face, sign)
            file = out / f"{station.id}{tail}.{format.value}"
            file.write_bytes(canvas.pdf() if format is Format.PDF else canvas.svg())
    except FaceError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{out}: {error}")
    console.print(
        f"{len(chosen)} {format.value} file{'' if len(chosen) == 1 else 's'} in {out}", markup=False
    )


def _address(context: typer.Context, url: str | None) -> str:
    """Where riders reach the pages, without a slash at its end."""
    given = url if url is not None else settings(context).public_url
    if not given:
        fail(
            "where riders reach the pages is not known: give --url https://example.org, "
            'or write public_url = "https://example.org" into waystation.toml',
            2,
        )
    try:
        return str(config.check("--url", "public_url", given)).rstrip("/")
    except ConfigError as error:
        fail(str(error), 2)


def _is_loopback(address: str) -> bool:
    """Whether only the machine itself reaches it."""
    host = urlsplit(address).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _chosen(
    context: typer.Context, ids: Sequence[str], every: bool, network: str | None
) -> tuple[list[Station], Mapping[str, Network]]:
    if bool(ids) == every or (network is not None and not every):
        fail("give either the ids of stations, or --all, or --all --network ID", 2)
    with closing(registry(context)) as opened:
        networks, stations = opened.networks(), opened.stations()
    if network is not None and network not in networks:
        fail(f"no network {network!r}; there are: {', '.join(networks) or 'none'}")
    unknown = [name for name in ids if name not in stations]
    if unknown:
        fail(f"not registered: {', '.join(map(repr, unknown))}; see waystation stations list")
    wanted = family(networks, network) if network is not None else tuple(networks)
    chosen = [each for each in stations.values() if (each.network in wanted if every else each.id in ids)]
    if not chosen:
        fail("there are no such stations")
    return chosen, networks


def _sign(station: Station, network: Network, address: str) -> Sign:
    return Sign(
        station=station.id,
        name_zh=station.name_zh,
        name_en=station.name_en,
        network=network.name_zh or network.name_en,
        address=f"{address}/s/{station.id}",
    )


def _say_missing(face: Face, sign: Sign) -> None:
    missing = sign.missing(face)
    if missing:
        said = " ".join(f"U+{ord(char):04X}" for char in missing[:_MOST_MISSING])
        more = " …" if len(missing) > _MOST_MISSING else ""
        problems.print(
            f"{sign.station}: the font has no {said}{more}: left out", style="yellow", markup=False
        )
