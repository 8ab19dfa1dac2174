"""The parts of a multipart stream as cameras send it (RFC 2046, 5.1; multipart/x-mixed-replace), without any socket.

Cameras differ: some give each part's length, some do not; some write the dashes of the boundary into the header, some
end their lines with a bare line feed. What is none of this is refused, and nothing is kept beyond the limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_runtime.capture.jpeg_end import JpegEnd

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))""", re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_DASHES: Final = b"--"


class StreamBroken(BadInputError):
    """The bytes are no multipart stream, or exceed a limit."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What a stream may ask for.

    header_bytes: of one part's headers, and of anything between two parts.
    part_bytes: of one part's body; 32 MB is a JPEG of 50 million pixels.
    """

    header_bytes: int = 16 << 10
    part_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    body: its bytes.
    stamp_s: the camera's own time of it in seconds (X-Timestamp), None when it gives none.
    """

    body: bytes
    stamp_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    length: int | None
    stamp_s: float | None


class Multipart:
    """Takes bytes as they arrive, gives the parts that are complete.

    Args:
        boundary: as the stream's header declares it.
        limits: beyond which the stream is broken.
    """

    def __init__(self, boundary: bytes, limits: StreamLimits | None = None) -> None:
        self._limits = limits or StreamLimits()
        self._declares_dashes = boundary.startswith(_DASHES)
        self._delimiter = _DASHES + (boundary.lstrip(b"-") if self._declares_dashes else boundary)
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._end = JpegEnd()
        self._searched = 0

    @property
    def held_bytes(self) -> int:
        """What waits for the rest of its part."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Part]:
        """The parts that are complete with these bytes, in their order.

        Raises:
            StreamBroken: with what was wanted and found.
        """
        self._buffer += data
        return list(self._complete())

    def _complete(self) -> Iterator[Part]:
        while True:
            if self._head is None:
                self._head = self._read_head()
                self._end, self._searched = JpegEnd(), 0
            if self._head is None:
                return
            body = self._read_body(self._head)
            if body is None:
                return
            stamp_s, self._head = self._head.stamp_s, None
            yield Part(body, stamp_s)

    def _read_head(self) -> _Head | None:
        start = self._buffer.find(self._delimiter)
        if start < 0:
            self._refuse_beyond(len(self._buffer), "between two parts")
            return None
        self._refuse_beyond(start, "between two parts")
        behind = start + len(self._delimiter)
        if self._buffer[behind : behind + 2] == _DASHES and not self._declares_dashes:
            raise StreamBroken("wanted a further picture, found that the camera ends the stream")
        match = _HEADERS_END.search(self._buffer, behind)
        if match is None:
            self._refuse_beyond(len(self._buffer) - behind, "in a part's headers")
            return None
        self._refuse_beyond(match.start() - behind, "in a part's headers")
        lines = bytes(self._buffer[behind : match.start()])
        del self._buffer[: match.end()]
        return self._parsed(lines)

    def _parsed(self, lines: bytes) -> _Head:
        fields = {}
        for line in lines.splitlines():
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        length = fields.get(b"content-length")
        if length is not None and not length.isdigit():
            raise StreamBroken(f"wanted a number as a part's length, found {length[:40]!r}")
        if length is not None and not 0 < int(length[:20]) <= self._limits.part_bytes:
            raise StreamBroken(f"wanted a part of 1 to {self._limits.part_bytes} bytes, found {length[:40].decode()}")
        return _Head(None if length is None else int(length), _seconds(fields.get(b"x-timestamp")))

    def _read_body(self, head: _Head) -> bytes | None:
        if head.length is not None:
            return self._taken(head.length) if len(self._buffer) >= head.length else None
        if (length := self._end.find(self._buffer)) is not None:
            return self._taken(length)
        end = self._buffer.find(self._delimiter, self._searched)
        if end < 0:
            self._searched = max(len(self._buffer) - len(self._delimiter), 0)
            if len(self._buffer) > self._limits.part_bytes:
                raise StreamBroken(f"wanted a part of at most {self._limits.part_bytes} bytes, found a longer one")
            return None
        body = bytes(self._buffer[:end])
        del self._buffer[:end]
        return self._without_its_line_end(body)

    def _without_its_line_end(self, body: bytes) -> bytes:
        if self._declares_dashes:
            body = body.rstrip(b"-")
        return body.removesuffix(b"\n").removesuffix(b"\r")

    def _taken(self, length: int) -> bytes:
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _refuse_beyond(self, found: int, where: str) -> None:
        if found > self._limits.header_bytes + len(self._delimiter):
            raise StreamBroken(f"wanted at most {self._limits.header_bytes} bytes {where}, found more")


def boundary_of(content_type: str) -> bytes:
    """The boundary that a stream's Content-Type declares.

    Raises:
        StreamBroken: it is no multipart stream, or names no boundary.
    """
    match = _BOUNDARY.search(content_type)
    if not content_type.strip().lower().startswith("multipart/") or match is None:
        raise StreamBroken(f"wanted multipart/x-mixed-replace with a boundary, found {content_type[:80]!r}")
    return (match[1] or match[2]).encode("latin-1", "replace")


def _seconds(value: bytes | None) -> float | None:
    """None where a camera gives no time, or one that is no number."""
    if value is None or not re.fullmatch(rb"\d{1,12}(\.\d{1,9})?", value):
        return None
    return float(value)
