"""One HTTP answer that never ends: asked for, its head read within limits and a deadline, its body given as it comes.

HTTP/1.0 is asked for, so that no server answers in chunks.
"""

from __future__ import annotations

import base64
import io
import select
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from email.message import Message

    from edge_runtime.clock import Clock

_NS_PER_S: Final = 1_000_000_000
_HEAD_MAX: Final = 64 << 10
_CHUNK_BYTES: Final = 256 << 10
_OK: Final = 200
_UNAUTHORISED: Final = 401
_HEAD_END: Final = b"\r\n\r\n"
_PORTS: Final = {"http": 80, "https": 443}


class AnswerRefused(LeptonError, ConnectionError):
    """The server cannot be reached or does not answer with a body; the message says what was found."""


@dataclass(slots=True)
class HttpStream:
    """An open answer.

    headers: of the answer.
    """

    headers: Message
    _socket: socket.socket
    _clock: Clock
    _first: bytes

    def read(self, until_ns: int) -> bytes:
        """The next bytes, as many as there are; waits for them until `until_ns` (monotonic).

        Raises:
            AnswerRefused: the server closed or failed.
            TimeoutError: nothing came.
        """
        if self._first:
            first, self._first = self._first, b""
            return first
        return _receive(self._socket, self._clock, until_ns)

    def has_more(self, timeout_s: float) -> bool:
        """Whether bytes are there, or come within `timeout_s`."""
        if self._first or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def open_stream(url: str, clock: Clock, *, open_timeout_s: float, read_timeout_s: float) -> HttpStream:
    """Ask for `url` and read the head of the answer.

    Args:
        url: http or https; a user and password in it are sent as basic authentication.
        clock: monotonic.
        open_timeout_s: to connect.
        read_timeout_s: from then until the head is there.

    Raises:
        AnswerRefused: with what was found.
        OSError: it cannot be reached.
        TimeoutError: too slow.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = socket.create_connection((host, parts.port or _PORTS[parts.scheme]), open_timeout_s)
    try:
        if parts.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        connection.sendall(_request(url))
        until_ns = clock.now_ns() + int(read_timeout_s * _NS_PER_S)
        status, headers, first = _read_head(connection, clock, until_ns)
        _check(status, headers, is_named=parts.username is not None)
        return HttpStream(headers, connection, clock, first)
    except BaseException:
        connection.close()
        raise


def _request(url: str) -> bytes:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = f":{parts.port}" if parts.port else ""
    lines = [f"GET {path} HTTP/1.0", f"Host: {parts.hostname}{port}", "Accept: multipart/x-mixed-replace"]
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(secret.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def _read_head(connection: socket.socket, clock: Clock, until_ns: int) -> tuple[int, Message, bytes]:
    found = b""
    while _HEAD_END not in found:
        if len(found) > _HEAD_MAX:
            raise AnswerRefused(f"an answer whose head is longer than {_HEAD_MAX} bytes")
        found += _receive(connection, clock, until_ns)
    head, _, first = found.partition(_HEAD_END)
    status, _, fields = head.partition(b"\r\n")
    words = status.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004 - version and code
        raise AnswerRefused(f"an answer that is no HTTP: {status[:60]!r}")
    try:
        headers: Message = parse_headers(io.BytesIO(fields + _HEAD_END))
    except HTTPException as error:
        raise AnswerRefused(f"an answer whose headers are none ({type(error).__name__})") from error
    return int(words[1]), headers, first


def _check(status: int, headers: Message, *, is_named: bool) -> None:
    """Refuse an answer without pictures; `is_named`: a user and password were sent."""
    kind = str(headers.get("WWW-Authenticate", "no method")).split(" ", 1)[0]
    if status == _UNAUTHORISED and is_named and kind.lower() == "basic":
        raise AnswerRefused("that it refuses this user and password")
    if status == _UNAUTHORISED:
        raise AnswerRefused(
            f"that it asks for a user and password ({kind}); only Basic is spoken: set the camera to it, "
            "and write user:password@ before the host"
        )
    if status != _OK:
        raise AnswerRefused(f"the answer {status}")
    if "chunked" in str(headers.get("Transfer-Encoding", "")).lower():
        raise AnswerRefused("an answer in chunks, which HTTP/1.0 does not have")


def _receive(connection: socket.socket, clock: Clock, until_ns: int) -> bytes:
    left_s = (until_ns - clock.now_ns()) / _NS_PER_S
    if left_s <= 0:
        raise TimeoutError
    connection.settimeout(left_s)
    data = connection.recv(_CHUNK_BYTES)
    if not data:
        raise AnswerRefused("that it hung up")
    return data
