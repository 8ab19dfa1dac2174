"""One WAV file to samples, or a sentence why not; nothing is read before its header is known to be sane.

The standard library's `wave` refuses the extensible header before Python 3.12, which every 24-bit recorder writes, and
takes a file that was cut off for a shorter one. So the chunks are read here (Multimedia Programming Interface and Data
Specifications 1.0, IBM and Microsoft 1991; WAVEFORMATEXTENSIBLE, Microsoft 2007).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

SUFFIXES = frozenset({".wav", ".wave"})
"""File name endings that are read."""

FOREIGN_SUFFIXES = frozenset({".mp3", ".ogg", ".opus", ".flac", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".au", ".raw"})
"""Sounds that are not read: each is named as a bad reading, never passed over."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""Bytes 2 to 15 of the sub-format's GUID; the first two are the format as in a plain header."""
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_EXTENSIBLE_BYTES = 40
_FORMAT_MAX_BYTES = 256
_CHUNKS_MAX = 64
_PCM_BITS = (8, 16, 24, 32)
_FLOAT_BITS = 32
_BITS_PER_BYTE = 8
_WANTED = "a WAV file (PCM of 8, 16, 24 or 32 bits, or 32-bit float)"


@dataclass(frozen=True, slots=True)
class SoundLimits:
    """How large a sound may be before it is read at all.

    channels, rate_hz: beyond every sound card and data logger.
    values: samples × channels that are held in memory at once; 16 million are 64 MB, 6 minutes at 44.1 kHz.
    """

    file_bytes: int = 2 << 30
    channels: int = 64
    rate_hz: int = 768_000
    values: int = 16_000_000


class SoundRejected(BadInputError):
    """A file is no sound, is damaged, or is larger than the limits."""


@dataclass(frozen=True, slots=True)
class WaveHeader:
    """What a WAV file says of itself.

    bits: per sample. is_float: IEEE 754 instead of integers. samples: per channel. at_byte: where they begin.
    """

    channels: int
    rate_hz: int
    bits: int
    is_float: bool
    samples: int
    at_byte: int

    @property
    def sample_bytes(self) -> int:
        """Of one sample of all channels."""
        return self.channels * self.bits // _BITS_PER_BYTE


def read_header(path: Path, limits: SoundLimits | None = None) -> WaveHeader:
    """Read what a WAV file says of itself, and check that it is whole.

    Raises:
        SoundRejected: with what was wanted and found.
    """
    limits = limits or SoundLimits()
    try:
        found_bytes = path.stat().st_size
        if not 0 < found_bytes <= limits.file_bytes:
            raise SoundRejected(
                f"wanted {_WANTED} of 1 to {limits.file_bytes:,} bytes, found {path.name} of {found_bytes:,}"
            )
        with path.open("rb") as file:
            header = _header(file, path.name)
    except OSError as error:
        raise SoundRejected(f"wanted {_WANTED}, found that {path.name} cannot be read ({error.strerror})") from error
    if not (0 < header.channels <= limits.channels and 0 < header.rate_hz <= limits.rate_hz and header.samples):
        raise SoundRejected(
            f"wanted 1 to {limits.channels} channels of sound at up to {limits.rate_hz} Hz, found {path.name} with "
            f"{header.channels} channels of {header.samples} samples at {header.rate_hz} Hz"
        )
    missing = header.at_byte + header.samples * header.sample_bytes - found_bytes
    if missing > 0:
        raise SoundRejected(
            f"wanted a whole sound, found {path.name} cut off {missing:,} bytes before its end; copy it again"
        )
    return header


