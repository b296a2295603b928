"""What a target's reply means: sent only if it says so itself. Pure."""

import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from server.notes import plain
from server.notify.model import Outcome, Reason, Refused, Reply, Sent

MOST_DETAIL: Final = 200
"""Characters of a target's own words that are kept."""
MINUTE_S: Final = 60
MOST_WAIT_S: Final = 3600
"""Nobody is believed who asks to wait longer: the message would be stale."""

_BY_STATUS: Final[Mapping[int, Reason]] = {
    401: "forbidden",
    403: "forbidden",
    404: "unknown_bot",
    410: "unknown_bot",
    413: "too_long",
}


def by_status(reply: Reply, now_ms: int) -> Refused | None:
    """What the HTTP status alone says against the message; None for 2xx."""
    status = reply.status
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return None
    detail = f"HTTP {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Refused("later", "rate_limited", detail, _wait_s(reply.retry_after, now_ms) or MINUTE_S)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wait_s = _wait_s(reply.retry_after, now_ms)
        return Refused("later" if wait_s else "temporary", "server_error", detail, wait_s)
    if status < HTTPStatus(400):
        return Refused("setup", "moved", detail)
    if status == HTTPStatus.REQUEST_TIMEOUT:
        return Refused("temporary", "timed_out", detail)
    return Refused("setup", _BY_STATUS.get(status, "refused"), detail)


def by_code(
    reply: Reply,
    said: Callable[[Mapping[str, object]], tuple[int, str] | None],
    meaning: Callable[[int, str], Refused | None],
    now_ms: int,
) -> Outcome:
    """Judge a bot by the code in its reply: ``said`` finds code and words, ``meaning`` knows the code.

    A code of 0 is believed only with a 2xx; a reply without a code is no answer, whatever its status.
    """
    answer = said(_object(reply))
    if answer is None:
        return by_status(reply, now_ms) or Refused("temporary", "garbage", f"HTTP {reply.status}")
    code, words = answer
    if code == 0:
        return by_status(reply, now_ms) or Sent()
    known = meaning(code, words) or Refused("temporary", "refused")
    return Refused(known.why, known.reason, f"{code}: {plain(words)}"[:MOST_DETAIL], known.retry_after_s)


def number(value: object) -> int | None:
    """A code: a whole number and nothing that looks like one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(reply: Reply) -> Mapping[str, object]:
    """The reply's JSON object; empty for anything else."""
    if not reply.is_whole:
        return {}
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _wait_s(retry_after: str, now_ms: int) -> int | None:
    """Seconds of a Retry-After, which has seconds or a date; None if it has neither."""
    if retry_after.isascii() and retry_after.isdigit():
        wait_s = int(retry_after[:9])
    else:
        try:
            wait_s = round(parsedate_to_datetime(retry_after).timestamp() - now_ms / 1000)
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait_s, 1), MOST_WAIT_S)
