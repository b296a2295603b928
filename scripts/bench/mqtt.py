"""Packets of MQTT 3.1.1, no more than a load needs."""

from typing import Final

CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
SUBACK: Final = 9

DISCONNECT: Final = b"\xe0\0"


def connect(client_id: str, password: str, keepalive_s: int = 600) -> bytes:
    """CONNECT with a clean session; the user name is the client id."""
    flags = 0xC2  # user name, password, clean session
    head = _text("MQTT") + bytes([4, flags]) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + _text(client_id) + _text(client_id) + _text(password))


def subscribe(topic: str) -> bytes:
    """SUBSCRIBE to one filter at QoS 0."""
    return _packet(0x82, b"\0\1" + _text(topic) + b"\0")


def publish_head(topic: str, size: int) -> bytes:
    """A QoS 1 PUBLISH up to its packet id; the id (two bytes) and ``size`` bytes of payload follow."""
    name = _text(topic)
    return b"\x32" + _length(len(name) + 2 + size) + name


def packets(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take whole packets out of ``buffer``: their kind, and what follows the fixed header."""
    taken = []
    start = 0
    while (found := _whole(buffer, start)) is not None:
        body, end = found
        taken.append((buffer[start] >> 4, bytes(buffer[body:end])))
        start = end
    del buffer[:start]
    return taken


def payload(body: bytes) -> bytes:
    """What a QoS 0 PUBLISH carries."""
    return body[2 + int.from_bytes(body[:2], "big") :]


def _whole(buffer: bytearray, start: int) -> tuple[int, int] | None:
    """Where the packet's body begins and ends, None while it is not all there."""
    length = shift = 0
    at = start + 1
    while at < len(buffer):
        byte = buffer[at]
        at += 1
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return (at, at + length) if at + length <= len(buffer) else None
    return None


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(value: int) -> bytes:
    digits = bytearray()
    while True:
        value, digit = divmod(value, 128)
        digits.append(digit | (128 if value else 0))
        if not value:
            return bytes(digits)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
