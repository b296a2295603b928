"""What a target's answer means."""

import json

import pytest

from server.notify.model import Reason, Refused, Reply, Sent
from server.notify.targets import dingtalk, feishu, judging, wecom


@pytest.mark.parametrize(
    ("status", "body", "reason", "why"),
    [
        (200, b'{"errcode": 0}', None, "sent"),
        (200, b'{"errcode": "0"}', "garbage", "a string is no code"),
        (200, b'{"errcode": false}', "garbage", "nor is a truth"),
        (200, b'{"errcode": 0.0}', "garbage", "nor a fraction"),
        (200, b'{"errcode": null}', "garbage", "nor nothing"),
        (200, b'{"errcode": 77777}', "refused", "a code that nobody knows"),
        (500, b'{"errcode": 0}', "server_error", "one says yes, one says no"),
        (200, b"[" * 50_000, "garbage", "brackets without end"),
        (200, b"\xff\xfe", "garbage", "no text"),
    ],
)
def test_only_a_zero_is_a_zero(status: int, body: bytes, reason: Reason | None, why: str) -> None:
    outcome = judging.by_code(Reply(status, body), wecom.said, lambda *_: None, 0)
    assert (outcome.reason if isinstance(outcome, Refused) else None) == reason, why


@pytest.mark.parametrize(
    ("body", "is_sent", "why"),
    [
        (b'{"StatusCode": 0, "StatusMessage": "success"}', True, "an old bot"),
        (b'{"code": 0, "msg": "success"}', True, "a new one"),
        (b'{"code": 0, "StatusCode": 19024}', False, "the worse one counts"),
        (b'{"code": 0, "StatusCode": "x"}', False, "a code that is none"),
        (b'{"data": {}}', False, "no code"),
    ],
)
def test_both_codes_of_feishu_count(body: bytes, is_sent: bool, why: str) -> None:
    outcome = judging.by_code(Reply(200, body), feishu.said, lambda *_: None, 0)
    assert isinstance(outcome, Sent) == is_sent, why


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("description:机器人发送签名不匹配;solution:请确认签名和时间戳", "signature"),
        ("description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词", "keyword"),
        ("ip 1.2.3.4 not in whitelist", "source_address"),
        ("description:来源IP地址不在白名单中", "source_address"),
        ("description:时间戳无效", "clock"),
        ("something new", "security"),
    ],
)  # fmt: skip
def test_one_code_of_dingtalk_stands_for_many_checks(words: str, reason: Reason) -> None:
    assert dingtalk.meaning(310000, words) == Refused("setup", reason)


def test_feishus_9499_has_two_meanings() -> None:
    assert feishu.meaning(9499, "Bad Request") == Refused("setup", "content")


@pytest.mark.parametrize(
    ("retry_after", "wait_s", "why"),
    [
        ("120", 120, "seconds"),
        ("0", 1, "at once is a second"),
        ("999999999999999999999", 3600, "nobody waits for ever"),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20, "a date"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1, "a date gone by"),
        ("", 60, "nothing"),
        ("soon", 60, "words"),
        ("٣", 60, "digits of another script"),
        ("Mon, 99 Foo 2026", 60, "no date"),
    ],
)
def test_how_long_a_target_wants_to_be_left_alone(retry_after: str, wait_s: int, why: str) -> None:
    refused = judging.by_status(Reply(429, b"", retry_after), 100_000)
    assert refused == Refused("later", "rate_limited", "HTTP 429", wait_s), why


def test_a_targets_words_are_one_short_plain_line() -> None:
    words = "a\r\nb\u202e\x1b[31m" + "x" * 1000
    reply = Reply(200, json.dumps({"errcode": 1, "errmsg": words}).encode())
    outcome = judging.by_code(reply, wecom.said, lambda *_: None, 0)
    assert isinstance(outcome, Refused)
    assert outcome.detail.startswith("1: a b[31mxxx")
    assert len(outcome.detail) == judging.MOST_DETAIL
