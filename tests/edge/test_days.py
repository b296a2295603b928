"""A simulated day is possible, the same each time, and like a real one."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.days import Profile, Station, noise, visits
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
from edge.days.station import FIRST_DAY
from tests.support.days import JULY, NOVEMBER, OFFICE, all_of, days, instants, profiles


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
