"""Packets in pieces of any size: each message once, in order and whole."""

from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.client import MQTTMessage

from server.buffered import BufferedClient

TOPIC = b"waystation/v1/canteen/telemetry"
PINGRESP = b"\xd0\x00"


class Pieces:
    """A socket that hands over what has come, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def recv(self, _size: int) -> bytes:
        if not self._pieces:
            raise BlockingIOError
        return self._pieces.pop(0)


def length(size: int) -> bytes:
    digits = []
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | 128 if size else digit)
        if not size:
            return bytes(digits)


def packet(mid: int, payload: bytes, qos: int) -> bytes:
    rest = len(TOPIC).to_bytes(2, "big") + TOPIC + (mid.to_bytes(2, "big") if qos else b"") + payload
    return bytes([0x30 | qos << 1]) + length(len(rest)) + rest


def read(pieces: list[bytes]) -> list[tuple[str, int, int, bytes]]:
    """Topic, number, QoS and payload of what a client hands over until nothing is left."""
    got: list[tuple[str, int, int, bytes]] = []

    def take(_client: object, _data: object, message: MQTTMessage) -> None:
        got.append((message.topic, message.mid, message.qos, bytes(message.payload)))

    client = BufferedClient("reader")
    client.on_message = take
    client._sock = Pieces(pieces)  # type: ignore[assignment] # all of a socket that is used
    while not client.drained:
        client.loop_read()
    client._sock = None
    return got


sent = st.tuples(st.integers(1, 65_535), st.sampled_from([0, 1, 127, 128, 3_000, 17_000]), st.integers(0, 1))


@settings(deadline=None)
@given(st.lists(sent, max_size=6), st.lists(st.integers(1, 4_000), max_size=12))
def test_each_message_arrives_once_however_the_bytes_do(
    messages: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    stream = b"".join(packet(mid, b"x" * size, qos) + PINGRESP for mid, size, qos in messages)
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(stream[start : start + cut])
        start += cut
    pieces.append(stream[start:])
    expected = [(TOPIC.decode(), mid if qos else 0, qos, b"x" * size) for mid, size, qos in messages]
    assert read([piece for piece in pieces if piece]) == expected
