"""Every way out, spoken to a receiver that checks and refuses as the real ones do."""

import asyncio
import base64
import logging
import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from server.notify.model import Channel, ChannelKind, Message, Outcome, Reason, Refused, Sent, Why
from server.notify.targets import webhook
from server.notify.targets.posting import Courier
from server.notify.targets.senders import SENDERS, send
from tests.support.bots import HOUR_MS, Bots, Play, wall_ms
from tests.support.certificate import signed_by_itself

MESSAGE = Message(
    "0123", "alerts.new", "【驿站·严重】驿站失联：云台路", ("地点：小店区", "处理：看电源"),
    "https://example.org/staff/alerts/0123", "打开告警", {"alerts": [{"kind": "station_offline"}]},
)  # fmt: skip
KINDS = ("wecom", "dingtalk", "feishu", "hook")


@pytest.fixture
def bots() -> Iterator[Bots]:
    with Bots() as running:
        yield running


def channel(bots: Bots, bot: str) -> Channel:
    """A channel that is set up well."""
    return {
        "wecom": Channel("c1", "wecom", bots.wecom),
        "dingtalk": Channel("c2", "dingtalk", bots.dingtalk, bots.secret),
        "feishu": Channel("c3", "feishu", bots.feishu, bots.secret),
        "hook": Channel("c4", "webhook", bots.hook, bots.hook_secret),
    }[bot]


def sent(
    to: Channel, message: Message = MESSAGE, *, timeout_s: float = 20, now_ms: int | None = None
) -> Outcome:
    courier = Courier(allow_private=True, timeout_s=timeout_s)
    return asyncio.run(send(message, to, courier, wall_ms() if now_ms is None else now_ms))


@pytest.mark.parametrize("bot", KINDS)
def test_a_message_arrives_and_is_called_sent(bots: Bots, bot: str) -> None:
    assert sent(channel(bots, bot)) == Sent()
    assert len(bots.taken) == 1
    for said in (MESSAGE.title, *MESSAGE.lines, MESSAGE.link):
        told = bots.taken[0].body["data"] if bot == "hook" else None
        assert said in (str(told) if told else bots.taken[0].text)


def test_a_program_gets_data_and_the_same_id_each_time(bots: Bots) -> None:
    assert [sent(channel(bots, "hook")) for _ in range(2)] == [Sent(), Sent()]
    assert bots.texts("hook") == ["0123", "0123"]
    assert bots.taken[0].body["type"] == "alerts.new"
    assert bots.taken[0].body["data"]["alerts"] == [{"kind": "station_offline"}]
    assert bots.taken[0].body["timestamp"].endswith("Z")


def secret(other: str) -> Callable[[Channel], Channel]:
    return lambda well: replace(well, secret=other)


def address(other: str) -> Callable[[Channel], Channel]:
    return lambda well: replace(well, address=other)


LONGER = "1"
WRONG: list[tuple[str, Callable[[Channel], Channel], Refused]] = [
    ("wecom", lambda well: replace(well, address=well.address + LONGER),
     Refused("setup", "unknown_bot", "93000")),
    ("dingtalk", lambda well: replace(well, address=well.address + LONGER),
     Refused("setup", "unknown_bot", "300005")),
    ("feishu", lambda well: replace(well, address=well.address + LONGER),
     Refused("setup", "unknown_bot", "19001")),
    ("dingtalk", secret("SECother"), Refused("setup", "signature", "310000: sign not match")),
    ("dingtalk", secret(""), Refused("setup", "clock", "310000: invalid timestamp")),
    ("feishu", secret("other"), Refused("setup", "signature", "19021")),
    ("feishu", secret(""), Refused("setup", "signature", "19021")),
    ("hook", secret("whsec_" + "QUFB" * 8), Refused("setup", "forbidden", "HTTP 401")),
    ("hook", secret(""), Refused("setup", "secret")),
    ("hook", secret("whsec_QUFB"), Refused("setup", "secret")),
    ("hook", secret("whsec_*"), Refused("setup", "secret")),
    ("wecom", address("httpx://"), Refused("setup", "address")),
    ("wecom", address("file:///etc/passwd"), Refused("setup", "address")),
    ("wecom", address(""), Refused("setup", "address")),
    ("wecom", address("https://" + "a" * 300 + ".example"), Refused("temporary", "no_name")),
    ("wecom", address("https://127.0.0.1:1/"), Refused("temporary", "unreachable")),
]  # fmt: skip


@pytest.mark.parametrize(("bot", "change", "expected"), WRONG)
def test_a_wrong_set_up_is_told_from_bad_luck(
    bots: Bots, bot: str, change: Callable[[Channel], Channel], expected: Refused
) -> None:
    outcome = sent(change(channel(bots, bot)))
    assert isinstance(outcome, Refused)
    assert replace(outcome, detail="") == replace(expected, detail="")
    assert outcome.detail.startswith(expected.detail)
    assert bots.taken == []


@pytest.mark.parametrize(
    ("bot", "why", "code"),
    [("dingtalk", "setup", "310000: keywords not in content"), ("feishu", "setup", "19024: Key Words")],
)
def test_a_missing_keyword_is_no_success(bots: Bots, bot: str, why: Why, code: str) -> None:
    bots.keyword = "监控"
    outcome = sent(channel(bots, bot))
    assert isinstance(outcome, Refused)
    assert (outcome.why, outcome.reason) == (why, "keyword")
    assert outcome.detail.startswith(code)
    bots.keyword = "驿站"
    assert sent(channel(bots, bot)) == Sent(), "every title has it"


