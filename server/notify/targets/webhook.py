"""Any program: JSON, signed as the Standard Webhooks specification (standardwebhooks.com) has it."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Final

from server.notify.model import Channel, Message, Outcome, Refused, Sent
from server.notify.targets.judging import by_status
from server.notify.targets.posting import Courier

PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)
"""Lengths of a key that the specification allows."""


async def send(message: Message, channel: Channel, http: Courier, now_ms: int) -> Outcome:
    """Post the message; sent if the program answers 2xx, whatever it writes besides."""
    key = key_of(channel.secret)
    if key is None:
        return Refused("setup", "secret")
    content = body(message, now_ms)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": signature(key, message.id, now_ms // 1000, content),
    }
    reply = await http.post(channel.address, content, headers)
    return reply if isinstance(reply, Refused) else by_status(reply, now_ms) or Sent()


def body(message: Message, now_ms: int) -> bytes:
    """What is posted, ``timestamp`` the moment of sending."""
    at = datetime.fromtimestamp(now_ms // 1000, UTC).isoformat().replace("+00:00", "Z")
    told = {"title": message.title, "lines": message.lines, "link": message.link}
    said = {"type": message.kind, "timestamp": at, "data": {**message.data, **told}}
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode()


def signature(key: bytes, message_id: str, at_s: int, content: bytes) -> str:
    """The ``webhook-signature`` of ``content``."""
    digest = hmac.digest(key, f"{message_id}.{at_s}.".encode() + content, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def key_of(secret: str) -> bytes | None:
    """The key in ``whsec_…``; None where there is none or a weak one."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if secret.startswith(PREFIX) and len(key) in KEY_BYTES else None
