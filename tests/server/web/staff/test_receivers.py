"""Who is told of what: filled in, tried on the present alerts, and what would reach nobody."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from server.alerts.model import Alert, Severity, Subject
from server.alerts.silences import Matcher
from server.notify.receivers.checks import ChannelForm
from server.notify.receivers.directory import ReceiverEntry
from server.notify.receivers.model import Quiet
from server.web.staff.messages.takes import SERVER_KINDS
from tests.support.console import Browser, Console, browsing, console
from tests.support.staff import NOW_MS

WECOM: Final = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"
GROUP: Final[dict[str, Any]] = {
    "name": "小店区维修群",
    "language": "zh",
    "reach": "all",
    "time_zone": "Asia/Shanghai",
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(made: Console) -> Iterator[Browser]:
    with browsing(made) as browse:
        yield browse("ada")


@pytest.fixture
def channel(made: Console) -> str:
    return made.services.directory.put_channel(ChannelForm("群", "wecom", WECOM, ""), "ada", NOW_MS)


def beside(answer: httpx.Response, field: str) -> str:
    """What is said beside a field, "" for nothing."""
    found = re.search(rf'id="wrong-{field}" role="alert">(.*?)</p>', answer.text)
    return unescape(found[1]) if found else ""


def words(answer: httpx.Response) -> str:
    """The page as it is read."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", answer.text.partition("<main")[2])))


def stored(made: Console) -> tuple[ReceiverEntry, ...]:
    return made.services.directory.receivers()


def firing(number: int, kind: str, severity: Severity, subject: Subject) -> Alert:
    return Alert(f"{number:016x}", kind, severity, subject, "firing", NOW_MS - number, NOW_MS)


OFFLINE: Final = firing(1, "station_offline", "critical", Subject("station", "city-0001"))
HOT: Final = firing(2, "too_hot", "warning", Subject("station", "city-0002"))
BROKER: Final = firing(3, "broker_down", "critical", Subject("server", "broker"))
SMOKE: Final = firing(4, "cabinet_smoke", "safety", Subject("station", "town-0001"))


@pytest.mark.parametrize(
    ("sent", "takes", "why"),
    [
        ({}, (Matcher(),), "everywhere, and the server"),
        (
            {"reach": "some", "place": ["city/小店区", "town"]},
            (Matcher(networks=("town",)), Matcher(networks=("city",), districts=("小店区",))),
            "a network and a district of another",
        ),
        ({"reach": "some", "server": "1"}, (Matcher(kinds=SERVER_KINDS),), "the server only"),
        (
            {"reach": "some", "place": "city", "severity": ["critical", "safety"], "kind": ["too_hot"]},
            (Matcher(networks=("city",), kinds=("too_hot",), severities=("safety", "critical")),),
            "some kinds and severities there",
        ),
        ({"place": "city"}, (Matcher(),), "places ticked before “everywhere” was chosen"),
        ({"severity": ["safety", "critical", "warning", "info"]}, (Matcher(),), "all ticked is all"),
    ],
)  # fmt: skip
def test_what_is_ticked_is_theirs_and_shown_so_again(
    made: Console, ada: Browser, channel: str, *, sent: dict[str, Any], takes: tuple[Matcher, ...], why: str
) -> None:
    answer = ada.post("/staff/add-receiver", **GROUP | {"channel": channel} | sent)
    assert answer.status_code == 303, why
    (entry,) = stored(made)
    assert (entry.takes, entry.by) == (takes, "ada"), why
    page = ada.get(f"/staff/receivers/{entry.id}").text
    ticked = re.findall(r'name="(\w+)" value="([^"]*)"[^>]* checked', page)
    again: dict[str, list[str]] = {}
    for name, value in ticked:
        again.setdefault(name, []).append(unescape(value))
    assert ada.post(f"/staff/receivers/{entry.id}", **GROUP | {"channel": channel} | again).status_code == 303
    assert stored(made) == (entry,), "sent as it was shown, nothing changes"


def test_quiet_hours_second_and_language_are_kept(made: Console, ada: Browser, channel: str) -> None:
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "经理"})
    (manager,) = stored(made)
    form = GROUP | {"language": "en", "second": manager.id, "quiet_from": "22:00", "quiet_until": "07:05"}
    assert ada.post("/staff/add-receiver", channel=channel, **form).status_code == 303
    entry = next(each for each in stored(made) if each.id != manager.id)
    assert (entry.second, entry.language, entry.quiet) == (manager.id, "en", Quiet(1320, 425))
    page = ada.get(f"/staff/receivers/{entry.id}").text
    assert 'name="quiet_from" value="22:00"' in page
    assert 'name="quiet_until" value="07:05"' in page
    shown = words(ada.get("/staff/receivers"))
    assert "22:00 到 07:05 免打扰" in shown
    assert "10 分钟没人接手，转给 经理" in shown


