"""Messages of v1, and what a broken or hostile station may send instead.

The corpus is data, so that the codec, the ingest and the API can be shown the same payloads:
:func:`snapshot` and :func:`telemetry` make good ones as plain trees, :data:`MALFORMED` holds a payload
for every way of being wrong, each with its reason, and :data:`ODD` what looks wrong but is allowed.
"""

import json
from typing import Any, Final

Tree = dict[str, Any]

STREAM: Final = "00c0ffee00c0ffee"
BOOT_ID: Final = "6f1c2f0e-5d0b-4b1e-9f62-0d6b8f3a7c11"
AT_MS: Final = 1_760_000_000_000


def snapshot(seq: Any = 1, at_ms: Any = AT_MS, **changes: Any) -> Tree:
    """A small good snapshot as a tree; ``changes`` replace or add fields."""
    tree: Tree = {
        "stream": STREAM,
        "seq": seq,
        "at_ms": at_ms,
        "mono_ms": 60_000,
        "boot_id": BOOT_ID,
        "clock": "synced",
        "climate": {"at_ms": at_ms, "temperature_c": 24.5, "humidity_pct": 51.2},
        "doors": [{"id": "main", "in_total": 12, "out_total": 9}],
        "sockets": [{"id": "s1", "kind": "usb", "state": "free", "since_ms": at_ms}],
    }
    return tree | changes


def telemetry(*snapshots: Tree, **changes: Any) -> Tree:
    """A good batch as a tree, of one snapshot unless told otherwise."""
    batch = list(snapshots) or [snapshot()]
    return {"boot_id": BOOT_ID, "sent_mono_ms": 61_000, "snapshots": batch} | changes


def as_bytes(tree: object) -> bytes:
    """The tree as JSON; unlike the codec it will also write NaN and Infinity."""
    return json.dumps(tree, ensure_ascii=False).encode()


def _with(**changes: Any) -> bytes:
    return as_bytes(telemetry(snapshot(**changes)))


def _without(name: str) -> bytes:
    tree = snapshot()
    del tree[name]
    return as_bytes(telemetry(tree))


def _climate(**fields: Any) -> bytes:
    return _with(climate={"at_ms": AT_MS} | fields)


def _raw(old: str, new: bytes) -> bytes:
    good = as_bytes(telemetry())
    if good.count(old.encode()) != 1:
        raise ValueError(f"{old!r} must stand once in the good message")
    return good.replace(old.encode(), new)


def _door(**fields: Any) -> Tree:
    return {"id": "main", "in_total": 1, "out_total": 1} | fields


def _slot(**fields: Any) -> bytes:
    slot = {"n": 1, "battery": "present"} | fields
    return _with(cabinets=[{"id": "c1", "online": True, "slots": [slot]}])


def _socket(**fields: Any) -> Tree:
    return {"id": "s1", "kind": "usb", "state": "free", "since_ms": AT_MS} | fields


_GOOD: Final = as_bytes(telemetry())

