"""Recorded sensors of every kind: small files made here, and the real recordings where they are."""

import csv
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from contract.messages import Cabinet, CabinetInfo, Climate, Door, Presence, Slot, Socket, SocketInfo
from edge.clock import Instant, SteppedClock
from edge.config import SensorEntry
from edge.options import ConfigError
from edge.sensors import Parts, Reading, SensorError
from edge.sensors.described import FOLDER
from edge.sensors.factory import build
from edge.sensors.recorded import Recorded

STATION_FILES = Path(__file__).parents[2] / "firmware_config" / "recordings"
NOW_MS = round(datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp() * 1000)
START = datetime(2026, 11, 18, 10, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)
MINUTE_MS = 60_000

Make = Callable[..., Recorded]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a sensor of rows a minute apart, the last of them within the week before now."""
    monkeypatch.delenv(FOLDER, raising=False)

    def sensor(kind: str, header: str, rows: Sequence[str], **options: object) -> Recorded:
        times = [START_MS // 1000 + 60 * i for i in range(len(rows))]
        text = "".join(f"{at},{row}\n" for at, row in zip(times, rows, strict=True))
        (tmp_path / "recording.csv").write_text(f"t,{header}\n{text}")
        given = {"path": "recording.csv", "time": ["t"], "time_format": "unix", **options}
        entry = SensorEntry("it", f"recorded_{kind}", None, given, "station.toml: [[sensor]] 1", tmp_path)
        [made] = build([entry], {"it": (100, 90)}, SteppedClock(NOW_MS))
        assert isinstance(made, Recorded)
        return made

    return sensor


def at(minute: float) -> Instant:
    return Instant(START_MS + round(minute * MINUTE_MS), 0, "synced")


def column(name: str, **more: object) -> dict[str, object]:
    return {"column": name, **more}


class TestClimate:
    def test_each_row_once_with_its_own_time(self, make: Make) -> None:
        sensor = make("climate", "v,w", ["20,40", "21,"], temperature=column("v"), humidity=column("w"))
        assert sensor.read(at(0.5)) == [Climate(START_MS, 20, 40)]
        assert sensor.read(at(0.6)) == []
        assert sensor.read(at(1)) == [Climate(START_MS + MINUTE_MS, 21, None)]

    UNITS: ClassVar[list[tuple[str, str, str, float]]] = [
        ("temperature", "°F", "77", 25),
        ("temperature", "K", "293.15", 20),
        ("humidity", "ratio", "0.4", 40),
        ("co2", "%", "0.05", 500),
    ]

    @pytest.mark.parametrize(("name", "unit", "text", "value"), UNITS)
    def test_units(self, make: Make, name: str, unit: str, text: str, value: float) -> None:
        [climate] = make("climate", "v", [text], **{name: column("v", unit=unit)}).read(at(0))
        assert isinstance(climate, Climate)
        told = [climate.temperature_c, climate.humidity_pct, climate.co2_ppm]
        assert [each for each in told if each is not None] == [value]

    def test_silent_in_a_gap(self, make: Make) -> None:
        sensor = make("climate", "v", ["20", "", "", "", "22"], temperature=column("v"), max_age_s=120)
        sensor.read(at(0))
        assert sensor.read(at(2)) == []
        assert sensor.next_ms(at(2).at_ms) == START_MS + 2 * MINUTE_MS + 1, "when it will be silent"
        with pytest.raises(SensorError, match="silent"):
            sensor.read(at(2.1))
        assert sensor.read(at(4)) == [Climate(START_MS + 4 * MINUTE_MS, 22)]


class TestDoor:
    def test_increments_go_on_from_the_totals_before(self, make: Make) -> None:
        sensor = make(
            "door", "i,o", ["2,1", "3,0"], counts="increments", **{"in": column("i"), "out": column("o")}
        )
        assert sensor.parts() == Parts(doors=("it",))
        assert sensor.read(at(0)) == [Door("it", 102, 91)]
        assert sensor.read(at(1)) == [Door("it", 105, 91)]

    def test_totals_count_by_their_differences(self, make: Make) -> None:
        """The first is only a mark; a smaller one means that the counter was set to zero."""
        sensor = make("door", "i", ["500", "503", "2"], counts="totals", **{"in": column("i")})
        assert [sensor.read(at(i)) for i in range(3)] == [
            [Door("it", 100, 90)],
            [Door("it", 103, 90)],
            [Door("it", 105, 90)],
        ]

    def test_two_rows_at_a_time_feed_one_door(self, make: Make) -> None:
        where = [column("n", where={"flow": flow}) for flow in (9, 7)]
        sensor = make(
            "door", "flow,n", ["7,1", "9,4"], counts="increments", **{"in": where[0], "out": where[1]}
        )
        sensor.read(at(0))
        assert sensor.read(at(1)) == [Door("it", 104, 91)]

    def test_who_went_before_the_start_is_not_counted(self, make: Make) -> None:
        sensor = make("door", "i", ["5", "7"], counts="increments", **{"in": column("i")})
        assert sensor.read(at(0.5)) == [Door("it", 100, 90)]
        assert sensor.read(at(1)) == [Door("it", 107, 90)]


def test_presence(make: Make) -> None:
    sensor = make("presence", "m", ["0", "1", "0"], motion=column("m"))
    assert [sensor.read(at(i)) for i in range(3)] == [
        [Presence(None)],
        [Presence(START_MS + MINUTE_MS)],
        [Presence(START_MS + MINUTE_MS)],
    ]


class TestSocket:
    def test_by_its_power(self, make: Make) -> None:
        watts = ["0"] * 4 + ["5"] * 3 + ["0"] * 4
        sensor = make("socket", "w", watts, power=column("w"), socket_kind="ac", label="A1")
        assert sensor.parts() == Parts(sockets=(SocketInfo("it", "ac", "A1"),))
        said = [socket for i in range(11) for socket in sensor.read(at(i)) if isinstance(socket, Socket)]
        states = [(socket.state, socket.since_ms) for socket in said]
        assert list(dict.fromkeys(states)) == [
            ("unknown", START_MS),
            ("free", START_MS),
            ("charging", START_MS + 4 * MINUTE_MS),
            ("free", START_MS + 7 * MINUTE_MS),
        ]

    def test_by_its_use(self, make: Make) -> None:
        sensor = make("socket", "u", ["0", "1", "1"], in_use=column("u"))
        assert sensor.read(at(2)) == [Socket("it", "usb", "in_use", START_MS + MINUTE_MS)]

    def test_limits_are_settings(self, make: Make) -> None:
        sensor = make("socket", "w", ["9"] * 4, power=column("w"), idle_w=10, charging_w=20)
        [socket] = sensor.read(at(3))
        assert isinstance(socket, Socket)
        assert (socket.state, socket.power_w) == ("free", 9)


class TestCabinet:
    def test_counts_become_slots(self, make: Make) -> None:
        sensor = make(
            "cabinet",
            "c,e,on",
            ["1,2,1", "0,4,0"],
            charged=column("c"),
            empty=column("e"),
            online=column("on"),
            slots=4,
        )
        assert sensor.parts() == Parts(cabinets=(CabinetInfo("it", 4),))
        [cabinet] = sensor.read(at(0))
        assert cabinet == Cabinet(
            "it",
            online=True,
            slots=(Slot(1, "present", "full"), Slot(2, "absent"), Slot(3, "absent"), Slot(4, "unknown")),
        )
        [cabinet] = sensor.read(at(1))
        assert cabinet == Cabinet("it", online=False, slots=tuple(Slot(n, "absent") for n in range(1, 5)))

    def test_more_than_its_slots_is_named(self, make: Make) -> None:
        with pytest.raises(ConfigError, match=r"recording\.csv: line 3: charged and empty is 5"):
            make("cabinet", "c,e", ["1,2", "3,2"], charged=column("c"), empty=column("e"), slots=4)


WRONG: list[tuple[dict[str, object], str, str]] = [
    ({}, "at least one of the tables temperature, humidity, co2", "nothing of the file is used"),
    ({"temperature": column("x")}, "recording.csv: line 2: column is 'x'", "no such column"),
    ({"temperature": column("v", unit="R")}, "unit is 'R'; allowed: one of °C, °F, K", "no such unit"),
    ({"temperature": column("v", scale=100)}, "a number from -40 to 125", "the contract allows no 2000 °C"),
    ({"temperature": {}}, "column is missing", "no column named"),
    ({"temperature": column("v"), "where": {"v": "5"}}, "leaves at least one row", "a filter without rows"),
    (
        {"temperature": column("v"), "time_zone": "Mars/Olympus"},
        "time_zone is 'Mars/Olympus'",
        "no such zone",
    ),
    ({"temperature": column("v"), "encoding": "klingon"}, "encoding is 'klingon'", "no such encoding"),
    (
        {"temperature": column("v"), "separator": "::"},
        "separator is '::'; allowed: one character",
        "two characters",
    ),
    ({"temperature": column("v"), "path": "nothing.csv"}, "nothing.csv", "no such file"),
    ({"temperature": column("v"), "pth": "x"}, "pth is 'x'", "a key that does not exist"),
]


@pytest.mark.parametrize(("options", "says", "reason"), WRONG, ids=[row[2] for row in WRONG])
def test_wrong_descriptions(make: Make, options: dict[str, object], says: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        make("climate", "v", ["20"], **options)
    assert says in str(error.value), reason


# From here on: the real recordings.


def station(name: str, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """The sensors of one of the station files that are shipped, each to be played once."""
    monkeypatch.setenv(FOLDER, str(recordings))
    tables = tomllib.loads((STATION_FILES / f"{name}.toml").read_text("utf-8"))["sensor"]
    entries = [
        SensorEntry(table.pop("id"), table.pop("kind"), None, {**table, "repeat": False}, name, STATION_FILES)
        for table in tables
    ]
    built = build(entries, {}, SteppedClock(NOW_MS))
    return [sensor for sensor in built if isinstance(sensor, Recorded)]


def play(sensor: Recorded) -> Iterator[Reading]:
    """Everything a sensor says, asked whenever it has something new to say."""
    at_ms: int | None = sensor.playback.first_ms
    while at_ms is not None and at_ms <= sensor.playback.last_ms:
        # In a gap it says nothing: what it says before and after must be all that the file holds.
        with suppress(SensorError):
            yield from sensor.read(Instant(at_ms, 0, "synced"))
        at_ms = sensor.next_ms(at_ms)


def table(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


@pytest.mark.parametrize(("name", "file"), [("train", "datatraining"), ("test", "datatest")])
def test_occupancy_detection(name: str, file: str, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(recordings / f"uci_occupancy_{file}.txt")[1:]
    climate, motion = station(f"uci_occupancy_{name}", recordings, monkeypatch)
    said = [item for item in play(climate) if isinstance(item, Climate)]
    assert [(c.temperature_c, c.humidity_pct, c.co2_ppm) for c in said] == [
        (float(row[2]), float(row[3]), float(row[5])) for row in rows
    ]
    first = datetime.fromisoformat(rows[0][1]).replace(tzinfo=ZoneInfo("Europe/Brussels"))
    assert (said[0].at_ms - round(first.timestamp() * 1000)) % (7 * 86_400_000) == 0
    moments = {item.motion_at_ms for item in play(motion) if isinstance(item, Presence)} - {None}
    assert len(moments) == sum(row[-1] == "1" for row in rows)


def test_calit2(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In and out over all days, and over the last 40."""
    rows = table(recordings / "uci_calit2_first_70_days.csv")[1:]
    [door] = station("uci_calit2", recordings, monkeypatch)
    said = [item for item in play(door) if isinstance(item, Door)]
    days = sorted({row[1] for row in rows}, key=lambda day: datetime.strptime(day, "%m/%d/%y"))  # noqa: DTZ007 - order
    last_40 = set(days[-40:])
    for flow, totals in (("9", [each.in_total for each in said]), ("7", [each.out_total for each in said])):
        assert totals[-1] == sum(int(row[3]) for row in rows if row[0] == flow)
        before = totals[len(totals) - 40 * 48 - 1]
        assert totals[-1] - before == sum(int(row[3]) for row in rows if row[0] == flow and row[1] in last_40)


