"""A simulated day is possible, the same each time, and like a real one."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.messages import CabinetInfo, SocketInfo
from edge.days import Profile, Station, cabinets, noise, sockets, troubles, visits
from edge.days.calendar import (
    DAY_MS,
    DAY_STARTS_MIN,
    HOUR_MS,
    MINUTE_MS,
    WHOLE_DAY,
    midnight_ms,
    minute_of,
    service_day,
    weekday,
)
from edge.days.climate import WEATHER, outside_c
from edge.days.station import FIRST_DAY

JULY = service_day(1_784_000_000_000)  # Tuesday, 14 July 2026
NOVEMBER = service_day(1_795_320_000_000)  # Sunday, 22 November 2026
OFFICE = ((540, 1080),) * 5 + (None, None)
LATE = ((660, 1560),) * 7
SOCKETS = (SocketInfo("ac1", "ac"), SocketInfo("ac2", "ac"), SocketInfo("usb1", "usb"))
CABINETS = (CabinetInfo("cabinet1", 12),)

profiles = st.builds(
    Profile,
    seed=st.integers(0, 2**32),
    visits_per_day=st.floats(10, 300),
    week=st.sampled_from([((360, 1320),) * 7, OFFICE, LATE, (WHOLE_DAY,) * 7]),
    climate=st.sampled_from(sorted(WEATHER)),
    conditioning=st.sampled_from(["good", "weak", "failing", "none"]),
    doors=st.integers(1, 2),
    bolt=st.booleans(),
    co2=st.booleans(),
    sockets=st.sampled_from([(), SOCKETS]),
    metered=st.booleans(),
    cabinets=st.sampled_from([(), CABINETS]),
)
days = st.integers(FIRST_DAY, FIRST_DAY + 700)
instants = st.integers(midnight_ms(FIRST_DAY), midnight_ms(FIRST_DAY + 700))


def all_of(station: Station, at_ms: int) -> tuple[object, ...]:
    return (
        station.climate(at_ms),
        station.doors(at_ms),
        station.presence(at_ms),
        station.sockets(at_ms),
        station.cabinets(at_ms),
        station.people(at_ms),
        station.cut_off(at_ms),
        [station.fails(part, at_ms) for part in station.profile.parts()],
    )


class TestCalendar:
    def test_a_service_day_lasts_from_four_to_four(self) -> None:
        starts = midnight_ms(JULY) + 4 * HOUR_MS
        assert [service_day(starts - 1), service_day(starts), service_day(starts + DAY_MS - 1)] == [
            JULY - 1,
            JULY,
            JULY,
        ]

    def test_weekdays_count_from_monday(self) -> None:
        assert (weekday(JULY), weekday(NOVEMBER)) == (1, 6)

    @given(instants)
    def test_minutes_lie_within_the_service_day(self, at_ms: int) -> None:
        assert WHOLE_DAY[0] <= minute_of(service_day(at_ms), at_ms) < WHOLE_DAY[1]


class TestNoise:
    def test_numbers_depend_on_all_their_keys(self) -> None:
        numbers = {noise.unit(a, b) for a in range(40) for b in range(40)}
        assert len(numbers) == 1600

    def test_numbers_are_spread_evenly(self) -> None:
        draws = noise.Draws(1)
        tenths = [0] * 10
        for _ in range(10_000):
            tenths[int(draws.unit() * 10)] += 1
        assert min(tenths) > 850
        assert max(tenths) < 1150

    def test_a_known_number_stays_what_it_is(self) -> None:
        """So that a demo's history made by an older version still joins its live simulation."""
        assert noise.unit(7, 20_000, 3) == pytest.approx(0.6816781038842054, abs=1e-15)

    @given(st.integers(0, 2**32), st.floats(-1e6, 1e6))
    def test_a_wandering_value_stays_in_its_range_and_never_jumps(self, seed: int, position: float) -> None:
        here, near = noise.smooth(seed, position), noise.smooth(seed, position + 0.001)
        assert -1 <= here <= 1
        assert abs(here - near) < 0.01


class TestDeterminism:
    @settings(max_examples=40)
    @given(profiles, instants, instants)
    def test_an_instant_is_the_same_whatever_was_asked_before(
        self, profile: Profile, first: int, second: int
    ) -> None:
        asked = Station(profile)
        all_of(asked, first)
        assert all_of(asked, second) == all_of(Station(profile), second)

    def test_two_seeds_share_no_day(self) -> None:
        at_ms = midnight_ms(JULY) + 13 * HOUR_MS
        one, two = Station(Profile(seed=1)), Station(Profile(seed=2))
        assert one.doors(at_ms) != two.doors(at_ms)


