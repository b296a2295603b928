"""All that staff work with, put together: alerts, messages, people, notices; it stands on ``desk.db``."""

import logging
from collections.abc import Callable
from typing import Self

from server.accounts import tables as accounts
from server.accounts.passwords import Passwords
from server.accounts.sessions import Sessions
from server.accounts.signin import SignIn
from server.accounts.users import Users
from server.alerts import tables as alerts
from server.alerts.engine import Engine
from server.alerts.ledger import Ledger
from server.alerts.model import Subject
from server.desk import Desk, DeskError
from server.live import Live
from server.notices import PART as NOTICES
from server.notices import Notices
from server.notify import tables as notify
from server.notify.outbox.outbox import Outbox
from server.notify.receivers.directory import Directory
from server.notify.sending.postman import Postman
from server.notify.targets.posting import Courier
from server.notify.words.texts import Words, label_of
from server.notify.words.writing import World
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Reports
from server.rollups import Rollups
from server.served.numbers import PART as SERVED
from server.settings import Settings
from server.store.sqlite import Store
from server.walls import PART as WALLS
from server.web.staff.services import Staff
from server.web.text import Language, Text

log = logging.getLogger(__name__)

PARTS = (accounts.PART, alerts.PART, notify.PART, NOTICES, SERVED, WALLS)


class Office:
    """What runs for staff beside the pages.

    Attributes:
        staff: the same for the pages.
    """

    def __init__(self, desk: Desk, staff: Staff) -> None:
        self._desk = desk
        self._notices = Notices(desk)
        self.staff = staff

    @classmethod
    def open(
        cls,
        settings: Settings,
        live: Live,
        store: Store,
        registry: Registry,
        *,
        pipeline: Pipeline,
        reports: Reports | None,
        now_ms: Callable[[], int],
    ) -> Self | None:
        """None where ``desk.db`` cannot be opened: riders are served all the same."""
        try:
            desk = Desk.open(settings.desk_db, *PARTS)
        except DeskError as error:
            log.error("no_alerts_no_console error=%s", error)
            return None
        allow_private = settings.notify_private_addresses == "yes"
        hashing = Passwords()
        engine = Engine(live, store, pipeline, desk, settings.data_dir, now_ms=now_ms)
        world = World(words_of(live, settings), engine.find, engine.well, now_ms)
        outbox, courier = Outbox(desk), Courier(allow_private=allow_private)
        postman = Postman(outbox, world, courier, settings.dead_man_url)
        engine.deliver_by(postman)
        return cls(
            desk,
            Staff(
                desk=desk,
                users=Users(desk, hashing),
                signin=SignIn(desk, hashing),
                sessions=Sessions(desk),
                ledger=Ledger(desk),
                engine=engine,
                outbox=outbox,
                directory=Directory(desk, allow_private=allow_private),
                postman=postman,
                live=live,
                store=store,
                registry=registry,
                pipeline=pipeline,
                reports=reports,
                settings=settings,
                rollups=Rollups.open_reader(settings.rollups_db),
                now_ms=now_ms,
            ),
        )

    def start(self) -> None:
        """Begin to judge and to deliver; once what is live is known."""
        self.staff.engine.start()
        self.staff.postman.start()

    def show(self, now_ms: int) -> None:
        """Let riders read what staff have written; every second, in the thread that writes what is live."""
        self._notices.show(self.staff.live, now_ms)

    def stop(self) -> None:
        """End all of it; once nobody calls :meth:`show` any more."""
        self.staff.engine.stop()
        self.staff.postman.stop()
        self._notices.close()
        self._desk.close()


def words_of(live: Live, settings: Settings) -> Callable[[Language, int], Words]:
    """What messages are worded with, in a language at a moment: names, parts, where the console is."""
    own = f"http://{settings.host}:{settings.port}/{settings.base_path.strip('/')}"
    address = (settings.public_url or own).rstrip("/")

    def words(language: Language, now_ms: int) -> Words:
        networks = live.networks()
        zone = next((network.time_zone for network in networks.values()), "Asia/Shanghai")
        stations = {id_: known.station for id_, known in live.registered().items()}
        return Words(Text(language, now_ms), stations, networks, address, zone, label)

    def label(subject: Subject) -> str:
        state = live.state(subject.id) if subject.scope == "station" else None
        return label_of(state, subject.unit)

    return words
