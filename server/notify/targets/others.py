"""E-mail, ntfy and the rest of what apprise knows, each message by a process of its own.

apprise blocks, has no end of its own against a target that drips, and takes a second and 50 MB to load:
none of that may touch the process that takes readings. What hangs is killed.
"""

import asyncio
import json
import sys
from typing import Final

from server.notify.model import Channel, Message, Outcome, Refused, Sent
from server.notify.targets.cutting import lines_within
from server.notify.targets.posting import Courier

TIMEOUT_S: Final = 30.0
"""Starting the process and a conversation with a slow mail server."""
MOST_BYTES: Final = 3500
"""Of a title and lines: ntfy makes a file of more than 4,096 bytes, Telegram takes 4,096 characters."""
_PROGRAM: Final = "server.notify.targets.apprised"


async def send(
    message: Message, channel: Channel, http: Courier, _now_ms: int, timeout_s: float = TIMEOUT_S
) -> Outcome:
    """Send to the apprise URL; sent only if apprise says so. Only ``allow_private`` is taken of ``http``."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _PROGRAM,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout_s):
            said, _ = await child.communicate(order(message, channel, allow_private=http.allow_private))
    except TimeoutError:
        return Refused("temporary", "timed_out")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return outcome(said)


def order(message: Message, channel: Channel, *, allow_private: bool) -> bytes:
    """What the process is told, by its standard input: addresses are secrets, and arguments can be seen."""
    title, *lines = lines_within((message.title, *message.lines), MOST_BYTES)
    told = {
        "url": channel.address,
        "title": title,
        "body": "\n".join([*lines, message.link]),
        "allow_private": allow_private,
    }
    return json.dumps(told).encode()


def outcome(said: bytes) -> Outcome:
    """What the process answered; one that died without a word has not sent."""
    try:
        told = json.loads(said)
        if told["sent"] is True:
            return Sent()
        return Refused(told["why"], told["reason"], told["detail"], told["retry_after_s"])
    except (ValueError, KeyError, TypeError):
        return Refused("temporary", "refused")