class TestVisits:
    @settings(max_examples=60)
    @given(profiles, days)
    def test_an_open_day_has_10_to_300_visits_within_the_opening_hours(
        self, profile: Profile, day: int
    ) -> None:
        opening, made = visits.window(profile, day), visits.make(profile, day)
        if opening is None:
            assert not made.came
            return
        assert 10 <= len(made.came) <= 300
        assert opening[0] <= minute_of(day, made.came[0])
        assert minute_of(day, made.left[-1]) < opening[1]

    @settings(max_examples=60)
    @given(profiles, days)
    def test_people_stay_5_to_40_minutes_and_nobody_leaves_who_did_not_come(
        self, profile: Profile, day: int
    ) -> None:
        made = visits.make(profile, day)
        stays = [left - came for came, left in zip(made.came, made.left, strict=True)]
        if stays:
            assert 5 * MINUTE_MS <= sum(stays) / len(stays) <= 40 * MINUTE_MS
        assert all(made.people(at_ms) >= 0 for at_ms in (*made.came, *made.left))

    @settings(max_examples=60)
    @given(profiles, days)
    def test_the_numbers_known_beforehand_are_those_of_the_made_day(self, profile: Profile, day: int) -> None:
        numbers, made = visits.counts(profile, day), visits.make(profile, day)
        assert numbers.visits == len(made.came)
        assert numbers.ins == tuple(len(door) for door in made.ins)
        assert numbers.outs == tuple(len(door) for door in made.outs)

    @settings(max_examples=30)
    @given(profiles, st.lists(instants, min_size=2, max_size=12))
    def test_totals_never_fall(self, profile: Profile, moments: list[int]) -> None:
        station = Station(profile)
        read = [station.doors(at_ms) for at_ms in sorted(moments)]
        for earlier, later in pairwise(read):
            for before, after in zip(earlier, later, strict=True):
                assert before.in_total <= after.in_total
                assert before.out_total <= after.out_total

    def test_totals_join_at_the_change_of_the_day(self) -> None:
        station = Station(Profile(seed=3, doors=2, visits_per_day=200))
        change_ms = midnight_ms(JULY) + DAY_STARTS_MIN * MINUTE_MS
        assert station.doors(change_ms - 1) == station.doors(change_ms)

    def test_the_counter_misses_a_few_exits_as_real_ones_do(self) -> None:
        station = Station(Profile(seed=3, visits_per_day=150))
        first, last = (station.doors(midnight_ms(JULY + d))[0] for d in (0, 60))
        ins, outs = last.in_total - first.in_total, last.out_total - first.out_total
        assert 0.005 < (ins - outs) / ins < 0.03

    def test_noon_afternoon_and_night_are_the_peaks(self) -> None:
        hours = [0] * 28
        for day in range(JULY, JULY + 60):
            made = visits.make(Profile(seed=9, visits_per_day=150, week=(WHOLE_DAY,) * 7), day)
            for came in made.came:
                hours[int(minute_of(day, came) // 60)] += 1
        assert max(range(28), key=hours.__getitem__) in (11, 12)
        assert hours[21] > 1.5 * hours[19]
        assert min(hours[14:17]) > 1.2 * max(hours[7:10])

    def test_the_room_is_fullest_when_riders_rest(self) -> None:
        station = Station(Profile(seed=9, visits_per_day=150))
        by_hour = {
            hour: sum(
                station.people(midnight_ms(day) + hour * HOUR_MS + quarter * 15 * MINUTE_MS)
                for day in range(JULY, JULY + 30)
                for quarter in range(4)
            )
            for hour in range(6, 22)
        }
        assert max(by_hour, key=by_hour.__getitem__) in (12, 14, 15, 16)
        assert by_hour[15] > 2 * by_hour[8]

    def test_weekends_differ(self) -> None:
        differing = 0
        for seed in range(20):
            profile = Profile(seed=seed, visits_per_day=120)
            workdays = sum(visits.counts(profile, JULY + 7 * week).visits for week in range(10))
            sundays = sum(visits.counts(profile, JULY + 5 + 7 * week).visits for week in range(10))
            differing += abs(workdays - sundays) > 0.1 * workdays
        assert differing >= 12

    def test_nobody_comes_on_a_closed_day_and_the_bolt_says_locked(self) -> None:
        sunday_noon = midnight_ms(NOVEMBER) + 12 * HOUR_MS
        station = Station(Profile(week=OFFICE, bolt=True))
        assert station.people(sunday_noon) == 0
        assert station.doors(sunday_noon)[0].locked is True

    def test_before_counting_began_nobody_had_come(self) -> None:
        door = Station(Profile()).doors(midnight_ms(FIRST_DAY - 400))[0]
        assert (door.in_total, door.out_total) == (0, 0)


class TestPresence:
    @settings(max_examples=40)
    @given(profiles, instants)
    def test_motion_is_never_in_the_future(self, profile: Profile, at_ms: int) -> None:
        seen = Station(profile).presence(at_ms).motion_at_ms
        assert seen is None or seen <= at_ms

    def test_somebody_inside_is_seen_most_of_the_time_and_nobody_is_not(self) -> None:
        station = Station(Profile(seed=4, visits_per_day=120, troubles=0))
        silent, occupied = [], 0
        for minute in range(6 * 60, 22 * 60):
            at_ms = midnight_ms(JULY) + minute * MINUTE_MS
            if station.people(at_ms):
                occupied += 1
                seen = station.presence(at_ms).motion_at_ms
                silent.append(at_ms - (seen or 0))
        assert occupied > 300
        assert sum(each <= 2 * MINUTE_MS for each in silent) > 0.8 * occupied
        late = station.presence(midnight_ms(JULY) + 26 * HOUR_MS)
        assert late.motion_at_ms is not None
        assert late.motion_at_ms < midnight_ms(JULY) + 22 * HOUR_MS


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
