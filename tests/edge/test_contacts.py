"""Sockets and a swap cabinet made of plain contacts, on mock pins."""

import pytest

from contract.messages import Cabinet, CabinetInfo, Slot, Socket, SocketInfo
from edge.options import ConfigError
from edge.sensors import Parts
from edge.sensors.cabinet_contact import CabinetContact
from edge.sensors.sockets_contact import SocketsContact
from tests.support.pins import World, entry, world

__all__ = ["world"]

SOCKETS = [
    {"id": "s1", "pin": 5, "label": "左一"},
    {"id": "s2", "pin": 6, "socket_kind": "ac"},
]
SLOTS = [
    {"n": 1, "pin_battery": 5, "pin_closed": 6},
    {"n": 2, "pin_battery": 13},
]


@pytest.fixture
def sockets(world: World) -> SocketsContact:
    return SocketsContact(entry("sockets_contact", socket=SOCKETS), {}, world.clock)


@pytest.fixture
def cabinet(world: World) -> CabinetContact:
    return CabinetContact(entry("cabinet_contact", slot=SLOTS, voltage_v=60), {}, world.clock)


def look(sensor: SocketsContact | CabinetContact, world: World, *, twice: bool = True) -> list[object]:
    """Ask as the sampler does, once a second."""
    if twice:
        sensor.read(world.clock.now())
        world.wait(1)
    return list(sensor.read(world.clock.now()))


class TestSockets:
    def test_what_there_is(self, sockets: SocketsContact) -> None:
        assert sockets.parts() == Parts(sockets=(SocketInfo("s1", "usb", "左一"), SocketInfo("s2", "ac")))

    def test_free_then_in_use(self, world: World, sockets: SocketsContact) -> None:
        start_ms = world.clock.now().at_ms
        assert look(sockets, world) == [
            Socket("s1", "usb", "free", start_ms),
            Socket("s2", "ac", "free", start_ms),
        ]
        world.wait(60)
        world.drive(6, high=False)
        plugged_ms = world.clock.now().at_ms
        assert look(sockets, world)[1] == Socket("s2", "ac", "in_use", plugged_ms)

    def test_a_plug_that_wobbles_is_not_a_new_state(self, world: World, sockets: SocketsContact) -> None:
        before = look(sockets, world)
        world.drive(5, high=False)
        assert look(sockets, world, twice=False) == before
        world.drive(5, high=True)
        assert look(sockets, world) == before


class TestCabinet:
    def test_what_there_is(self, cabinet: CabinetContact) -> None:
        assert cabinet.parts() == Parts(cabinets=(CabinetInfo("it", 2, "", 60),))

    def test_batteries_and_doors(self, world: World, cabinet: CabinetContact) -> None:
        """A slot without a door contact has an unknown door, and no contact knows the charge."""
        assert look(cabinet, world) == [
            Cabinet("it", online=True, slots=(Slot(1, "absent", door="open"), Slot(2, "absent")))
        ]
        for pin in (5, 6, 13):
            world.drive(pin, high=False)
        assert look(cabinet, world) == [
            Cabinet("it", online=True, slots=(Slot(1, "present", door="closed"), Slot(2, "present")))
        ]


WRONG: list[tuple[str, dict[str, object], str, str]] = [
    ("sockets", {}, "socket", "no socket at all"),
    ("sockets", {"socket": [{"id": "s1"}]}, "pin", "a socket without a pin"),
    ("sockets", {"socket": [{"id": "S 1", "pin": 5}]}, "id", "an id that no message may carry"),
    ("sockets", {"socket": [{"id": "s1", "pin": 5, "socket_kind": "dc"}]}, "socket_kind", "no such kind"),
    ("sockets", {"socket": [{"id": "s1", "pin": 5}, {"id": "s2", "pin": 5}]}, "pin", "one pin twice"),
    ("cabinet", {}, "slot", "no slot at all"),
    ("cabinet", {"slot": [{"n": 0, "pin_battery": 5}]}, "n", "slots are numbered from 1"),
    (
        "cabinet",
        {"slot": [{"n": 1, "pin_battery": 5, "pin_door": 6}]},
        "pin_door",
        "a key that does not exist",
    ),
    ("cabinet", {"slot": [{"n": 1, "pin_battery": 5}], "voltage_v": "60"}, "voltage_v", "a number in quotes"),
]


@pytest.mark.parametrize(("what", "options", "key", "reason"), WRONG, ids=[row[3] for row in WRONG])
def test_wrong_options(world: World, what: str, options: dict[str, object], key: str, reason: str) -> None:
    make = SocketsContact if what == "sockets" else CabinetContact
    for _ in range(2):
        with pytest.raises(ConfigError) as error:
            make(entry(f"{what}_contact", **options), {}, world.clock)
        assert error.value.key == key, f"{reason}; also the second time, so the pins were given back"
