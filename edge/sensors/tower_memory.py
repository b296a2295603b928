"""What one cabinet has reported, put together into a reading (pure).

Cabinets report only what changed, and now and then everything. A new connection may have missed changes, and
everything may come in several frames. So what a full report leaves out, and what a cabinet said before it
logged in again, is believed for another :data:`DOUBT_MS` and then forgotten.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from contract.messages import Battery, Cabinet, Charge, Slot, SlotDoor
from edge.sensors.slot_doubt import doubt_of
from edge.sensors.tower_frames import Alarm, Fact, Message
from edge.sensors.tower_map import OTHER, SMOKE, AlarmSignal, Signal, TowerMap

DOUBT_MS: Final = 60_000
"""Time for the rest of a full report: some makers send it slot by slot."""

UNIT_FACTS: Final = 64
"""Kept of the cabinet itself, and of each slot on average; real ones have up to 40."""

_Key = tuple[int, str]
_Danger = tuple[int, str]
_Meant = tuple[list[Signal], list[AlarmSignal]]
_Told = dict[str, list[tuple[Signal, str]]]


class TowerMemory:
    """One cabinet.

    Attributes:
        heard_ms: when its last message came; ``mono_ms`` of this machine, never the cabinet's clock.
        dangers: what is wrong now: slot (0 is the cabinet) and alarm.
    """

    def __init__(self, meanings: TowerMap, slots: int) -> None:
        self.heard_ms: int | None = None
        self.dangers: frozenset[_Danger] = frozenset()
        self._map = meanings
        self._slots = slots
        self._facts: dict[_Key, str] = {}
        self._doubts: dict[_Key, int] = {}
        self._alarms: set[tuple[int, str, str]] = set()
        self._smoke_ended = False
        self._meant: dict[_Key, _Meant] = {}
        self._told: dict[int, _Told] | None = None
        self._reading: Cabinet | None = None

    def take(self, message: Message, mono_ms: int) -> bool:
        """Let a message sink in; whether it tells of a danger that was not there before."""
        self.heard_ms = mono_ms
        if message.kind == "login":
            self.lost(mono_ms)
        elif message.kind == "report":
            self._report(message, mono_ms)
        for alarm in message.alarms:
            self._alarm(alarm)
        self._changed()
        before, self.dangers = self.dangers, frozenset(self._dangers())
        return bool(self.dangers - before)

    def lost(self, mono_ms: int) -> None:
        """The line is gone, or new: from now on everything is in doubt."""
        self._doubts = dict.fromkeys(self._facts, mono_ms)

    def forget(self, mono_ms: int) -> None:
        """Drop what has been in doubt for too long."""
        old = [key for key, since in self._doubts.items() if mono_ms - since > DOUBT_MS]
        if old:
            self._drop(old)
            self.dangers = frozenset(self._dangers())

    def cabinet(self, name: str) -> Cabinet | None:
        """The reading; None while nothing is known of any slot."""
        if self._reading is None and self._speaks():
            temperatures = self._numbers(0, "temperature_c")
            self._reading = Cabinet(
                name,
                online=True,
                slots=self._all(),
                mains_ok=_yes(self._words(0, "mains_ok")),
                temperature_c=max(temperatures, default=None),
                smoke=self._smoke(),
            )
        return self._reading

    def doubt(self) -> str:
        """Why slots are unknown, in words; "" where none is."""
        return doubt_of(self._all(), self._understood) if self._speaks() else ""

    def explain(self) -> list[tuple[str, str, str]]:
        """Every attribute: its name, as it came, what it was taken for."""
        lines = []
        for (slot, signal), text in sorted(self._facts.items()):
            signals, alarms = self._means((slot, signal))
            means = [each.meaning(text) for each in signals]
            codes = [sorted(each.codes(text)) for each in alarms]
            means += [f"alarm {', '.join(each) or 'none'}" for each in codes]
            lines.append((_place(slot, signal), text, ", ".join(means) or "not in the map"))
        began = sorted(self._alarms)
        return lines + [(_place(slot, signal), "began", f"alarm {code}") for slot, signal, code in began]

    def _report(self, message: Message, mono_ms: int) -> None:
        facts = {(fact.slot, fact.signal): fact.text for fact in message.facts if fact.slot <= self._slots}
        if message.full:
            named = {slot for slot, _ in facts}
            self._drop(key for key in list(self._facts) if key[0] in named and key not in facts)
            self._doubt((key for key in self._facts if key not in facts), mono_ms)
        self._swapped(facts)
        for key, text in facts.items():
            if key in self._facts or len(self._facts) < UNIT_FACTS * (self._slots + 1):
                self._facts[key] = text
                self._doubts.pop(key, None)
        self._changed()
        for slot in {slot for slot, _ in facts if slot}:
            if self._battery(slot) == "absent":
                self._drop(self._battery_facts(slot))

    def _swapped(self, facts: dict[_Key, str]) -> None:
        """Another battery's number: what the one before said is no longer true."""
        for key, text in facts.items():
            before = self._facts.get(key)
            if before and text and before != text and self._is_serial(key):
                self._drop(each for each in self._battery_facts(key[0]) if each not in facts)

    def _alarm(self, alarm: Alarm) -> None:
        fact = alarm.fact
        if fact.slot > self._slots:
            return
        for meant in self._map.alarms_of(fact):
            codes = meant.began(fact.text)
            if not alarm.active and not fact.text:
                codes |= {code for _, signal, code in self._alarms if signal == fact.signal}
            entries = {(fact.slot, fact.signal, code) for code in codes}
            if not alarm.active:
                self._alarms -= entries
            elif len(self._alarms) < UNIT_FACTS * (self._slots + 1):
                self._alarms |= entries
            if SMOKE in codes:
                self._smoke_ended = not alarm.active

    def _doubt(self, keys: Iterable[_Key], mono_ms: int) -> None:
        for key in keys:
            self._doubts.setdefault(key, mono_ms)

    def _drop(self, keys: Iterable[_Key]) -> None:
        for key in list(keys):
            self._facts.pop(key, None)
            self._doubts.pop(key, None)
            self._meant.pop(key, None)
        self._changed()

    def _battery_facts(self, slot: int) -> Iterator[_Key]:
        """What only a battery in the slot can have said; not whether there is one."""
        for key in self._facts:
            signals, alarms = self._means(key)
            owners = {each.of for each in signals} | {each.of for each in alarms}
            if (
                key[0] == slot
                and owners == {"battery"}
                and not any(each.value == "battery" for each in signals)
            ):
                yield key

    def _is_serial(self, key: _Key) -> bool:
        return any(each.value == "battery" and OTHER in each.words for each in self._means(key)[0])

    def _means(self, key: _Key) -> _Meant:
        """The map's entries for one attribute, looked up once."""
        if key not in self._meant:
            fact = Fact(*key, "")
            self._meant[key] = self._map.signals_of(fact), self._map.alarms_of(fact)
        return self._meant[key]

    def _changed(self) -> None:
        self._told = self._reading = None

    def _sorted(self, slot: int) -> _Told:
        """What is told of one slot, by what it means."""
        if self._told is None:
            self._told = {n: {} for n in range(self._slots + 1)}
            for (place, signal), text in self._facts.items():
                for meant in self._means((place, signal))[0]:
                    self._told[place].setdefault(meant.value, []).append((meant, text))
        return self._told[slot]

    def _words(self, slot: int, value: str) -> list[str]:
        words = (meant.word(text) for meant, text in self._sorted(slot).get(value, ()))
        return [word for word in words if word is not None and word != "unknown"]

    def _numbers(self, slot: int, value: str) -> list[float]:
        numbers = (meant.number(text) for meant, text in self._sorted(slot).get(value, ()))
        return [number for number in numbers if number is not None]

    def _speaks(self) -> bool:
        """Whether anything is known of any slot."""
        return any(slot for slot, _ in self._facts)

    def _all(self) -> tuple[Slot, ...]:
        return tuple(self._slot(n) for n in range(1, self._slots + 1))

    def _understood(self, n: int) -> dict[str, bool]:
        told = self._sorted(n)
        return {name: _is_clear(name, heard) for name, heard in told.items()}

    def _slot(self, n: int) -> Slot:
        charges = self._words(n, "charge")
        return Slot(
            n,
            self._battery(n),
            cast(Charge, "fault" if "fault" in charges else _agreed(charges) or "unknown"),
            cast(SlotDoor, _agreed(self._words(n, "door")) or "unknown"),
            _yes(self._words(n, "enabled")),
            min(self._numbers(n, "soc_pct"), default=None),
            max(self._numbers(n, "temperature_c"), default=None),
            self._slot_alarms(n),
        )

    def _battery(self, n: int) -> Battery:
        return cast(Battery, _agreed(self._words(n, "battery")) or "unknown")

    def _slot_alarms(self, n: int) -> tuple[str, ...]:
        """Its own, and those of the whole cabinet but for smoke, which has a field of its own."""
        own = {code for slot, code in self.dangers if slot == n}
        shared = {f"cabinet_{code}" for slot, code in self.dangers if slot == 0 and code != SMOKE}
        return tuple(sorted(own | shared))

    def _smoke(self) -> bool | None:
        """False only where the cabinet said so: by a signal, by a list of all that is wrong, by an end."""
        if any(code == SMOKE for _, code in self.dangers):
            return True
        listed = any(SMOKE in meant.words.values() for key in self._facts for meant in self._means(key)[1])
        return False if listed or self._smoke_ended or self._words(0, SMOKE) else None

    def _dangers(self) -> Iterator[_Danger]:
        for slot, _, code in self._alarms:
            yield slot, code
        for key, text in self._facts.items():
            for meant in self._means(key)[1]:
                for code in meant.codes(text):
                    yield key[0], code
        if "yes" in self._words(0, SMOKE):
            yield 0, SMOKE


def _agreed(words: Sequence[str]) -> str | None:
    """The word on which all agree; two that contradict each other are worth none."""
    return words[0] if len(set(words)) == 1 else None


def _is_clear(name: str, heard: Sequence[tuple[Signal, str]]) -> bool:
    """Whether all of what is heard of one value is understood, and words agree."""
    if name == "soc_pct":
        return all(meant.number(text) is not None for meant, text in heard)
    words = {meant.word(text) for meant, text in heard} - {"unknown"}
    return None not in words and len(words) <= 1


def _yes(words: Sequence[str]) -> bool | None:
    word = _agreed(words)
    return None if word is None else word == "yes"


def _place(slot: int, signal: str) -> str:
    return f"slot {slot} {signal}" if slot else signal
