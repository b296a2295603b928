"""paho's client with its socket behind buffers."""

from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

_RECEIVE: Final = 1 << 18
_QOS_1: Final = frozenset((0x32, 0x33, 0x3A, 0x3B))
"""First bytes of a message of QoS 1: with the marks of a repeated and of a retained one, and without."""


class BufferedClient(mqtt.Client):
    """An MQTT 3.1.1 client that keeps its session and acknowledges by hand; driven by its owner's thread.

    paho reads a packet in three system calls and writes each packet in one of its own. Both go through
    two methods overridden here, which keep their meaning: many packets then share one call. The packets
    that come and go by the thousand, messages in, PUBACK and commit ack out, are taken apart and written
    here: paho's locks and queues would cost four times as much as the bytes. All others, and a message of
    which only a part has come, are paho's.

    Attributes:
        drained: the socket was read until nothing was left.
        unbuffered: send at once, for the last packet before the end.
    """

    def __init__(self, client_id: str) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        self.fresh()

    def fresh(self) -> None:
        """Forget what was buffered, before a new connection."""
        self.drained = False
        self.unbuffered = False
        self._received = b""
        self._position = 0
        self._unsent = bytearray()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read one packet; :attr:`on_message` gets a message."""
        message = None if self._in_packet["command"] else self._message()
        if message is None:
            return super().loop_read(max_packets)
        assert self.on_message is not None
        self.on_message(self, None, message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _message(self) -> mqtt.MQTTMessage | None:
        """Take a message of QoS 1 from the buffer; None where something else is next, or a part of one."""
        data, start = self._received, self._position
        if start == len(data) or data[start] not in _QOS_1:
            return None
        size, body = _read_length(data, start + 1)
        topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
        if size < 4 or body + size > len(data) or topic_end + 2 > body + size:
            return None
        self._position = body + size
        message = mqtt.MQTTMessage(
            int.from_bytes(data[topic_end : topic_end + 2], "big"), data[body + 2 : topic_end]
        )
        message.qos = 1
        message.payload = data[topic_end + 2 : self._position]
        return message

    def _sock_recv(self, bufsize: int) -> bytes:
        start = self._position
        if start == len(self._received):
            try:
                self._received = super()._sock_recv(_RECEIVE)
            except BlockingIOError:
                self.drained = True
                raise
            start = 0
        self._position = min(start + bufsize, len(self._received))
        return self._received[start : self._position]

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if self.unbuffered:
            return super()._sock_send(buf)
        self._unsent += buf
        return len(buf)

    def put_puback(self, mid: int) -> None:
        """Write a PUBACK, to be sent by :meth:`flush`."""
        self._unsent += b"\x40\x02" + mid.to_bytes(2, "big")

    def put_publish(self, topic: str, payload: bytes) -> None:
        """Write a message of QoS 0, to be sent by :meth:`flush`."""
        name = topic.encode()
        rest = len(name) + 2 + len(payload)
        self._unsent += b"\x30" + _length(rest) + len(name).to_bytes(2, "big") + name + payload

    def flush(self) -> bool:
        """Send what was written; False while some of it is left.

        Raises:
            OSError: the connection is gone.
        """
        while self._unsent:
            try:
                sent = super()._sock_send(self._unsent)
            except BlockingIOError:
                return False
            del self._unsent[:sent]
        return True

    def drop(self) -> None:
        """Close a connection that is of no use any more."""
        if self.socket() is not None:
            self._sock_close()
            self._do_on_disconnect(packet_from_broker=False, v1_rc=MQTTErrorCode.MQTT_ERR_CONN_LOST)


def _read_length(data: bytes, start: int) -> tuple[int, int]:
    """MQTT's remaining length at ``start`` and where it ends; -1 for one that is not all there."""
    size = 0
    for shift, byte in enumerate(data[start : start + 4]):
        size += (byte & 127) << 7 * shift
        if byte < 128:
            return size, start + shift + 1
    return -1, start


def _length(size: int) -> bytes:
    """MQTT's remaining length: seven bits a byte, the lowest first."""
    digits = bytearray()
    while size > 127:
        digits.append(size % 128 + 128)
        size //= 128
    digits.append(size)
    return bytes(digits)
