"""Stations of every kind, and days to simulate them on."""

from hypothesis import strategies as st

from contract.messages import CabinetInfo, SocketInfo
from edge.days import Profile, Station
from edge.days.calendar import (
    WHOLE_DAY,
    midnight_ms,
    service_day,
)
from edge.days.climate import WEATHER
from edge.days.station import FIRST_DAY

JULY = service_day(1_784_000_000_000)  # Tuesday, 14 July 2026
NOVEMBER = service_day(1_795_320_000_000)  # Sunday, 22 November 2026
OFFICE = ((540, 1080),) * 5 + (None, None)
LATE = ((660, 1560),) * 7
SOCKETS = (SocketInfo("ac1", "ac"), SocketInfo("ac2", "ac"), SocketInfo("usb1", "usb"))
CABINETS = (CabinetInfo("cabinet1", 12),)

profiles = st.builds(
    Profile,
    seed=st.integers(0, 2**32),
    visits_per_day=st.floats(10, 300),
    week=st.sampled_from([((360, 1320),) * 7, OFFICE, LATE, (WHOLE_DAY,) * 7]),
    climate=st.sampled_from(sorted(WEATHER)),
    conditioning=st.sampled_from(["good", "weak", "failing", "none"]),
    doors=st.integers(1, 2),
    bolt=st.booleans(),
    co2=st.booleans(),
    sockets=st.sampled_from([(), SOCKETS]),
    metered=st.booleans(),
    cabinets=st.sampled_from([(), CABINETS]),
)
days = st.integers(FIRST_DAY, FIRST_DAY + 700)
instants = st.integers(midnight_ms(FIRST_DAY), midnight_ms(FIRST_DAY + 700))


def all_of(station: Station, at_ms: int) -> tuple[object, ...]:
    """Everything that a station says and does at a moment."""
    return (
        station.climate(at_ms),
        station.doors(at_ms),
        station.presence(at_ms),
        station.sockets(at_ms),
        station.cabinets(at_ms),
        station.people(at_ms),
        station.cut_off(at_ms),
        [station.fails(part, at_ms) for part in station.profile.parts()],
    )
