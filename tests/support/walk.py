"""A console with one of everything at one's own place and one elsewhere, and a sample of every request."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from server.accounts.roles import Place
from server.accounts.users import Profile
from server.alerts.model import Alert, Subject
from server.alerts.silences import Matcher, Silence
from server.model import Network
from server.notices import Draft, Notices
from server.notify.receivers.checks import ChannelForm, ReceiverForm
from server.served.model import Number
from server.served.numbers import Numbers
from server.walls import Walls
from tests.support.console import Console, console
from tests.support.staff import MINUTE_MS, NOW_MS, PASSWORD, TERMINAL

HERE: Final = Place("city", "小店区")
"""Where everybody of the walk works but for the admin."""
LANE: Final = Network("lane", "小巷", "Lane", simulated=True)
"""A whole network of the manager's, for what is done to no less."""
PEOPLE: Final = {
    "viewer": Profile("看", "viewer", places=(HERE,)),
    "technician": Profile("修", "technician", places=(HERE,)),
    "manager": Profile("管", "manager", places=(HERE, Place("lane"))),
    "admin": Profile("总", "admin", everywhere=True),
}
LOGINS: Final = {role: f"walk-{role}" for role in PEOPLE}
DAY: Final = date(2027, 1, 10)
UNTIL_MS: Final = NOW_MS + 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Sample:
    """What fills a route: its parameters and its form, at the place of the walk and elsewhere.

    Attributes:
        elsewhere: the same, at another place; None where no place is in question.
        foreign: the statuses that refuse it there: 404, as what does not exist; a form that offers only
            one's own places takes another for no place at all.
    """

    own: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] | None = None
    foreign: frozenset[int] = frozenset({404})


def _at(name: str, own: str, elsewhere: str, **form: str) -> Sample:
    return Sample({name: own, **form}, {name: elsewhere, **form})


ALERT: Final = ("00000000000000a1", "00000000000000a2")
_NOTHING_SET: Final = hashlib.blake2b(b"[]", digest_size=8).hexdigest()
_LENGTH: Final = {"for": "1h", "reason": "known", "text": "已知道，正在修"}
_NOTICE: Final = {"access": "words", "start": "", "end": "2027-01-15T20:00", "zh": "空调在修", "en": ""}
_NUMBER: Final = {"kind": "count", "first": "2027-01-10", "count": "30"}
_RECEIVER: Final = {
    "channel": "{channel}", "language": "zh", "reach": "all", "time_zone": "Asia/Shanghai"
}  # fmt: skip

