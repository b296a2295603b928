"""Watts over time, and what the socket is said to be."""

from collections.abc import Callable

import pytest

from contract.messages import SocketState
from edge.power import Limits, PowerMeter

S = 1000
Reading = tuple[int, float]


def feed(meter: PowerMeter, watts: float, from_s: int, to_s: int, every_s: int = 5) -> SocketState:
    for at_s in range(from_s, to_s + 1, every_s):
        meter.feed(at_s * S, watts)
    return meter.state


def idle() -> PowerMeter:
    """A meter that has said 0 W for 200 s."""
    meter = PowerMeter()
    assert feed(meter, 0, 0, 200) == "free"
    return meter


def charging(watts: float = 5) -> PowerMeter:
    meter = idle()
    assert feed(meter, watts, 205, 400) == "charging"
    return meter


STEPS: list[tuple[float, int, SocketState, str]] = [
    (2, 25, "free", "a blip of 2 W, as idle chargers make them"),
    (2, 35, "charging", "2 W for half a minute is a phone"),
    (1.9, 35, "free", "below 2 W nothing charges"),
    (0.9, 700, "free", "an idle charger warms its case with less than 1 W"),
    (1.5, 500, "free", "a trickle, but not for long enough yet"),
    (1.5, 700, "full", "a phone that is full and stays plugged in"),
    (60, 35, "charging", "a laptop"),
]


@pytest.mark.parametrize(("watts", "for_s", "state", "reason"), STEPS, ids=[row[3] for row in STEPS])
def test_from_free(watts: float, for_s: int, state: SocketState, reason: str) -> None:
    assert feed(idle(), watts, 205, 205 + for_s) == state, reason


LATER: list[tuple[float, int, SocketState, str]] = [
    (0, 115, "charging", "phones pause for a moment; two minutes without current are an end"),
    (0, 125, "free", "unplugged, or full and drawing nothing"),
    (4, 700, "charging", "less than before is still charging"),
    (8, 700, "full", "at most a fifth of its peak for ten minutes: topped up"),
    (8, 590, "charging", "the fifth must last"),
]


@pytest.mark.parametrize(("watts", "for_s", "state", "reason"), LATER, ids=[row[3] for row in LATER])
def test_from_charging(watts: float, for_s: int, state: SocketState, reason: str) -> None:
    meter = charging(43 if watts == 8 else 5)
    assert feed(meter, watts, 405, 405 + for_s) == state, reason


def test_full_and_then_charging_again() -> None:
    meter = charging(43)
    feed(meter, 5, 405, 1100)
    assert feed(meter, 43, 1105, 1140) == "charging"


def test_since_is_when_the_signs_began() -> None:
    meter = charging()
    assert meter.since_ms == 205 * S
    feed(meter, 0, 405, 600)
    assert (meter.state, meter.since_ms) == ("free", 405 * S)


def test_a_broken_sign_begins_again() -> None:
    meter = idle()
    for at_s in range(205, 605, 20):
        meter.feed(at_s * S, 5 if at_s % 40 == 5 else 0)
    assert meter.state == "free"


class TestUnknown:
    def test_at_the_start(self) -> None:
        """Nothing is called free before two minutes have shown it."""
        meter = PowerMeter()
        assert feed(meter, 0, 0, 115) == "unknown"
        assert feed(meter, 0, 120, 125) == "free"

    def test_when_it_never_answers(self) -> None:
        meter = PowerMeter()
        assert meter.feed(7 * S, None) == "unknown"
        assert meter.since_ms == 7 * S

    @pytest.mark.parametrize("start", [idle, charging])
    def test_when_it_falls_silent(self, start: Callable[[], PowerMeter]) -> None:
        meter = start()
        heard_ms = 200 * S if start is idle else 400 * S
        assert meter.wait(heard_ms + 60 * S) != "unknown"
        assert meter.wait(heard_ms + 61 * S) == "unknown"
        assert meter.since_ms == heard_ms

    def test_no_answer_is_no_zero(self) -> None:
        meter = charging()
        for at_s in range(405, 470, 5):
            meter.feed(at_s * S, None)
        assert meter.state == "unknown"

    def test_silence_is_no_sign(self) -> None:
        """Two words with ten minutes between them do not make ten minutes of idleness."""
        meter = PowerMeter()
        meter.feed(0, 0)
        assert meter.feed(600 * S, 0) == "unknown"


def test_limits_of_ones_own() -> None:
    meter = PowerMeter(Limits(idle_w=3, charging_w=10))
    assert feed(meter, 2.5, 0, 125) == "free"
    assert feed(meter, 9, 130, 200) == "free"
    assert feed(meter, 10, 205, 240) == "charging"
