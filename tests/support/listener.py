"""A reader of event streams, line by line from a plain socket."""

import json
import socket
from typing import Any, Final, Self
from urllib.parse import quote

DEADLINE_S: Final = 30.0


class Listener:
    """One reader of the stream, line by line from a plain socket."""

    def __init__(self, port: int, query: str = "", headers: str = "", path: str = "/api/v1/events") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        address = quote(query, safe="=&,%")
        request = f"GET {path}?{address} HTTP/1.1\r\nhost: x\r\n{headers}\r\n"
        self._socket.sendall(request.encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.head = b"".join(iter(self._file.readline, b"\r\n")).decode().lower()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away as a phone does."""
        self._file.close()
        self._socket.close()

    def event(self) -> dict[str, Any]:
        """The next event; {} at the end of the stream."""
        fields: dict[str, str] = {}
        for line in iter(self._file.readline, b""):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            fields |= {name: value} if name in ("id", "event", "data") else {}
            if not name and "data" in fields:
                return fields | {"data": json.loads(fields["data"])}
        return {}

    def ids(self) -> list[str]:
        """The stations of the next event."""
        return [row["id"] for row in self.event()["data"]["stations"]]
