"""What a channel and a receiver may be, as staff fill them in. Nothing is stored, and no target is asked."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES
from server.alerts.silences import Matcher
from server.notify.model import ChannelKind
from server.notify.receivers.model import Quiet
from server.notify.targets import webhook
from server.web.text import LANGUAGES, Language

MOST_NAME: Final = 40
MOST_ADDRESS: Final = 1_000
MOST_SECRET: Final = 200
MOST_TAKES: Final = 50
"""Matchers of one receiver."""
CHANNEL_KINDS: Final[tuple[ChannelKind, ...]] = get_args(ChannelKind)

Wrong = Literal[
    "name",
    "name_taken",
    "kind",
    "address",
    "address_scheme",
    "address_needed",
    "service",
    "secret",
    "secret_needed",
    "channel",
    "language",
    "time_zone",
    "takes",
    "network",
    "second",
    "ring",
    "quiet",
    "unknown",
    "used",
]
"""Why a form is refused; the console has a sentence for each."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{1,30})://(?=[!-~])")
_VISIBLE: Final = re.compile(r"[!-~]*")
_WITH_HOST: Final = frozenset({"mailto", "mailtos", "gotify", "gotifys", "json", "jsons"})
_APPRISE_OWN: Final = frozenset({"dingtalk", "feishu", "lark", "wecombot"})


