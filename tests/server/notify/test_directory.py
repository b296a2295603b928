"""Channels and receivers as staff set them: what is refused and why, and that no secret comes out again."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from server.accounts.tables import AUDIT
from server.accounts.tables import PART as ACCOUNTS
from server.alerts.silences import Matcher
from server.desk import Desk
from server.notify.model import Channel, ChannelKind
from server.notify.receivers.checks import ChannelForm, DirectoryError, ReceiverForm, host
from server.notify.receivers.directory import Directory, keys
from server.notify.receivers.model import Quiet, Receiver
from server.notify.tables import PART

NOW_MS = 1_782_883_200_000
NETWORKS = ("taiyuan", "jinan")
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/f19ac1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk.open(tmp_path / "desk.db", ACCOUNTS, PART)
    yield desk
    desk.close()


@pytest.fixture
def directory(desk: Desk) -> Directory:
    return Directory(desk)


def opened(desk: Desk, channel_id: str) -> Channel:
    with desk.reading() as connection:
        return keys(connection)[channel_id]


def audit(desk: Desk) -> list[tuple[str, str, str]]:
    wanted = select(AUDIT.c.by, AUDIT.c.what, AUDIT.c["values"]).order_by(AUDIT.c.id)
    with desk.reading() as connection:
        return [(by, what, json.dumps(values)) for by, what, values in connection.execute(wanted)]


def bot(directory: Directory) -> str:
    return directory.put_channel(ChannelForm("班组群", "wecom", WECOM), "ada", NOW_MS)


GOOD: list[tuple[ChannelKind, str, str, str]] = [
    ("wecom", WECOM, "", "qyapi.weixin.qq.com"),
    ("dingtalk", DINGTALK, "SECa1b2c3", "oapi.dingtalk.com"),
    ("dingtalk", DINGTALK, "", "oapi.dingtalk.com"),
    ("feishu", FEISHU, "xYz012", "open.feishu.cn"),
    ("feishu", FEISHU.replace("feishu.cn", "larksuite.com"), "", "open.larksuite.com"),
    ("webhook", "https://example.org/hook?x=1", KEY, "example.org"),
    ("others", "mailtos://u:p@mail.example.org?to=wang@example.org", "", "mailtos://mail.example.org"),
    ("others", "ntfys://ntfy.example.org/topic", "", "ntfys://ntfy.example.org"),
    ("others", "ntfys://secret-topic", "", "ntfys://"),
    ("others", "pover://user@TOKEN", "", "pover://"),
    ("others", "tgram://123456:ABCDEF/42", "", "tgram://"),
    ("others", "slack://TokenA/TokenB/TokenC", "", "slack://"),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good[3])
def test_a_channel_goes_in_and_only_its_host_comes_out(
    desk: Desk, directory: Directory, good: tuple[ChannelKind, str, str, str]
) -> None:
    kind, address, secret, shown = good
    channel_id = directory.put_channel(ChannelForm("班组群", kind, address, secret), "ada", NOW_MS)
    assert opened(desk, channel_id) == Channel(channel_id, kind, address, secret)
    [entry] = directory.channels()
    assert (entry.host, entry.has_secret, entry.by) == (shown, bool(secret), "ada")
    told = repr(entry) + repr(audit(desk)) + repr(ChannelForm("x", kind, address, secret))
    for part in ("693a91f6", "566cc69da782ec", "f19ac1", "SECa1b2c3", KEY, "u:p", "TOKEN", "Token", "ABCDEF",
                 "secret-topic"):  # fmt: skip
        assert part not in told


BAD: list[tuple[str, str, str, str, str]] = [
    ("telepathy", WECOM, "", "kind", "no such kind"),
    ("wecom", "", "", "address_needed", "no address"),
    ("wecom", WECOM.replace("https", "http"), "", "address_scheme", "anybody on the way could read the key"),
    ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "", "address", "the key is missing"),
    ("wecom", DINGTALK, "", "address", "another chat's"),
    ("dingtalk", WECOM, "", "address", "another chat's"),
    ("dingtalk", DINGTALK.partition("?")[0], "", "address", "the token is missing"),
    ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/", "", "address", "cut off"),
    ("feishu", "f19ac1", "", "address_scheme", "only its end"),
    ("webhook", "https://user:pass@example.org/", KEY, "address", "a password that would be ignored"),
    ("webhook", "https://[::1", KEY, "address", "no address at all"),
    ("webhook", "https://example.org:x/", KEY, "address", "no port"),
    ("webhook", "https://例子.org/", KEY, "address", "not as it is typed into a program"),
    ("webhook", "https://example.org/\nHost: x", KEY, "address", "two lines"),
    ("webhook", "https://example.org/" + "a" * 1000, KEY, "address", "too long"),
    ("webhook", "https://example.org/", "", "secret_needed", "nobody could check who sent it"),
    ("webhook", "https://example.org/", "whsec_QUFB", "secret", "too short"),
    ("webhook", "https://example.org/", "hush", "secret", "no whsec_"),
    ("dingtalk", DINGTALK, "hush", "secret", "DingTalk's begin with SEC"),
    ("feishu", FEISHU, "a b", "secret", "a blank"),
    ("feishu", FEISHU, "a" * 201, "secret", "too long"),
    ("wecom", WECOM, "SECx", "secret", "WeCom has none"),
    ("others", "mailtos://x", "SECx", "secret", "it is in the URL"),
    ("others", "wang@example.org", "", "address", "not a URL"),
    ("others", "wecombot://693a91f6", "", "service", "would call every answer a success"),
    ("others", "dingtalk://SEC@token", "", "service", "would call every answer a success"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad[0]}-{bad[4]}")
def test_a_channel_that_cannot_be_is_refused_without_repeating_it(
    desk: Desk, directory: Directory, bad: tuple[str, str, str, str, str]
) -> None:
    kind, address, secret, reason, why = bad
    form = ChannelForm("班组群", kind, address, secret)  # type: ignore[arg-type]  # what a browser may send
    with pytest.raises(DirectoryError) as refused:
        directory.put_channel(form, "ada", NOW_MS)
    assert refused.value.reason == reason, why
    for part in ("693a91f6", "566cc69da782ec", "user:pass", "hush", "QUFB"):
        assert part not in str(refused.value)
    assert (directory.channels(), audit(desk)) == ((), [])


@pytest.mark.parametrize("name", ["", " a", "a\nb", "a\u202eb", "a" * 41])
def test_names_are_one_line_that_shows(directory: Directory, name: str) -> None:
    with pytest.raises(DirectoryError) as refused:
        directory.put_channel(ChannelForm(name, "wecom", WECOM), "ada", NOW_MS)
    assert (refused.value.field, refused.value.reason) == ("name", "name")


def test_where_the_operator_allows_it_plain_http_is_taken(desk: Desk) -> None:
    form = ChannelForm("x", "wecom", WECOM.replace("https", "http"))
    assert Directory(desk, allow_private=True).put_channel(form, "ada", NOW_MS)


def test_what_is_not_given_stays_as_it_was_and_the_log_says_what_changed(
    desk: Desk, directory: Directory
) -> None:
    channel_id = directory.put_channel(ChannelForm("群", "dingtalk", DINGTALK, "SEC1"), "ada", NOW_MS)
    directory.put_channel(ChannelForm("班组群", "dingtalk"), "max", NOW_MS + 1, channel_id)
    assert opened(desk, channel_id) == Channel(channel_id, "dingtalk", DINGTALK, "SEC1")
    directory.put_channel(ChannelForm("班组群", "dingtalk", secret=""), "max", NOW_MS + 2, channel_id)
    directory.put_channel(ChannelForm("班组群", "dingtalk"), "max", NOW_MS + 3, channel_id)
    assert opened(desk, channel_id).secret == ""
    assert [(by, what, json.loads(values)) for by, what, values in audit(desk)] == [
        ("ada", "channel.added", {"name": "群", "kind": "dingtalk", "address": "set", "secret": "set"}),
        ("max", "channel.changed", {"name": "班组群"}),
        ("max", "channel.changed", {"secret": "none"}),
    ]


def test_another_kind_needs_another_address(directory: Directory) -> None:
    channel_id = bot(directory)
    with pytest.raises(DirectoryError) as refused:
        directory.put_channel(ChannelForm("班组群", "dingtalk"), "ada", NOW_MS, channel_id)
    assert refused.value.reason == "address_needed"


def test_names_are_given_once_and_ids_must_exist(directory: Directory) -> None:
    channel_id = bot(directory)
    for form, own_id, reason in (
        (ChannelForm("班组群", "wecom", WECOM), "", "name_taken"),
        (ChannelForm("x", "wecom", WECOM), "none", "unknown"),
    ):
        with pytest.raises(DirectoryError) as refused:
            directory.put_channel(form, "ada", NOW_MS, own_id)
        assert refused.value.reason == reason
    assert directory.put_channel(ChannelForm("班组群", "wecom", WECOM), "ada", NOW_MS, channel_id)


def test_a_receiver_comes_out_as_it_went_in(desk: Desk, directory: Directory) -> None:
    channel = bot(directory)
    takes = (
        Matcher(networks=("taiyuan",), districts=("小店区",), severities=("safety", "critical")),
        Matcher(kinds=("broker_down",)),
    )
    boss = directory.put_receiver(ReceiverForm("马经理", channel), "ada", NOW_MS, NETWORKS)
    form = ReceiverForm("田师傅", channel, "en", takes, boss, Quiet(22 * 60, 7 * 60), "Asia/Urumqi")
    worker = directory.put_receiver(form, "ada", NOW_MS, NETWORKS)
    entry = next(each for each in directory.receivers() if each.id == worker)
    assert (entry.name, entry.channel, entry.language, entry.time_zone) == (
        "田师傅", channel, "en", "Asia/Urumqi",
    )  # fmt: skip
    assert directory.theirs() == {
        boss: Receiver(boss, (Matcher(),)),
        worker: Receiver(worker, takes, boss, Quiet(22 * 60, 7 * 60)),
    }
    assert [what for _, what, _ in audit(desk)] == ["channel.added", "receiver.added", "receiver.added"]


WRONG: list[tuple[ReceiverForm, str, str, str]] = [
    (ReceiverForm("", "c"), "name", "name", "no name"),
    (ReceiverForm("x", "none"), "channel", "channel", "no such channel"),
    (ReceiverForm("x", "c", "de"), "language", "language", "not spoken"),  # type: ignore[arg-type]  # a browser's
    (ReceiverForm("x", "c", takes=()), "takes", "takes", "would hear nothing"),
    (ReceiverForm("x", "c", takes=(Matcher(),) * 51), "takes", "takes", "too many"),
    (ReceiverForm("x", "c", takes=(Matcher(networks=("mars",)),)), "takes", "network", "no such network"),
    (ReceiverForm("x", "c", takes=(Matcher(kinds=("boredom",)),)), "takes", "takes", "no such kind"),
    (ReceiverForm("x", "c", second="none"), "second", "second", "no such receiver"),
    (ReceiverForm("x", "c", time_zone="Mars/Base"), "time_zone", "time_zone", "no such zone"),
    (ReceiverForm("x", "c", time_zone="../../etc/passwd"), "time_zone", "time_zone", "a file"),
    (ReceiverForm("x", "c", quiet=Quiet(0, 1, "Mars/Base")), "quiet", "quiet", "no such zone"),
]


@pytest.mark.parametrize(("form", "field", "reason", "why"), WRONG)
def test_a_receiver_that_cannot_be_is_refused(
    directory: Directory, form: ReceiverForm, field: str, reason: str, why: str
) -> None:
    channel = bot(directory)
    form = replace(form, channel=channel) if form.channel == "c" else form
    with pytest.raises(DirectoryError) as refused:
        directory.put_receiver(form, "ada", NOW_MS, NETWORKS)
    assert (refused.value.field, refused.value.reason) == (field, reason), why
    assert directory.receivers() == ()


def test_seconds_come_to_an_end(directory: Directory) -> None:
    channel = bot(directory)

    def put(name: str, second: str = "", own_id: str = "") -> str:
        form = ReceiverForm(name, channel, second=second)
        return directory.put_receiver(form, "ada", NOW_MS, NETWORKS, own_id)

    last = put("c")
    middle = put("b", last)
    first = put("a", middle)
    for own_id, name, second in ((last, "c", first), (last, "c", last), (middle, "b", first)):
        with pytest.raises(DirectoryError) as refused:
            put(name, second, own_id)
        assert refused.value.reason == "ring"


def test_what_is_used_cannot_be_removed(desk: Desk, directory: Directory) -> None:
    channel = bot(directory)
    boss = directory.put_receiver(ReceiverForm("b", channel), "ada", NOW_MS, NETWORKS)
    worker = directory.put_receiver(ReceiverForm("w", channel, second=boss), "ada", NOW_MS, NETWORKS)
    for remove, used in ((directory.remove_channel, channel), (directory.remove_receiver, boss)):
        with pytest.raises(DirectoryError) as refused:
            remove(used, "ada", NOW_MS)
        assert refused.value.reason == "used"
    for receiver in (worker, boss):
        directory.remove_receiver(receiver, "ada", NOW_MS)
    directory.remove_channel(channel, "ada", NOW_MS)
    assert (directory.channels(), directory.receivers()) == ((), ())
    assert [what for _, what, _ in audit(desk)][-3:] == ["receiver.removed"] * 2 + ["channel.removed"]
    with pytest.raises(DirectoryError, match="none of the id"):
        directory.remove_channel(channel, "ada", NOW_MS)


def test_an_address_that_is_none_has_no_host() -> None:
    assert host("webhook", "https://[::1") == ""