SAMPLES: Final[Mapping[str, Sample]] = {
    "POST /staff/sign-out": Sample(),
    "GET /staff/password": Sample(),
    "POST /staff/password": Sample(
        {"old": PASSWORD, "new": "ein neues 好密码 2", "again": "ein neues 好密码 2"}
    ),
    "GET /staff": Sample(),
    "GET /staff/more": Sample(),
    "GET /staff/alerts": Sample(),
    "GET /staff/alerts/{alert_id}": _at("alert_id", *ALERT),
    "POST /staff/alerts/{alert_id}": _at("alert_id", *ALERT, do="take", version="0", text="在路上"),
    "POST /staff/alerts/{alert_id}/silence": _at("alert_id", *ALERT, **_LENGTH),
    "GET /staff/silences": Sample(),
    "POST /staff/silences": _at("place", "city/小店区", "city/迎泽区", kind="too_hot", **_LENGTH),
    "POST /staff/silences/{silence_id}/end": _at("silence_id", "own", "elsewhere"),
    "GET /staff/fleet": Sample(),
    "GET /staff/fleet.csv": Sample(),
    "GET /staff/fleet/letters": Sample(),
    "GET /staff/stations/{station_id}": _at("station_id", "city-0001", "city-0002"),
    "POST /staff/stations/{station_id}/people": _at("station_id", "city-0001", "city-0002", people="3"),
    "POST /staff/stations/{station_id}/take": _at(
        "station_id", "city-0001", "city-0002", alerts=" ".join(ALERT)
    ),
    "GET /staff/reports": Sample(),
    "GET /staff/reports/{report_id}": _at("report_id", "1", "2"),
    "POST /staff/reports/{report_id}/take": _at("report_id", "1", "2"),
    "POST /staff/reports/{report_id}/release": _at("report_id", "3", "4"),
    "POST /staff/reports/{report_id}/note": _at("report_id", "1", "2", text="去看过了"),
    "POST /staff/reports/{report_id}/done": _at("report_id", "1", "2", text="修好了"),
    "POST /staff/reports/{report_id}/reopen": _at("report_id", "5", "6"),
    "POST /staff/reports/{report_id}/link": Sample(
        {"report_id": "1", "alert": ALERT[0]}, {"report_id": "2", "alert": ALERT[1]}
    ),
    "POST /staff/reports/{report_id}/unlink": _at("report_id", "7", "8"),
    "GET /staff/notices": Sample(),
    "GET /staff/notices/new": Sample(),
    "POST /staff/notices/new": Sample(
        {"place": "city/小店区", **_NOTICE}, {"place": "city/迎泽区", **_NOTICE}, frozenset({400})
    ),
    "GET /staff/notices/{notice_id}": _at("notice_id", "1", "2"),
    "POST /staff/notices/{notice_id}": _at("notice_id", "1", "2", version="1", **_NOTICE),
    "POST /staff/notices/{notice_id}/end": _at("notice_id", "1", "2"),
    "GET /staff/thresholds": Sample(),
    "POST /staff/thresholds": _at("station", "city-0001", "city-0002", seen=_NOTHING_SET, too_hot_c="33"),
    "GET /staff/walls": Sample(),
    "POST /staff/walls": Sample({"network": "lane", "name": "大厅"}, {"network": "city", "name": "大厅"}),
    "POST /staff/walls/{link_id}/revoke": _at("link_id", "1", "2"),
    "GET /staff/served": Sample(),
    "GET /staff/served.csv": Sample(),
    "GET /staff/served.xlsx": Sample(),
    "GET /staff/served.json": Sample(),
    "GET /staff/served-reach": Sample(),
    "POST /staff/served-reach": Sample({"network": "city", "demand": "lon,lat\n112.5,37.8\n"}),
    "GET /staff/served-numbers": Sample(),
    "POST /staff/served-numbers": Sample(
        {"place": "city/小店区", **_NUMBER}, {"place": "city/迎泽区", **_NUMBER}, frozenset({400})
    ),
    "GET /staff/served-numbers/{number_id}": _at("number_id", "1", "2"),
    "POST /staff/served-numbers/{number_id}": _at("number_id", "1", "2", version="1", **_NUMBER),
    "POST /staff/served-numbers/{number_id}/remove": _at("number_id", "1", "2", version="1"),
    "GET /staff/channels": Sample(),
    "GET /staff/add-channel": Sample(),
    "POST /staff/add-channel": Sample({"name": "新群", "kind": "others", "address": "ntfys://ntfy.sh/x-y-z"}),
    "GET /staff/channels/{channel_id}": Sample({"channel_id": "{channel}"}),
    "POST /staff/channels/{channel_id}": Sample({"channel_id": "{channel}", "name": "另一个名字"}),
    "POST /staff/channels/{channel_id}/secret": Sample({"channel_id": "{channel}"}),
    "POST /staff/channels/{channel_id}/test": Sample({"channel_id": "{channel}"}),
    "POST /staff/channels/{channel_id}/remove": Sample({"channel_id": "{spare}"}),
    "GET /staff/channels/{channel_id}/secret": Sample({"channel_id": "{channel}"}),
    "GET /staff/channels/{channel_id}/test": Sample({"channel_id": "{channel}"}),
    "GET /staff/channels/{channel_id}/remove": Sample({"channel_id": "{channel}"}),
    "GET /staff/receivers": Sample(),
    "GET /staff/add-receiver": Sample(),
    "POST /staff/add-receiver": Sample(
        {
            "name": "新人",
            "channel": "{channel}",
            "language": "zh",
            "reach": "all",
            "time_zone": "Asia/Shanghai",
        }
    ),
    "GET /staff/receivers/{receiver_id}": Sample({"receiver_id": "{receiver}"}),
    "POST /staff/receivers/{receiver_id}": Sample({"receiver_id": "{receiver}", "name": "他", **_RECEIVER}),
    "POST /staff/receivers/{receiver_id}/remove": Sample({"receiver_id": "{receiver}"}),
    "GET /staff/people": Sample(),
    "GET /staff/add-person": Sample(),
    "POST /staff/add-person": Sample(
        {"name": "neu", "display": "新", "role": "admin", "reach": "all", "places": ""}
    ),
    "GET /staff/people/{name}": Sample({"name": "tian"}),
    "POST /staff/people/{name}": Sample({"name": "tian", "display": "田", "role": "viewer", "reach": "all"}),
    "POST /staff/people/{name}/reset": Sample({"name": "tian"}),
    "POST /staff/people/{name}/disable": Sample({"name": "tian"}),
    "POST /staff/people/{name}/enable": Sample({"name": "max"}),
    "GET /staff/audit": Sample(),
    "GET /staff/audit.csv": Sample(),
}
"""Of every route of the console that needs a session; a route without one fails the walk."""


