"""The outside service hears from a server that is well, and from no other."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from server.notify.model import Refused, Sent
from server.notify.sending import deadman
from server.notify.sending.deadman import DeadMan
from server.notify.targets.posting import Courier
from tests.support.bots import Bots


@pytest.fixture
def bots() -> Iterator[Bots]:
    with Bots() as running:
        yield running


def dead_man(bots: Bots, *, is_well: bool = True) -> DeadMan:
    courier = Courier(allow_private=True, timeout_s=20)
    return DeadMan(f"{bots.base}/ping/uuid", courier, lambda: is_well, lambda: 0)


def test_a_server_that_is_well_pings(bots: Bots) -> None:
    assert asyncio.run(dead_man(bots).ping()) == Sent()
    assert bots.asked["ping"] == 1


def test_a_server_that_is_not_well_is_silent(bots: Bots) -> None:
    assert asyncio.run(dead_man(bots, is_well=False).ping()) is None
    assert not bots.asked


def test_changes_are_logged_once_and_without_the_address(
    bots: Bots, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pings = dead_man(bots)

    async def days() -> None:
        for play in ("well", "500", "500", "drop", "well", "well"):
            bots.plays = lambda _, play=play: play  # type: ignore[misc]  # mypy infers no type for it
            await pings.ping()

    asyncio.run(days())
    assert [record.getMessage() for record in caplog.records if record.name == deadman.__name__] == [
        "dead-man ping failed: reason=server_error detail='HTTP 500'",
        "dead-man ping failed: reason=garbage detail=''",
        "dead-man ping arrives",
    ]
    assert "uuid" not in caplog.text


def test_it_goes_on_after_a_failure_until_it_is_ended(bots: Bots) -> None:
    bots.plays = lambda _: "well" if bots.asked["ping"] > 1 else "drop"

    async def a_while() -> None:
        task = asyncio.create_task(dead_man(bots).run(period_s=0.01))
        while bots.asked["ping"] < 3:
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(a_while(), 30))


def test_a_failure_is_told_to_who_asks(bots: Bots) -> None:
    bots.plays = lambda _: "redirect"
    assert asyncio.run(dead_man(bots).ping()) == Refused("setup", "moved", "HTTP 302")
