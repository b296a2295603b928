"""The live state: the newest snapshot decides, whatever order they come in."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import (
    CabinetInfo,
    Door,
    Info,
    Socket,
    SocketInfo,
    Status,
)
from server.ingest.dating import DAY_MS
from server.live import Live
from server.store import Accepted
from server.store.chains import HOUR_MS
from server.store.sqlite import Store
from tests.support.living import BOOT, NETWORKS, NOW, STATIONS, assembled, degrees, shown, snapshot, take


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture
def live(store: Store) -> Live:
    return assembled(store)


# --- newest by its own time -----------------------------------------------------------------------


def test_a_late_snapshot_never_moves_the_state_back(live: Live, store: Store) -> None:
    take(live, store, snapshot(2, NOW, climate=degrees(31.0)))
    before = shown(live)
    take(live, store, snapshot(1, NOW - 60_000, climate=degrees(20.0, NOW - 60_000)))
    assert shown(live) == before
    assert before.comfort.value == "hot"


def test_a_snapshot_dated_on_receiving_is_for_the_history_only(live: Live, store: Store) -> None:
    take(live, store, snapshot(1, climate=degrees(31.0)), dating="received")
    assert shown(live).freshness == "none"


def test_a_climate_from_the_future_is_no_fresher_than_its_snapshot(live: Live, store: Store) -> None:
    take(live, store, snapshot(1, NOW - 200_000, climate=degrees(25.0, NOW + 9_000_000)))
    assert shown(live).comfort.at_ms == NOW - 200_000


def test_stations_without_live_data_have_states_too(live: Live) -> None:
    state = live.state("silent")
    assert state is not None
    assert (state.freshness, state.crowding.value, state.at_ms) == ("none", "unknown", None)


# --- what the clock does --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_ms", "word"), [(300_000, "fresh"), (300_001, "stale"), (600_000, "stale"), (600_001, "offline")]
)
def test_silence_becomes_stale_and_then_offline(live: Live, store: Store, age_ms: int, word: str) -> None:
    take(live, store, snapshot(1, NOW, climate=degrees(25.0)))
    shown(live)
    live.recompute(NOW + age_ms)
    state = live.state("canteen")
    assert state is not None
    assert state.freshness == word


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_station_that_is_not_looked_at_again_would_say_the_same(data: st.DataObject) -> None:
    """Words are made again only when the clock may change one: as if they were made every 10 s."""
    hours = data.draw(st.sampled_from(["", "24/7", "08:00-17:25", "17:22-19:00"]))
    stations = STATIONS | {"canteen": replace(STATIONS["canteen"], hours=hours)}
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "readings.db")
        live, eager = assembled(store, stations), assembled(store, stations)
        now_ms, seq = NOW, 0
        for step_ms in data.draw(
            st.lists(st.sampled_from([-HOUR_MS, 1, 10_000, 10_001, 240_000]), max_size=60)
        ):
            now_ms += step_ms
            if data.draw(st.integers(0, 5)) == 0:
                seq += 1
                air_ms = now_ms - data.draw(st.sampled_from([0, 250_000]))
                doors = (Door("d", data.draw(st.integers(0, 12)), 0, locked=data.draw(st.booleans())),)
                new = snapshot(seq, now_ms, doors=doors, climate=degrees(25.0, air_ms))
                store.commit([Accepted("canteen", new, now_ms, "measured", 0)])
                for each in (live, eager):
                    each.apply("canteen", new, now_ms)
            live.recompute(now_ms)
            eager._due.clear()
            eager.recompute(now_ms)
            assert [replace(state, version=0) for state in live.states("net")] == [
                replace(state, version=0) for state in eager.states("net")
            ]
        store.close()


# --- labels, simulated, link ----------------------------------------------------------------------


def test_labels_come_from_the_info(live: Live, store: Store) -> None:
    take(live, store, snapshot(1, sockets=(Socket("a1", "usb", "free", NOW),)))
    live.set_info(
        "canteen",
        Info("1", 1, 30, sockets=(SocketInfo("a1", "usb", "左一"),), cabinets=(CabinetInfo("k", 4, "柜"),)),
    )
    state = shown(live)
    assert [socket.label for socket in state.socket_list] == ["左一"]
    assert [cabinet.label for cabinet in state.cabinets] == ["柜"]


def test_simulated_by_the_agents_word_or_the_networks(live: Live) -> None:
    assert not shown(live).simulated
    live.set_info("canteen", Info("1", 1, 30, simulated=True))
    assert shown(live).simulated
    networks = NETWORKS | {"other": replace(NETWORKS["other"], simulated=True)}
    live.refresh_registry(networks, STATIONS, NOW)
    assert [state.simulated for state in live.states("other")] == [True]


def test_the_link_is_kept_and_says_nothing_of_freshness(live: Live) -> None:
    online = Status("online", BOOT, "1", NOW)
    live.set_link("canteen", online)
    assert (live.link("canteen"), live.link("silent"), shown(live).freshness) == (online, None, "none")


# --- versions -------------------------------------------------------------------------------------


def test_only_what_a_rider_would_see_counts_as_a_change(live: Live, store: Store) -> None:
    take(live, store, snapshot(1, NOW, climate=degrees(25.3)))
    first, version = shown(live), live.network_version("net")
    take(live, store, snapshot(2, NOW + 1000, climate=degrees(25.6)))
    second = shown(live, NOW + 1000)
    assert (second.comfort.temperature_c, second.at_ms) == (25.6, NOW + 1000)
    assert (second.version, live.network_version("net")) == (first.version, version)
    take(live, store, snapshot(3, NOW + 2000, climate=degrees(25.8)))
    third = shown(live, NOW + 2000)
    assert third.version == live.network_version("net") > version


def test_a_change_counts_in_its_own_network_only(live: Live, store: Store) -> None:
    before = live.network_version("other")
    take(live, store, snapshot(1, climate=degrees(25.0)))
    shown(live)
    assert live.network_version("other") == before
    assert live.network_version("nowhere") == 0


def test_the_listener_is_told_once_of_what_a_rider_would_see(live: Live, store: Store) -> None:
    told: list[int] = []
    live.show(NOW)
    live.listen(lambda: told.append(live.network_version("net")))
    live.show(NOW)
    assert told == [], "nothing came"
    take(live, store, snapshot(1, NOW, climate=degrees(25.0)), snapshot(2, NOW + 1, climate=degrees(29.0)))
    live.show(NOW + 1)
    assert told == [live.network_version("net")]
    take(live, store, snapshot(3, NOW + 1000, climate=degrees(29.1)))
    live.show(NOW + 1000)
    assert len(told) == 1, "a tenth of a degree is none to a rider"
    live.recompute(NOW + DAY_MS)
    live.show(NOW + DAY_MS)
    assert len(told) == 2, "the clock has spoken"


def test_any_change_of_the_registry_counts_everywhere_and_keeps_the_facts(live: Live, store: Store) -> None:
    take(live, store, snapshot(1, climate=degrees(25.0)))
    shown(live)
    before = live.network_version("net"), live.network_version("other")
    renamed = STATIONS | {"canteen": replace(STATIONS["canteen"], name_zh="新名")}
    del renamed["silent"]
    live.refresh_registry(NETWORKS, renamed, NOW)
    assert live.network_version("net") > before[0]
    assert live.network_version("other") > before[1]
    assert [state.station.name_zh for state in live.states("net")] == ["新名", "里", "末"]
    assert live.state("silent") is None
    assert shown(live).freshness == "fresh"


@pytest.mark.parametrize(
    ("network", "stations"),
    [
        ("net", ["canteen", "silent", "inner", "last"]),
        ("part", ["inner"]),
        ("other", ["far"]),
        ("nowhere", []),
    ],
    ids=["with those of the network inside it", "inside another", "alone", "unknown"],
)
def test_the_states_of_a_network_each_once_in_the_registrys_order(
    live: Live, network: str, stations: list[str]
) -> None:
    assert [state.station.id for state in live.states(network)] == stations


def test_the_networks_are_the_registrys(live: Live) -> None:
    assert dict(live.networks()) == NETWORKS


def test_unusable_hours_are_no_reason_to_stop(live: Live) -> None:
    broken = STATIONS | {"far": replace(STATIONS["far"], hours="whenever")}
    live.refresh_registry(NETWORKS, broken, NOW)
    assert [state.access.value for state in live.states("other")] == ["unknown"]
