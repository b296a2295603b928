"""Channels: set up without ever showing what opens them, and tested by a button that tells the truth."""

import base64
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from server.alerts.model import Alert, Bundle, Subject
from server.notify.receivers.checks import ReceiverForm, Wrong
from server.web.text import LANGUAGES, strings
from tests.support.bots import Bots, Play
from tests.support.console import Browser, Console, browsing, console
from tests.support.staff import NOW_MS
from tests.support.switchboard import switchboard
from tests.support.wait import until

Browse = Callable[[str], Browser]
OFFLINE = Alert(
    "00c0ffee00c0ffee", "station_offline", "critical", Subject("station", "city-0001"), "firing",
    NOW_MS - 300_000, NOW_MS - 120_000, version=1,
)  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Console]:
    with switchboard(tmp_path) as opened:
        yield opened


@pytest.fixture
def bots(made: Console) -> Iterator[Bots]:
    with Bots(made.clock) as running:
        yield running


@pytest.fixture
def ada(made: Console) -> Iterator[Browser]:
    with browsing(made) as browse:
        yield browse("ada")


def beside(answer: httpx.Response, field: str) -> str:
    """What is said beside a field, "" for nothing."""
    found = re.search(rf'id="wrong-{field}" role="alert">(.*?)</p>', answer.text)
    return unescape(found[1]) if found else ""


def words(answer: httpx.Response) -> str:
    """The page as it is read."""
    main = answer.text.partition("<main")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def forms(bots: Bots) -> dict[str, dict[str, Any]]:
    return {
        "wecom": {"kind": "wecom", "name": "企业微信", "address": bots.wecom},
        "dingtalk": {"kind": "dingtalk", "name": "钉钉", "address": bots.dingtalk, "secret": bots.secret},
        "feishu": {"kind": "feishu", "name": "飞书", "address": bots.feishu, "secret": bots.secret},
        "webhook": {"kind": "webhook", "name": "工单", "address": bots.hook},
    }


def added(ada: Browser, made: Console, form: dict[str, Any]) -> str:
    """Add a channel by its form; its id."""
    before = {channel.id for channel in made.services.directory.channels()}
    answer = ada.post("/staff/add-channel", **form)
    assert answer.status_code in (200, 303), words(answer)
    (new,) = {channel.id for channel in made.services.directory.channels()} - before
    return new


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_a_chat_is_added_and_its_test_arrives(made: Console, ada: Browser, bots: Bots, kind: str) -> None:
    channel = added(ada, made, forms(bots)[kind])
    answer = ada.post(f"/staff/channels/{channel}/test")
    assert answer.status_code == 200
    assert "16:00 已送达：对方确认收到了" in words(answer)
    (text,) = bots.texts(kind)
    assert "这是一条测试消息" in text
    last = made.staff.audit()[-1]
    assert (last.what, last.whom, last.by, last.values["sent"]) == ("channel.tested", channel, "ada", True)


