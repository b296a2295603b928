"""How many messages are committed and commit-acked, beside ``mosquitto_sub`` that only counts them.

Both are fed the same messages by the same senders in the same run, no faster than they take them, through
a broker with the same settings.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from scripts.bench.bodies import Size
from scripts.bench.load import Plan, Result
from scripts.bench.process import Meter, cpu_s
from scripts.bench.report import Row, judged
from scripts.bench.rig import CITY, QUEUE, Child, broker_for, rig, send
from tests.support.mosquitto import Broker, executable
from tests.support.wait import until

PUBLISHERS: Final = (50, CITY)
SIZES: Final[tuple[Size, ...]] = ("small", "large")
UNANSWERED: Final = (250, 1000)
"""Messages on their way at one moment, over all stations: for the yardstick, and for the server, what suits
each best. (The broker slows down with what is not acknowledged; the server commits in groups.)"""
LIMIT_S: Final = 120


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one consumer."""

    per_s: float
    cpu_us: float

    @classmethod
    def of(cls, result: Result, cpu: float) -> "Speed":
        return cls(result.answered / max(result.seconds, 1e-9), cpu / max(1, result.answered) * 1e6)


def measure(quick: bool) -> Iterator[Row]:
    """A yardstick and ours for each size and number of publishers."""
    messages = 20_000 if quick else 100_000
    for size in SIZES:
        for publishers in PUBLISHERS:
            plan = Plan(
                port=0,
                logins={},
                size=size,
                backlog=messages // publishers // (1 if size == "small" else 2),
                limit_s=LIMIT_S,
            )
            yard, yard_bytes = _yardstick(publishers, plan)
            ours = _ours(publishers, plan)
            yield from _rows(f"{yard_bytes:,} bytes, {publishers:,} publishers", yard, ours)


def _rows(about: str, yard: Speed, ours: Speed) -> Iterator[Row]:
    yield Row(f"`mosquitto_sub` counting, {about}", f"{yard.per_s:,.0f}/s, {yard.cpu_us:.0f} µs each")
    ratio = ours.per_s / yard.per_s
    found = f"{ours.per_s:,.0f}/s, {ratio:.2f} of it"
    yield judged(f"committed and acked, {about}", found, "≥ 0.35, reach for 0.5", ratio >= 0.35)
    times = ours.cpu_us / yard.cpu_us
    reached = ours.cpu_us <= 100 and times <= 8
    found = f"{ours.cpu_us:.0f} µs, {times:.1f} × `mosquitto_sub`"
    yield judged(f"server CPU a message, {about}", found, "≤ 100 µs and ≤ 8 ×", reached)


def _ours(publishers: int, plan: Plan) -> Speed:
    with rig(publishers, QUEUE) as running:
        meter = Meter(running.server.pid)
        result = send(replace(plan, port=running.broker.port, logins=running.logins, total=UNANSWERED[1]))
        return Speed.of(result, meter.read().cpu_s)


def _yardstick(publishers: int, plan: Plan) -> tuple[Speed, int]:
    messages = plan.backlog * publishers
    with broker_for(publishers, QUEUE | {"log_type": "subscribe"}) as (_, broker, logins):
        reading, writing = os.pipe()
        counter = subprocess.Popen(_counting(broker, messages), stdout=writing)  # noqa: S603 - a known program
        os.close(writing)
        try:
            until(lambda: f"{broker.server_user} 1 " in broker.log, 10, "mosquitto_sub has subscribed")
            before = cpu_s(counter.pid)
            full = replace(plan, port=broker.port, logins=logins, total=UNANSWERED[0], lines_fd=reading)
            result = Result(**Child("load", full, (reading,)).result(LIMIT_S + 60))
            return Speed.of(result, cpu_s(counter.pid) - before), result.message_bytes
        finally:
            counter.kill()
            counter.wait()
            os.close(reading)


def _counting(broker: Broker, messages: int) -> list[str]:
    """It says the topic of each message, so that the senders know what it has got."""
    login = [
        "-h",
        broker.host,
        "-p",
        str(broker.port),
        "-u",
        broker.server_user,
        "-P",
        broker.server_password,
    ]
    wish = ["-q", "1", "-t", "waystation/v1/+/telemetry", "-F", "%t", "-C", str(messages)]
    return [executable("mosquitto_sub"), *login, *wish]
