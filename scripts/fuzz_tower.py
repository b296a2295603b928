"""Throws broken frames at the swap cabinets' protocol (``make fuzz``).

Each round opens a connection, most of them with a good login, and feeds it frames that were cut, joined, bent
or invented, in pieces of any size. Nothing may be raised but the end of the connection, and after the first
tenth the process must not grow by more than :data:`MOST_GROWTH_KB`.
"""

import argparse
import gc
import json
import random
import sys
import time
from pathlib import Path
from typing import Final

from edge.config import parse
from edge.options import Options
from edge.sensors.tower_map import TowerMap, read_map
from edge.sensors.tower_memory import TowerMemory
from edge.sensors.tower_session import EndError, Guests, Session

MOST_GROWTH_KB: Final = 1024
COLLECT_FRAMES: Final = 50_000
"""Between collections of garbage, so that what is left is what is held."""

FRAMES_A_ROUND: Final = 20
CABINET: Final = "CHTEST12AB0001"
MAPS: Final = Path(__file__).parents[1] / "firmware_config" / "devices"
VALUES: Final[tuple[object, ...]] = (
    "0",
    "1",
    "5",
    "63",
    "1e999",
    "",
    None,
    True,
    -1,
    2**70,
    0.1,
    [],
    ["000"],
    ["02"] * 99,
    {},
    "\ud800",
)
SIGNALS: Final = (
    "02104001",
    "02103001",
    "02106001",
    "02109001",
    "02017001",
    "boxSta",
    "cabAlarm",
    "soc",
    "?",
)
TYPES: Final = (100, 110, 300, 310, 400, 410, 501, 0, -1, None)


def main() -> int:
    """Returns 0 when nothing broke and nothing grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    began = time.monotonic()
    ends, growth_kb = fuzz(args.frames, random.Random(args.seed))  # noqa: S311  (repeatable on purpose)
    took = time.monotonic() - began
    print(
        f"{args.frames} frames in {took:.0f} s, {ends} connections ended for them, grown by {growth_kb} KiB"
    )
    return 0 if growth_kb <= MOST_GROWTH_KB else 1


def fuzz(frames: int, chance: random.Random) -> tuple[int, int]:
    """Feed so many frames; returns how many connections had to end, and how the process grew, in KiB."""
    guests = Guests({CABINET: TowerMemory(_map(), 12)})
    ends = sent = settled_kb = 0
    while sent < frames:
        if settled_kb == 0 and sent >= frames // 10:
            settled_kb = _resident_kb()
        ends += _round(guests, sent, chance)
        sent += FRAMES_A_ROUND
        if sent % COLLECT_FRAMES == 0:
            gc.collect()
    return ends, _resident_kb() - settled_kb


def _map() -> TowerMap:
    file = MAPS / "tower-lists.toml"
    return read_map(Options(parse(file), file.name))


def _round(guests: Guests, at_ms: int, chance: random.Random) -> bool:
    """One connection; whether it had to end."""
    session = Session(guests, "127.0.0.1", at_ms)
    by_line = chance.random() < 0.5
    frames = [_frame(chance, by_line) for _ in range(FRAMES_A_ROUND)]
    login = _framed(json.dumps({"msgType": 100, "txnNo": 1, "devId": CABINET}).encode(), by_line)
    data = (login if chance.random() < 0.9 else b"") + b"".join(frames)
    try:
        while data:
            size = chance.choice((1, 7, 300, 16_384))
            session.receive(data[:size], at_ms)
            data = data[size:]
        session.overdue(at_ms + 60_000)
    except EndError:
        return True
    finally:
        session.ended(at_ms)
        guests.memories[CABINET].forget(at_ms)
        guests.memories[CABINET].cabinet("c1")
    return False


def _frame(chance: random.Random, by_line: bool) -> bytes:
    text = json.dumps(_message(chance)).encode()
    for _ in range(chance.choice((0, 0, 0, 1, 5))):
        place = chance.randrange(len(text))
        text = (
            text[:place] + chance.randbytes(chance.randrange(3)) + text[place + chance.randrange(4) :] or b"{"
        )
    if chance.random() < 0.01:
        return chance.randbytes(chance.randrange(64))
    return _framed(text, by_line)


def _framed(text: bytes, by_line: bool) -> bytes:
    return text.replace(b"\n", b"") + b"\n" if by_line else len(text).to_bytes(4, "big") + text


def _message(chance: random.Random) -> dict[str, object]:
    pick = chance.choice
    entries = [
        {
            "id": pick(SIGNALS) + (str(chance.randrange(10**6)) if chance.random() < 0.1 else ""),
            "doorId": pick((None, "1", 2, "12", "13", 10**30, "x", [])),
            **{key: pick(VALUES) for key in ("value", "alarmDesc", "alarmFlag", "boxSta", "boxFault")},
        }
        for _ in range(chance.randrange(6))
    ]
    lists = pick(("attrList", "boxList", "batList", "cabList", "alarmList"))
    return {"msgType": pick(TYPES), "devId": pick((*[CABINET] * 60, "B", 1)), "txnNo": pick(VALUES),
            "isFull": pick(VALUES), lists: entries if chance.random() < 0.95 else pick(VALUES)}  # fmt: skip


def _resident_kb() -> int:
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if "VmRSS" in line)
    return int(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
