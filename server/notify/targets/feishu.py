"""Feishu (飞书) group bots: ``https://open.feishu.cn/open-apis/bot/v2/hook/…``, and Lark's alike.

Sent as ``post``: its parts are plain text and one link, so that nothing in a name is markup. With a secret
(签名校验) the moment is signed and goes along.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from server.notify.model import Channel, Message, Outcome, Refused
from server.notify.targets.cutting import cut, lines_within
from server.notify.targets.judging import MINUTE_S, by_code, number
from server.notify.targets.posting import Courier

MOST_BYTES: Final = 4096
"""Of the lines, for a phone's sake: Feishu refuses a body of more than 20 KB."""
MOST_TITLE_BYTES: Final = 512
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}

CODES: Final[Mapping[int, Refused]] = {
    9499: Refused("later", "rate_limited", retry_after_s=MINUTE_S),
    11232: Refused("later", "rate_limited", retry_after_s=MINUTE_S),
    19001: Refused("setup", "unknown_bot"),
    19002: Refused("setup", "content"),
    19021: Refused("setup", "signature"),
    19022: Refused("setup", "source_address"),
    19024: Refused("setup", "keyword"),
}
"""Codes that concern a bot; any other is taken for temporary."""


async def send(message: Message, channel: Channel, http: Courier, now_ms: int) -> Outcome:
    """Send to the group of the bot; sent only if it answers code 0."""
    lines = lines_within(message.lines, MOST_BYTES)
    rows = [[{"tag": "text", "text": line}] for line in lines]
    rows.append([{"tag": "a", "text": message.link_text, "href": message.link}])
    post = {"zh_cn": {"title": cut(message.title, MOST_TITLE_BYTES), "content": rows}}
    content = {"msg_type": "post", "content": {"post": post}} | signature(channel.secret, now_ms)
    reply = await http.post(channel.address, json.dumps(content, ensure_ascii=False).encode(), _HEADERS)
    if isinstance(reply, Refused):
        return reply
    return by_code(reply, said, meaning, now_ms)


def signature(secret: str, now_ms: int) -> dict[str, str]:
    """What a signed message carries besides; good for an hour. Nothing without a secret.

    The text to sign is the key, and what is signed is empty: so Feishu has it.
    """
    if not secret:
        return {}
    at_s = str(now_ms // 1000)
    digest = hmac.digest(f"{at_s}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": at_s, "sign": base64.b64encode(digest).decode()}


def said(answer: Mapping[str, object]) -> tuple[int, str] | None:
    """``code`` and ``msg``, and the ``StatusCode`` and ``StatusMessage`` of older bots: both count."""
    pairs = [
        (number(answer[code]), str(answer.get(words, "")))
        for code, words in (("code", "msg"), ("StatusCode", "StatusMessage"))
        if code in answer
    ]
    codes = [(code, words) for code, words in pairs if code is not None]
    if not codes or len(codes) < len(pairs):
        return None
    return next((pair for pair in codes if pair[0] != 0), codes[0])


def meaning(code: int, words: str) -> Refused | None:
    """What a code other than 0 means; None for one that is not known."""
    if code == 9499 and "many" not in words.lower():
        return Refused("setup", "content")  # the same code says "Bad Request" of a body it cannot read
    return CODES.get(code)
