"""Throws broken frames at the swap cabinets' protocol (``make fuzz``).

Each round opens a connection, most of them with a good login, and feeds it frames that were cut, joined, bent
or invented, in pieces of any size; cabinets of all makers whose maps are shipped take turns. Nothing may be
raised but the end of the connection, and after the first tenth the process must not grow by more than
:data:`MOST_GROWTH_KB`.
"""

import argparse
import gc
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

from edge.config import parse
from edge.options import Options
from edge.sensors.tower_map import OTHER, TowerMap, read_map
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
TYPES: Final = (100, 110, 300, 310, 400, 410, 501, 0, -1, None)


def main() -> int:
    """Returns 0 when nothing broke and nothing grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    began = time.monotonic()
    found = fuzz(args.frames, random.Random(args.seed))  # noqa: S311  (repeatable on purpose)
    took = time.monotonic() - began
    understood = ", ".join(f"{name} {count}" for name, count in sorted(found.understood.items()))
    print(
        f"{args.frames} frames in {took:.0f} s, {found.ends} connections ended for them, grown by "
        f"{found.growth_kb} KiB; readings by map: {understood}"
    )
    return 0 if found.growth_kb <= MOST_GROWTH_KB else 1


class Outcome(NamedTuple):
    """What came of it.

    Attributes:
        ends: connections that had to end.
        growth_kb: of the process, in KiB, after the first tenth.
        understood: by map, rounds after which there was a reading of the cabinet.
    """

    ends: int
    growth_kb: int
    understood: Mapping[str, int]


def fuzz(frames: int, chance: random.Random) -> Outcome:
    """Feed so many frames, to the cabinets of all shipped maps in turn."""
    maps = shipped()
    invent = Inventor(chance, maps.values())
    turns = cycle([(name, Guests({CABINET: TowerMemory(each, 12)})) for name, each in maps.items()])
    understood: Counter[str] = Counter()
    ends = sent = settled_kb = 0
    while sent < frames:
        if settled_kb == 0 and sent >= frames // 10:
            settled_kb = _resident_kb()
        name, guests = next(turns)
        ends += _round(guests, sent, chance, invent)
        understood[name] += guests.memories[CABINET].cabinet("c1") is not None
        sent += FRAMES_A_ROUND
        if sent % COLLECT_FRAMES == 0:
            gc.collect()
    return Outcome(ends, _resident_kb() - settled_kb, understood)


def shipped() -> dict[str, TowerMap]:
    """The makers' maps by the names of their files."""
    return {
        file.stem: read_map(Options(parse(file), file.name)) for file in sorted(MAPS.glob("tower-*.toml"))
    }


class Inventor:
    """Invents messages with the attributes and the values that ``maps`` name, and with others."""

    def __init__(self, chance: random.Random, maps: Iterable[TowerMap]) -> None:
        ids, texts = {"?"}, set[str]()
        for one in maps:
            ids |= {each.signal for each in one.signals} | {each.signal for each in one.alarms}
            texts = texts.union(*(each.words for each in one.signals), *(each.words for each in one.alarms))
        self._chance = chance
        self._signals = sorted(each.replace(OTHER, "001") for each in ids)
        self._values = [*sorted(texts), *VALUES]

    def message(self) -> dict[str, object]:
        """Most are of a kind that exists."""
        chance, pick = self._chance, self._chance.choice
        entries = [
            {
                "id": pick(self._signals) + (str(chance.randrange(10**6)) if chance.random() < 0.1 else ""),
                "doorId": pick((None, "1", 2, "12", "13", 10**30, "x", [])),
                "value": pick(self._values),
                **{key: pick(VALUES) for key in ("alarmDesc", "alarmFlag")},
                **{pick(self._signals): pick(self._values) for _ in range(2)},
            }
            for _ in range(chance.randrange(6))
        ]
        lists = pick(("attrList", "boxList", "batList", "cabList", "alarmList"))
        return {
            "msgType": pick(TYPES),
            "devId": pick((*[CABINET] * 60, "B", 1)),
            "txnNo": pick(VALUES),
            "isFull": pick(VALUES),
            lists: entries if chance.random() < 0.95 else pick(VALUES),
        }


def _round(guests: Guests, at_ms: int, chance: random.Random, invent: Inventor) -> bool:
    """One connection; whether it had to end."""
    session = Session(guests, "127.0.0.1", at_ms)
    by_line = chance.random() < 0.5
    frames = [_frame(chance, invent.message(), by_line) for _ in range(FRAMES_A_ROUND)]
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


def _frame(chance: random.Random, message: dict[str, object], by_line: bool) -> bytes:
    text = json.dumps(message).encode()
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


def _resident_kb() -> int:
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if "VmRSS" in line)
    return int(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
