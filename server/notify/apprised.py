"""One message through apprise: told by standard input, answers one JSON object. A process of its own."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

import apprise

from server.notify.addresses import is_public, names_private
from server.notify.judging import by_status
from server.notify.model import Refused, Reply

OWN: Final = frozenset({"dingtalk", "feishu", "lark", "wecombot"})
"""apprise takes any HTTP 200 of these for a success; they have senders that read the reply."""
LOCAL: Final = frozenset(
    {"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)  # fmt: skip
"""They show something on the server itself, where nobody looks."""
_LOGIN: Final = re.compile(r"\((?:530|534|535), b")
"""SMTP replies to a wrong name or password (RFC 4954)."""
_STATUS: Final = re.compile(r"\berror=([1-5]\d\d)\b")
_NO_REPLY: Final = re.compile(r"(?i)connection error|timed? ?out|socket exception")


class _Heard(logging.Handler):
    """Keeps what apprise logs, which is all that it says about a failure."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def refusal(lines: Iterable[str]) -> Refused:
    """Why apprise failed, by its log. None of its words go on: they hold addresses and topics."""
    said = "\n".join(lines)
    if (login := _LOGIN.search(said)) is not None:
        return Refused("setup", "login", f"SMTP {login[0][1:4]}")
    if (status := _STATUS.search(said)) is not None:
        return by_status(Reply(int(status[1]), b""), 0) or Refused("temporary", "refused")
    return Refused("temporary", "unreachable" if _NO_REPLY.search(said) else "refused")


def _accepted(service: apprise.NotifyResult) -> bool:
    """Whether the target took it; a URL may call itself optional, whose failures apprise calls a success."""
    return bool(service.attempts) and service.attempts[-1].status is apprise.AppriseResultStatus.SUCCESS


def send(url: str, title: str, body: str) -> Refused | None:
    """None once apprise says that it is sent."""
    if url.partition(":")[0].lower() in OWN | LOCAL:
        return Refused("setup", "service")
    asset = apprise.AppriseAsset(
        app_id="Waystation", async_mode=False, http_redirects=False, plugin_paths=[], secure_logging=True
    )
    target = apprise.Apprise(asset=asset)
    if not target.add(url):
        return Refused("setup", "address")
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    logger.setLevel(logging.DEBUG)
    result = target.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
    accepted = result.results and all(_accepted(service) for service in result.results)
    return None if accepted else refusal(heard.lines)


class Guard:
    """An audit hook: no connection of any library to an address of this machine or its networks.

    Attributes:
        stopped: whether there would have been one; apprise itself only says that it did not get through.
    """

    def __init__(self) -> None:
        self.stopped = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Called by the interpreter before what may be a connection."""
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            if not isinstance(address, tuple) or not is_public(str(address[0])):
                self.stopped = True
                raise PermissionError("private address")


def send_guarded(url: str, title: str, body: str) -> Refused | None:
    """Like :func:`send`, but never to a private address: the refusal says so, which apprise would not."""
    guard = Guard()
    sys.addaudithook(guard)
    private = Refused("setup", "private_address")
    if names_private(urlsplit(url).hostname or ""):
        return private
    refused = send(url, title, body)
    return private if refused is not None and guard.stopped else refused


def main() -> None:
    """Do as told by standard input."""
    told = json.load(sys.stdin)
    refused = (send if told["allow_private"] else send_guarded)(told["url"], told["title"], told["body"])
    json.dump({"sent": True} if refused is None else {"sent": False, **asdict(refused)}, sys.stdout)


if __name__ == "__main__":
    main()