class DirectoryError(Exception):
    """A change that is refused; nothing is changed. Never says an address or a secret.

    Attributes:
        field: of the form that is wrong, "" for all of it.
        reason: why, for the console's own words; the message says it in English.
    """

    def __init__(self, field: str, reason: Wrong, message: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """A channel as an admin fills it in.

    Attributes:
        address: whole webhook address or apprise URL; None keeps what is stored.
        secret: see :class:`server.notify.model.Channel`; None keeps what is stored, "" is none.
    """

    name: str
    kind: ChannelKind
    address: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReceiverForm:
    """A receiver as an admin fills it in; see :class:`server.notify.receivers.model.Receiver`.

    Attributes:
        channel: id of the channel that messages for it leave by.
        time_zone: IANA name, for the monthly self-test.
    """

    name: str
    channel: str
    language: Language = "zh"
    takes: tuple[Matcher, ...] = (Matcher(),)
    second: str = ""
    quiet: Quiet | None = None
    time_zone: str = "Asia/Shanghai"


def check_channel(kind: str, address: str, secret: str, *, allow_private: bool) -> None:
    """Refuse an address or a secret that cannot be of this kind.

    Raises:
        DirectoryError: with the field.
    """
    if kind not in CHANNEL_KINDS:
        raise DirectoryError("kind", "kind", f"kind {kind[:20]!r}: one of {', '.join(CHANNEL_KINDS)}")
    if not address:
        raise DirectoryError("address", "address_needed", "an address is needed")
    if len(address) > MOST_ADDRESS or not _VISIBLE.fullmatch(address):
        raise DirectoryError("address", "address", f"one line of at most {MOST_ADDRESS} ASCII characters")
    if kind == "others":
        _check_apprise(address)
    else:
        _check_web(kind, address, allow_private=allow_private)
    _check_secret(kind, secret)


def _check_web(kind: str, address: str, *, allow_private: bool) -> None:
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise DirectoryError("address", "address", "no address of a web service") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes:
        raise DirectoryError("address", "address_scheme", f"begins with {' or '.join(schemes)}://")
    if not host or parts.username is not None or not _looks_like(kind, parts.path, parts.query):
        raise DirectoryError("address", "address", f"not the whole address of a {kind} bot")


def _looks_like(kind: str, path: str, query: str) -> bool:
    """Whether the address is of the form that this chat gives out; on any host, there are gateways."""
    given = parse_qs(query)
    if kind == "wecom":
        return path.endswith("/cgi-bin/webhook/send") and bool(given.get("key"))
    if kind == "dingtalk":
        return path.endswith("/robot/send") and bool(given.get("access_token"))
    if kind == "feishu":
        return re.search(r"/open-apis/bot/v2/hook/[^/]+$", path) is not None
    return True


def _check_apprise(address: str) -> None:
    scheme = _SCHEME.match(address)
    if scheme is None:
        raise DirectoryError(
            "address", "address", "no apprise URL: begins with mailtos://, ntfys:// or the like"
        )
    if scheme[1] in _APPRISE_OWN:
        raise DirectoryError("address", "service", f"{scheme[1]}:// has a kind of its own here: choose that")


def _check_secret(kind: str, secret: str) -> None:
    if len(secret) > MOST_SECRET or not _VISIBLE.fullmatch(secret):
        raise DirectoryError("secret", "secret", f"one line of at most {MOST_SECRET} ASCII characters")
    if kind == "webhook" and not secret:
        raise DirectoryError("secret", "secret_needed", "a webhook needs a secret, whsec_…")
    if kind == "webhook" and webhook.key_of(secret) is None:
        raise DirectoryError("secret", "secret", "whsec_ and 24 to 64 bytes in base64")
    if kind == "dingtalk" and secret and not re.fullmatch(r"SEC[0-9A-Za-z]+", secret):
        raise DirectoryError("secret", "secret", "the secret of a DingTalk bot begins with SEC")
    if kind in ("wecom", "others") and secret:
        raise DirectoryError("secret", "secret", "this kind has no secret: leave it empty")


def check_name(name: str) -> None:
    """Refuse what is no name of one line.

    Raises:
        DirectoryError: with the field.
    """
    unseen = [char for char in name if unicodedata.category(char)[0] in "CZ" and char != " "]
    if not 1 <= len(name) <= MOST_NAME or unseen or name != name.strip():
        raise DirectoryError("name", "name", f"a name of 1 to {MOST_NAME} characters that can be seen")


def check_receiver(form: ReceiverForm, networks: Collection[str]) -> None:
    """Refuse a receiver that cannot be; channel and second are for the directory to look up.

    Args:
        networks: ids of all that exist.

    Raises:
        DirectoryError: with the field.
    """
    check_name(form.name)
    if form.language not in LANGUAGES:
        raise DirectoryError("language", "language", f"one of {', '.join(LANGUAGES)}")
    _check_zone("time_zone", "time_zone", form.time_zone)
    if form.quiet is not None:
        _check_zone("quiet", "quiet", form.quiet.time_zone)
    if not 1 <= len(form.takes) <= MOST_TAKES:
        raise DirectoryError("takes", "takes", f"1 to {MOST_TAKES} entries of what is theirs")
    for matcher in form.takes:
        _check_matcher(matcher, networks)


def _check_zone(name: str, reason: Wrong, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise DirectoryError(name, reason, f"{zone[:40]!r} is no time zone such as Asia/Shanghai") from error


def _check_matcher(matcher: Matcher, networks: Collection[str]) -> None:
    known: Mapping[str, tuple[Collection[str], Collection[str]]] = {
        "kind of alert": (matcher.kinds, KINDS),
        "severity": (matcher.severities, SEVERITIES),
    }
    for noun, (given, possible) in known.items():
        if unknown := [each for each in given if each not in possible]:
            raise DirectoryError("takes", "takes", f"{noun} {unknown[0][:40]!r} does not exist")
    if gone := [each for each in matcher.networks if each not in networks]:
        raise DirectoryError("takes", "network", f"network {gone[0][:40]!r} does not exist")


def ring(receiver: str, second: str, seconds: Mapping[str, str]) -> bool:
    """Whether a chain of second receivers would come back to ``receiver``."""
    seen = {receiver}
    while second:
        if second in seen:
            return True
        seen.add(second)
        second = seconds.get(second, "")
    return False


def host(kind: str, address: str) -> str:
    """Where an address leads, without anything that opens it."""
    try:
        parts = urlsplit(address)
        name = parts.hostname or ""
    except ValueError:
        return ""
    if kind != "others":
        return name
    # Many services have a token or a topic in that place: only of these it is known to be a host.
    named = parts.scheme in _WITH_HOST or (parts.scheme in ("ntfy", "ntfys") and parts.path.strip("/"))
    return f"{parts.scheme}://{name if named else ''}"