def test_a_webhook_gets_a_secret_that_is_told_once_and_signs(made: Console, ada: Browser, bots: Bots) -> None:
    answer = ada.post("/staff/add-channel", **forms(bots)["webhook"])
    assert answer.headers["cache-control"] == "no-store"
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", unescape(answer.text))
    (channel,) = (each.id for each in made.services.directory.channels())
    assert "没有送达" in words(ada.post(f"/staff/channels/{channel}/test")), "the program has another secret"
    bots.hook_key = base64.b64decode(secret.removeprefix("whsec_"))  # type: ignore[misc]  # this one's own
    assert "已送达" in words(ada.post(f"/staff/channels/{channel}/test"))
    assert secret not in unescape(ada.get(f"/staff/channels/{channel}").text)
    renewed = ada.post(f"/staff/channels/{channel}/secret")
    (another,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", unescape(renewed.text))
    assert another != secret
    assert "没有送达" in words(ada.post(f"/staff/channels/{channel}/test")), "the old one signs no more"


@pytest.mark.parametrize(
    ("kind", "play", "said", "own_words", "mend"),
    [
        ("wecom", "500", "对方的服务器出错", "", "过一会儿再发一次测试"),
        ("wecom", "hang", "对方没有及时回答", "", "过一会儿再发一次测试"),
        ("wecom", "html", "不能算发出", "", "过一会儿再发一次测试"),
        ("wecom", "drop", "对方没有回答", "", "过一会儿再发一次测试"),
        ("wecom", "redirect", "地址已经变了", "", "按上面说的改好"),
        ("dingtalk", "429", "发得太快", "", "请等"),
        ("dingtalk", "keyword", "设了关键词", "310000: keywords not in content", "按上面说的改好"),
        ("feishu", "keyword", "设了关键词", "19024: Key Words Not Found", "按上面说的改好"),
        ("feishu", "secret", "签名不对", "19021: sign match fail", "按上面说的改好"),
        ("wecom", "address", "没有这个机器人", "93000: invalid webhook url", "按上面说的改好"),
    ],
)
def test_a_test_that_is_refused_says_why_in_both_words_and_what_to_mend(
    made: Console, ada: Browser, bots: Bots, *, kind: str, play: str, said: str, own_words: str, mend: str
) -> None:
    form = forms(bots)[kind]
    if play == "keyword":
        bots.keyword = "工单"
    elif play == "secret":
        form["secret"] = "SECwrong"  # noqa: S105  (made up)
    elif play == "address":
        form["address"] = form["address"].replace("693a91f6", "other")
    else:
        known: Play = play  # type: ignore[assignment]  # a row of the table above
        bots.plays, bots.slow_s = lambda _: known, 60
    channel = added(ada, made, form)
    shown = words(ada.post(f"/staff/channels/{channel}/test"))
    assert "没有送达" in shown
    assert "已送达：" not in shown
    for each in (said, own_words, mend):
        assert each in shown
    assert bots.taken == []
    assert own_words in words(ada.get(f"/staff/channels/{channel}")), "and still when it is opened again"


def test_nothing_that_opens_a_channel_is_ever_shown(made: Console, ada: Browser, bots: Bots) -> None:
    secrets = ["693a91f6", "566cc69da782ec", "f19ac1", bots.secret]
    paths = ["/staff/channels", "/staff/receivers", "/staff/audit", "/staff/audit.csv"]
    for kind in ("wecom", "dingtalk", "feishu"):
        channel = added(ada, made, forms(bots)[kind])
        paths.append(f"/staff/channels/{channel}")
        wrong = ada.post(f"/staff/channels/{channel}", name="", address=forms(bots)[kind]["address"])
        assert (wrong.status_code, [each for each in secrets if each in wrong.text]) == (400, [])
        assert not [each for each in secrets if each in ada.post(f"/staff/channels/{channel}/test").text]
    text = "".join(ada.get(path).text for path in paths) + str(made.staff.audit())
    assert [secret for secret in secrets if secret in text] == []
    assert "127.0.0.1" in text, "where it leads is shown"


@pytest.mark.parametrize(
    ("sent", "field", "why"),
    [
        ({"name": ""}, "name", "no name"),
        ({"name": "渠" * 41}, "name", "too long"),
        ({"name": "有了"}, "name", "another channel has it"),
        ({"address": ""}, "address", "no address"),
        ({"address": "https://example.org/cgi-bin/webhook/send?key=1"}, "address", "another chat's"),
        ({"address": "ftp://example.org/robot/send?access_token=1"}, "address", "no web address"),
        ({"address": "https://example.org/钉钉"}, "address", "not ASCII"),
        ({"secret": "no such thing"}, "secret", "with blanks"),
        ({"kind": "others", "address": "feishu://token", "secret": ""}, "address", "has a kind of its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_beside_its_field(
    made: Console, ada: Browser, bots: Bots, *, sent: dict[str, Any], field: str, why: str
) -> None:
    added(ada, made, forms(bots)["wecom"] | {"name": "有了"})
    before = made.services.directory.channels(), len(made.staff.audit())
    answer = ada.post("/staff/add-channel", **forms(bots)["dingtalk"] | sent)
    assert answer.status_code == 400, why
    assert beside(answer, field), why
    assert (made.services.directory.channels(), len(made.staff.audit())) == before


def test_what_is_left_empty_stays_and_a_secret_can_be_taken_away(
    made: Console, ada: Browser, bots: Bots
) -> None:
    channel = added(ada, made, forms(bots)["dingtalk"])
    path = f"/staff/channels/{channel}"
    assert ada.post(path, name="新名字", address="", secret="").status_code == 303
    assert "已送达" in words(ada.post(f"{path}/test")), "address and secret are those of before"
    assert ada.post(path, name="新名字", unsigned="1").status_code == 303
    assert "没有送达" in words(ada.post(f"{path}/test"))
    bots.signing = False
    assert "已送达" in words(ada.post(f"{path}/test"))


def test_a_channel_that_somebody_is_told_by_is_not_removed(made: Console, ada: Browser, bots: Bots) -> None:
    channel = added(ada, made, forms(bots)["wecom"])
    directory = made.services.directory
    receiver = directory.put_receiver(ReceiverForm("群", channel), "ada", NOW_MS, ["city", "town"])
    answer = ada.post(f"/staff/channels/{channel}/remove")
    assert (answer.status_code, beside(answer, "remove")) == (
        409,
        "还有接收人在用它：先让他们换渠道。",
    )
    directory.remove_receiver(receiver, "ada", NOW_MS)
    assert ada.post(f"/staff/channels/{channel}/remove").status_code == 303
    assert directory.channels() == ()


@pytest.mark.parametrize(
    ("play", "state", "reason"),
    [
        ("well", "已送达", ""),
        ("500", "等待发送", "对方的服务器出错"),
        ("redirect", "等待发送", "地址已经变了"),
    ],
)
def test_the_history_tells_what_was_sent_to_whom_and_how_often_it_was_tried(
    made: Console, ada: Browser, bots: Bots, *, play: Play, state: str, reason: str
) -> None:
    bots.plays = lambda _: play
    channel = added(ada, made, forms(bots)["wecom"])
    form = ReceiverForm("小店区维修群", channel)
    receiver = made.services.directory.put_receiver(form, "ada", NOW_MS, ["city", "town"])
    made.engine.put(OFFLINE)
    with made.services.desk.writing() as connection:
        made.services.outbox.put(connection, [Bundle(receiver, "new", (OFFLINE,))], NOW_MS)
    made.services.postman.wake()

    def told() -> str:
        return words(ada.get(f"/staff/channels/{channel}"))

    until(lambda: state in told() and (reason in told()), 30, "the message has been tried")
    shown = told().partition("最近的消息")[2]
    assert "驿站失联" in shown
    assert "嘉节驿站" in shown
    assert "发给 小店区维修群 · 试了 1 次" in shown
    assert ("已送达" in shown) == (play == "well")
    assert shown.partition("驿站失联")[1] in words(ada.get("/staff/channels"))


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    for language in LANGUAGES:
        known = strings(language)
        for reason in get_args(Wrong):
            part = "receivers" if reason in ("takes", "network", "second", "ring", "quiet") else "channels"
            if reason not in ("channel", "language", "time_zone"):
                assert f"staff.{part}.wrong.{reason}" in known, (language, reason)
            else:
                assert f"staff.receivers.wrong.{reason}" in known, (language, reason)


@pytest.mark.parametrize("deed", ["test", "secret", "remove"])
def test_the_address_of_an_answer_leads_to_the_channel(
    made: Console, ada: Browser, bots: Bots, deed: str
) -> None:
    channel = added(ada, made, forms(bots)["webhook"])
    answer = ada.get(f"/staff/channels/{channel}/{deed}")
    assert answer.status_code == 303
    assert answer.headers["location"].partition("?")[0] == f"/staff/channels/{channel}"
    assert ada.get(f"/staff/channels/none/{deed}").status_code == 404


def test_a_test_that_failed_once_asks_for_another_one(made: Console, ada: Browser, bots: Bots) -> None:
    bots.plays = lambda _: "500"
    channel = added(ada, made, forms(bots)["wecom"])
    ada.post(f"/staff/channels/{channel}/test")
    shown = words(ada.get(f"/staff/channels/{channel}"))
    assert "上一次没有送达：请再发一次测试" in shown
    assert "会自动重发" not in shown, "nothing waits"


def test_plain_http_is_refused_with_the_setting_that_allows_it(tmp_path: Path) -> None:
    with console(tmp_path) as strict, browsing(strict) as browse:
        form: dict[str, Any] = {"kind": "webhook", "name": "工单", "address": "http://10.0.0.5/hook"}
        answer = browse("ada").post("/staff/add-channel", **form)
    assert answer.status_code == 400
    assert "notify_private_addresses" in beside(answer, "address")


@pytest.mark.parametrize(
    "path", ["/staff/channels/none", "/staff/channels/none/test", "/staff/channels/none/remove"]
)
def test_a_channel_that_is_not_there(ada: Browser, path: str) -> None:
    assert ada.post(path, name="x").status_code == 404
