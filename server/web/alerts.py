"""What riders and operators should know of the stations, made from their states. Pure.

Many stations of one network with the same trouble are one alert, for then it is one trouble. Heat is never
told that way: each cabinet that is too hot or smokes has an alert of its own, before all others, and keeps
it when cabinet or station fall silent, until they say that it is over. A notice of staff is one alert in each
network, with all its stations, from a week before it begins.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from server.model import Network
from server.state import CabinetState, Notice, StationState
from server.web.feed_rows import AlertRow, AlertType, Localised, Span
from server.web.networks import district
from server.web.public import access_at_ms, iso, iso_or_none
from server.web.shapes import Name
from server.web.text import LANGUAGES, Text

MANY: Final = 10
"""From so many stations of a network on, the same trouble is told once."""
_ORDER: Final[tuple[AlertType, ...]] = get_args(AlertType)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """One thing that is wrong at one station; times in ms."""

    type: AlertType
    network: str
    station: str
    name: Name
    district: str
    start_ms: int | None = None
    cabinet: str = ""
    label: str = ""
    detail: str = ""
    count: int = 0


def alerts(
    states: Sequence[StationState], networks: Mapping[str, Network], now_ms: int
) -> tuple[AlertRow, ...]:
    """All alerts of the stations, what is dangerous first."""
    groups: dict[tuple[AlertType, str], list[_Trouble]] = {}
    for state in states:
        for trouble in _troubles(state):
            groups.setdefault((trouble.type, trouble.network), []).append(trouble)
    words = tuple(Text(language, now_ms) for language in LANGUAGES)
    rows = [
        row
        for (_, network_id), group in groups.items()
        for row in _rows(group, networks.get(network_id), words)
    ]
    rows += _notices(states, networks, words)
    return tuple(sorted(rows, key=lambda row: _ORDER.index(row.type)))


def _troubles(state: StationState) -> Iterator[_Trouble]:
    station, access = state.station, state.access

    def trouble(kind: AlertType, start_ms: int | None = None, **more: object) -> _Trouble:
        name = Name(station.name_zh, station.name_en)
        where = name, district(state)
        return _Trouble(kind, station.network, station.id, *where, start_ms, **more)  # type: ignore[arg-type] # by name

    for cabinet in state.cabinets:
        if cabinet.heat:
            yield trouble("cabinet_heat", cabinet.at_ms, **_about(cabinet), detail=cabinet.heat)
    if access.value == "locked" and access.evidence != "notice":
        yield trouble("locked", access_at_ms(state))
    if access.hours_unconfirmed:
        yield trouble("hours_unconfirmed")
    if state.freshness == "offline":
        yield trouble("station_offline", state.at_ms)
    elif state.freshness != "none":
        yield from _broken(state, trouble)


def _broken(state: StationState, trouble: Callable[..., _Trouble]) -> Iterator[_Trouble]:
    """What does not work in a station that is heard of."""
    for cabinet in state.cabinets:
        if not cabinet.online:
            yield trouble("cabinet_offline", None, **_about(cabinet))
    if state.sockets.faulty:
        times = [each.since_ms for each in state.socket_list if each.state in ("fault", "off")]
        since = min((time for time in times if time is not None), default=None)
        yield trouble("sockets_faulty", since, count=state.sockets.faulty)


def _about(cabinet: CabinetState) -> dict[str, str]:
    return {"cabinet": cabinet.id, "label": cabinet.label or cabinet.id}


def _rows(group: Sequence[_Trouble], network: Network | None, words: Sequence[Text]) -> Iterator[AlertRow]:
    kind = group[0].type
    if kind == "cabinet_heat" or (kind != "hours_unconfirmed" and len(group) < MANY):
        yield from (_one(trouble, words) for trouble in group)
        return
    name = Name(network.name_zh, network.name_en) if network else Name(group[0].network)
    starts = [trouble.start_ms for trouble in group if trouble.start_ms is not None]
    ids = tuple(dict.fromkeys(trouble.station for trouble in group))
    key = f"alert.{kind}.many"
    yield AlertRow(
        f"{kind}:{group[0].network}",
        kind,
        group[0].network,
        ids,
        tuple(Localised(t(key, name=t.name(name), count=len(ids)), t.language) for t in words),
        (Span(iso(min(starts))),) if starts else (),
    )


def _one(trouble: _Trouble, words: Sequence[Text]) -> AlertRow:
    key = f"alert.{trouble.type}" + (f".{trouble.detail}" if trouble.detail else "")
    said = ((t, t(key, name=_name(trouble, t), label=trouble.label, count=trouble.count)) for t in words)
    times = () if trouble.start_ms is None else (Span(iso(trouble.start_ms)),)
    own = f"{trouble.type}:{trouble.station}" + (f":{trouble.cabinet}" if trouble.cabinet else "")
    return AlertRow(
        own,
        trouble.type,
        trouble.network,
        (trouble.station,),
        tuple(Localised(text, t.language) for t, text in said),
        times,
        trouble.cabinet,
    )


def _name(trouble: _Trouble, t: Text) -> str:
    return _place(trouble.name, trouble.district, t)


def _place(name: Name, district: str, t: Text) -> str:
    """The station's name with its district, for many stations of a city share one."""
    return t("alert.place", name=t.name(name), district=district) if district else t.name(name)


def _notices(
    states: Iterable[StationState], networks: Mapping[str, Network], words: Sequence[Text]
) -> Iterator[AlertRow]:
    """Each notice once in each network, with the stations that it is for."""
    groups: dict[tuple[str, Notice], list[StationState]] = {}
    for state in states:
        for notice in state.notices:
            groups.setdefault((state.station.network, notice), []).append(state)
    for (network_id, notice), told in groups.items():
        shut = notice.value in ("closed", "locked")
        yield AlertRow(
            f"notice:{notice.id}:{network_id}",
            "closed_by_notice" if shut else "notice",
            network_id,
            tuple(state.station.id for state in told),
            tuple(Localised(_words(notice, told, networks.get(network_id), t), t.language) for t in words),
            (Span(iso(notice.at_ms), iso_or_none(notice.until_ms)),),
        )


def _words(notice: Notice, told: Sequence[StationState], network: Network | None, t: Text) -> str:
    text = t.name(Name(notice.zh, notice.en)) or t(f"notice.access.{notice.value}")
    station = told[0].station
    if len(told) == 1:
        place = _place(Name(station.name_zh, station.name_en), district(told[0]), t)
        return t("alert.notice", name=place, text=text)
    name = Name(network.name_zh, network.name_en) if network else Name(station.network)
    return t("alert.notice.many", name=t.name(name), count=len(told), text=text)
