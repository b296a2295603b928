"""Tells a Home Assistant of the station over MQTT; off unless the station file names its broker.

It only ever publishes: there is no topic that would switch anything. All of it happens in threads of its
own, for which nothing waits. Of what the sampler hands over only the newest is kept, and the next goes out
when the broker has taken the one before.
"""

import logging
import threading
import time
from collections import deque
from typing import Final

from contract.messages import Info, Snapshot
from edge.config import HomeAssistantConfig
from edge.discovery import Plan, Watch, seen, values
from edge.discovery_turns import News, Turns
from edge.home_session import Session
from edge.sensors import Verdict

log = logging.getLogger(__name__)

REDIAL_S: Final = (1, 2, 5, 10, 30, 60)
"""Before the next attempt, and from then on the last."""

TICK_S: Final = 1.0
GOODBYE_S: Final = 2.0
"""For the orderly end; systemd waits longer than this."""

VERIFY_S: Final = 10.0


class HomeAssistant:
    """The station's device there, kept up to date until :meth:`stop`."""

    def __init__(self, settings: HomeAssistantConfig, station: str, info: Info) -> None:
        self._settings = settings
        self._plan = Plan(station, info, settings.language, settings.prefix, settings.topic)
        self._watch = Watch()
        self._handed: deque[tuple[float, Snapshot]] = deque(maxlen=1)
        self._news: News | None = None
        self._known: set[str] = set()
        self._bell = threading.Event()
        self._stopping = False
        self._trouble = ""
        self._attempts = 0
        self._thread = threading.Thread(target=self._run, name="home-assistant", daemon=True)

    def start(self) -> None:
        """Begin; does not wait for the broker."""
        self._thread.start()

    def tell(self, snapshot: Snapshot) -> None:
        """There is news. Returns at once; what nobody had time for is forgotten."""
        self._handed.append((time.monotonic(), snapshot))
        self._bell.set()

    def stop(self) -> None:
        """Say goodbye, if :data:`GOODBYE_S` is enough for that; else the broker finds out."""
        self._stopping = True
        self._bell.set()
        if self._thread.ident is not None:
            self._thread.join(GOODBYE_S + TICK_S)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._converse()
            except (OSError, ValueError) as error:  # names that cannot be are a ValueError
                self._note(str(error) or type(error).__name__)
            except Exception as error:  # whatever it is, the station's own work must go on
                log.exception("home_assistant=failed")
                self._note(repr(error))
            self._pause()

    def _pause(self) -> None:
        end_s = time.monotonic() + REDIAL_S[min(self._attempts, len(REDIAL_S) - 1)]
        self._attempts += 1
        while not self._stopping and (left_s := end_s - time.monotonic()) > 0:
            self._bell.wait(left_s)
            self._bell.clear()
            self._look()

    def _note(self, trouble: str) -> None:
        """Into the journal, once for each trouble."""
        if trouble != self._trouble:
            broker = self._settings.broker
            log.warning("home_assistant=away broker=%s:%d error=%r", broker.host, broker.port, trouble)
        self._trouble = trouble

    def _converse(self) -> None:
        """One connection from its dialling to its end."""
        plan = self._plan
        session = Session(self._settings, plan.node, self._bell.set, will_topic=plan.availability_topic)
        turns = Turns(plan)
        try:
            session.open()
            while not (self._stopping or session.closed or session.late):
                self._bell.wait(TICK_S)
                self._bell.clear()
                self._speak(session, turns)
            if self._stopping:
                self._say_goodbye(session)
        finally:
            session.close()
        if not self._stopping:
            raise ConnectionError(session.closed or "the broker does not answer")

    def _speak(self, session: Session, turns: Turns) -> None:
        self._look()
        if not session.online or session.busy:
            return
        if turns.is_new:
            log.info("home_assistant=online")
            self._trouble, self._attempts = "", 0
        for message in turns.next(time.monotonic(), self._news, self._known, born=session.take_birth()):
            session.publish(message.topic, message.payload, retain=message.retain)

    def _look(self) -> None:
        """Make news of what was handed over."""
        if not self._handed:
            return
        at_s, snapshot = self._handed.popleft()
        occupied = self._watch.occupied(snapshot.presence, snapshot.at_ms, snapshot.mono_ms)
        self._news = News(at_s, values(self._plan, snapshot, occupied))
        self._known |= seen(self._news.values)

    def _say_goodbye(self, session: Session) -> None:
        if not session.online:
            return
        session.publish(self._plan.availability_topic, b"offline", retain=True)
        end_s = time.monotonic() + GOODBYE_S
        while session.busy and not session.closed and (left_s := end_s - time.monotonic()) > 0:
            self._bell.wait(left_s)
            self._bell.clear()


def verify(settings: HomeAssistantConfig, station: str) -> Verdict:
    """Log in once, beside an agent that may be running, and say what came of it."""
    broker = settings.broker
    where = f"{broker.host}:{broker.port}{' with TLS' if broker.tls else ''}"
    answered = threading.Event()
    session = Session(settings, f"waystation_{station}_check", answered.set)
    try:
        session.open()
        answered.wait(VERIFY_S)
        if session.online:
            return Verdict(True, f"{where} accepts {broker.username or 'everybody'}")
        return Verdict(False, f"{where}: {session.closed or 'no answer'}")
    except (OSError, ValueError) as error:
        return Verdict(False, f"{where} cannot be reached ({error}); check host, port and tls")
    finally:
        session.close()