class World:
    """The console, and the ids of what only a server can name."""

    def __init__(self, made: Console) -> None:
        self.made = made
        self.ids: dict[str, str] = {}
        staff, desk = made.staff, made.staff.desk
        made.registry.put_networks([LANE])
        made.live.refresh_registry(made.registry.networks(), made.registry.stations(), NOW_MS)
        for role, profile in PEOPLE.items():
            staff.users.add(LOGINS[role], profile, PASSWORD, TERMINAL, NOW_MS)
        staff.users.disable("max", TERMINAL, NOW_MS)
        for alert_id, station in zip(ALERT, ("city-0001", "city-0002"), strict=True):
            subject = Subject("station", station)
            made.engine.put(Alert(alert_id, "too_hot", "warning", subject, "firing", NOW_MS, NOW_MS))
        for silence_id, district in (("own", "小店区"), ("elsewhere", "迎泽区")):
            matcher = Matcher(networks=("city",), districts=(district,), kinds=("too_hot",))
            silence = Silence(silence_id, matcher, NOW_MS, UNTIL_MS, "ada", "检修")
            made.services.ledger.add_silence(silence, "ada", NOW_MS)
        for station in ("city-0001", "city-0002"):
            draft = Draft("city", station=station, until_ms=UNTIL_MS, zh="空调在修")
            Notices(desk).add(draft, "ada", NOW_MS)
        for network in ("lane", "city"):
            Walls(desk).make(network, "大厅", "ada", NOW_MS)
        for district in ("小店区", "迎泽区"):
            counted = Number("count", "city", district, "", DAY, DAY, 30)
            Numbers(desk).add(counted, "ada", today=DAY, now_ms=NOW_MS)
        self._reports()
        self._directory()

    def _reports(self) -> None:
        """By number: 1 and 2 open, 3 and 4 in hand, 5 and 6 done, 7 and 8 linked; odd ones at the place."""
        file = self.made.reports
        for number in range(1, 9):
            file.add("city-0001" if number % 2 else "city-0002", "temperature", f"热 {number}", NOW_MS)
        for number in (3, 4):
            file.work(number, "taken", "ada", NOW_MS)
        for number in (5, 6):
            file.work(number, "done", "ada", NOW_MS)
        for number in (7, 8):
            file.work(number, "linked", "ada", NOW_MS, ALERT[(number + 1) % 2])

    def _directory(self) -> None:
        directory = self.made.services.directory
        for name, kind, address in (
            ("channel", "webhook", "https://hooks.example.org/way"),
            ("spare", "others", "ntfys://ntfy.sh/spare-one"),
        ):
            secret = "whsec_" + "A" * 43 + "=" if kind == "webhook" else ""
            form = ChannelForm(name, kind, address, secret)  # type: ignore[arg-type]  # both are kinds
            self.ids[name] = directory.put_channel(form, "ada", NOW_MS)
        networks = self.made.live.networks()
        self.ids["receiver"] = directory.put_receiver(
            ReceiverForm("值班", self.ids["channel"]), "ada", NOW_MS, networks
        )

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """A sample with the ids in it."""
        return {name: value.format_map(self.ids) for name, value in given.items()}

    def kept(self) -> dict[str, list[tuple[object, ...]]]:
        """All that is stored, but for who is signed in and since when."""
        folder = self.made.staff.path.parent
        found: dict[str, list[tuple[object, ...]]] = {
            "alerts": [(each,) for each in self.made.engine.alerts()]
        }
        for name in ("desk", "registry", "reports"):
            with closing(sqlite3.connect(f"file:{folder / name}.db?mode=ro", uri=True)) as file:
                tables = [
                    row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                ]
                for table in tables:
                    if table not in ("sessions", "attempts"):
                        found[f"{name}.{table}"] = file.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  (ours)
        return found


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """The world of the walk, with a thread that does what the ingest does every second."""
    with console(folder) as made:
        over = threading.Event()

        def settle() -> None:
            while not over.wait(0.02):
                made.live.settle(made.now_ms)

        thread = threading.Thread(target=settle, name="settling")
        thread.start()
        try:
            yield World(made)
        finally:
            over.set()
            thread.join()