@pytest.mark.parametrize("bot", ["dingtalk", "feishu"])
def test_a_signature_of_two_hours_ago_is_refused(bots: Bots, bot: str) -> None:
    outcome = sent(channel(bots, bot), now_ms=wall_ms() - 2 * HOUR_MS)
    assert isinstance(outcome, Refused)
    assert outcome.reason in ("clock", "signature")


@pytest.mark.parametrize(
    ("bot", "most", "wait_s", "code"),
    [
        ("wecom", 20, 60, "45009"),
        ("dingtalk", 20, 600, "130101"),
        ("feishu", 100, 60, "9499: too many request"),
    ],
)
def test_one_too_many_is_to_come_later(bots: Bots, bot: str, most: int, wait_s: int, code: str) -> None:
    for _ in range(most):
        bots.too_many(bot, most)
    outcome = sent(channel(bots, bot))
    assert isinstance(outcome, Refused)
    assert (outcome.why, outcome.reason, outcome.retry_after_s) == ("later", "rate_limited", wait_s)
    assert outcome.detail.startswith(code)


BAD_DAYS: list[tuple[Play, Why, Reason, int | None]] = [
    ("500", "temporary", "server_error", None),
    ("503", "later", "server_error", 120),
    ("429", "later", "rate_limited", 7),
    ("redirect", "setup", "moved", None),
    ("nonsense", "temporary", "garbage", None),
    ("drop", "temporary", "garbage", None),
    ("take_and_drop", "temporary", "garbage", None),
]
LIES: list[tuple[Play, Why, Reason, int | None]] = [
    ("html", "temporary", "garbage", None),
    ("empty", "temporary", "garbage", None),
    ("array", "temporary", "garbage", None),
    ("huge", "temporary", "garbage", None),
]


@pytest.mark.parametrize(
    ("bot", "day"),
    [(bot, day) for bot in KINDS for day in BAD_DAYS] + [(bot, day) for bot in KINDS[:3] for day in LIES],
)
def test_a_bad_day_is_no_success(bots: Bots, bot: str, day: tuple[Play, Why, Reason, int | None]) -> None:
    play, why, reason, retry_after_s = day
    bots.plays = lambda _: play
    outcome = sent(channel(bots, bot))
    assert isinstance(outcome, Refused)
    assert (outcome.why, outcome.reason, outcome.retry_after_s) == (why, reason, retry_after_s)
    assert bots.asked["elsewhere"] == 0, "a redirect is not followed"
    assert not bots.poured_out, "nobody reads 64 MB of an answer"


@pytest.mark.parametrize("bot", KINDS)
@pytest.mark.parametrize("play", ["hang", "drip", "drip_body"])
def test_a_target_that_hangs_costs_its_time_out(bots: Bots, bot: str, play: Play) -> None:
    bots.plays = lambda _: play
    outcome = sent(channel(bots, bot), timeout_s=0.3)
    # The webhook's word is its status, and a body that never ends is still no answer.
    assert outcome == Refused("temporary", "timed_out")


def test_a_hanging_channel_holds_up_no_other(bots: Bots) -> None:
    bots.plays, bots.slow_s = lambda bot: "hang" if bot == "wecom" else "well", 60
    done: list[str] = []

    async def one(bot: str) -> None:
        await send(MESSAGE, channel(bots, bot), Courier(allow_private=True, timeout_s=5), wall_ms())
        done.append(bot)

    async def all_at_once() -> None:
        await asyncio.gather(*(one(bot) for bot in KINDS))

    asyncio.run(all_at_once())
    assert done[-1] == "wecom"


@pytest.mark.parametrize(
    "where",
    ["https://127.0.0.1:{port}/", "https://localhost:{port}/", "https://[::ffff:127.0.0.1]:{port}/"],
)
def test_a_private_address_gets_not_one_byte(bots: Bots, where: str) -> None:
    to = Channel("c", "wecom", where.format(port=bots.port))
    outcome = asyncio.run(send(MESSAGE, to, Courier(allow_private=False), wall_ms()))
    assert outcome == Refused("setup", "private_address")
    plain = replace(to, address=bots.wecom)
    outcome = asyncio.run(send(MESSAGE, plain, Courier(allow_private=False), wall_ms()))
    assert outcome == Refused("setup", "address"), "nor is plain http spoken"
    assert not bots.asked


def test_no_log_line_holds_an_address_or_a_secret(bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for bot in KINDS:
        to = channel(bots, bot)
        sent(to)
        sent(replace(to, address=to.address.replace(str(bots.port), "1")))
        assert to.address not in caplog.text + repr(to)
        assert not to.secret or to.secret not in caplog.text + repr(to)


def test_thirty_in_a_hundred_fail_and_nothing_is_believed_that_did_not_arrive(bots: Bots) -> None:
    chance = random.Random(4)  # noqa: S311  (dice, not secrets)
    days: tuple[Play, ...] = ("500", "html", "drop", "nonsense", "redirect")
    bots.plays = lambda _: chance.choice(days) if chance.random() < 0.3 else "well"
    called_sent = 0
    for n in range(60):
        message = replace(MESSAGE, id=str(n), title=f"{MESSAGE.title} {n}")
        called_sent += sent(channel(bots, "feishu"), message) == Sent()
    assert called_sent == len(bots.taken)
    assert 30 < called_sent < 55


def test_the_signature_is_the_one_of_the_specification() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = webhook.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody has signed."""
    key, certificate = signed_by_itself(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Bots(tls=context) as running:
        yield running.port


def test_a_certificate_that_nobody_has_signed_is_refused(untrusted: int) -> None:
    to = Channel("c", "wecom", f"https://localhost:{untrusted}/cgi-bin/webhook/send?key=693a91f6-7xxx")
    assert sent(to) == Refused("temporary", "certificate")


def test_every_kind_of_channel_has_a_sender() -> None:
    assert set(SENDERS) == set(get_args(ChannelKind))
