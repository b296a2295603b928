"""``waystation-edge simulate-past``: the past of a simulated fleet, as messages that would have carried it.

Made from the same days as the live simulation, so that one continues the other; coarser (a snapshot each
15 minutes, 30 when older than two weeks) and without an outbox, because nothing is lost by making it
again. From 04:00 to 05:00, and since the last such hour, there is one each 5 minutes: the server takes
longer gaps for gaps, and only in an ungapped quiet hour does it know that a room is empty.

Reads lines ``<station> <from, UTC ms>``; writes lines ``<station> <sent, UTC ms> <telemetry as JSON>``,
station by station. An empty message, ``<station> <to, UTC ms>``, says that a station is done.
"""

import argparse
import secrets
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from contract.codec import MAX_PAYLOAD, encode
from contract.messages import Fault, Snapshot, Telemetry
from edge.clock import Instant
from edge.days import Station
from edge.days.calendar import DAY_MS, DAY_STARTS_MIN, HOUR_MS, MINUTE_MS, midnight_ms, service_day
from edge.fleet import Member, load
from edge.options import ConfigError

_MOST_IN_BATCH: Final = 16
_FINE_MS: Final = 300_000
_RECENT_MS: Final = 14 * DAY_MS


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's place in ``waystation-edge``."""
    parser = subparsers.add_parser(
        "simulate-past", help="write the past of a simulated fleet", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--fleet", type=Path, required=True, help="the fleet file (JSON or TOML)")
    parser.add_argument("--to-ms", type=int, required=True, help="up to when, UTC milliseconds")
    parser.add_argument("--step-s", type=int, default=900, help="between snapshots, seconds (default 900)")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Write the past of the stations asked for on standard input; 2 for a fleet that cannot be read."""
    try:
        members = {member.station: member for member in load(args.fleet)}
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    out, step_ms = sys.stdout.buffer, args.step_s * 1000
    for line in sys.stdin:
        station, from_ms = line.split()
        for sent_ms, message in messages(members[station], int(from_ms), args.to_ms, step_ms):
            out.write(b"%s %d %s\n" % (station.encode(), sent_ms, message))
        out.write(b"%s %d\n" % (station.encode(), args.to_ms))
        out.flush()
    return 0


def messages(member: Member, from_ms: int, to_ms: int, step_ms: int) -> Iterator[tuple[int, bytes]]:
    """Telemetry of one station with the time at which it would have been sent.

    Times without power are left out; what a cut network had held back is there, as it would be by now.
    """
    boot_id, stream = str(uuid.uuid4()), secrets.token_hex(8)
    station, room = Station(member.profile), _batch_rows(member)
    batch: list[Snapshot] = []
    seq = 0
    for at_ms in moments(from_ms, to_ms, step_ms):
        if station.cut_off(at_ms) == "power":
            continue
        seq += 1
        batch.append(_snapshot(station, Instant(at_ms, at_ms - from_ms, "synced"), boot_id, stream, seq))
        if len(batch) == room:
            yield at_ms, encode(Telemetry(boot_id, batch[-1].mono_ms, tuple(batch)))
            batch = []
    if batch:
        yield batch[-1].at_ms, encode(Telemetry(boot_id, batch[-1].mono_ms, tuple(batch)))


def moments(from_ms: int, to_ms: int, step_ms: int) -> Iterator[int]:
    """When there is a snapshot, from ``from_ms`` up to, not including, ``to_ms``, on whole multiples."""
    fine_from_ms = midnight_ms(service_day(to_ms - HOUR_MS)) + DAY_STARTS_MIN * MINUTE_MS
    for at_ms in range(-(-from_ms // _FINE_MS) * _FINE_MS, to_ms, _FINE_MS):
        step_now_ms = step_ms if to_ms - at_ms < _RECENT_MS else 2 * step_ms
        quiet_hour = at_ms - midnight_ms(service_day(at_ms)) < (DAY_STARTS_MIN + 60) * MINUTE_MS
        if at_ms % step_now_ms == 0 or quiet_hour or at_ms >= fine_from_ms:
            yield at_ms


def _batch_rows(member: Member) -> int:
    """Snapshots that surely fit into one message."""
    slots = sum(cabinet.slots_count for cabinet in member.profile.cabinets)
    row_bytes = 900 + 120 * len(member.profile.sockets) + 180 * slots
    return min(max(MAX_PAYLOAD // row_bytes, 1), _MOST_IN_BATCH)


def _snapshot(station: Station, now: Instant, boot_id: str, stream: str, seq: int) -> Snapshot:
    failing = [part for part in station.profile.parts() if station.fails(part, now.at_ms)]
    return Snapshot(
        stream,
        seq,
        now.at_ms,
        now.mono_ms,
        boot_id,
        now.clock,
        climate=None if "climate" in failing else station.climate(now.at_ms),
        doors=() if "door" in failing else tuple(station.doors(now.at_ms)),
        presence=None if "presence" in failing else station.presence(now.at_ms),
        sockets=() if "sockets" in failing else tuple(station.sockets(now.at_ms)),
        cabinets=() if "cabinet" in failing else tuple(station.cabinets(now.at_ms)),
        faults=tuple(Fault(part, "no_answer", now.at_ms) for part in failing),
    )
