"""Names and numbers that travel: device ids, UUIDv7, SHA-256 digests."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
"""An organisation, site, device, inspection point or bundle name: 1 to 32 of a-z, 0-9 and '-'."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""

Epoch = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""The life of one spool: 8 random bytes in hexadecimal, new whenever a spool is created."""

Boot = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""One run of a board, from power to power: the first 8 bytes of the kernel's boot id in hexadecimal."""

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID in lower-case hexadecimal."""

_UUID7_VERSION = 0x7
_UUID_VARIANT = 0b10


def uuid7(unix_ms: int, random_bytes: bytes) -> str:
    """RFC 9562 UUID version 7 from a wall-clock time and 10 random bytes.

    Args:
        unix_ms: milliseconds since 1970-01-01 UTC; only orders ids, is never trusted as time.
        random_bytes: 10 bytes from `os.urandom`.

    Raises:
        ValueError: the time does not fit in 48 bits or the bytes are not 10.
    """
    if not 0 <= unix_ms < 1 << 48 or len(random_bytes) != 10:  # noqa: PLR2004 - the widths are the RFC's
        raise ValueError(f"wanted 48 bits of time and 10 random bytes, found {unix_ms} and {len(random_bytes)} bytes")
    noise = int.from_bytes(random_bytes, "big")
    rand_a, rand_b = noise >> 68, noise & ((1 << 62) - 1)
    number = unix_ms << 80 | _UUID7_VERSION << 76 | rand_a << 64 | _UUID_VARIANT << 62 | rand_b
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
