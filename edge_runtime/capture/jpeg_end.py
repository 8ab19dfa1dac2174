"""Where a JPEG ends inside a stream that does not say how long it is (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from typing import Final

_START: Final = b"\xff\xd8"
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_BARE: Final = frozenset({0x01, 0xD8})
_EOI: Final = 0xD9
_LENGTH_BYTES: Final = 2


class JpegEnd:
    """Follows the segments of one JPEG as its bytes arrive; a thumbnail inside a segment is stepped over."""

    def __init__(self) -> None:
        self._at = len(_START)

    def find(self, content: bytes | bytearray) -> int | None:
        """The length in bytes of the JPEG at the start of `content`, None while its end is not there.

        Args:
            content: all that has arrived of it, more at each call.
        """
        if not content.startswith(_START):
            return None
        while match := _MARKER.search(content, self._at):
            marker, behind = match[1][0], match.end()
            if marker == _EOI:
                return behind
            if marker in _BARE:
                self._at = behind
                continue
            if len(content) < behind + _LENGTH_BYTES:
                self._at = match.start()
                return None
            self._at = behind + max(int.from_bytes(content[behind : behind + _LENGTH_BYTES], "big"), _LENGTH_BYTES)
        self._at = max(self._at, len(content) - 1)
        return None
