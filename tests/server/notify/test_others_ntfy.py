"""ntfy through apprise: real conversations with a receiver of its messages."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from server.notify.model import Refused, Sent
from server.notify.targets import others
from tests.support.ntfy import HANG, Ntfy, ntfy
from tests.support.others import LINK, LONGEST, MESSAGE, children, sent


@pytest.fixture
def topics() -> Iterator[Ntfy]:
    with ntfy() as running:
        yield running


def test_ntfy_takes_topic_title_and_message(topics: Ntfy) -> None:
    assert sent(topics.url()) == Sent()
    (taken,) = topics.taken
    assert (taken["topic"], taken["title"]) == ("taiyuan-alerts", MESSAGE.title)
    assert taken["message"].splitlines() == [*MESSAGE.lines, LINK]
    assert topics.asked == 1


def test_the_longest_message_is_no_file_to_ntfy(topics: Ntfy) -> None:
    assert sent(topics.url(), LONGEST) == Sent()
    (taken,) = topics.taken
    assert taken["message"].splitlines()[-1] == LINK
    assert len(taken["message"].encode()) > others.MOST_BYTES - 200


@pytest.mark.parametrize(
    ("code", "expected", "why"),
    [
        (40101, Refused("setup", "forbidden", "HTTP 401"), "no such user"),
        (40301, Refused("setup", "forbidden", "HTTP 403"), "a topic of somebody else's"),
        (40009, Refused("setup", "refused", "HTTP 400"), "a topic that cannot be"),
        (41303, Refused("setup", "too_long", "HTTP 413"), "more than it takes"),
        (42901, Refused("later", "rate_limited", "HTTP 429", 60), "too fast"),
        (42908, Refused("later", "rate_limited", "HTTP 429", 60), "too many today"),
        (50001, Refused("temporary", "server_error", "HTTP 500"), "its own fault"),
        (50701, Refused("temporary", "server_error", "HTTP 507"), "no room, or nobody listens"),
    ],
)
def test_ntfy_refuses(topics: Ntfy, code: int, expected: Refused, why: str) -> None:
    topics.refuses = code
    assert sent(topics.url()) == expected, why
    assert (topics.taken, topics.asked) == ([], 1), "asked once, and again when it is time"


def test_ntfy_knows_another_token(topics: Ntfy) -> None:
    assert sent(topics.url("taiyuan-alerts", "tk_other")) == Refused("setup", "forbidden", "HTTP 403")
    assert topics.taken == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [(502, Refused("temporary", "server_error", "HTTP 502")), (302, Refused("setup", "moved", "HTTP 302"))],
)
def test_what_stands_before_ntfy_answers_for_it(topics: Ntfy, status: int, expected: Refused) -> None:
    topics.behind = status
    assert sent(topics.url()) == expected, "by its status, whatever its page says"


def test_an_ntfy_that_hangs_is_no_success(topics: Ntfy) -> None:
    topics.refuses = HANG
    assert sent(topics.url() + "?rto=0.5") == Refused("temporary", "timed_out"), "by apprise's own patience"
    assert sent(topics.url(), timeout_s=2) == Refused("temporary", "timed_out"), "by ours"
    assert not children()


def test_the_name_of_a_station_says_nothing_of_why_it_failed(topics: Ntfy) -> None:
    topics.refuses = 50001
    named = replace(MESSAGE, lines=("error=404.", "ntfy error=40101.", "Socket Exception: (535, b'no')"))
    assert sent(topics.url(), named) == Refused("temporary", "server_error", "HTTP 500")
