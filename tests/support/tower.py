"""The other end: cabinets of the China Tower protocol, encoded without any code of the station's."""

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from json import JSONDecoder, JSONEncoder
from typing import Any

from tests.support.wait import until

CABINET = "CHTEST12AB0001"

Door = int | str | None


def line(body: dict[str, Any]) -> bytes:
    """A frame closed by a line feed."""
    return (JSONEncoder(ensure_ascii=False).encode(body) + "\n").encode()


def counted(body: dict[str, Any]) -> bytes:
    """A frame led by its length."""
    text = JSONEncoder().encode(body).encode()
    return struct.pack(">I", len(text)) + text


def login(cabinet: str = CABINET, number: int | str = 1) -> dict[str, Any]:
    return {"msgType": 100, "txnNo": number, "devId": cabinet, "imsi": "460", "softVersion": "2"}


def report(attributes: Iterable[tuple[Door, str, Any]], *, full: int = 0, **more: Any) -> dict[str, Any]:
    """Attributes as door, number, value."""
    listed = [
        {"id": number, "value": value, **({} if door is None else {"doorId": door})}
        for door, number, value in attributes
    ]
    return {"msgType": 300, "txnNo": 2, "devId": CABINET, "isFull": full, "attrList": listed, **more}


def alarm(number: str, flag: int, *, text: str = "", door: Door = None, at_ms: int = 1) -> dict[str, Any]:
    entry = {"id": number, "alarmTime": at_ms, "alarmDesc": text, "alarmFlag": flag}
    if door is not None:
        entry["doorId"] = door
    return {"msgType": 400, "txnNo": 3, "devId": CABINET, "alarmList": [entry]}


class Dialled:
    """A connection to the station."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._rest = b""

    def __enter__(self) -> "Dialled":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def say(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send one message and wait for its answer."""
        self.sock.sendall(line(body))
        return self.answer()

    def answer(self) -> dict[str, Any]:
        while b"\n" not in self._rest:
            data = self.sock.recv(4096)
            assert data, "hung up"
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = JSONDecoder().decode(text.decode())
        return answer

    def is_hung_up(self) -> bool:
        """Wait until the station has closed the connection."""
        with suppress(ConnectionError):
            while self.sock.recv(4096):
                pass
        return True


def dialled(port: int, within_s: float) -> Dialled:
    """A connection to a station that may just be starting."""

    def dial() -> Dialled | None:
        try:
            return Dialled(port)
        except OSError:
            return None

    found = until(dial, within_s, "the station listens")
    assert found is not None
    return found
