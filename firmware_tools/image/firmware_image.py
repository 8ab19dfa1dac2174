"""What every firmware image is, whatever its format: for which chip, how large, which version, how it is protected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge_contracts.errors import BadInputError

Kind = Literal["mcuboot", "esp", "elf", "hex", "bin", "uf2"]


class BadImage(BadInputError):
    """A file that is no whole image of the format that it begins as."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes that belong to one address.

    start: the first byte's address in the chip's memory, or in its flash where the format counts from there.
    content: the bytes.
    """

    start: int
    content: bytes

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.start + len(self.content)


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """One firmware file that was read to its end and found whole.

    kind: the format.
    content: the whole file.
    sha256: of the whole file, hexadecimal.
    chip: the chip or processor that the file names ("esp32c3", "rp2040", "arm"); None where its format names none.
    version: the version that the file carries.
    name: the project's name that it carries.
    digest: the hash that the format itself carries, hexadecimal; it was compared, unless a remark says otherwise.
    signature: the kind of the signature that it carries; whether it is good needs a key.
    key_hash: SHA-256 of the public key that it was signed for, hexadecimal.
    entry: the address where it begins to run.
    segments: what belongs where, in the order of addresses, none overlapping; empty where the file does not say.
    remarks: sentences for the person who flashes it.
    """

    kind: Kind
    content: bytes
    sha256: str
    chip: str | None = None
    version: str | None = None
    name: str | None = None
    digest: str | None = None
    signature: str | None = None
    key_hash: str | None = None
    entry: int | None = None
    segments: tuple[Segment, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return len(self.content)

    @property
    def payload_bytes(self) -> int:
        """Of what is put into the chip's memory."""
        return sum(len(one.content) for one in self.segments)


def in_order(segments: list[Segment], found_in: str) -> tuple[Segment, ...]:
    """The segments by address, neighbours joined.

    Raises:
        BadImage: two of them want the same address.
    """
    ordered = sorted((one for one in segments if one.content), key=lambda one: one.start)
    joined: list[tuple[int, list[bytes], int]] = []
    for one in ordered:
        if joined and one.start < joined[-1][2]:
            raise BadImage(
                f"wanted each address once, found {one.start:#010x} twice in {found_in}; build the image again"
            )
        if joined and one.start == joined[-1][2]:
            start, parts, _ = joined[-1]
            parts.append(one.content)
            joined[-1] = (start, parts, one.end)
        else:
            joined.append((one.start, [one.content], one.end))
    return tuple(Segment(start, b"".join(parts)) for start, parts, _ in joined)


def flat(segments: tuple[Segment, ...]) -> bytes:
    """The bytes from the first segment's start to the last one's end, with gaps as erased flash."""
    start = segments[0].start
    room = bytearray(b"\xff" * (segments[-1].end - start))
    for one in segments:
        room[one.start - start : one.end - start] = one.content
    return bytes(room)
