"""One HTTP request that ends in time: no redirects, no proxy, no private address, a reply of bounded size."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Final, Literal

import httpx

from server.notify.model import Refused, Reply
from server.notify.targets.addresses import is_public

TIMEOUT_S: Final = 10.0
"""From looking up the name to the last byte of the reply; chats answer in well under a second."""
MOST_REPLY_BYTES: Final = 64 * 1024
_AGENT: Final = "Waystation"

# Its INFO messages hold whole addresses, and those of bots are secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class _PrivateAddressError(Exception):
    """The name led to an address that the operator does not allow."""


class Courier:
    """Makes requests; each has a connection of its own, so that none waits for another.

    Args:
        allow_private: also http, and addresses of this machine and its networks; the operator's word.
        timeout_s: what a request may cost, whatever the target does.
        trust: certificate authorities; the system's unless given.
    """

    def __init__(
        self, *, allow_private: bool, timeout_s: float = TIMEOUT_S, trust: ssl.SSLContext | None = None
    ) -> None:
        self.allow_private = allow_private
        self._timeout_s = timeout_s
        self._trust = trust or ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | Refused:
        """Send ``body``; the reply as it is, or why there is none."""
        return await self._ask("POST", url, body, headers)

    async def get(self, url: str) -> Reply | Refused:
        """Fetch ``url``; the reply as it is, or why there is none."""
        return await self._ask("GET", url, None, {})

    async def _ask(
        self, method: Literal["GET", "POST"], url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply | Refused:
        schemes = ("https", "http") if self.allow_private else ("https",)
        try:
            target = httpx.URL(url)
            if target.scheme not in schemes or not target.host:
                return Refused("setup", "address")
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(method, target, body, headers)
        except httpx.InvalidURL:
            return Refused("setup", "address")
        except _PrivateAddressError:
            return Refused("setup", "private_address")
        except (TimeoutError, httpx.TimeoutException):
            return Refused("temporary", "timed_out")
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            return _failed(error)

    async def _exchange(
        self, method: str, url: httpx.URL, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        heads = {"User-Agent": _AGENT, "Accept-Encoding": "identity", "Connection": "close", **headers}
        async with (
            httpx.AsyncClient(verify=self._trust, trust_env=False, timeout=self._timeout_s) as client,
            client.stream(
                method, url, content=body, headers=heads, extensions={"trace": self._look}
            ) as response,
        ):
            read = bytearray()
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) > MOST_REPLY_BYTES:
                    break
        retry_after = response.headers.get("Retry-After", "")
        whole = len(read) <= MOST_REPLY_BYTES
        return Reply(response.status_code, bytes(read[:MOST_REPLY_BYTES]), retry_after, whole)

    async def _look(self, event: str, info: Mapping[str, Any]) -> None:
        """See whom the connection reached before a byte is sent: a name may lead elsewhere every time."""
        if event != "connection.connect_tcp.complete" or self.allow_private:
            return
        stream = info["return_value"]
        if not is_public(stream.get_extra_info("server_addr")[0]):
            await stream.aclose()
            raise _PrivateAddressError


def _failed(error: Exception) -> Refused:
    """Why there is no reply, by what lies under an error of the client."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 10:
        causes.append(cause)  # type: ignore[arg-type]  # a BaseException, looked at by its type only
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Refused("temporary", "certificate")
    if any(isinstance(cause, httpx.RemoteProtocolError) for cause in causes):
        return Refused("temporary", "garbage")
    if any(type(cause).__name__ == "gaierror" for cause in causes):
        return Refused("temporary", "no_name")
    if isinstance(error, UnicodeError):
        return Refused("setup", "address")
    return Refused("temporary", "unreachable")
