"""DingTalk (钉钉) group bots: ``https://oapi.dingtalk.com/robot/send?access_token=…``.

Sent as ``text``, with nobody mentioned. With a secret (加签) the moment is signed and goes along.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from server.notify.model import Channel, Message, Outcome, Reason, Refused
from server.notify.targets.cutting import letter
from server.notify.targets.judging import MINUTE_S, by_code
from server.notify.targets.posting import Courier
from server.notify.targets.wecom import said

MOST_BYTES: Final = 4096
"""Ours, for a phone's sake: DingTalk refuses a body of more than 20,000 bytes (460101)."""
PENALTY_S: Final = 600
"""After more than 20 messages in a minute a bot is closed for ten minutes."""
_SECURITY: Final = 310000
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}

CODES: Final[Mapping[int, Refused]] = {
    -1: Refused("temporary", "server_error"),
    90030: Refused("later", "quota", retry_after_s=3600),
    101002: Refused("setup", "too_long"),
    130101: Refused("later", "rate_limited", retry_after_s=PENALTY_S),
    300001: Refused("setup", "unknown_bot"),
    300005: Refused("setup", "unknown_bot"),
    400013: Refused("setup", "unknown_bot"),
    400101: Refused("setup", "unknown_bot"),
    400102: Refused("setup", "unknown_bot"),
    400106: Refused("setup", "unknown_bot"),
    410100: Refused("later", "rate_limited", retry_after_s=MINUTE_S),
    430101: Refused("setup", "content"),
    430102: Refused("setup", "content"),
    430104: Refused("setup", "content"),
    460101: Refused("setup", "too_long"),
}
"""Codes that concern a bot; 310000 is told apart by its words, any other is taken for temporary."""

_CHECKS: Final[tuple[tuple[Reason, tuple[str, ...]], ...]] = (
    ("clock", ("timestamp", "时间戳无效", "时间戳不")),
    ("keyword", ("keyword", "关键词")),
    ("source_address", ("whitelist", "白名单")),
    ("signature", ("sign", "签名")),
)
"""The one code 310000 stands for every security check of a bot; which one, only its words tell."""


async def send(message: Message, channel: Channel, http: Courier, now_ms: int) -> Outcome:
    """Send to the group of the bot; sent only if it answers ``errcode`` 0."""
    content = {
        "msgtype": "text",
        "text": {"content": letter(message, MOST_BYTES)},
        "at": {"isAtAll": False},
    }
    url = signed(channel.address, channel.secret, now_ms) if channel.secret else channel.address
    reply = await http.post(url, json.dumps(content, ensure_ascii=False).encode(), _HEADERS)
    return reply if isinstance(reply, Refused) else by_code(reply, said, meaning, now_ms)


def signed(address: str, secret: str, now_ms: int) -> str:
    """The address with the moment and its signature; good for an hour."""
    digest = hmac.digest(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256)
    query = urlencode({"timestamp": now_ms, "sign": base64.b64encode(digest).decode()})
    return f"{address}{'&' if '?' in address else '?'}{query}"


def meaning(code: int, words: str) -> Refused | None:
    """What a code other than 0 means; None for one that is not known."""
    if code != _SECURITY:
        return CODES.get(code)
    told = words.lower()
    for reason, signs in _CHECKS:
        if any(sign in told for sign in signs):
            return Refused("setup", reason)
    return Refused("setup", "security")
