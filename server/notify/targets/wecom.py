"""WeCom (企业微信) group bots: ``https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…``.

Sent as ``text``, which every client shows (``markdown`` is not shown in WeChat) and in which nothing but
``<@…>`` means anything. The whole address, with its key, is the only secret.
"""

import json
from collections.abc import Mapping
from typing import Final

from server.notify.model import Channel, Message, Outcome, Refused
from server.notify.targets.cutting import letter
from server.notify.targets.judging import MINUTE_S, by_code, number
from server.notify.targets.posting import Courier

MOST_BYTES: Final = 2048
"""Of a text's content, as its documentation has it; a longer one is refused with 40058."""
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}

CODES: Final[Mapping[int, Refused]] = {
    -1: Refused("temporary", "server_error"),
    40008: Refused("setup", "content"),
    40058: Refused("setup", "too_long"),
    44004: Refused("setup", "content"),
    45002: Refused("setup", "too_long"),
    45009: Refused("later", "rate_limited", retry_after_s=MINUTE_S),
    45033: Refused("later", "rate_limited", retry_after_s=MINUTE_S),
    60020: Refused("setup", "source_address"),
    93000: Refused("setup", "unknown_bot"),
    93004: Refused("setup", "unknown_bot"),
    93008: Refused("setup", "unknown_bot"),
}
"""Codes of its global table that concern a bot; any other is taken for temporary."""


async def send(message: Message, channel: Channel, http: Courier, now_ms: int) -> Outcome:
    """Send to the group of the bot; sent only if it answers ``errcode`` 0."""
    content = {"msgtype": "text", "text": {"content": letter(message, MOST_BYTES)}}
    reply = await http.post(channel.address, json.dumps(content, ensure_ascii=False).encode(), _HEADERS)
    if isinstance(reply, Refused):
        return reply
    return by_code(reply, said, lambda code, _: CODES.get(code), now_ms)


def said(answer: Mapping[str, object]) -> tuple[int, str] | None:
    """The ``errcode`` and ``errmsg`` of an answer; None if it has no code."""
    code = number(answer.get("errcode"))
    return None if code is None else (code, str(answer.get("errmsg", "")))
