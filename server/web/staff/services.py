"""What the console works with, handed in as one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.accounts.sessions import Sessions
from server.accounts.signin import SignIn
from server.accounts.users import Users
from server.desk import Desk
from server.live import Live
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Reports
from server.served.gather import Rollups
from server.settings import Settings
from server.store.sqlite import Store

if TYPE_CHECKING:
    from server.alerts.engine import Engine
    from server.alerts.ledger import Ledger
    from server.notify.outbox.outbox import Outbox
    from server.notify.receivers.directory import Directory
    from server.notify.sending.postman import Postman


@dataclass(frozen=True, slots=True)
class Staff:
    """All parts of the server that a page may need; each is safe to use from several threads.

    Attributes:
        reports: None where its file cannot be opened.
        rollups: daily sums, for reading; None where they cannot be read.
        now_ms: the wall clock.
    """

    desk: Desk
    users: Users
    signin: SignIn
    sessions: Sessions
    ledger: "Ledger"
    engine: "Engine"
    outbox: "Outbox"
    directory: "Directory"
    postman: "Postman"
    live: Live
    store: Store
    registry: Registry
    pipeline: Pipeline
    reports: Reports | None
    settings: Settings
    rollups: Rollups | None
    now_ms: Callable[[], int]
