"""One message through apprise: told by standard input, answers one JSON object. A process of its own."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

import apprise

from server.notify.model import Reason, Refused, Reply
from server.notify.targets.addresses import is_public, names_private
from server.notify.targets.judging import by_status

OWN: Final = frozenset({"dingtalk", "feishu", "lark", "wecombot"})
"""apprise takes any HTTP 200 of these for a success; they have senders that read the reply."""
LOCAL: Final = frozenset(
    {"blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)  # fmt: skip
"""They show something on the server itself, where nobody looks."""
_TOLD: Final = re.compile(r"(?:Socket|I/O) Exception: ")
"""Beginnings of what apprise logs for debugging and says why; the rest of that repeats messages and replies,
in which anybody may have written anything."""
_SMTP: Final = re.compile(r"\(([45]\d\d), b['\"]|was refused: ([45]\d\d) b")
"""Python's tuple of an SMTP reply, and apprise's words when one recipient of several was refused."""
_NO_RECIPIENT: Final = re.compile(r"Socket Exception: \{|SMTP recipient ")
_LOGIN: Final = frozenset({"530", "534", "535"})
"""SMTP replies to a wrong name or password (RFC 4954)."""
_STATUS: Final = re.compile(r"\berror=([1-5]\d\d)\.?$", re.MULTILINE)
_NTFY: Final = re.compile(r"ntfy .*\berror=([45]\d\d)\d\d\.$", re.MULTILINE)
"""ntfy's own code in the place of the status: its first three digits are that, 42901 is of 429."""
_UNREACHED: Final[Mapping[str, Reason]] = {
    r"CERTIFICATE_VERIFY_FAILED": "certificate",
    r"(?i)timed? ?out": "timed_out",
    r"(?i)connection error|socket exception": "unreachable",
}
"""What stands in the log of who had no reply at all; the first that does counts."""


class _Heard(logging.Handler):
    """Keeps what apprise logs of a failure, which is all that it says about one."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.WARNING or _TOLD.match(line):
            self.lines.append(line)


def refusal(lines: Iterable[str]) -> Refused:
    """Why apprise failed, by its log. None of its words go on: they hold addresses and topics."""
    said = "\n".join(lines)
    if (reply := _SMTP.search(said)) is not None:
        return _by_smtp(reply[1] or reply[2], of_recipient=_NO_RECIPIENT.search(said) is not None)
    if (status := _NTFY.search(said) or _STATUS.search(said)) is not None:
        return by_status(Reply(int(status[1]), b""), 0) or Refused("temporary", "refused")
    reasons = (reason for words, reason in _UNREACHED.items() if re.search(words, said))
    return Refused("temporary", next(reasons, "refused"))


def _by_smtp(code: str, *, of_recipient: bool) -> Refused:
    """What a mail server's reply means: 4yz is to be tried again, 5yz not as it is (RFC 5321, 4.2.1)."""
    detail = f"SMTP {code}"
    if code in _LOGIN:
        return Refused("setup", "login", detail)
    if code.startswith("5"):
        return Refused("setup", "address" if of_recipient else "refused", detail)
    return Refused("temporary", "server_error" if code == "421" else "refused", detail)


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
