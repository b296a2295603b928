"""What a wall tells of a network, and its map: counts that no old reading is part of."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.alerts.model import Alert, Place, Severity, Subject
from server.state import Access, AccessValue, Comfort, Crowding, Freshness, StationState
from server.web.wall_facts import facts, wrong
from server.web.wall_map import HEIGHT, LOOKS, WIDTH, draw
from tests.support.web import NOON_MS, crowd, open_state, static_state, station


def numbered(number: int, freshness: Freshness = "fresh", access: AccessValue = "open") -> StationState:
    """A full and hot station that was heard so long ago."""
    state = crowd(open_state(station(number)), NOON_MS)
    return replace(state, freshness=freshness, access=Access(access, "timetable"))


def test_counts_are_of_the_stations_that_are_known() -> None:
    cool = open_state(station(2))
    unknown = replace(
        open_state(station(3)), crowding=Crowding("unknown", reason="no_places"), comfort=Comfort("unknown")
    )
    told = facts(
        [numbered(1), cool, unknown, static_state(station(4))], {"taiyuan-0001": 7, "taiyuan-0002": 0}
    )
    whole = told.whole
    assert (whole.registered, whole.heard, whole.late, whole.silent) == (4, 3, 0, 0)
    assert (whole.open.count, whole.open.known) == (4, 4)
    assert (whole.crowded.count, whole.crowded.known) == (1, 2)
    assert (whole.hot.count, whole.hot.known) == (1, 2)
    assert (whole.visits, whole.counting, whole.not_counting) == (7, 2, 2)
    assert (whole.charged, whole.slots) == (3, 24)
    assert (whole.free, whole.sockets) == (0 + 2 + 2, 24)
    assert told.newest_ms == NOON_MS


@pytest.mark.parametrize(
    ("freshness", "told", "why"),
    [
        ("fresh", (1, 0, 0, 1, 1), "of the last five minutes"),
        ("stale", (1, 1, 0, 1, 1), "counts, and is said to be late"),
        ("offline", (0, 0, 1, 0, 0), "what was hot an hour ago is not told to be hot"),
    ],
)
def test_what_is_silent_is_no_part_of_a_figure(freshness: Freshness, told: tuple[int, ...], why: str) -> None:
    whole = facts([numbered(1, freshness)], {}).whole
    assert (whole.heard, whole.late, whole.silent, whole.hot.known, whole.crowded.count) == told, why
    assert (whole.slots > 0) == (whole.heard > 0), why


def test_a_station_by_its_hours_alone_is_open_and_nothing_else() -> None:
    whole = facts([static_state()], {}).whole
    assert (whole.open.count, whole.open.known, whole.hot.known, whole.silent) == (1, 1, 0, 0)


def test_districts_add_up_and_the_nameless_one_is_last() -> None:
    states = [numbered(number) for number in range(1, 12)]
    states.append(replace(states[0], station=replace(station(50), region=())))
    told = facts(states, {state.station.id: 3 for state in states})
    assert list(told.districts)[-1] == ""
    sizes = [each.registered for each in told.districts.values()][:-1]
    assert sizes == sorted(sizes, reverse=True)
    for name in ("registered", "heard", "visits", "charged", "free"):
        parts = sum(getattr(each, name) for each in told.districts.values())
        assert parts == getattr(told.whole, name), name


# --- what is wrong ------------------------------------------------------------------------------------------


def alert(id_: str, severity: Severity, since_ms: int, *, subject: Subject | None = None) -> Alert:
    about = subject or Subject("station", "taiyuan-0001")
    return Alert(id_, "too_hot", severity, about, "firing", since_ms)


def test_the_worst_is_first_then_the_newest() -> None:
    alerts = [
        alert("old", "warning", 1),
        alert("new", "warning", 2),
        alert("fire", "safety", 0),
        alert("gone", "critical", 3),
    ]
    found = wrong(alerts, lambda _: Place(("taiyuan",)), {}, ["taiyuan"])
    assert [each.id for each in found] == ["fire", "gone", "new", "old"]


def test_only_what_is_wrong_here_and_is_not_said_already() -> None:
    alerts = [
        alert("here", "warning", 1),
        alert("note", "info", 1),
        alert("said", "warning", 1),
        replace(alert("over", "safety", 1), state="resolved"),
        replace(alert("not yet", "safety", 1), state="pending"),
        alert("far", "safety", 1, subject=Subject("station", "elsewhere")),
        alert("server", "critical", 1, subject=Subject("server", "broker")),
        replace(alert("in hand", "critical", 1), state="in_progress", by="tian"),
    ]
    where = {"elsewhere": Place(("liuyang",)), "broker": Place()}
    found = wrong(
        alerts,
        lambda each: where.get(each.subject.id, Place(("xiaodian", "taiyuan"))),
        {"said": "here"},
        ["taiyuan", "xiaodian"],
    )
    assert [each.id for each in found] == ["in hand", "here"]


def test_a_network_is_not_told_what_is_wrong_around_it() -> None:
    found = wrong([alert("city", "safety", 1)], lambda _: Place(("taiyuan",)), {}, ["xiaodian"])
    assert found == []


# --- the map ------------------------------------------------------------------------------------------------


def at(number: int, lat: float | None, lon: float | None) -> StationState:
    state = open_state(station(number))
    return replace(state, station=replace(state.station, lat=lat, lon=lon))


@given(st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), max_size=60))
def test_wherever_stations_are_they_are_drawn_inside_or_said_to_be_missing(
    places: list[tuple[float, float]],
) -> None:
    drawing = draw([at(number, *place) for number, place in enumerate(places)])
    drawn = next(layer for layer in drawing.layers if layer.look == "open")
    points = [point.removesuffix("h0").split() for point in drawn.path.split("M")[1:]]
    assert all(0 <= int(x) <= WIDTH and 0 <= int(y) <= HEIGHT for x, y in points)
    assert len(points) == drawn.count
    assert drawn.count + drawing.missing == len(places)


def test_one_wrong_coordinate_does_not_make_a_dot_of_a_city() -> None:
    city = [at(number, 37.8 + number / 1000, 112.5 + number % 7 / 100) for number in range(100)]
    drawing = draw([*city, at(200, 0.0, 0.0), at(201, None, None)])
    assert drawing.missing == 2
    assert drawing.layers == draw(city).layers


def test_north_is_up_and_a_degree_east_is_shorter_than_one_north() -> None:
    corners = [at(1, 60.0, 10.0), at(2, 60.1, 10.0), at(3, 60.0, 10.2)]
    path = next(layer.path for layer in draw(corners).layers if layer.look == "open")
    (x_1, y_1), (_, y_2), (x_3, _) = sorted(
        (tuple(map(int, each[:-2].split())) for each in path.split("M")[1:]), key=lambda p: (p[0], -p[1])
    )
    assert y_2 < y_1
    assert abs((x_3 - x_1) - (y_1 - y_2)) <= 6, "at 60° north twice as many degrees are as far"


def test_each_look_is_one_path_and_what_matters_most_is_on_top() -> None:
    states = [
        numbered(1),
        numbered(2, "offline"),
        numbered(3, access="closed"),
        replace(static_state(station(4)), access=Access("unknown", "none")),
    ]
    drawing = draw(states)
    assert tuple(layer.look for layer in drawing.layers) == LOOKS
    counts = {layer.look: layer.count for layer in drawing.layers}
    assert counts == {"unknown": 1, "closed": 1, "open": 2, "crowded": 2, "hot": 2, "silent": 1}


def test_names_of_districts_never_lie_on_each_other() -> None:
    states = [
        replace(at(number, 30 + number % 9 / 50, 104 + number % 11 / 50), station=replace(
            at(number, 30 + number % 9 / 50, 104 + number % 11 / 50).station, region=(f"第{number % 23}区",)))
        for number in range(400)
    ]  # fmt: skip
    labels = draw(states).labels
    assert labels
    for one in labels:
        for other in labels:
            apart = abs(one.y - other.y) > 76 or abs(one.x - other.x) > 2.5 * 76
            assert one is other or apart


@given(st.lists(st.tuples(st.floats(28.1, 28.2), st.floats(113.6, 113.7)), min_size=1, max_size=12))
def test_among_few_stations_no_name_lies_on_a_dot(places: list[tuple[float, float]]) -> None:
    states = [at(number, *place) for number, place in enumerate(places)]
    towns = [
        replace(each, station=replace(each.station, region=(f"第{number % 5}街道",)))
        for number, each in enumerate(states)
    ]
    drawing = draw(towns)
    dots = next(layer for layer in drawing.layers if layer.look == "open").path.split("M")[1:]
    for label in drawing.labels:
        half = 3.6 * 76 / 2 + 12
        for x, y in (map(int, dot.removesuffix("h0").split()) for dot in dots):
            assert abs(x - label.x) > half or not label.y - 76 - 12 < y < label.y + 0.2 * 76 + 12


def test_the_only_station_has_the_name_of_its_district_beside_it() -> None:
    alone = at(1, 28.15, 113.63)
    drawing = draw([replace(alone, station=replace(alone.station, region=("集里街道",)))])
    (label,) = drawing.labels
    assert abs(label.x - WIDTH / 2) < 76
    assert abs(label.y - HEIGHT / 2) < 2 * 76


def test_a_network_without_stations_is_an_empty_drawing() -> None:
    drawing = draw([])
    assert (drawing.missing, drawing.labels, {layer.path for layer in drawing.layers}) == (0, (), {""})
