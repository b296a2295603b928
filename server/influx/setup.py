"""Makes ready what is written to: the bucket, and the mapping by which InfluxQL finds it; tries the token.

Asked a second time it changes nothing. It never deletes, except that InfluxDB itself drops old points where
the time they are kept is shortened, which has to be allowed.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self

import httpx

from server.influx.trial import NO_POINTS

ANSWER_S: Final = 20.0
DAY_S: Final = 86_400
POLICY: Final = "autogen"
"""The retention policy that InfluxQL takes where none is named."""

Json = dict[str, Any]


class SetupError(Exception):
    """What is missing or not allowed, and what helps."""


class ShorteningError(SetupError):
    """Points older than the days wanted would be dropped for good."""


class Prepared(NamedTuple):
    """What there is now.

    Attributes:
        bucket_id: InfluxDB's own, for making tokens.
        steps: what was found and what was done, a sentence each.
    """

    bucket_id: str
    steps: list[str]


def prepare(
    url: str, token: str, org: str, bucket: str, days: int | None = None, *, shorten: bool = False
) -> Prepared:
    """Make what is missing of bucket and mapping, and try the token.

    Args:
        days: how long points are kept, 0 for ever; None leaves a bucket as it is and makes one that keeps
            for ever.
        shorten: whether it may come to keep less than now.

    Raises:
        ShorteningError: it would come to keep less.
        SetupError: any other reason why it did not work.
    """
    with _Api(url, token) as api:
        api.check_version()
        found = _find(api, org, bucket)
        if found is None:
            found, said = _make(api, org, bucket, days or 0)
        else:
            said = _keep(api, found, days, shorten)
        steps = [said, _map(api, found), *_try(api, org, bucket)]
        return Prepared(found["id"], steps)


class _Answer(NamedTuple):
    """Status and body; the body is empty where it is no JSON object."""

    status: int
    body: Json

    @property
    def words(self) -> str:
        """InfluxDB's own."""
        return str(self.body.get("message") or f"HTTP {self.status}")


