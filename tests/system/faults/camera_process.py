"""The camera of the suite: a process of its own that serves MJPEG, so that it can be stopped and killed.

`camera_process.py FOLDER PORT` says `ready PORT`, then obeys each line of its standard input: the name of a mode.
"""

from __future__ import annotations

import itertools
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.system.faults.pictures_on_the_line import VARIANTS, on_the_line

PERIOD_S = 0.04
HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
REFUSAL = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
GARBAGE = bytes(range(256)) * 16
BOMB = (
    b"\xff\xd8\xff\xc0"
    + struct.pack(">HBHHB", 17, 8, 60_000, 60_000, 3)
    + b"\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9"
)
"""The head of a JPEG of 3.6 billion pixels."""


class Camera:
    """Serves whatever its mode says to whoever connects."""

    def __init__(self, folder: Path) -> None:
        self.mode = "normal"
        self._files = {path.stem: path.read_bytes() for path in folder.glob("*.jpg")}
        self._number = itertools.count()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            if self.mode == "refusing":
                connection.sendall(REFUSAL)
                return
            connection.sendall(HEAD)
            while self.mode != "refusing":
                self._send(connection)

    def _send(self, connection: socket.socket) -> None:
        if self.mode == "garbage":
            connection.sendall(GARBAGE)
        elif self.mode == "dripping":
            connection.sendall(b"-")
        else:
            connection.sendall(_part(self._picture()))
        time.sleep(PERIOD_S)

    def _picture(self) -> bytes:
        lies_there, variant = on_the_line(time.monotonic_ns()), next(self._number) % VARIANTS
        if self.mode == "truncated":
            whole = self._files[f"{lies_there}-{variant}"]
            return whole[: len(whole) // 2]
        if self.mode == "bomb":
            return BOMB
        if self.mode == "frozen":
            return self._files["good-0"]
        if self.mode in {"dark", "bright", "dim"}:
            return self._files[f"{self.mode}-{variant}"]
        prefix = "large-" if self.mode == "large" else ""
        return self._files[f"{prefix}{lies_there}-{variant}"]


def _part(body: bytes) -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body) + body + b"\r\n"


def main(folder: str, port: str, mode: str) -> None:
    camera = Camera(Path(folder))
    camera.mode = mode
    listener = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=_obey, args=(camera,), daemon=True).start()
    sys.stdout.write(f"ready {listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=camera.serve, args=(connection,), daemon=True).start()


def _obey(camera: Camera) -> None:
    for line in sys.stdin:
        camera.mode = line.strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
