"""One frame of the station protocol: header, body and CRC-16, in COBS, ended by a zero. Pure.

A frame that is damaged, of another version or not as `protocol.toml` says is refused in words, never half understood.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError
from edge_contracts.serial_link.layout import BY_IDENT, BY_MESSAGE

if TYPE_CHECKING:
    from edge_contracts.serial_link.messages import Message

VERSION: Final = 1
DELIMITER: Final = b"\0"
BODY_MAX_BYTES: Final = 64
RELIABLE: Final = 0x01
_HEADER_BYTES: Final = 4
_CRC_BYTES: Final = 2
_CRC_INIT: Final = 0xFFFF
_CRC_XOR_OUT: Final = 0xFFFF
FRAME_MAX_BYTES: Final = _HEADER_BYTES + BODY_MAX_BYTES + _CRC_BYTES + 2
"""On the wire, with COBS's byte and the delimiter."""


class FrameRefused(BadInputError):
    """These bytes are no frame that can be understood."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message on the wire.

    sequence: of a reliable message, 0 in others.
    """

    message: Message
    sequence: int = 0

    @property
    def reliable(self) -> bool:
        """Whether it wants an answer."""
        return BY_MESSAGE[type(self.message)].reliable


def crc16(data: bytes) -> int:
    """CRC-16/GENIBUS, of a frame or of a stored value."""
    return crc_hqx(data, _CRC_INIT) ^ _CRC_XOR_OUT


def encode(frame: Frame) -> bytes:
    """The frame's bytes, with the delimiter.

    Raises:
        BadInputError: a field is out of its range.
    """
    layout = BY_MESSAGE[type(frame.message)]
    body = layout.pack(frame.message)
    head = bytes((VERSION, layout.ident, RELIABLE if layout.reliable else 0, frame.sequence))
    return _stuff(head + body + crc16(head + body).to_bytes(_CRC_BYTES, "big")) + DELIMITER


def decode(data: bytes) -> Frame:
    """The frame in these bytes, without their delimiter.

    Raises:
        FrameRefused: they are none; the message says why.
    """
    raw = _unstuff(data)
    if len(raw) < _HEADER_BYTES + _CRC_BYTES:
        raise FrameRefused(f"wanted at least {_HEADER_BYTES + _CRC_BYTES} bytes, found {len(raw)}")
    whole, crc = raw[:-_CRC_BYTES], int.from_bytes(raw[-_CRC_BYTES:], "big")
    if crc16(whole) != crc:
        raise FrameRefused(f"wanted the CRC {crc16(whole):04X}, found {crc:04X}; the frame was damaged")
    version, ident, flags, sequence = whole[:_HEADER_BYTES]
    if version != VERSION:
        raise FrameRefused(f"wanted version {VERSION} of the station protocol, found {version}; update the older side")
    layout = BY_IDENT.get(ident)
    if layout is None:
        raise FrameRefused(f"wanted a message of version {VERSION}, found the id 0x{ident:02X}")
    if flags != (RELIABLE if layout.reliable else 0) or (sequence and not layout.reliable):
        raise FrameRefused(f"wanted the flags of {layout.message.__name__}, found {flags} with sequence {sequence}")
    try:
        return Frame(layout.unpack(whole[_HEADER_BYTES:]), sequence)
    except BadInputError as error:
        raise FrameRefused(f"{layout.message.__name__}: {error}") from error


def _stuff(raw: bytes) -> bytes:
    """COBS; a frame is too short for a run of 254 bytes without a zero."""
    return b"".join(bytes((len(run) + 1,)) + run for run in raw.split(b"\0"))


def _unstuff(data: bytes) -> bytes:
    raw, at = bytearray(), 0
    if len(data) >= FRAME_MAX_BYTES:
        raise FrameRefused(f"wanted at most {FRAME_MAX_BYTES - 1} bytes, found {len(data)}")
    while at < len(data):
        after = at + data[at]
        if after == at or after > len(data):
            raise FrameRefused(f"wanted COBS, found a run of {data[at]} at byte {at} of {len(data)}")
        raw += data[at + 1 : after] + b"\0"
        at = after
    return bytes(raw[:-1])