MALFORMED: Final[dict[str, bytes]] = {
    # not JSON at all
    "nothing": b"",
    "blanks only": b" \n\t ",
    "binary garbage": bytes(range(256)) * 4,
    "zero bytes": b"\0" * 64,
    "UTF-16": _GOOD.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + _GOOD,
    "gzip instead of JSON": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "truncated in the middle": _GOOD[: len(_GOOD) // 2],
    "the last byte missing": _GOOD[:-1],
    "two messages in one": _GOOD + _GOOD,
    "something after the message": _GOOD + b"x",
    "single quotes": _GOOD.replace(b'"', b"'"),
    "trailing comma": _raw('"seq": 1,', b'"seq": 1,,'),
    "a comment": b"// hello\n" + _GOOD,
    "bytes that are no UTF-8 in a field": _raw('"main"', b'"\xff\xfe"'),
    "bytes that are no UTF-8 in an unknown field": _raw('"seq": 1,', b'"seq": 1, "later": "\xff",'),
    "a control character in text": _raw('"main"', b'"ma\x01in"'),
    # too much of it
    "64 KiB and one byte": _GOOD + b" " * (64 * 1024 + 1 - len(_GOOD)),
    "one byte above the limit": _GOOD + b" " * (32 * 1024 + 1 - len(_GOOD)),
    "100,000 brackets": b"[" * 100_000,
    "30,000 brackets, within the size": b"[" * 30_000,
    "5,000 closed brackets in an unknown field": _raw(
        '"seq": 1,', b'"seq": 1, "later": ' + b"[" * 5000 + b"]" * 5000 + b","
    ),
    "objects nested 3,000 deep": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    # another shape
    "null": b"null",
    "a number": b"7",
    "a list": b"[]",
    "an empty object": b"{}",
    "a bare snapshot without its batch": as_bytes(snapshot()),
    "no snapshots": as_bytes(telemetry(snapshots=[])),
    "snapshots as an object": as_bytes(telemetry(snapshots={"0": snapshot()})),
    "a snapshot that is a number": as_bytes(telemetry(snapshots=[7])),
    "doors null instead of left out": _with(doors=None),
    "doors as text": _with(doors="main"),
    "climate as a list": _with(climate=[24.5]),
    # missing
    "no boot id": as_bytes({k: v for k, v in telemetry().items() if k != "boot_id"}),
    "no stream": _without("stream"),
    "no seq": _without("seq"),
    "no time": _without("at_ms"),
    "no clock": _without("clock"),
    "a door without totals": _with(doors=[{"id": "main"}]),
    # wrong types
    "true for a number": _climate(temperature_c=True),
    "true for a count": _with(seq=True),
    "a number in a string": _climate(temperature_c="24.5"),
    "a count in a string": _with(seq="1"),
    "a number for text": _with(boot_id=12345678),
    "a fraction for a count": _with(seq=1.5),
    "a whole number written as a fraction": _with(seq=1.0),
    "a number for a flag": _with(doors=[_door(blocked=1)]),
    "text for a flag": _with(doors=[_door(blocked="no")]),
    "null for what must be there": _with(clock=None),
    # impossible values
    "NaN": _climate(temperature_c=float("nan")),
    "Infinity": _climate(temperature_c=float("inf")),
    "minus Infinity": _climate(temperature_c=float("-inf")),
    "NaN in an unknown field": _with(later=float("nan")),
    "10^30 degrees": _climate(temperature_c=10**30),
    "10^30 as a count": _with(seq=10**30),
    "1e400, infinite once parsed": _raw('"temperature_c": 24.5', b'"temperature_c": 1e400'),
    "a number of 400 digits": _raw('"temperature_c": 24.5', b'"temperature_c": 1' + b"0" * 400),
    "a count of 5,000 digits": _raw('"seq": 1,', b'"seq": ' + b"9" * 5000 + b","),
    "2^53, which not every reader keeps": _with(at_ms=2**53),
    "seq 0": _with(seq=0),
    "a negative total": _with(doors=[_door(in_total=-1)]),
    "a time before 1970": _with(at_ms=-1),
    "hotter than a sensor can be": _climate(temperature_c=126),
    "a humidity above 100": _climate(humidity_pct=100.5),
    "slot 0": _slot(n=0),
    "a slot charged to 101 %": _slot(soc_pct=101),
    "a socket of 10 kW and more": _with(sockets=[_socket(power_w=10_000.1)]),
    # impossible words
    "an unknown clock word": _with(clock="maybe"),
    "an unknown socket state": _with(sockets=[_socket(state="broken")]),
    "an unknown battery word": _slot(battery="Present"),
    "a stream that is not hexadecimal": _with(stream="zz" * 8),
    "a stream one digit short": _with(stream="0" * 15),
    "a stream with a line end": _with(stream="0" * 16 + "\n"),
    "an id like a path": _with(doors=[_door(id="../main")]),
    "an id with a wildcard": _with(doors=[_door(id="#")]),
    "an empty id": _with(doors=[_door(id="")]),
    "a lone surrogate": _raw('"main"', b'"\\ud800"'),
    "a lone surrogate in an unknown field": _raw('"seq": 1,', b'"seq": 1, "later": "\\udc00",'),
    "a lone surrogate in a field's name": _raw('"seq": 1,', b'"seq": 1, "\\ud800": 1,'),
    "markup in a fault code": _with(faults=[{"sensor": "t", "code": "<b>", "since_ms": 1}]),
    # twice
    "a door given twice": _with(doors=[_door(), _door()]),
    "a socket given twice": _with(sockets=[_socket(), _socket()]),
    "a slot given twice": _with(
        cabinets=[{"id": "c1", "online": True, "slots": [{"n": 1, "battery": "absent"}] * 2}]
    ),
    "an alarm given twice": _slot(alarms=["over_heat", "over_heat"]),
    "a field given twice, the first one wrong": _raw('"seq": 1,', b'"seq": "x", "seq": 1,'),
    "a field given twice, the second one wrong": _raw('"seq": 1,', b'"seq": 1, "seq": "x",'),
    "300 doors": _with(doors=[_door(id=f"d{i}") for i in range(300)]),
}
"""Telemetry that must be refused, by the reason in words."""

ODD: Final[dict[str, bytes]] = {
    "unknown fields everywhere": as_bytes(telemetry(snapshot(later={"a": [1, None, "ü"]}), later=1)),
    "a whole number for a measured one": _climate(temperature_c=24),
    "an exponent": _raw('"temperature_c": 24.5', b'"temperature_c": 2.45E+1'),
    "minus zero": _climate(temperature_c=-0.0),
    "null for what was not measured": _climate(temperature_c=None),
    "blanks around it": b" \r\n\t" + _GOOD + b" \n",
    "an escaped name": _raw('"seq"', b'"s\\u0065q"'),
    "a full surrogate pair in an unknown field": _raw('"seq": 1,', b'"seq": 1, "later": "\\ud83d\\ude00",'),
    "a number of 5,000 digits in an unknown field": _raw(
        '"seq": 1,', b'"seq": 1, "later": ' + b"9" * 5000 + b","
    ),
    "a field given twice, both right": _raw('"seq": 1,', b'"seq": 5, "seq": 1,'),
    "exactly the limit": _GOOD + b" " * (32 * 1024 - len(_GOOD)),
}
"""Telemetry that looks wrong and must be accepted."""