class _Api:
    """The few requests, with the token."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Token {token}"}
        self.url = url
        self._client = httpx.Client(base_url=url, headers=headers, timeout=ANSWER_S, trust_env=False)

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        *,
        may: tuple[int, ...] = (),
    ) -> _Answer:
        """An answer of 2xx or one that ``may`` be; any other is a :class:`SetupError`."""
        answer = self._answer(method, path, params, json)
        if answer.status in may or 200 <= answer.status < 300:
            return answer
        if answer.status in (401, 403):
            raise SetupError(
                f"InfluxDB refuses the token for {method} {path}: {answer.words}\n"
                "set up once with an all-access token: WAYSTATION_INFLUX_TOKEN=… waystation influx setup"
            )
        raise SetupError(f"InfluxDB answers {answer.status} to {method} {path}: {answer.words}")

    def _answer(self, method: str, path: str, params: Mapping[str, str] | None, json: Json | None) -> _Answer:
        try:
            said = self._client.request(method, path, params=params, json=json)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SetupError(f"{self.url} cannot be reached: {error}") from error
        body = None
        with suppress(ValueError):
            body = said.json()
        return _Answer(said.status_code, body if isinstance(body, dict) else {})

    def check_version(self) -> None:
        """Refuse what is known to be another InfluxDB."""
        try:
            version = self._client.get("/ping").headers.get("X-Influxdb-Version", "")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SetupError(f"{self.url} cannot be reached: {error}") from error
        if version.lstrip("v").startswith(("0.", "1.")):
            raise SetupError(f"{self.url} is InfluxDB {version.lstrip('v')}: InfluxDB 2 is needed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _find(api: _Api, org: str, bucket: str) -> Json | None:
    answer = api.ask("GET", "/api/v2/buckets", {"org": org, "name": bucket}, may=(404,))
    if answer.status == 404 and "code" not in answer.body:
        raise SetupError(f"{api.url} does not answer as InfluxDB 2 does")
    return _only(answer, "buckets", lambda each: each["name"] == bucket)


def _only(answer: _Answer, name: str, wanted: Callable[[Json], bool]) -> Json | None:
    return next((each for each in answer.body.get(name, ()) if wanted(each)), None)


def _make(api: _Api, org: str, bucket: str, days: int) -> tuple[Json, str]:
    answer = api.ask("GET", "/api/v2/orgs", {"org": org}, may=(404,))
    found = _only(answer, "orgs", lambda each: each["name"] == org)
    if found is None:
        raise SetupError(f'there is no organisation "{org}" that this token may see')
    wanted = {"orgID": found["id"], "name": bucket, "retentionRules": _rules(days)}
    made = api.ask("POST", "/api/v2/buckets", json=wanted).body
    return made, f'bucket "{bucket}" is made; it keeps {_time(days * DAY_S)}'


def _rules(days: int) -> list[Json]:
    return [{"type": "expire", "everySeconds": days * DAY_S}] if days else []


def _time(seconds: int) -> str:
    if not seconds:
        return "points for ever"
    return f"{seconds / DAY_S:g} {'day' if seconds == DAY_S else 'days'}"


def _keep(api: _Api, bucket: Json, days: int | None, shorten: bool) -> str:
    """Bring the time that points are kept to ``days``."""
    name, now_s = bucket["name"], sum(rule["everySeconds"] for rule in bucket["retentionRules"])
    wanted_s = now_s if days is None else days * DAY_S
    if wanted_s == now_s:
        return f'bucket "{name}" is there; it keeps {_time(now_s)}'
    if not shorten and wanted_s and (not now_s or wanted_s < now_s):
        raise ShorteningError(
            f'bucket "{name}" keeps {_time(now_s)}; InfluxDB would drop what is older than {days} days'
        )
    changed = {"retentionRules": _rules(days or 0)}
    api.ask("PATCH", f"/api/v2/buckets/{bucket['id']}", json=changed)
    return f'bucket "{name}" keeps {_time(wanted_s)} from now on, until now {_time(now_s)}'


def _map(api: _Api, bucket: Json) -> str:
    """InfluxQL asks for a database; newer InfluxDB maps each bucket by itself, older ones have to be told."""
    name, bucket_id, org_id = bucket["name"], bucket["id"], bucket["orgID"]
    said = api.ask("GET", "/api/v2/dbrps", {"orgID": org_id, "db": name})
    mapping = _only(said, "content", lambda each: each["database"] == name and each["default"])
    if mapping is None:
        wanted = {"bucketID": bucket_id, "orgID": org_id, "database": name, "retention_policy": POLICY}
        api.ask("POST", "/api/v2/dbrps", json={**wanted, "default": True})
        return f'InfluxQL finds it as database "{name}": the mapping is made'
    if mapping["bucketID"] != bucket_id:
        raise SetupError(f'InfluxQL\'s database "{name}" is mapped to another bucket: {mapping["bucketID"]}')
    by_itself = mapping.get("virtual", False)
    return f'InfluxQL finds it as database "{name}"' + (" by itself" if by_itself else "")


def _try(api: _Api, org: str, bucket: str) -> list[str]:
    """What this token may do with the bucket; nothing is written."""
    where = {"org": org, "bucket": bucket, "precision": "ms"}
    written = api.ask("POST", "/api/v2/write", where, may=(400, 401, 403))
    if written.status != 400 and not 200 <= written.status < 300:
        raise SetupError(f'this token may not write to bucket "{bucket}": {written.words}')
    if written.status == 400 and NO_POINTS not in written.words:
        raise SetupError(f"InfluxDB answers 400 to an empty write: {written.words}")
    asked = {"db": bucket, "q": "SHOW MEASUREMENTS LIMIT 1"}
    read = api.ask("GET", "/query", asked, may=(400, 401, 403, 404))
    if read.status == 200 and not any("error" in each for each in read.body.get("results", ())):
        return ["this token may write and read"]
    return ["this token may write, but not read: enough for Waystation; Grafana needs one that may read"]
