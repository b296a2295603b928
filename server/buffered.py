"""paho's client with its socket behind buffers."""

from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

_RECEIVE: Final = 1 << 18


class BufferedClient(mqtt.Client):
    """An MQTT 3.1.1 client that keeps its session and acknowledges by hand; driven by its owner's thread.

    paho reads a packet in three system calls and writes each packet in one of its own. Both go through
    the two methods overridden here, which keep their meaning: many packets then share one call. The two
    packets of every answer, PUBACK and the commit ack, are written here: paho's locks and queues would
    cost four times as much as the bytes.

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


def _length(size: int) -> bytes:
    """MQTT's remaining length: seven bits a byte, the lowest first."""
    digits = bytearray()
    while size > 127:
        digits.append(size % 128 + 128)
        size //= 128
    digits.append(size)
    return bytes(digits)
