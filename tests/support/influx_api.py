"""Buckets, organisations and mappings as InfluxDB 2's API documents them; no points are stored.

For ``waystation influx setup``, which asks for nothing else. Rights are those of the token: of a bucket that
it may not read it hears nothing, and what it may not do is answered with 401 or, for writes, 403.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
ALL: Final = frozenset({"orgs", "buckets", "write", "read"})


class RefusedError(Exception):
    """Status and InfluxDB's code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


class Api:
    """What the server holds.

    Attributes:
        url, org: where it is, and its only organisation.
        tokens: what each token may do: see ``orgs``, make and change ``buckets`` and mappings, ``write`` and
            ``read`` points of all buckets.
        virtual: whether each bucket is mapped by itself, as from 2.4 on.
        changes: what was made or changed, in order.
    """

    org = "city"
    org_id = "0c1a5d2e3f405060"

    def __init__(self, *, virtual: bool, version: str) -> None:
        self.url = ""
        self.tokens: dict[str, frozenset[str]] = {}
        self.virtual, self.version = virtual, version
        self.buckets: dict[str, Json] = {}
        self.mappings: list[Json] = []
        self.changes: list[str] = []

    def token(self, rights: frozenset[str] = ALL) -> str:
        """A new one."""
        token = secrets.token_urlsafe(8)
        self.tokens[token] = rights
        return token

    def answer(
        self, method: str, path: str, query: dict[str, str], body: bytes, rights: frozenset[str]
    ) -> Json:
        """The body of a good answer."""
        sent = json.loads(body) if body else {}
        last = path.strip("/").split("/")[-1]
        if method == "PATCH" and last in self.buckets:
            return self._change(self.buckets[last], sent, rights)
        if method == "POST" and last in ("buckets", "dbrps"):
            return (self._make_bucket if last == "buckets" else self._make_mapping)(sent, rights)
        asked = {
            "GET orgs": self._orgs,
            "GET buckets": self._buckets,
            "GET dbrps": self._mappings,
            "POST write": self._write,
            "GET query": self._query,
        }.get(f"{method} {last}")
        if asked is None:
            raise RefusedError(404, "not found", "path not found")
        return asked(query, rights)

    def _orgs(self, query: dict[str, str], rights: frozenset[str]) -> Json:
        if query["org"] != self.org or "orgs" not in rights:
            raise RefusedError(404, "not found", f'organization name "{query["org"]}" not found')
        return {"orgs": [{"id": self.org_id, "name": self.org}]}

    def _buckets(self, query: dict[str, str], rights: frozenset[str]) -> Json:
        if query["org"] != self.org:
            raise RefusedError(404, "not found", f'organization name "{query["org"]}" not found')
        seen = self.buckets.values() if rights & {"read", "buckets"} else ()
        found = [each for each in seen if each["name"] == query["name"]]
        if not found:
            raise RefusedError(404, "not found", f'bucket "{query["name"]}" not found')
        return {"buckets": found}

    def _make_bucket(self, sent: Json, rights: frozenset[str]) -> Json:
        self._check_buckets(rights)
        bucket = {"id": secrets.token_hex(8), "type": "user", **sent}
        self.buckets[bucket["id"]] = bucket
        self.changes.append(f"bucket {sent['name']}")
        return bucket

    def _change(self, bucket: Json, sent: Json, rights: frozenset[str]) -> Json:
        self._check_buckets(rights)
        bucket |= sent
        self.changes.append(f"retention {sent['retentionRules']}")
        return bucket

    def _check_buckets(self, rights: frozenset[str]) -> None:
        if "buckets" not in rights:
            raise RefusedError(401, "unauthorized", f"write:orgs/{self.org_id}/buckets is unauthorized")

    def _mappings(self, query: dict[str, str], rights: frozenset[str]) -> Json:
        return {"content": self._mapped(query) if rights & {"read", "buckets"} else []}

    def _mapped(self, query: dict[str, str]) -> list[Json]:
        mapped = list(self.mappings)
        own = {each["bucketID"] for each in mapped}
        for bucket in self.buckets.values() if self.virtual else ():
            virtual = {"id": bucket["id"], "bucketID": bucket["id"], "orgID": self.org_id, "virtual": True}
            default = bucket["id"] not in own
            mapped.append(
                {**virtual, "database": bucket["name"], "retention_policy": "autogen", "default": default}
            )
        return [each for each in mapped if each["database"] == query["db"]]

    def _make_mapping(self, sent: Json, rights: frozenset[str]) -> Json:
        self._check_buckets(rights)
        key = ("database", "retention_policy")
        if any(all(each[name] == sent[name] for name in key) for each in self.mappings):
            raise RefusedError(
                422, "unprocessable entity", "another DBRP mapping with same orgID, db, and rp exists"
            )
        mapping = {"id": secrets.token_hex(8), "virtual": False, **sent}
        self.mappings.append(mapping)
        self.changes.append(f"mapping {sent['database']}")
        return mapping

    def _write(self, query: dict[str, str], rights: frozenset[str]) -> Json:
        if not any(each["name"] == query["bucket"] for each in self.buckets.values()):
            raise RefusedError(404, "not found", f'bucket "{query["bucket"]}" not found')
        if "write" not in rights:
            raise RefusedError(403, "forbidden", "insufficient permissions for write")
        raise RefusedError(400, "invalid", "writing requires points")

    def _query(self, query: dict[str, str], rights: frozenset[str]) -> Json:
        mapped = self._mapped(query) and "read" in rights
        result = {} if mapped else {"error": f"database not found: {query['db']}"}
        return {"results": [{"statement_id": 0, **result}]}


@contextmanager
def influx_api(*, virtual: bool = True, version: str = "v2.7.12") -> Iterator[Api]:
    """The API on a free loopback port."""
    api = Api(virtual=virtual, version=version)

    class Request(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            try:
                self._say(200, self._answer(body))
            except RefusedError as refused:
                self._say(refused.status, {"code": refused.code, "message": refused.message})

        do_GET = do_PATCH = do_POST  # noqa: N815  (the names that the handler looks for)

        def _answer(self, body: bytes) -> Json:
            path = urlsplit(self.path)
            if path.path == "/ping":
                return {}
            rights = api.tokens.get(self.headers.get("authorization", "").removeprefix("Token "))
            if rights is None:
                raise RefusedError(401, "unauthorized", "unauthorized access")
            query = {name: values[0] for name, values in parse_qs(path.query).items()}
            return api.answer(self.command, path.path, query, body, rights)

        def _say(self, status: int, body: Json) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("X-Influxdb-Version", api.version)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Request) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
