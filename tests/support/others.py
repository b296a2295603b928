"""A message that goes out through apprise."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

from server.notify.model import Channel, Message, Outcome
from server.notify.targets import others
from server.notify.targets.posting import Courier

LINK = "https://example.org/staff/alerts/0123?from=mail&lang=zh&next=%2Fstaff%2Falerts%3Fa%3D1"
MESSAGE = Message(
    "0123", "alerts.new", "【驿站·严重】驿站失联：云台路",
    ("地点：小店区 · 太原市", "处理：看电源 <先看> & 再重启"), LINK, "打开告警",
)  # fmt: skip
LONGEST = replace(MESSAGE, lines=tuple(f"地点：云台路驿站 {n}，已 7 分钟没有数据" for n in range(200)))


def sent(url: str, message: Message = MESSAGE, timeout_s: float = others.TIMEOUT_S) -> Outcome:
    """What becomes of a message through apprise."""
    courier = Courier(allow_private=True)
    return asyncio.run(others.send(message, Channel("c", "others", url), courier, 0, timeout_s))


def children() -> list[str]:
    """Processes of apprise that this one has started and that are still there."""
    own = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split()
    return [pid for pid in own if b"apprised" in Path(f"/proc/{pid}/cmdline").read_bytes()]