def read_samples(
    path: Path, header: WaveHeader, first: int = 0, count: int | None = None, limits: SoundLimits | None = None
) -> npt.NDArray[np.float32]:
    """A stretch of a WAV file.

    Args:
        path: the file.
        header: what `read_header` found in it.
        first: the first sample.
        count: samples per channel, None for all from there on.
        limits: how much may be held in memory.

    Returns:
        samples×channels float32, −1 to 1: integers are divided by 2^(bits−1), as libsndfile does.

    Raises:
        SoundRejected: it is too long, or gone, or shorter than its header said.
    """
    limits = limits or SoundLimits()
    wanted = min(header.samples - first, header.samples if count is None else count)
    if wanted * header.channels > limits.values:
        raise SoundRejected(
            f"wanted at most {limits.values:,} values at once, found {wanted * header.channels:,} in {path.name}; "
            "cut it with window_s"
        )
    try:
        with path.open("rb") as file:
            file.seek(header.at_byte + first * header.sample_bytes)
            content = file.read(wanted * header.sample_bytes)
    except OSError as error:
        raise SoundRejected(f"wanted {_WANTED}, found that {path.name} cannot be read ({error.strerror})") from error
    if len(content) != wanted * header.sample_bytes:
        raise SoundRejected(f"wanted a whole sound, found {path.name} shortened while it was read; copy it again")
    return _decoded(content, header).reshape(-1, header.channels)


def _header(file: BinaryIO, name: str) -> WaveHeader:
    magic = file.read(12)
    if len(magic) < 12 or magic[:4] != b"RIFF" or magic[8:] != b"WAVE":  # noqa: PLR2004 - RIFF, its size, WAVE
        raise SoundRejected(f"wanted {_WANTED}, found {name} which is none; record or convert it again")
    spoken: tuple[int, int, int, bool] | None = None
    for _ in range(_CHUNKS_MAX):
        head = file.read(_CHUNK.size)
        if len(head) < _CHUNK.size:
            break
        kind, size = _CHUNK.unpack(head)
        if kind == b"fmt ":
            spoken = _format(file.read(min(size, _FORMAT_MAX_BYTES)), name)
            file.seek(max(size - _FORMAT_MAX_BYTES, 0) + size % 2, 1)
        elif kind == b"data" and spoken is not None:
            channels, rate_hz, bits, is_float = spoken
            samples, torn = divmod(size, max(channels * bits // _BITS_PER_BYTE, 1))
            if torn:
                raise SoundRejected(f"wanted whole samples, found {name} ending within one; record it again")
            return WaveHeader(channels, rate_hz, bits, is_float, samples, file.tell())
        else:
            file.seek(size + size % 2, 1)
    raise SoundRejected(f"wanted {_WANTED}, found {name} without {'samples' if spoken else 'a format'}; copy it again")


def _format(content: bytes, name: str) -> tuple[int, int, int, bool]:
    """Channels, rate in Hz, bits per sample, and whether they are floats."""
    if len(content) < _FORMAT.size:
        raise SoundRejected(f"wanted {_WANTED}, found {name} with a torn header; copy it again")
    tag, channels, rate_hz, _, sample_bytes, bits = _FORMAT.unpack_from(content)
    if tag == _EXTENSIBLE and len(content) >= _EXTENSIBLE_BYTES and content[26:40] == _SUBFORMAT_TAIL:
        tag = int.from_bytes(content[24:26], "little")
    if not ((tag == _PCM and bits in _PCM_BITS) or (tag == _FLOAT and bits == _FLOAT_BITS)):
        raise SoundRejected(
            f"wanted {_WANTED}, found {name} of {bits} bits in the coding {tag}; convert it to 16-bit PCM"
        )
    if sample_bytes != channels * bits // _BITS_PER_BYTE:
        raise SoundRejected(f"wanted {_WANTED}, found {name} with a header that contradicts itself; record it again")
    return channels, rate_hz, bits, tag == _FLOAT


def _decoded(content: bytes, header: WaveHeader) -> npt.NDArray[np.float32]:
    if header.is_float:
        return np.array(np.frombuffer(content, "<f4"), np.float32)
    if header.bits == 8:  # noqa: PLR2004 - the one width without a sign
        return np.asarray((np.frombuffer(content, np.uint8).astype(np.float32) - 128) / 128, np.float32)
    if header.bits == 24:  # noqa: PLR2004 - the one width that numpy has no type for
        wide = np.zeros((len(content) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
        return np.asarray(wide.view("<i4").reshape(-1) / np.float64(1 << 31), np.float32)
    whole = np.frombuffer(content, f"<i{header.bits // _BITS_PER_BYTE}")
    return np.asarray(whole / np.float64(1 << (header.bits - 1)), np.float32)
