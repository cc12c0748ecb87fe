"""The network between a computer and the product, which a test stops or cuts."""

import socket
import threading
from contextlib import suppress


class Line:
    """Carries what is sent to `port` on to the product, until it is stopped or cut."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._passes = threading.Event()
        self._is_cut = False
        self._ends: set[socket.socket] = set()
        self._waiting = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.restore()
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Let what is asked from now on wait, as on a network that has stalled."""
        self._waiting = b""
        self._passes.clear()

    def holds(self, part: str) -> bool:
        """Report whether a request with that part in it waits."""
        return part.encode() in self._waiting

    def cut(self) -> None:
        """Break every connection, lose what waits, and let no other through."""
        self._is_cut = True
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._passes.set()

    def restore(self) -> None:
        self._is_cut = False
        self._passes.set()

    def close(self) -> None:
        self.cut()
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = self._server.accept()
                if self._is_cut:
                    client.close()
                    continue
                product = socket.create_connection(self._to)
                self._ends |= {client, product}
                for pair in ((client, product), (product, client)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self._passes.is_set():
                    self._waiting += data
                    self._passes.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._ends.discard(end)
