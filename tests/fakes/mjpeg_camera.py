"""A camera that serves MJPEG over real HTTP on the loopback, and misbehaves when it is told to."""

from __future__ import annotations

import base64
import socket
import threading
from typing import TYPE_CHECKING

import cv2

from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDARY = "frame"
PATIENCE_S = 10.0


def jpeg(seed: int = 0, level: int = 100) -> bytes:
    """One small JPEG, alive with noise."""
    return bytes(cv2.imencode(".jpg", picture(level, seed=seed))[1])


def part(body: bytes, headers: str | None = None) -> bytes:
    """One part as most cameras write it."""
    told = f"Content-Length: {len(body)}\r\n" if headers is None else headers
    return f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{told}\r\n".encode() + body + b"\r\n"


HEAD = f"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\r\n".encode()


class MjpegCamera:
    """Answers each connection in a thread.

    Args:
        head: what it answers before the pictures.
        make_part: the n-th picture's bytes on the wire.
        period_s: between two pictures.
        login: `user:password` that it asks for.
        last: how many pictures a connection gives before it is silent.
        port: 0 for a free one.
    """

    def __init__(
        self,
        *,
        head: bytes = HEAD,
        make_part: Callable[[int], bytes] = lambda number: part(jpeg(number)),
        period_s: float = 0.01,
        login: str | None = None,
        last: int | None = None,
        port: int = 0,
    ) -> None:
        self._head = head
        self._make_part = make_part
        self._period_s = period_s
        self._login = login
        self._last = last
        self._halt = threading.Event()
        self.flowing = threading.Event()
        self.flowing.set()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, name="mjpeg-camera", daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def settle(self) -> None:
        """Wait until every connection that was hung up is closed here, too: the last in the queue is our own."""
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"GET / HTTP/1.0\r\n\r\n")
            last.recv(1)
        for thread in self._threads[1:]:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def unplug(self) -> None:
        self._halt.set()
        self.flowing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._answer(connection)
            except OSError:
                return

    def _answer(self, connection: socket.socket) -> None:
        asked = connection.recv(65536)
        if self._login is not None and b"Basic " + base64.b64encode(self._login.encode()) not in asked:
            connection.sendall(b'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n')
            return
        connection.sendall(self._head)
        number = 0
        while not self._halt.is_set():
            if not self.flowing.is_set() or number == self._last:
                if self._halt.wait(0.01) or hung_up(connection):
                    return
                continue
            connection.sendall(self._make_part(number))
            self._halt.wait(self._period_s)
            number += 1


def hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed."""
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    finally:
        connection.setblocking(True)
