"""The forms of v1 that have been released, byte for byte.

A station in the field may run a version for years. So a file in ``golden/v1`` is never changed and never
removed: what it says must be read the same for ever. A new field gets a new file.
"""

from pathlib import Path
from typing import Final

import msgspec
import pytest

from contract.codec import decode, encode
from contract.messages import (
    Ack,
    Cabinet,
    CabinetInfo,
    Climate,
    Door,
    Fault,
    Health,
    Info,
    Presence,
    SensorInfo,
    Slot,
    Snapshot,
    Socket,
    SocketInfo,
    Status,
    Telemetry,
)

GOLDEN: Final = Path(__file__).parent / "golden" / "v1"
BOOT: Final = "6f1c2f0e-5d0b-4b1e-9f62-0d6b8f3a7c11"
T0: Final = 1_764_000_000_000

FULL: Final = Snapshot(
    stream="00c0ffee00c0ffee",
    seq=4711,
    at_ms=T0,
    mono_ms=86_400_123,
    boot_id=BOOT,
    clock="synced",
    climate=Climate(at_ms=T0 - 500, temperature_c=26.4, humidity_pct=58.1, co2_ppm=812.0),
    doors=(
        Door("main", in_total=1204, out_total=1198, blocked=True, open=True, locked=False),
        Door("yard", in_total=0, out_total=3),
    ),
    presence=Presence(motion_at_ms=T0 - 2000, ok=False),
    sockets=(
        Socket("s1", "ac", "charging", since_ms=T0 - 60_000, power_w=43.5),
        Socket("s2", "usb", "unknown", since_ms=T0),
        Socket("s3", "usb", "in_use", since_ms=0),
    ),
    cabinets=(
        Cabinet(
            "c1",
            online=True,
            slots=(
                Slot(1, "present", "full", "closed", enabled=True, soc_pct=100.0, temperature_c=31.5),
                Slot(2, "present", "fault", "closed", enabled=False, alarms=("over_heat", "cell_spread")),
                Slot(3, "absent"),
                Slot(12, "unknown", "unknown", "open"),
            ),
            mains_ok=True,
            temperature_c=33.0,
            smoke=False,
        ),
        Cabinet("c2", online=False),
    ),
    health=Health(
        outbox_rows=3,
        dropped_total=0,
        uptime_s=86_400,
        refused_total=1,
        cpu_c=48.7,
        undervoltage=False,
        disk_free_pct=71.2,
    ),
    faults=(Fault("room", "no_answer", since_ms=T0 - 120_000),),
)

EXPECTED: Final[dict[str, object]] = {
    "telemetry_full": Telemetry(BOOT, sent_mono_ms=86_400_150, snapshots=(FULL,)),
    "telemetry_smallest": Telemetry(
        "0123abcd", 0, (Snapshot("0" * 16, 1, at_ms=0, mono_ms=0, boot_id="0123abcd", clock="unsynced"),)
    ),
    "telemetry_batch_of_two_boots": Telemetry(
        BOOT,
        9_000,
        (
            Snapshot(
                "ffffffffffffffff", 1, T0, 8_000, BOOT, "unsynced", climate=Climate(T0, temperature_c=-3.25)
            ),
            Snapshot("ffffffffffffffff", 2**53 - 1, T0 - 1, 2**53 - 1, "f" * 36, "synced"),
        ),
    ),
    "ack_committed": Ack(committed=(("00c0ffee00c0ffee", 1, 200), ("ffffffffffffffff", 7, 7))),
    "ack_refused": Ack(
        committed=(("00c0ffee00c0ffee", 1, 1),), refused=(("00c0ffee00c0ffee", 2, "out_of_range"),)
    ),
    "ack_empty": Ack(),
    "status_online": Status("online", BOOT, "0.1.0", T0),
    "status_offline": Status("offline", BOOT, "0.1.0", T0),
    "status_lost": Status("lost", BOOT, "0.1.0", T0),
    "info_full": Info(
        "0.1.0",
        sample_s=1.0,
        heartbeat_s=30.0,
        sensors=(SensorInfo("room", "climate_dht"), SensorInfo("main", "door_beams")),
        doors=("main", "yard"),
        sockets=(SocketInfo("s1", "ac", "A1 左"), SocketInfo("s2", "usb")),
        cabinets=(CabinetInfo("c1", 12, "东侧", 60.0), CabinetInfo("c2", 8)),
        simulated=True,
    ),
    "info_smallest": Info("0.1.0", sample_s=1.0, heartbeat_s=30.0),
}

LATER: Final = Telemetry(
    "0123abcd",
    5,
    (
        Snapshot(
            "0" * 16, 1, 1, 1, "0123abcd", "synced", doors=(Door("main", 1, 0),), presence=Presence(ok=True)
        ),
    ),
)


def test_every_golden_file_has_its_values_here() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*EXPECTED, "telemetry_from_a_later_version"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_golden_file_says_what_it_always_said(name: str) -> None:
    payload = (GOLDEN / f"{name}.json").read_bytes()
    assert decode(type(EXPECTED[name]), payload) == EXPECTED[name]
    assert msgspec.json.decode(payload, type=type(EXPECTED[name])) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_today_the_same_values_are_written_the_same_way(name: str) -> None:
    assert encode(EXPECTED[name]) == (GOLDEN / f"{name}.json").read_bytes()


def test_fields_of_a_later_version_are_ignored() -> None:
    payload = (GOLDEN / "telemetry_from_a_later_version.json").read_bytes()
    assert decode(Telemetry, payload) == LATER