@pytest.mark.parametrize(
    ("sent", "field", "why"),
    [
        ({"name": ""}, "name", "no name"),
        ({"name": "有了"}, "name", "another receiver has it"),
        ({"channel": ""}, "channel", "none chosen"),
        ({"channel": "gone"}, "channel", "no such channel"),
        ({"reach": ""}, "takes", "neither everywhere nor some places"),
        ({"reach": "some"}, "takes", "no place ticked: nothing would be theirs"),
        ({"reach": "some", "server": "1", "kind": "too_hot"}, "takes", "the server is never too hot"),
        ({"reach": "some", "place": "nowhere"}, "takes", "no such network"),
        ({"second": "gone"}, "second", "no such receiver"),
        ({"quiet_from": "22:00"}, "quiet", "no end"),
        ({"quiet_from": "07:00", "quiet_until": "07:00"}, "quiet", "no time in between"),
        ({"quiet_from": "24:00", "quiet_until": "07:00"}, "quiet", "no time of the day"),
        ({"quiet_from": "2:00", "quiet_until": "٠٧:٠٠"}, "quiet", "not as browsers send it"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "no time zone"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    made: Console, ada: Browser, channel: str, *, sent: dict[str, Any], field: str, why: str
) -> None:
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "有了"})
    before = stored(made), len(made.staff.audit())
    answer = ada.post("/staff/add-receiver", **GROUP | {"channel": channel} | sent)
    assert answer.status_code == 400, why
    assert beside(answer, field), why
    assert (stored(made), len(made.staff.audit())) == before, why


def test_seconds_that_lead_back_are_refused(made: Console, ada: Browser, channel: str) -> None:
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "甲"})
    (first,) = stored(made)
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "乙", "second": first.id})
    second = next(each for each in stored(made) if each.id != first.id)
    path = f"/staff/receivers/{first.id}"
    answer = ada.post(path, **GROUP | {"channel": channel, "name": "甲", "second": second.id})
    assert (answer.status_code, bool(beside(answer, "second"))) == (400, True)
    removed = ada.post(f"{path}/remove")
    assert (removed.status_code, bool(beside(removed, "remove"))) == (409, True)
    assert ada.post(f"/staff/receivers/{second.id}/remove").status_code == 303
    assert ada.post(f"{path}/remove").status_code == 303
    assert stored(made) == ()


@pytest.mark.parametrize(
    ("sent", "theirs", "why"),
    [
        ({}, [SMOKE, OFFLINE, BROKER, HOT], "all of them, worst first"),
        (
            {"reach": "some", "place": "city/迎泽区"},
            [SMOKE, HOT],
            "safety that is nobody else's is theirs, too",
        ),
        ({"reach": "some", "place": "city", "severity": "critical"}, [SMOKE, OFFLINE], "no mere warning"),
        ({"reach": "some", "server": "1"}, [SMOKE, BROKER], "the server's"),
    ],
)
def test_a_preview_shows_the_present_alerts_that_would_be_theirs(
    made: Console, ada: Browser, channel: str, *, sent: dict[str, Any], theirs: list[Alert], why: str
) -> None:
    made.engine.put(OFFLINE, HOT, BROKER, SMOKE)
    answer = ada.post("/staff/add-receiver", do="preview", **GROUP | {"channel": channel} | sent)
    assert answer.status_code == 200
    shown = re.findall(r"/staff/alerts/([0-9a-f]{16})", answer.text.partition('id="preview"')[2])
    assert shown == [alert.id for alert in theirs], why
    assert "只是预览，还没有保存" in words(answer)
    assert 'value="小店区维修群"' in answer.text, "what was filled in is still there"
    assert stored(made) == ()


def test_safety_that_somebody_takes_is_not_theirs_in_a_preview(
    made: Console, ada: Browser, channel: str
) -> None:
    made.engine.put(SMOKE)
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "都收"})
    form = GROUP | {"channel": channel, "reach": "some", "place": "city"}
    assert "现在没有告警会发给他" in words(ada.post("/staff/add-receiver", do="preview", **form))


def test_what_reaches_nobody_is_said(ada: Browser, channel: str) -> None:
    assert "还没有接收人：告警不会发给任何人" in words(ada.get("/staff/receivers"))
    form = GROUP | {"channel": channel, "reach": "some", "place": ["city/小店区", "town"]}
    ada.post("/staff/add-receiver", **form)
    shown = words(ada.get("/staff/receivers"))
    assert "服务器本身: 全部（人身安全除外）" in shown
    assert "迎泽区 · 城市: 全部（人身安全除外）" in shown
    assert "小店区 · 城市: 全部" not in shown
    ada.post("/staff/add-receiver", **GROUP | {"channel": channel, "name": "都收"})
    assert "没人收" not in words(ada.get("/staff/receivers"))


def test_without_a_channel_there_is_nobody_to_add(made: Console, ada: Browser) -> None:
    assert made.services.directory.channels() == ()
    assert "先添加一个通知渠道" in words(ada.get("/staff/receivers"))


@pytest.mark.parametrize("path", ["/staff/receivers/none", "/staff/receivers/none/remove"])
def test_a_receiver_that_is_not_there(ada: Browser, path: str) -> None:
    assert ada.post(path, **GROUP).status_code == 404


@pytest.mark.parametrize("name", ["vi", "tian", "max"])
def test_only_admins_set_who_is_told(made: Console, channel: str, name: str) -> None:
    with browsing(made) as browse:
        browser: Callable[[str], Browser] = browse
        other = browser(name)
        assert other.get("/staff/receivers").status_code == 403
        assert other.post("/staff/add-receiver", **GROUP | {"channel": channel}).status_code == 403
    assert stored(made) == ()
