"""What an answer of InfluxDB means: taken, these lines are refused for good, or come again later. Pure.

Only a word on the points themselves refuses them. A 400 that says nothing of points is a wrong address, a
proxy or a setting: lines are kept for when that is put right.
"""

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_PAUSE_MS: Final = 60_000
"""Between two tries, when InfluxDB does not say how long."""
LONGEST_ASKED_MS: Final = 3_600_000
"""A Retry-After beyond it is no word on load but a mistake."""
FIRST_PAUSE_MS: Final = 1_000
MOST_WORDS: Final = 200
"""Characters of an answer that are kept."""

_OF_POINTS: Final = re.compile(
    r"partial write|unable to parse|failure writing points|field type conflict|beyond retention"
    r"|cannot (?:parse|unmarshal|unescape)|invalid field|missing (?:fields|tag|field|measurement)",
    re.IGNORECASE,
)
_OF_POINTS_AS_500: Final = re.compile(r"partial write: .*(?:field type conflict|retention policy)", re.DOTALL)
"""The first releases of InfluxDB 2 called these an error of their own."""
_DROPPED: Final = re.compile(r"\bdropped=(\d+)")
"""The last one counts: 2.7 quotes points before it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Some of the lines are refused for good.

    Attributes:
        why: in InfluxDB's words.
        dropped: how many of them, all others being written; None when it does not say.
    """

    why: str
    dropped: int | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is certain to be written; the same lines are to come again.

    Attributes:
        why: code and sentence for staff, e.g. ``401 unauthorized access``; never the token.
        pause_ms: as InfluxDB asked, None when it did not.
        smaller: the request was too large or took too long.
    """

    why: str
    pause_ms: int | None = None
    smaller: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """All lines are written."""


Answer = Taken | Refused | Later
TAKEN: Final = Taken()


def answer(status: int, body: str, retry_after: str | None, now_ms: int) -> Answer:
    """The meaning of an HTTP answer; only 204 is taken."""
    if status == 204:
        return TAKEN
    said = sentence(body)
    of_points = {400: _OF_POINTS, 500: _OF_POINTS_AS_500}.get(status)
    if status == 422 or (of_points and of_points.search(said)):
        dropped = _DROPPED.findall(body)
        return Refused(f"{status} {said}".strip(), int(dropped[-1]) if dropped else None)
    hint = _HINTS.get(status, "" if said else "not an answer of InfluxDB")
    why = f"{status} " + ": ".join(part for part in (hint, said) if part)
    return Later(why, asked_ms(retry_after, now_ms), status == 413)


_HINTS: Final = {
    401: "the token is not accepted",
    403: "the token may not write there",
    404: "no such bucket or organization",
    413: "too much at once",
    429: "too many writes",
    503: "not ready",
}


def sentence(body: str) -> str:
    """What the body says, in one line: InfluxDB 2 has it in ``message``, 1.x in ``error``."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    words = body
    if isinstance(said, dict):
        words = str(said.get("message") or said.get("error") or body)
    elif "<html" in body.lower():
        return ""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())[:MOST_WORDS]


def asked_ms(retry_after: str | None, now_ms: int) -> int | None:
    """A Retry-After header, seconds or a date, as a pause; None where it is missing or makes no sense."""
    value = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return min(int(value) * 1000, LONGEST_ASKED_MS)
    try:
        until_ms = round(parsedate_to_datetime(value).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(until_ms - now_ms, 0), LONGEST_ASKED_MS)


def pause_ms(tries: int) -> int:
    """How long to wait after so many tries in a row that came to nothing: 1 s, 2 s, 4 s … a minute."""
    return min(FIRST_PAUSE_MS << min(tries - 1, 16), LONGEST_PAUSE_MS)
