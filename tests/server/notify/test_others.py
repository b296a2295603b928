"""Whatever leaves through apprise: killed in time, never to a private address, believed only with reason."""

import asyncio
from collections.abc import Iterator

import pytest

from server.notify.model import Channel, Outcome, Refused, Sent
from server.notify.targets import apprised, others
from server.notify.targets.posting import Courier
from server.notify.targets.senders import send
from tests.support.bots import Bots, Play
from tests.support.others import MESSAGE, children, sent


@pytest.fixture
def bots() -> Iterator[Bots]:
    with Bots() as running:
        yield running


@pytest.mark.parametrize(
    ("url", "play", "expected", "why"),
    [
        ("json://127.0.0.1:{port}/elsewhere", "well", Sent(), "taken"),
        ("json://127.0.0.1:{port}/hook", "500", Refused("temporary", "server_error", "HTTP 500"), "later"),
        ("json://127.0.0.1:{port}/hook", "redirect", Refused("setup", "moved", "HTTP 302"), "not followed"),
        (
            "json://127.0.0.1:{port}/hook?optional=yes",
            "500",
            Refused("temporary", "server_error", "HTTP 500"),
            "apprise calls a failure of an optional one a success",
        ),
        ("json://127.0.0.1:1/", "well", Refused("temporary", "unreachable"), "nobody there"),
        ("dingtalk://566cc69da782ec/", "well", Refused("setup", "service"), "apprise believes its every 200"),
        ("syslog://", "well", Refused("setup", "service"), "nobody looks there"),
        ("mailto://", "well", Refused("setup", "address"), "no recipient"),
        ("no words", "well", Refused("setup", "address"), "no address"),
    ],
)
def test_through_apprise(bots: Bots, url: str, play: Play, expected: Outcome, why: str) -> None:
    bots.plays = lambda _: play
    assert sent(url.format(port=bots.port)) == expected, why


def test_apprise_is_killed_when_its_time_is_over(bots: Bots) -> None:
    to = Channel("c", "others", f"json://127.0.0.1:{bots.port}/hook")
    short = others.send(MESSAGE, to, Courier(allow_private=True), 0, timeout_s=0.05)
    assert asyncio.run(short) == Refused("temporary", "timed_out")
    assert not children()


def test_apprise_is_killed_when_the_server_stops(bots: Bots) -> None:
    bots.plays, bots.slow_s = lambda _: "drip_body", 600.0
    to = Channel("c", "others", f"json://127.0.0.1:{bots.port}/hook")

    async def stopped() -> None:
        task = asyncio.create_task(others.send(MESSAGE, to, Courier(allow_private=True), 0))
        while not bots.asked["hook"]:
            assert not task.done()
            await asyncio.sleep(0.02)
        assert children()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(stopped(), 25))
    assert not children()


def test_apprise_reaches_no_private_address_unless_allowed(bots: Bots) -> None:
    to = Channel("c", "others", f"json://127.0.0.1:{bots.port}/elsewhere")
    outcome = asyncio.run(send(MESSAGE, to, Courier(allow_private=False), 0))
    assert outcome == Refused("setup", "private_address")
    assert not bots.asked


def test_a_mailbox_in_a_private_network_is_refused_as_such(bots: Bots) -> None:
    to = Channel("c", "others", f"mailtos://u:p@127.0.0.1:{bots.port}?to=a@example.org")
    outcome = asyncio.run(send(MESSAGE, to, Courier(allow_private=False), 0))
    assert outcome == Refused("setup", "private_address")


def test_apprise_stopped_at_a_connection_says_so() -> None:
    guard = apprised.Guard()
    guard("socket.connect", (None, ("93.184.215.14", 443)))
    assert not guard.stopped
    with pytest.raises(PermissionError):
        guard("socket.connect", (None, ("192.168.1.2", 443)))
    assert guard.stopped


@pytest.mark.parametrize(
    ("lines", "expected", "why"),
    [
        (["Failed to send: Unauthorized, error=401."], Refused("setup", "forbidden", "HTTP 401"), "a token"),
        (["Socket Exception: (535, b'5.7.8 no')"], Refused("setup", "login", "SMTP 535"), "a mailbox"),
        (["A Connection error occurred sending ntfy"], Refused("temporary", "unreachable"), "a network"),
        (["error=200"], Refused("temporary", "refused"), "it says yes and no"),
        ([], Refused("temporary", "refused"), "nothing"),
    ],
)
def test_why_apprise_failed(lines: list[str], expected: Refused, why: str) -> None:
    assert apprised.refusal(lines) == expected, why


@pytest.mark.parametrize(
    "said", [b"", b"x", b"[]", b"{}", b'{"sent": 1}', b'{"sent": false}', b'{"sent": "yes"}']
)
def test_a_process_that_dies_without_a_word_has_not_sent(said: bytes) -> None:
    assert others.outcome(said) == Refused("temporary", "refused")
