"""The console over real files, with people of every role, and browsers that are signed in to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import httpx

from server.accounts.sessions import COOKIE, Sessions, csrf_of
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.engine import Engine
from server.alerts.ledger import PART as ALERTS
from server.alerts.ledger import Ledger
from server.alerts.model import Alert, Place, Subject
from server.alerts.silences import Matcher, Silence
from server.alerts.standing import UnknownAlertError
from server.live import Live
from server.model import Network, Station
from server.notices import PART as NOTICES
from server.notify.model import Sent
from server.notify.outbox.outbox import Outbox
from server.notify.receivers.directory import Directory
from server.notify.sending.postman import Postman
from server.notify.tables import PART as NOTIFY
from server.pipeline import Pipeline
from server.registry import Registry
from server.reports.reports import Reports
from server.served.numbers import PART as SERVED
from server.settings import Settings
from server.store.sqlite import Store
from server.walls import PART as WALLS
from server.web.bodies import Receive, Scope, Send
from server.web.build import build_web
from server.web.front import Front
from server.web.staff.services import Staff as Services
from tests.support.asgi import Client, asking
from tests.support.served import TableRollups
from tests.support.staff import NOW_MS, Staff

CITY: Final = Network("city", "城市", "City", simulated=True)
TOWN: Final = Network("town", "小镇", "Town", simulated=True)
STATIONS: Final = (
    Station("city-0001", "city", "嘉节驿站", "Jiajie", region=("小店区", "龙城街道"), places=16),
    Station("city-0002", "city", "文庙驿站", region=("迎泽区",), places=8, instrumented=True),
    Station("town-0001", "town", "镇口驿站", region=("镇区",)),
)  # fmt: skip
"""One where 田师傅 works, one in another district of the same network, one of another network."""


FORM: Final = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
"""What a browser says of a form of the page that it shows, also of an empty one."""


class TableEngine:
    """Alerts set by hand, with what pages read of :class:`server.alerts.engine.Engine`."""

    def __init__(self, networks: Callable[[], Mapping[str, Network]], live: Live) -> None:
        self._networks, self._live = networks, live
        self._alerts: dict[str, Alert] = {}
        self._silenced: dict[str, Silence] = {}
        self._listeners: list[Callable[[], None]] = []
        self.version = 1
        self.safety_version = 0
        self.passed_ms: int | None = None
        self.settling_ms = 0

    def put(self, *alerts: Alert) -> None:
        """Set some alerts, and tell."""
        self._alerts |= {alert.id: alert for alert in alerts}
        self.version += 1
        self.safety_version += any(alert.safety for alert in alerts)
        for each in self._listeners:
            each()

    def silence(self, alert: Alert) -> None:
        """Have staff want no messages of an alert."""
        until_ms = alert.since_ms + 7 * 86_400_000
        matcher = Matcher(stations=(alert.subject.id,))
        self._silenced[alert.id] = Silence("1", matcher, alert.since_ms, until_ms, "tian", "等配件")

    def alerts(self) -> tuple[Alert, ...]:
        return tuple(each for each in self._alerts.values() if each.state != "closed")

    def find(self, alert_id: str) -> Alert | None:
        return self._alerts.get(alert_id)

    def hidden(self) -> Mapping[str, str]:
        return {}

    def silenced(self) -> Mapping[str, Silence]:
        return self._silenced

    def place(self, subject: Subject) -> Place:
        if subject.scope == "server":
            return Place()
        state = self._live.state(subject.id)
        if state is None:
            return Place.of_network(subject.id, self._networks(), subject.unit)
        return Place.of_station(state.station, self._networks())

    def act(self, alert_id: str, _action: str, by: str, _text: str = "", _version: int = 0) -> Alert:
        alert = self.find(alert_id)
        if alert is None:
            raise UnknownAlertError(alert_id)
        self.put(replace(alert, by=by, version=alert.version + 1))
        return self._alerts[alert_id]

    def take_up(self, alert_ids: Iterable[str], by: str) -> list[Alert]:
        return [self.act(each, "take", by) for each in alert_ids]

    def listen(self, callback: Callable[[], None]) -> None:
        self._listeners.append(callback)

    def well(self) -> bool:
        return True


class TablePostman:
    """A postman whose every test message arrives."""

    def test(self, _channel_id: str, _by: str) -> Sent:
        return Sent()

    def wake(self) -> None:
        """There is nothing to do."""

    def channels(self) -> Mapping[str, int | None]:
        return {}


class Console:
    """All that the console works with, and the web that it is part of.

    Attributes:
        now_ms: what every clock says; may be set.
        rollups: daily sums, set by hand.
        staff: the desk with :data:`tests.support.staff.PROFILES`.
    """

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.now_ms = NOW_MS
        self.staff = Staff(folder / "desk.db", parts=(ACCOUNTS, ALERTS, NOTICES, NOTIFY, SERVED, WALLS))
        desk = self.staff.desk
        self.registry = Registry.open(folder / "registry.db")
        self.registry.put_networks([CITY, TOWN])
        self.registry.put_stations(STATIONS)
        self.store = Store.open(folder / "readings.db")
        self.live, self.pipeline = Live(self.store), Pipeline(connected=True, alive=True)
        self.live.refresh_registry(self.registry.networks(), self.registry.stations(), NOW_MS)
        self.reports = Reports.open(folder / "reports.db")
        self.rollups = TableRollups()
        self.engine = TableEngine(self.live.networks, self.live)
        self.services = Services(
            desk=desk,
            users=self.staff.users,
            signin=self.staff.sign_in,
            sessions=Sessions(desk),
            ledger=Ledger(desk),
            engine=cast(Engine, self.engine),
            outbox=Outbox(desk),
            directory=Directory(desk),
            postman=cast(Postman, TablePostman()),
            live=self.live,
            store=self.store,
            registry=self.registry,
            pipeline=self.pipeline,
            reports=self.reports,
            settings=settings or Settings(data_dir=folder),
            rollups=self.rollups,
            now_ms=self.clock,
        )
        self.app: Front = build_web(
            self.live,
            self.store,
            self.services.settings,
            self.pipeline,
            reports=self.reports,
            staff=self.services,
            now_ms=self.clock,
        )

    def clock(self) -> int:
        """What every clock says."""
        return self.now_ms

    def token(self, name: str) -> str:
        """Sign somebody in; what the cookie holds."""
        return self.staff.enter(name, now_ms=self.now_ms).token

    def resettle(self, station_id: str, **changes: Any) -> None:
        """Import a station anew, with some of its fields changed."""
        here = self.live.registered()[station_id].station
        self.registry.put_stations([replace(here, **changes)])
        self.live.refresh_registry(self.registry.networks(), self.registry.stations(), self.now_ms)

    def close(self) -> None:
        """Close all files."""
        self.app.close()
        self.staff.desk.close()
        self.registry.close()
        self.store.close()
        self.reports.close()


@contextmanager
def console(folder: Path, settings: Settings | None = None) -> Iterator[Console]:
    """A console, closed afterwards."""
    made = Console(folder, settings)
    try:
        yield made
    finally:
        made.close()


class Browser:
    """Somebody's browser; with ``token`` signed in."""

    def __init__(self, client: Client, token: str | None = None) -> None:
        self.client, self.token = client, token

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask for a page."""
        return self._ask(path, method, {"sec-fetch-site": "none"} | headers, {})

    def post(
        self, path: str, csrf: str | None = "", headers: Mapping[str, str] | None = None, **form: Any
    ) -> httpx.Response:
        """Send a form, with the token of this session unless another or None is given."""
        return self.send(path, form, csrf, headers)

    def send(
        self,
        path: str,
        form: Mapping[str, Any],
        csrf: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The same, with whatever names the fields have."""
        if csrf == "" and self.token:
            csrf = csrf_of(self.token)
        data = dict(form) | ({"csrf": csrf} if csrf else {})
        return self._ask(path, "POST", FORM | dict(headers or {}), {"data": data})

    def _ask(
        self, path: str, method: str, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> httpx.Response:
        cookie = {"cookie": f"{COOKIE}={self.token}"} if self.token else {}
        return self.client.ask(path, method, headers={**cookie, **headers}, **options)


@contextmanager
def browsing(made: Console) -> Iterator[Callable[[str], Browser]]:
    """Makes browsers: ``browse("ada")`` is signed in, ``browse("")`` is nobody."""

    async def below_its_path(scope: Scope, receive: Receive, send: Send) -> None:
        """As uvicorn hands a request on."""
        await made.app({**scope, "root_path": made.app.base_path}, receive, send)

    with asking(below_its_path) as client:

        def browse(name: str = "") -> Browser:
            return Browser(client, made.token(name) if name else None)

        yield browse
