"""How many reports are taken, and for how long an address counts."""

import pytest

from server.reports.limits import MOST_ABOUT_ONE, MOST_FROM_ONE, MOST_IN_ALL, WINDOW_MS, Limits, Verdict

TAKEN = Verdict()


def test_one_place_may_send_so_many_in_ten_minutes() -> None:
    limits = Limits()
    for n in range(MOST_FROM_ONE):
        assert limits.ask("203.0.113.7", f"st-{n}", "closed", n * 1000) == TAKEN
    refused = limits.ask("203.0.113.7", "st-9", "closed", 60_000)
    assert refused == Verdict(wait_ms=WINDOW_MS - 60_000), "until the first is ten minutes old"
    assert limits.ask("203.0.113.8", "st-9", "closed", 60_000) == TAKEN, "somebody else"
    assert limits.ask("203.0.113.7", "st-9", "closed", WINDOW_MS) == TAKEN, "after it"
    assert limits.ask("203.0.113.7", "st-10", "closed", WINDOW_MS).wait_ms == 1000, "only one was that old"


@pytest.mark.parametrize(
    ("first", "second", "same", "why"),
    [
        ("203.0.113.7", "203.0.113.8", False, "two addresses of IPv4"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True, "one household: the first 64 bits"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False, "another one"),
        ("203.0.113.7", "::ffff:203.0.113.7", True, "IPv4 in the clothes of IPv6"),
        ("unix", "", True, "what is no address is one place"),
    ],
)
def test_what_is_one_place(first: str, second: str, same: bool, why: str) -> None:
    limits = Limits()
    limits.ask(first, "st-1", "closed", 0)
    assert limits.ask(second, "st-1", "closed", 1).repeated is same, why


def test_one_station_and_all_of_them_have_limits_of_their_own() -> None:
    limits = Limits()
    for n in range(MOST_ABOUT_ONE):
        assert limits.ask(f"198.51.100.{n}", "st-1", "closed", 0) == TAKEN
    assert limits.ask("203.0.113.1", "st-1", "closed", 0).wait_ms == WINDOW_MS
    for n in range(MOST_IN_ALL - MOST_ABOUT_ONE):
        assert limits.ask(f"192.0.{n // 250}.{n % 250}", f"st-{n + 2}", "closed", 0) == TAKEN
    assert limits.ask("203.0.113.1", "other", "closed", 1).wait_ms == WINDOW_MS - 1


def test_the_same_from_one_place_counts_once_and_is_free() -> None:
    limits = Limits()
    for n in range(20):
        assert limits.ask("203.0.113.7", "st-1", ("closed", ""), n) == Verdict(repeated=n > 0)
    assert limits.ask("203.0.113.7", "st-1", ("closed", "since noon"), 30) == TAKEN, "says more"
    assert limits.ask("203.0.113.7", "st-1", ("closed", ""), WINDOW_MS) == TAKEN, "still so, later"


def test_what_could_not_be_kept_does_not_count() -> None:
    limits = Limits()
    for _ in range(MOST_FROM_ONE * 2):
        assert limits.ask("203.0.113.7", "st-1", "closed", 0) == TAKEN
        limits.give_back("203.0.113.7", "st-1", "closed")


def test_no_address_is_in_memory_and_none_outlives_its_time() -> None:
    limits = Limits()
    limits.ask("203.0.113.7", "st-1", "closed", 0)
    assert "203.0.113.7" not in repr(limits._taken)
    assert Limits()._place("203.0.113.7") != limits._place("203.0.113.7"), "each process has its own salt"
    limits.ask("203.0.113.8", "st-1", "closed", WINDOW_MS)
    assert len(limits._taken) == 1
