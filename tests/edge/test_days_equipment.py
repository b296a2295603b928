"""The air, sockets, cabinets and troubles of a simulated day."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.days import Profile, Station, cabinets, sockets, troubles, visits
from edge.days.calendar import (
    DAY_STARTS_MIN,
    HOUR_MS,
    MINUTE_MS,
    midnight_ms,
    minute_of,
)
from edge.days.climate import WEATHER, outside_c
from edge.days.station import FIRST_DAY
from tests.support.days import CABINETS, JULY, NOVEMBER, SOCKETS, days, instants, profiles


class TestClimate:
    @settings(max_examples=60)
    @given(profiles, instants)
    def test_readings_are_possible_in_a_room(self, profile: Profile, at_ms: int) -> None:
        read = Station(profile).climate(at_ms)
        assert read.temperature_c is not None
        assert read.humidity_pct is not None
        assert -20 <= read.temperature_c <= 45
        assert 15 <= read.humidity_pct <= 95
        assert (read.co2_ppm is not None) == profile.co2

    def test_it_is_hot_outside_in_july_and_cold_in_january(self) -> None:
        for city in WEATHER:
            july = outside_c(city, (midnight_ms(JULY) + 15 * HOUR_MS) // MINUTE_MS)
            january = outside_c(city, (midnight_ms(FIRST_DAY + 14) + 6 * HOUR_MS) // MINUTE_MS)
            assert july > 24
            assert january < 12

    @pytest.mark.parametrize(("city", "least"), [("taiyuan", 0.9), ("liuyang", 0.9), ("chengdu", 0.9)])
    def test_a_good_room_holds_24_to_28_degrees_in_summer(self, city: str, least: float) -> None:
        station = Station(Profile(seed=5, climate=city))
        hours = [midnight_ms(JULY + day) + hour * HOUR_MS for day in range(20) for hour in range(9, 22)]
        read = [station.climate(at_ms).temperature_c or 0 for at_ms in hours]
        assert sum(24 <= each <= 28 for each in read) > least * len(read)

    def test_a_failing_room_gets_hot_on_some_afternoons_but_not_in_the_morning(self) -> None:
        station = Station(Profile(seed=5, climate="liuyang", conditioning="failing"))
        afternoons = [
            station.climate(midnight_ms(JULY + d) + 17 * HOUR_MS).temperature_c or 0 for d in range(30)
        ]
        mornings = [
            station.climate(midnight_ms(JULY + d) + 9 * HOUR_MS).temperature_c or 0 for d in range(30)
        ]
        assert 8 < sum(each > 28.5 for each in afternoons) < 30
        assert max(mornings) < 29

    def test_a_heated_room_is_warm_in_winter_and_cools_at_night(self) -> None:
        station = Station(Profile(seed=5, climate="taiyuan"))
        noon, night = (
            station.climate(midnight_ms(NOVEMBER) + h * HOUR_MS).temperature_c or 0 for h in (12, 27)
        )
        assert 17 < noon < 23
        assert night < noon - 3

    def test_the_air_never_jumps(self) -> None:
        station = Station(Profile(seed=5, climate="taiyuan", conditioning="failing"))
        read = [station.climate(midnight_ms(JULY) + m * MINUTE_MS).temperature_c or 0 for m in range(4320)]
        assert max(abs(a - b) for a, b in pairwise(read)) <= 0.5


class TestSockets:
    @settings(max_examples=60)
    @given(profiles, days)
    def test_sessions_follow_each_other(self, profile: Profile, day: int) -> None:
        for info in profile.sockets:
            made = sockets.make(profile, info, day)
            for i, plugged in enumerate(made.plugged):
                assert plugged <= made.full[i] <= made.unplugged[i]
                assert i == 0 or made.unplugged[i - 1] < plugged

    def test_charging_takes_27_to_68_minutes_unless_the_station_closes(self) -> None:
        profile = Profile(seed=6, visits_per_day=200, sockets=SOCKETS)
        lasts = [
            (full - plugged) / MINUTE_MS
            for day in range(JULY, JULY + 20)
            for made in [sockets.make(profile, SOCKETS[0], day)]
            for plugged, full in zip(made.plugged, made.full, strict=True)
            if minute_of(day, plugged) < 20 * 60
        ]
        assert len(lasts) > 40
        assert min(lasts) > 26.9
        assert max(lasts) < 68.1

    def test_the_power_tells_the_state(self) -> None:
        station = Station(Profile(seed=6, visits_per_day=200, sockets=SOCKETS, troubles=0))
        seen = set()
        for minute in range(240, 1680, 3):
            for socket in station.sockets(midnight_ms(JULY) + minute * MINUTE_MS):
                seen.add(socket.state)
                assert socket.power_w is not None
                low, high = {"free": (0, 0.5), "full": (1, 2), "charging": (1, 70)}[socket.state]
                assert low <= socket.power_w <= high
        assert seen == {"free", "full", "charging"}

    def test_a_contact_knows_only_in_use(self) -> None:
        station = Station(Profile(seed=6, visits_per_day=200, sockets=SOCKETS, metered=False, troubles=0))
        read = [s for m in range(240, 1680, 3) for s in station.sockets(midnight_ms(JULY) + m * MINUTE_MS)]
        assert {socket.state for socket in read} == {"free", "in_use"}
        assert {socket.power_w for socket in read} == {None}

    def test_now_and_then_one_is_broken(self) -> None:
        at_ms = midnight_ms(JULY) + 12 * HOUR_MS
        states = [
            socket.state
            for seed in range(300)
            for socket in Station(Profile(seed=seed, sockets=SOCKETS)).sockets(at_ms)
        ]
        assert 0.01 < states.count("fault") / len(states) < 0.05


class TestCabinets:
    def test_each_battery_charges_for_two_to_three_hours(self) -> None:
        made = cabinets.make(Profile(seed=8), CABINETS[0], JULY)
        charges = [stay for slot in made.stays for stay in slot if stay.start_pct not in (None, 100.0)]
        assert len(charges) > 10
        assert all(120 <= (stay.full_ms - stay.since_ms) / MINUTE_MS <= 180 for stay in charges)

    @settings(max_examples=40)
    @given(st.integers(0, 2**32), days, st.integers(0, 1439))
    def test_swaps_neither_make_nor_lose_a_battery(self, seed: int, day: int, minute: int) -> None:
        station = Station(Profile(seed=seed, cabinets=CABINETS, troubles=0))
        slots = station.cabinets(midnight_ms(day) + (DAY_STARTS_MIN + minute) * MINUTE_MS)[0].slots
        assert [slot.n for slot in slots] == list(range(1, 13))
        assert sum(slot.battery == "absent" for slot in slots) == 1

    def test_the_noon_peak_costs_charged_batteries(self) -> None:
        def charged(hour: int) -> int:
            return sum(
                slot.charge == "full"
                for seed in range(20)
                for slot in Station(Profile(seed=seed, cabinets=CABINETS))
                .cabinets(midnight_ms(JULY) + hour * HOUR_MS)[0]
                .slots
            )

        assert charged(5) > 1.5 * charged(13)

    def test_a_swap_opens_the_door_for_a_moment(self) -> None:
        profile = Profile(seed=8, cabinets=CABINETS, troubles=0)
        made, station = cabinets.make(profile, CABINETS[0], JULY), Station(profile)
        n, swapped_ms = next((n, starts[1]) for n, starts in enumerate(made.starts) if len(starts) > 1)
        door = [station.cabinets(swapped_ms + later_ms)[0].slots[n].door for later_ms in (1000, 60_000)]
        assert door == ["open", "closed"]

    def test_slots_break_and_cabinets_lose_their_link(self) -> None:
        at_ms = midnight_ms(JULY) + 20 * HOUR_MS
        read = [Station(Profile(seed=s, cabinets=CABINETS)).cabinets(at_ms)[0] for s in range(600)]
        broken = sum(any(slot.charge == "fault" for slot in cabinet.slots) for cabinet in read)
        assert 0.05 < broken / len(read) < 0.16
        assert 0 < sum(not cabinet.online for cabinet in read) < 30


class TestTroubles:
    def test_they_are_rare_but_there(self) -> None:
        at_ms = midnight_ms(JULY) + 14 * HOUR_MS
        stations = [Station(Profile(seed=seed)) for seed in range(1500)]
        assert 0.005 < sum(s.cut_off(at_ms) is not None for s in stations) / len(stations) < 0.05
        assert 0.002 < sum(s.fails("climate", at_ms) for s in stations) / len(stations) < 0.03

    def test_there_are_none_for_whoever_wants_none(self) -> None:
        for seed in range(300):
            profile = Profile(seed=seed, troubles=0)
            assert troubles.outage(profile, JULY) is None
            assert troubles.sensor_fault(profile, "climate", JULY) is None
            assert visits.window(profile, JULY) is not None
