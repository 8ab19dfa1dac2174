"""The manager's side of docs/reference/evidence-upload.md, as small as it can be: files in a folder.

What has come of a content is `<sha256>.part`; its length is the offset. Run it to have it in a process that can be
killed: `python -m tests.fakes.evidence_server FOLDER [PORT]`, which prints its port.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from edge_contracts.evidence_upload import (
    DEVICE,
    INCOMPLETE,
    MAX_EVIDENCE_BYTES,
    OFFSET,
    OTHER_CONTENT,
    ROUTE,
    WRONG_PLACE,
    ContentRange,
    parse_content_range,
)

if TYPE_CHECKING:
    import ssl
    from typing import BinaryIO

_BLOCK_BYTES = 4096
_ADDRESS = re.compile(r"(?P<base>.*)" + re.escape(ROUTE) + r"(?P<sha256>[0-9a-f]{64})")


@dataclass
class Cabinet:
    """The files, and what was asked.

    token: the only one that is let in; None lets all in. asked: method, digest and device of each request.
    received: bytes of bodies.
    """

    folder: Path
    token: str | None = None
    base: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    received: int = 0
    locks: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def whole(self, sha256: str) -> Path:
        return self.folder / sha256

    def part(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.part"

    def offset(self, sha256: str) -> int:
        return self.part(sha256).stat().st_size if self.part(sha256).exists() else 0

    def take(self, sha256: str, piece: ContentRange, body: BinaryIO) -> tuple[int, int | None]:
        """Status and offset."""
        if self.whole(sha256).exists():
            return 200, None
        if piece.total > MAX_EVIDENCE_BYTES:
            return 413, None
        if piece.first != self.offset(sha256):
            return WRONG_PLACE, self.offset(sha256)
        self._write(sha256, piece, body)
        if piece.last + 1 < piece.total:
            return INCOMPLETE, piece.last + 1
        return (201, None) if self._is_sound(sha256) else (OTHER_CONTENT, None)

    def _write(self, sha256: str, piece: ContentRange, body: BinaryIO) -> None:
        left = piece.length
        with self.part(sha256).open("ab") as file:
            while left and (block := body.read(min(left, _BLOCK_BYTES))):
                file.write(block)
                file.flush()
                self.received += len(block)
                left -= len(block)
            os.fsync(file.fileno())
        if left:
            raise ConnectionError("the board broke off")

    def _is_sound(self, sha256: str) -> bool:
        part = self.part(sha256)
        if hashlib.sha256(part.read_bytes()).hexdigest() != sha256:
            part.unlink()
            return False
        part.replace(self.whole(sha256))
        return True


class Handler(BaseHTTPRequestHandler):
    """One connection of a board."""

    protocol_version = "HTTP/1.1"
    server: EvidenceServer

    def do_HEAD(self) -> None:
        if (sha256 := self._admitted()) is None:
            return
        cabinet = self.server.cabinet
        if cabinet.whole(sha256).exists():
            self._say(200, length=cabinet.whole(sha256).stat().st_size)
        elif offset := cabinet.offset(sha256):
            self._say(INCOMPLETE, offset=offset)
        else:
            self._say(404)

    def do_PUT(self) -> None:
        if (sha256 := self._admitted()) is None:
            return
        try:
            piece = parse_content_range(self.headers.get("Content-Range", ""))
        except BadInputError as error:
            self._say(400, text=str(error))
            return
        try:
            with self.server.cabinet.locks[sha256]:
                status, offset = self.server.cabinet.take(sha256, piece, self.rfile)
        except ConnectionError:
            self.close_connection = True
            return
        self._say(status, offset=offset)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is Python's
        """Silent."""

    def _admitted(self) -> str | None:
        cabinet, found = self.server.cabinet, _ADDRESS.fullmatch(self.path)
        if found is None or found["base"] != cabinet.base:
            self._say(400, text=f"no address of evidence: {self.path}")
            return None
        cabinet.asked.append((self.command, found["sha256"], self.headers.get(DEVICE, "")))
        if cabinet.token is not None and self.headers.get("Authorization") != f"Bearer {cabinet.token}":
            self._say(401, text="who are you?")
            return None
        return found["sha256"]

    def _say(self, status: int, *, offset: int | None = None, text: str = "", length: int | None = None) -> None:
        is_early = self.command == "PUT" and status not in {201, INCOMPLETE}
        self.send_response(status)
        if offset is not None:
            self.send_header(OFFSET, str(offset))
        if is_early:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(text) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())


class EvidenceServer(ThreadingHTTPServer):
    """Serves a cabinet on loopback until it is closed."""

    daemon_threads = True

    def __init__(self, cabinet: Cabinet, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.cabinet = cabinet
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> EvidenceServer:  # noqa: PYI034 - Self is not in Python 3.10
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(10)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A board that breaks off is no error here."""


def main() -> None:
    server = EvidenceServer(Cabinet(Path(sys.argv[1])), int(sys.argv[2]) if sys.argv[2:] else 0)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