def test_room_occupancy_estimation(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps of up to 15 days and numbers left out: every row is there, and no row is said twice."""

    def number(text: str) -> float | None:
        return float(text) if text else None

    rows = table(recordings / "uci_room_occupancy_estimation.csv")[1:]
    climate, one, two = station("uci_room_occupancy", recordings, monkeypatch)
    said = [item for item in play(climate) if isinstance(item, Climate)]
    assert [(c.temperature_c, c.co2_ppm) for c in said] == [(number(row[2]), number(row[14])) for row in rows]
    for sensor, place in ((one, 16), (two, 17)):
        moments = {item.motion_at_ms for item in play(sensor) if isinstance(item, Presence)} - {None}
        assert len(moments) == sum(row[place] == "1" for row in rows)


METERED: list[tuple[str, str, str, str]] = [
    (
        "tracebase_phone_1",
        "tracebase_complete_Charger-Smartphone_dev_D32328_2011.11.20.csv",
        "unknown 01:00:13, free 01:00:13, charging 18:50:53, free 19:46:10, charging 19:59:08, free 20:26:31",
        "0 W between the two sessions and after them",
    ),
    (
        "tracebase_phone_2",
        "tracebase_incomplete_Charger-Smartphone_dev_D32328_2011.11.28_cleaned_02.12.2011.csv",
        "unknown 01:00:06, free 01:00:06, charging 07:15:51, free 08:05:07",
        "one session",
    ),
    (
        "tracebase_phone_3",
        "tracebase_complete_Charger-Smartphone_dev_D337C9_2012.01.20.csv",
        "unknown 12:19:28, charging 12:19:28, unknown 21:24:15, charging 21:30:51",
        "2 W as long as there are rows; none for seven minutes",
    ),
    (
        "tracebase_laptop",
        "tracebase_complete_PC-Laptop_dev_B1B603_2012.01.19.csv",
        "unknown 00:00:06, charging 00:00:06",
        "never below 15 W, all day",
    ),
]


@pytest.mark.parametrize(
    ("name", "file", "states"), [row[:3] for row in METERED], ids=[row[3] for row in METERED]
)
def test_metered_sockets(
    name: str, file: str, states: str, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each state with its beginning in local time: more than 2 W for half a minute, 0 W for two."""
    [socket] = station(name, recordings, monkeypatch)
    said = [item for item in play(socket) if isinstance(item, Socket)]
    assert said[-1].power_w == float(table(recordings / file, delimiter=";")[-1][2])
    changes = dict.fromkeys((item.state, item.since_ms) for item in said)
    berlin = ZoneInfo("Europe/Berlin")
    found = [f"{state} {datetime.fromtimestamp(ms / 1000, berlin):%H:%M:%S}" for state, ms in changes]
    assert found == states.split(", ")


def test_oslo_docks(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table(recordings / "oslo_bysykkel_station_status_2024-11.csv")[1:]
    cabinets = station("oslo_docks", recordings, monkeypatch)
    assert len(cabinets) == 12
    for sensor in cabinets:
        [info] = sensor.parts().cabinets
        mine = [row for row in rows if f"dock-{row[1]}" == info.id]
        said = [item for item in play(sensor) if isinstance(item, Cabinet)]
        assert [_counts(item) for item in said] == [(int(row[6]), int(row[8]), row[3] == "1") for row in mine]


def _counts(cabinet: Cabinet) -> tuple[int, int, bool]:
    batteries = [slot.battery for slot in cabinet.slots]
    return batteries.count("present"), batteries.count("absent"), cabinet.online
