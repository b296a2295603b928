"""Tries address, token and bucket with an empty write, which writes nothing: what would become of a real one.

InfluxDB 2 looks for the bucket, then for the right to write there, and only then at the lines; it refuses an
empty write in words of its own, InfluxDB 1.x and VictoriaMetrics take it.
"""

from dataclasses import dataclass
from typing import Final

import httpx

from server.influx.answers import Taken, answer, sentence
from server.influx.errand import Errand

NO_POINTS: Final = "writing requires points"
"""InfluxDB 2's words for an empty write, said only after the right to write was checked."""
UNKNOWN: Final = "not known"


@dataclass(frozen=True, slots=True)
class Tried:
    """A sentence each, for staff; never the token.

    Attributes:
        address, token, bucket: how each is.
        well: a write would be taken.
    """

    address: str
    token: str = UNKNOWN
    bucket: str = UNKNOWN
    well: bool = False


def tried(url: str, token: str, org: str, bucket: str, *, answer_s: float) -> Tried:
    """What there is at the address now; its whole answer has to come within ``answer_s``."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    where = {"org": org, "bucket": bucket, "precision": "ms"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=answer_s, trust_env=False) as client:
            said = Errand(lambda: client.post("/api/v2/write", params=where)).result(answer_s)
    except httpx.ReadTimeout:
        said = None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Tried(f"cannot be reached: {sentence(str(error)) or type(error).__name__}")
    if said is None:
        return Tried(f"connects, but does not answer within {answer_s:g} s")
    return meant(said.status_code, said.text, said.headers.get("X-Influxdb-Version", ""))


def meant(status: int, body: str, version: str) -> Tried:
    """The meaning of what an empty write was answered, by a server that calls itself that version. Pure."""
    here = f"answers as InfluxDB {version.removeprefix('v')}" if version else "answers"
    if (status in (200, 204) and not body.strip()) or (status == 400 and NO_POINTS in body):
        return Tried(here, "accepted", "there; a write would be taken", well=True)
    said = answer(status, body, None, 0)
    why = "" if isinstance(said, Taken) else said.why
    if status == 401:
        return Tried(here, why)
    if status == 403:
        return Tried(here, why, "not open to this token")
    if status == 404 and body.lstrip().startswith("{"):
        return Tried(here, "accepted", why)
    if status in (429, 503):
        return Tried(f"{here}, but takes nothing now: {why}")
    return Tried(f"{here}, but not as InfluxDB 2 does: {why}")
