"""An ASGI application that writes down what it sends: how many bytes, of what kind, to whom."""

from dataclasses import dataclass, field
from typing import Any

from server.web.bodies import Receive, Scope, Send
from tests.support.serving import Closing

STATUS_LINE = 17
"""Bytes of ``HTTP/1.1 200 OK`` and its line end; a header costs four more than its name and its value."""


@dataclass
class Sent:
    """One answer; ``size`` is what goes over the line, with its headers and as it is compressed."""

    path: str
    kind: str = ""
    size: int = 0


@dataclass
class Counting:
    """``app``, and in ``sent`` all that it has answered."""

    app: Closing
    sent: list[Sent] = field(default_factory=list)

    def close(self) -> None:
        """Close ``app``."""
        self.app.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and count."""
        answer = Sent(scope.get("path", ""))
        self.sent.append(answer)

        async def counted(message: Any) -> None:
            headers = message.get("headers", [])
            answer.kind = next(
                (v.decode().split(";")[0] for n, v in headers if n == b"content-type"), answer.kind
            )
            answer.size += sum(len(name) + len(value) + 4 for name, value in headers) + len(
                message.get("body", b"")
            )
            answer.size += STATUS_LINE if headers else 0
            await send(message)

        await self.app(scope, receive, counted)
