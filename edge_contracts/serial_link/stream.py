"""Frames out of a stream of bytes that may begin anywhere, lose bytes and gain others. Pure."""

from __future__ import annotations

from edge_contracts.serial_link.frame import DELIMITER, FRAME_MAX_BYTES, Frame, FrameRefused, decode


class StreamDecoder:
    """Puts frames together from pieces; after damage it understands the next whole frame again.

    Attributes:
        frames: understood so far.
        refused: damaged frames so far.
        last_refusal: why the last one was refused.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.refused = 0
        self.last_refusal: str | None = None
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete, in order."""
        *whole, rest = (self._rest + data).split(DELIMITER)
        found = [frame for one in whole if (frame := self._understood(one)) is not None]
        self._rest = rest[:FRAME_MAX_BYTES]
        return found

    def _understood(self, data: bytes) -> Frame | None:
        """Two delimiters in a row have nothing between them."""
        if not data:
            return None
        try:
            frame = decode(data)
        except FrameRefused as error:
            self.refused += 1
            self.last_refusal = str(error)
            return None
        self.frames += 1
        return frame
