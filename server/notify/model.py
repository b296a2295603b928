"""Values of notifications: channels, messages, and what became of a message."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

ChannelKind = Literal["wecom", "dingtalk", "feishu", "webhook", "others"]
"""``others``: an apprise URL, for e-mail, ntfy and the rest."""

Why = Literal["later", "temporary", "setup"]
"""What to do about a refusal.

later: too many messages; not before ``retry_after_s``. temporary: try again with growing pauses.
setup: never again as it is; somebody has to mend the channel, and staff are to be told.
"""
Reason = Literal[
    "rate_limited",
    "quota",
    "signature",
    "keyword",
    "clock",
    "source_address",
    "security",
    "unknown_bot",
    "forbidden",
    "login",
    "too_long",
    "content",
    "address",
    "private_address",
    "moved",
    "secret",
    "service",
    "no_name",
    "not_running",
    "unreachable",
    "certificate",
    "timed_out",
    "server_error",
    "garbage",
    "refused",
]
"""Why a target refused: the last part of the string ``notify.refused.…`` that tells it to staff."""

MOST_LINK_BYTES: Final = 512
"""A link is never cut, so it has to leave room for words in the smallest message (WeCom, 2,048 bytes)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go. ``address`` and ``secret`` open it, so neither is ever shown or logged.

    Attributes:
        address: the bot's whole webhook address as the chat gives it, or an apprise URL.
        secret: DingTalk's and Feishu's signing secret, "" without signing; of a webhook ``whsec_…``.
    """

    id: str
    kind: ChannelKind
    address: str = field(repr=False)
    secret: str = field(default="", repr=False)

    @property
    def bot(self) -> str:
        """The same for all channels that speak through one bot, and tells nothing of its address."""
        return hashlib.sha256(self.address.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Message:
    """What people read, and for programs the same as data.

    Attributes:
        id: stays the same when it is sent again, so that a program can tell a repeat.
        kind: what happened, as ``alert.fired``.
        title, lines: plain text, in which nothing of a name means anything to a chat.
        link: the page of the alert, at most :data:`MOST_LINK_BYTES`; ``link_text`` where a link can have one.
        data: for programs: codes, ids and numbers.

    Raises:
        ValueError: the link is too long.
    """

    id: str
    kind: str
    title: str
    lines: tuple[str, ...]
    link: str
    link_text: str
    data: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a link that would not fit."""
        if len(self.link.encode()) > MOST_LINK_BYTES:
            raise ValueError(f"link of {len(self.link.encode())} bytes: at most {MOST_LINK_BYTES}")


@dataclass(frozen=True, slots=True)
class Sent:
    """The target itself said that it has the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The message has not been delivered, as far as is known.

    Attributes:
        detail: the target's own code and words, one plain line of at most 200 characters; "" if it said none.
        retry_after_s: for ``later``: not before so many seconds.
    """

    why: Why
    reason: Reason
    detail: str = ""
    retry_after_s: int | None = None


Outcome = Sent | Refused


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target answered over HTTP.

    Attributes:
        retry_after: its header of that name, "" without one.
        is_whole: False where the body was longer than was read.
    """

    status: int
    body: bytes
    retry_after: str = ""
    is_whole: bool = True
