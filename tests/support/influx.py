"""A real InfluxDB 1.6.7, as Debian packs it, that takes what InfluxDB 2's client writes.

    with influx(tmp_path) as server:
        server.create("city")
        client = InfluxDBClient(server.url, server.token, server.org)
        ...
        rows = server.query("city", "SELECT mean(temperature_c) FROM climate GROUP BY station")

Between the two stands a rewrite of paths: ``/api/v2/write?bucket=B&precision=ms`` goes on as
``/write?db=B&precision=ms``, and refusals come back with the status and the words of InfluxDB 2. Parsing,
storing, refusing and answering are InfluxDB's own. What differs from InfluxDB 2: of a batch in which one
line cannot be parsed, 1.6 keeps the other lines and 2 keeps none.
"""

import http.client
import json
import re
import secrets
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.support.mosquitto import free_port
from tests.support.programs import Program, unpacked

WORDS = {
    400: "invalid",
    401: "unauthorized",
    404: "not found",
    422: "unprocessable entity",
    503: "unavailable",
}
PRECISION = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}
ANSWER_S = 30.0

Row = dict[str, Any]


class Answer(NamedTuple):
    """What the server says instead of passing a write on."""

    status: int
    body: str = '{"code": "unavailable", "message": "not now"}'
    headers: Mapping[str, str] = {}


class Influx:
    """InfluxDB in ``folder``, which is kept over :meth:`kill` and :meth:`start`; so are the ports.

    Attributes:
        url: where the client of InfluxDB 2 writes; InfluxQL is asked there too, at ``/query``.
        token, org: what such a client needs; another token is refused.
        instead: what becomes of the next writes: an answer that each gets instead of being passed on, or
            None for one that is.
    """

    org = "waystation"

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_urlsafe(16)
        self.instead: deque[Answer | None] = deque()
        self._port, rpc_port = free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "influxdb.conf"
        config.write_text(_config(folder, self._port, rpc_port), encoding="utf-8")
        ready = f"http://127.0.0.1:{self._port}/ping"
        self._program = Program("influxd", "-config", config, ready=ready, log=folder / "log")
        self._rewrite = _Rewrite(self)
        self.url = f"http://127.0.0.1:{self._rewrite.server_port}"

    def start(self) -> None:
        """Start, or start again with what it had stored."""
        self._program.start()

    def kill(self) -> None:
        """End it as a power cut would; the rewrite then ends each connection without an answer."""
        self._program.kill()

    def create(self, bucket: str, retention: str = "INF") -> str:
        """An empty bucket, for 1.6 a database; ``retention`` as InfluxQL writes it: ``14d``."""
        self.query("", f'CREATE DATABASE {_quoted(bucket)} WITH DURATION {retention} NAME "kept"')
        return bucket

    def drop(self, bucket: str) -> None:
        """Take the bucket away with all that is in it."""
        self.query("", f"DROP DATABASE {_quoted(bucket)}")

    def query(self, bucket: str, influxql: str) -> list[Row]:
        """The rows of all series of all statements: columns and the tags grouped by; time in ms.

        Raises:
            ValueError: with InfluxDB's own words if it cannot do that.
        """
        asked = {"db": bucket, "q": influxql, "epoch": "ms"}
        said = httpx.post(f"http://127.0.0.1:{self._port}/query", data=asked, timeout=ANSWER_S).json()
        return list(rows_of(said))

    def forward(self, path: str, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Ask InfluxDB itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self.start()
        self._rewrite.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rewrite.stop()
        self._program.stop()


@contextmanager
def influx(folder: Path) -> Iterator[Influx]:
    """A running InfluxDB with its data in ``folder``; the test is skipped where it cannot be had."""
    if not unpacked("influxd"):
        pytest.skip("InfluxDB is not unpacked: scripts/unpack.sh .venv/debian influxdb")
    with Influx(folder) as server:
        yield server


class _Rewrite(ThreadingHTTPServer):
    """InfluxDB 2's addresses before InfluxDB 1.6."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, influx: Influx) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.influx = influx
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client or InfluxDB went away: tests do that on purpose."""


class _Request(BaseHTTPRequestHandler):
    server: _Rewrite
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            answer = self._answer(urlsplit(self.path).path, body)
        except (OSError, http.client.HTTPException):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self._say(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def _answer(self, path: str, body: bytes) -> Answer:
        influx = self.server.influx
        if path in ("/ping", "/health"):
            return influx.forward("/ping", "GET", b"", {})
        if self.headers.get("authorization") != f"Token {influx.token}":
            return _refusal(401, "unauthorized access")
        if path == "/query":
            kind = {"content-type": self.headers.get("content-type", "")}
            return influx.forward(self.path, self.command, body, kind)
        if path != "/api/v2/write":
            return _refusal(404, "path not found")
        return (influx.instead.popleft() if influx.instead else None) or self._write(body)

    def _write(self, body: bytes) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if asked.get("org") != self.server.influx.org:
            return _refusal(404, f"organization name {json.dumps(asked.get('org', ''))} not found")
        path = "/write?" + urlencode({"db": asked["bucket"], "precision": PRECISION[asked["precision"]]})
        encoding = {"content-encoding": self.headers.get("content-encoding", "")}
        answer = self.server.influx.forward(path, "POST", body, encoding)
        return answer if answer.status == 204 else _as_of_2(answer, asked["bucket"])

    def _say(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def _as_of_2(answer: Answer, bucket: str) -> Answer:
    """A refused write with the status and the words that InfluxDB 2 has for it."""
    reason = json.loads(answer.body)["error"]
    if answer.status == 404:
        return _refusal(404, f'bucket "{bucket}" not found')
    if answer.status == 400 and re.search("field type conflict|beyond retention policy", reason):
        return _refusal(422, f"failure writing points to database: {reason}")
    return _refusal(answer.status, reason.removeprefix("partial write: ").removesuffix(" dropped=0"))


def _refusal(status: int, message: str) -> Answer:
    body = json.dumps({"code": WORDS.get(status, "internal error"), "message": message})
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8"})


def rows_of(said: Mapping[str, Any]) -> Iterator[Row]:
    """The rows in an answer to InfluxQL; see :meth:`Influx.query`."""
    for result in [said, *said.get("results", ())]:
        if "error" in result:
            raise ValueError(result["error"])
        for series in result.get("series", ()):
            for values in series.get("values", ()):
                yield {**series.get("tags", {}), **dict(zip(series["columns"], values, strict=True))}


def _quoted(name: str) -> str:
    """An identifier of InfluxQL."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _config(folder: Path, port: int, rpc_port: int) -> str:
    """All below ``folder``, on loopback only, with the index that InfluxDB 2 has."""
    return f"""\
reporting-enabled = false
bind-address = "127.0.0.1:{rpc_port}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
index-version = "tsi1"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[monitor]
store-enabled = false
[continuous_queries]
enabled = false
"""
