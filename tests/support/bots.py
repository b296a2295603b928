"""A receiver that plays chat bots and a signed webhook: their checks, their refusals, and their bad days.

What they answer is what the real ones do: DingTalk and WeCom say everything with HTTP 200, Feishu says
"too many request" with 400. The checks are written from the documentation, not from the senders.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, urlsplit

Play = Literal[
    "well", "500", "503", "429", "hang", "drip", "drip_body", "huge", "html", "empty", "array", "nonsense",
    "redirect", "drop", "take_and_drop", "45009", "130101", "310000", "19024", "11232",
]  # fmt: skip
"""``well`` checks and takes; the others are bad days. ``take_and_drop`` takes it and never says so."""
SAID: dict[str, str] = {
    "45009": '{"errcode":45009,"errmsg":"api freq out of limit, hint: [17145]"}',
    "130101": '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}',
    "310000": '{"errcode":310000,"errmsg":"sign not match"}',
    "19024": '{"code":19024,"msg":"Key Words Not Found","data":{}}',
    "11232": '{"code":11232,"msg":"frequency limited psm[lark.oapi.app_platform_runtime]","data":{}}',
}
"""Refusals that look like a success to whoever reads the status only."""

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DRIP_S = 0.02
HUGE_BYTES = 64 * 1024 * 1024
YES = b'{"errcode":0,"code":0}'


@dataclass(frozen=True)
class Taken:
    """A message that a bot has put into its group."""

    bot: str
    text: str
    at_ms: int
    body: dict[str, Any] = field(compare=False)


def wall_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class Bots:
    """Bots on a free loopback port while in its ``with``.

    Attributes:
        wecom, dingtalk, feishu, hook: their addresses, as a chat would give them.
        secret: signs for DingTalk and Feishu; ``hook_secret`` for the webhook.
        keyword: that DingTalk and Feishu want in a message, "" for none.
        signing: whether DingTalk and Feishu check signatures.
        plays: what a bot does to a message, by its name; may be changed at any time.
        taken: what has arrived, oldest first; ``asked``: requests of every bot, and of "elsewhere".
        met: called with the name of a bot between its taking of a message and its answer.
        slow_s: after which those that hang or drip succeed; who has waited so long has no time-out.
        poured_out: somebody has read all of a huge answer.
    """

    secret: ClassVar = "SECa1b2c3d4e5f6"  # noqa: S105  (made up)
    hook_key: ClassVar = b"k" * 32
    hook_secret: ClassVar = "whsec_" + base64.b64encode(hook_key).decode()

    def __init__(self, clock_ms: Callable[[], int] = wall_ms, tls: ssl.SSLContext | None = None) -> None:
        self.clock_ms = clock_ms
        self.plays: Callable[[str], Play] = lambda _: "well"
        self.met: Callable[[str], None] = lambda _: None
        self.keyword = ""
        self.signing = True
        self.slow_s = 3.0
        self.taken: list[Taken] = []
        self.poured_out = False
        self.asked: defaultdict[str, int] = defaultdict(int)
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._times: defaultdict[str, list[int]] = defaultdict(list)
        self._closed_until_ms: dict[str, int] = {}
        handler = type("Handler", (_Handler,), {"bots": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if tls is not None:
            # Handshakes in the thread of the connection: one that fails must not stop the others.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="bots")
        self.port = self._server.server_port
        self.base = f"http://127.0.0.1:{self.port}"
        self.wecom = f"{self.base}/cgi-bin/webhook/send?key=693a91f6-7xxx"
        self.dingtalk = f"{self.base}/robot/send?access_token=566cc69da782ec"
        self.feishu = f"{self.base}/open-apis/bot/v2/hook/f19ac1"
        self.hook = f"{self.base}/hook"

    def texts(self, bot: str) -> list[str]:
        """What a bot's group reads, oldest first."""
        return [taken.text for taken in self.taken if taken.bot == bot]

    def too_many(self, bot: str, most: int, penalty_ms: int = 0) -> bool:
        """Count a request of a bot; whether it is one too many in the last minute, or the bot is closed."""
        now_ms = self.clock_ms()
        if now_ms < self._closed_until_ms.get(bot, 0):
            return True
        recent = [at_ms for at_ms in self._times[bot] if now_ms - at_ms < MINUTE_MS]
        self._times[bot] = [*recent, now_ms]
        if len(recent) < most:
            return False
        self._closed_until_ms[bot] = now_ms + penalty_ms
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    bots: Bots
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A dead-man ping."""
        self._met("ping", lambda _: (200, b"OK"))

    def do_POST(self) -> None:
        """A message."""
        path = urlsplit(self.path).path
        checks = {
            "/cgi-bin/webhook/send": ("wecom", self._wecom),
            "/robot/send": ("dingtalk", self._dingtalk),
            "/open-apis/bot/v2/hook/f19ac1": ("feishu", self._feishu),
            "/hook": ("hook", self._hook),
        }
        if path.startswith("/open-apis/bot/v2/hook/") and path not in checks:
            self._met(
                "feishu", lambda _: _feishu(19001, "param invalid: incoming webhook access token invalid")
            )
        else:
            self._met(*checks.get(path, ("elsewhere", lambda _: (200, b'{"errcode":0,"code":0}'))))

    def _met(self, bot: str, check: Callable[[bytes], tuple[int, bytes]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.bots.lock:
            self.bots.asked[bot] += 1
            play = self.bots.plays(bot) if bot != "elsewhere" else "well"
            answer = check(body) if play in ("well", "take_and_drop") else (200, b"")
        self.close_connection = True
        if play == "well":
            self.bots.met(bot)
            self._answer(*answer)
        elif play not in ("drop", "take_and_drop"):
            self._bad_day(play)

    def _bad_day(self, play: Play) -> None:
        if play == "hang":
            self.bots.ended.wait(self.bots.slow_s)
            self._answer(200, YES)
        elif play in ("drip", "drip_body"):
            self._drip(b"HTTP/1.1 200 OK\r\n", play)
        elif play in SAID:
            self._answer(200, SAID[play].encode())
        elif play == "redirect":
            self._answer(302, b"", {"Location": f"{self.bots.base}/elsewhere"})
        elif play == "huge":
            self._pour()
        elif play == "nonsense":
            self.wfile.write(b"\x00\x01SSH-2.0-OpenSSH\r\n\r\n")
        else:
            headers = {"429": {"Retry-After": "7"}, "503": {"Retry-After": "120"}}.get(play, {})
            bodies = {"html": b"<html><h1>Sign in to the Wi-Fi</h1></html>", "array": b"[0]"}
            self._answer(int(play) if play.isdigit() else 200, bodies.get(play, b""), headers)

    def _drip(self, head: bytes, play: Play) -> None:
        """Always one more byte, in time for any time-out between bytes, and success in the end."""
        drop, rest = (b" ", YES) if play == "drip_body" else (b"X-A: b\r\n", b"\r\n" + YES)
        try:
            self.wfile.write(head + (b"\r\n" if play == "drip_body" else b""))
            for _ in range(round(self.bots.slow_s / DRIP_S)):
                self.bots.ended.wait(DRIP_S)
                self.wfile.write(drop)
            self.wfile.write(rest)
        except OSError:
            return

    def _pour(self) -> None:
        """A success with more behind it than any reader should take."""
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + YES)
            for _ in range(HUGE_BYTES // 65_536):
                self.wfile.write(b" " * 65_536)
            self.bots.poured_out = True
        except OSError:
            return

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return

    def _take(self, bot: str, text: str, body: dict[str, Any]) -> None:
        self.bots.taken.append(Taken(bot, text, self.bots.clock_ms(), body))

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _wecom(self, body: bytes) -> tuple[int, bytes]:
        if self._query().get("key") != "693a91f6-7xxx":
            return _errcode(93000, "invalid webhook url, hint: [1714538355214402498975046], from ip: 1.2.3.4")
        if self.bots.too_many("wecom", 20):
            return _errcode(45009, "api freq out of limit, hint: [1635043469_160], from ip: 1.2.3.4")
        said = json.loads(body)
        content = said["text"]["content"]
        if len(content.encode()) > 2048:
            return _errcode(40058, "text.content exceed max length 2048. invalid Request Parameter")
        self._take("wecom", content, said)
        return _errcode(0, "ok")

    def _dingtalk(self, body: bytes) -> tuple[int, bytes]:
        query = self._query()
        if query.get("access_token") != "566cc69da782ec":
            return _errcode(300005, "token is not exist")
        if self.bots.too_many("dingtalk", 20, 10 * MINUTE_MS):
            return _errcode(130101, "send too fast, exceed 20 times per minute")
        if len(body) > 20_000:
            return _errcode(460101, "message too long, exceed 20000 bytes")
        if self.bots.signing and (refused := self._unsigned(query)):
            return _errcode(310000, refused)
        said = json.loads(body)
        if self.bots.keyword not in said["text"]["content"]:
            return _errcode(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com/x]")
        self._take("dingtalk", said["text"]["content"], said)
        return _errcode(0, "ok")

    def _unsigned(self, query: dict[str, str]) -> str:
        """What DingTalk says against a signature, "" for nothing."""
        at_ms, secret = query.get("timestamp", "0"), self.bots.secret
        if abs(int(at_ms) - self.bots.clock_ms()) > HOUR_MS:
            return "invalid timestamp"
        digest = hmac.new(secret.encode(), f"{at_ms}\n{secret}".encode(), hashlib.sha256).digest()
        return "" if query.get("sign") == base64.b64encode(digest).decode() else "sign not match"

    def _feishu(self, body: bytes) -> tuple[int, bytes]:
        if self.bots.too_many("feishu", 100):
            return 400, json.dumps({"code": 9499, "msg": "too many request", "data": {}}).encode()
        said = json.loads(body)
        key = f"{said.get('timestamp')}\n{self.bots.secret}".encode()
        expected = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        late = abs(int(said.get("timestamp", 0)) * 1000 - self.bots.clock_ms()) > HOUR_MS
        if self.bots.signing and (late or said.get("sign") != expected):
            return _feishu(19021, "sign match fail or timestamp is not within one hour from current time")
        post = said["content"]["post"]["zh_cn"]
        rows = ["".join(part.get("href") or part["text"] for part in row) for row in post["content"]]
        text = "\n".join([post["title"], *rows])
        if self.bots.keyword not in text:
            return _feishu(19024, "Key Words Not Found")
        self._take("feishu", text, said)
        extra = {"Extra": None, "StatusCode": 0, "StatusMessage": "success"}
        return 200, json.dumps({**extra, "code": 0, "data": {}, "msg": "success"}).encode()

    def _hook(self, body: bytes) -> tuple[int, bytes]:
        """As the Standard Webhooks libraries check: id, moment and body signed, within five minutes."""
        name, at_s = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "0")
        signed = b".".join((name.encode(), at_s.encode(), body))
        expected = base64.b64encode(hmac.new(self.bots.hook_key, signed, hashlib.sha256).digest()).decode()
        late = abs(int(at_s) * 1000 - self.bots.clock_ms()) > 5 * MINUTE_MS
        if late or self.headers.get("webhook-signature") != f"v1,{expected}":
            return 401, b"no"
        self._take("hook", name, json.loads(body))
        return 204, b""


def _errcode(code: int, words: str) -> tuple[int, bytes]:
    return 200, json.dumps({"errcode": code, "errmsg": words}).encode()


def _feishu(code: int, words: str) -> tuple[int, bytes]:
    return 200, json.dumps({"code": code, "data": {}, "msg": words}).encode()
