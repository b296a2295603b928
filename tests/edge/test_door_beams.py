"""A door on mock pins: the beams are broken as people would, the clock is moved by hand."""

import pytest

from contract.messages import Door
from edge.options import ConfigError
from edge.sensors import Parts
from edge.sensors.door_beams import DoorBeams
from tests.support.pins import World, entry, world

__all__ = ["world"]

A, B, LEAF, BOLT = 17, 27, 22, 23


class Doorway:
    """A door with receivers that pull their pin low when the beam is broken."""

    def __init__(self, world: World, *, broken_high: bool = False, **options: object) -> None:
        self.world = world
        self._broken_high = broken_high
        self.sensor = DoorBeams(
            entry("door_beams", pin_a=A, pin_b=B, **options), {"it": (100, 90)}, world.clock
        )

    def walk(self, beams: str, step_s: float = 0.2) -> None:
        """A capital breaks a beam, a small letter clears it."""
        for beam in beams:
            self.world.wait(step_s)
            pin = A if beam in "Aa" else B
            self.world.drive(pin, high=beam.isupper() == self._broken_high)
        self.world.wait(step_s)

    def read(self) -> Door:
        [door] = self.sensor.read(self.world.clock.now())
        assert isinstance(door, Door)
        return door


def test_people_in_and_out(world: World) -> None:
    door = Doorway(world)
    assert (door.read().in_total, door.read().out_total) == (100, 90)
    door.walk("ABab" * 3 + "BAba")
    assert (door.read().in_total, door.read().out_total) == (103, 91)
    assert door.sensor.parts() == Parts(doors=("it",))


def test_turning_back_is_nobody(world: World) -> None:
    door = Doorway(world)
    door.walk("ABbaAaBb")
    assert (door.read().in_total, door.read().out_total) == (100, 90)


def test_bounces_shorter_than_the_debounce(world: World) -> None:
    """The mock pins, like real ones, hand every edge on."""
    door = Doorway(world)
    door.walk("AaAaA", step_s=0.003)
    door.walk("Bab")
    assert door.read().in_total == 101


def test_many_people_between_two_questions(world: World) -> None:
    """Edges carry their own times: it does not matter when the sampler asks."""
    door = Doorway(world)
    door.walk("ABab" * 50)
    world.wait(600)
    assert door.read().in_total == 150


def test_blocked_and_free_again(world: World) -> None:
    door = Doorway(world, blocked_s=10)
    door.walk("A")
    assert not door.read().blocked
    world.wait(10)
    assert door.read().blocked
    door.walk("a")
    assert not door.read().blocked
    assert door.read().in_total == 100


@pytest.mark.parametrize(
    ("options", "broken_high"),
    [
        ({}, False),
        ({"pull": "down"}, True),
        ({"active_low": False}, True),
        ({"pull": "none", "active_low": True}, False),
    ],
)
def test_polarity_is_data(world: World, options: dict[str, object], broken_high: bool) -> None:
    if options.get("pull") == "none":
        world.drive(A, high=True)
        world.drive(B, high=True)
    if options == {"active_low": False}:
        world.drive(A, high=False)
    door = Doorway(world, broken_high=broken_high, **options)
    for pin in (A, B):
        world.drive(pin, high=not broken_high)
    world.wait(60)
    door.walk("ABab")
    assert door.read().in_total == 101


def test_leaf_and_bolt(world: World) -> None:
    """Contacts to ground: closed and locked are low. A change is believed when it is found twice."""
    door = Doorway(world, pin_closed=LEAF, pin_locked=BOLT)
    assert (door.read().open, door.read().locked) == (True, False)
    world.drive(LEAF, high=False)
    world.drive(BOLT, high=False)
    assert door.read().open
    world.wait(1)
    assert (door.read().open, door.read().locked) == (False, True)


def test_without_contacts_nothing_is_known_of_them(world: World) -> None:
    door = Doorway(world).read()
    assert door.open is None
    assert door.locked is None


def test_contacts_may_be_wired_otherwise(world: World) -> None:
    door = Doorway(world, pin_closed=LEAF, contacts={"pull": "down"})
    assert door.read().open
    world.drive(LEAF, high=True)
    door.read()
    world.wait(1)
    assert door.read().open is False


WRONG = [
    ({"pin_b": B}, "pin_a", "no outer beam"),
    ({"pin_a": A, "pin_b": A}, "pin_b", "one pin for two beams"),
    ({"pin_a": 40, "pin_b": B}, "pin_a", "no such pin"),
    ({"pin_a": A, "pin_b": B, "pull": "sideways"}, "pull", "no such pull"),
    ({"pin_a": A, "pin_b": B, "pin_bolt": BOLT}, "pin_bolt", "a key that does not exist"),
    ({"pin_a": A, "pin_b": B, "contacts": {"pul": "up"}}, "pul", "a key that does not exist, one level down"),
]


@pytest.mark.parametrize(("options", "key", "reason"), WRONG, ids=[row[2] for row in WRONG])
def test_wrong_options(world: World, options: dict[str, object], key: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        DoorBeams(entry("door_beams", **options), {}, world.clock)
    assert error.value.key == key, reason


def test_pins_are_free_again_after_an_error_and_after_the_end(world: World) -> None:
    with pytest.raises(ConfigError):
        DoorBeams(entry("door_beams", pin_a=A, pin_b=B, nonsense=1), {}, world.clock)
    Doorway(world).sensor.close()
    Doorway(world).sensor.close()
