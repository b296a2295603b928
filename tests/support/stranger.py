"""Another program at an address where somebody looks for Waystation: says the same to all that connect."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


@contextmanager
def stranger(answer: bytes) -> Iterator[int]:
    """Its port, on loopback; ``answer`` is all that is sent, as it is."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def web(body: str, status: str = "200 OK") -> bytes:
    """An answer as HTTP has it."""
    sent = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n".encode() + sent
