"""Watts over time, and what the socket is said to be."""

from collections.abc import Callable

import pytest

from contract.messages import SocketState
from edge.sensors.power import Limits, Outlet, PowerMeter, Safety, Session, Signals

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


def outlet() -> Outlet:
    return Outlet(Limits(), Safety(rated_w=2200), silent_ms=15 * S)


def look(plug: Outlet, signals: Signals, from_s: int, to_s: int) -> SocketState:
    for at_s in range(from_s, to_s + 1, 5):
        plug.feed(at_s * S, signals)
    return plug.state


IDLE, FAST = Signals(0.0, 230), Signals(30.0, 230)

OUTLETS: list[tuple[Signals, int, SocketState, str, str]] = [
    (Signals(0.0, 230), 200, "free", "", "nothing is drawn"),
    (Signals(30.0, 230), 35, "charging", "", "a fast charger"),
    (Signals(2300.0, 230), 5, "unknown", "", "a motor starts; five seconds are no overload"),
    (Signals(2300.0, 230), 10, "fault", "overload", "more than it is made for"),
    (Signals(30.0, 150), 10, "fault", "low_voltage", "on, but the mains is down"),
    (Signals(0.0, 0, on=False), 35, "off", "", "its relay is off, so no voltage is no fault"),
    (Signals(5.0, 230, 81), 0, "fault", "hot", "heat passes at once"),
    (Signals(5.0, 230, alarm="leakage"), 0, "fault", "leakage", "the device's own alarm passes at once"),
    (Signals(0.0, 230, plugged=True), 0, "in_use", "", "the contact sees a plug that draws nothing"),
    (Signals(0.0, 230, plugged=False), 0, "free", "", "the contact sees no plug: nothing to wait for"),
    (Signals(30.0, 230, plugged=False), 35, "charging", "", "watts are drawn: the contact lies"),
    (Signals(plugged=True), 0, "in_use", "", "a contact without a meter"),
    (Signals(), 600, "unknown", "", "it measures nothing"),
]


@pytest.mark.parametrize(("signals", "for_s", "state", "why", "reason"), OUTLETS, ids=[o[4] for o in OUTLETS])
def test_an_outlet(signals: Signals, for_s: int, state: SocketState, why: str, reason: str) -> None:
    plug = outlet()
    assert look(plug, signals, 0, for_s) == state, reason
    assert plug.fault == why


def test_a_fault_is_taken_back_after_a_minute_without_it() -> None:
    plug = outlet()
    look(plug, Signals(5.0, 230, 85), 0, 5)
    assert look(plug, Signals(5.0, 230, 78), 10, 200) == "fault", "not cooler by five degrees yet"
    assert look(plug, Signals(5.0, 230, 60), 205, 260) == "fault"
    assert look(plug, Signals(5.0, 230, 60), 265, 265) == "charging"
    assert plug.fault == ""


def test_a_contact_tells_a_full_phone_from_an_empty_socket() -> None:
    plug = outlet()
    look(plug, Signals(30.0, 230, plugged=True), 0, 60)
    assert look(plug, Signals(0.0, 230, plugged=True), 65, 400) == "full"
    assert look(plug, Signals(0.0, 230, plugged=False), 405, 405) == "free"
    assert look(plug, Signals(0.0, 230, plugged=True), 410, 410) == "in_use", "another phone"


def test_an_outlet_that_falls_silent_is_unknown_and_must_show_everything_anew() -> None:
    plug = outlet()
    look(plug, FAST, 0, 60)
    assert plug.wait(75 * S) == "charging"
    assert plug.wait(76 * S) == "unknown"
    assert plug.since_ms == 60 * S
    assert look(plug, FAST, 200, 225) == "unknown"
    assert look(plug, FAST, 230, 230) == "charging"


def test_a_session_has_a_beginning_and_a_peak() -> None:
    plug = outlet()
    look(plug, IDLE, 0, 200)
    assert plug.session is None
    look(plug, Signals(20.0, 230), 205, 300)
    look(plug, FAST, 305, 310)
    assert plug.session == Session(205 * S, 30.0)
    look(plug, IDLE, 315, 440)
    assert plug.session is None


DOUBTS: list[tuple[list[Signals], str, str]] = [
    ([], "no power value is heard", "nothing was said"),
    ([Signals(on=True)], "no power value is heard", "a relay without a meter"),
    (
        [Signals(0.0)],
        "free is not yet shown: it must be so for 120 s, and its first sign was 10 s ago",
        "an empty socket",
    ),
    (
        [Signals(5.0)],
        "charging is not yet shown: it must be so for 30 s, and its first sign was 10 s ago",
        "a phone",
    ),
    ([Signals(5.0, on=False)], "", "off is known"),
    ([Signals(5.0, plugged=False)], "", "a contact knows at once"),
]


@pytest.mark.parametrize(("told", "why", "reason"), DOUBTS, ids=[row[2] for row in DOUBTS])
def test_what_stays_unknown_has_its_reason(told: list[Signals], why: str, reason: str) -> None:
    plug = outlet()
    for signals in told:
        plug.feed(100 * S, signals)
    plug.wait(110 * S)
    assert plug.doubt(110 * S) == why, reason


def test_what_has_fallen_silent_has_its_reason() -> None:
    plug = outlet()
    assert look(plug, Signals(5.0), 0, 40) == "charging"
    assert plug.doubt(40 * S) == ""
    assert plug.wait(500 * S) == "unknown"
    assert plug.doubt(500 * S) == "no power value is heard"
