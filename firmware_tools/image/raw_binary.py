"""Raw binaries: no header at all, so the vector table of a Cortex-M must be plausible (Armv7-M manual, B1.5.3)."""

from __future__ import annotations

import hashlib
import struct

from firmware_tools.image.fields import fields
from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment

VECTORS = struct.Struct("<II")
"""The first stack pointer and the reset handler."""
RAMS = (range(0x10000000, 0x10100001), range(0x20000000, 0x40000001))
"""Where a stack may begin: the memory next to some processors, and Armv7-M's own region; the end itself is allowed."""
FLASHES = (0x08000000, 0x10000000, 0x0C000000, 0x00000000)
"""Where flash begins: STM32, RP2, STM32 with TrustZone, and most others."""

_ALIGNED = 4


def parse(content: bytes) -> FirmwareImage:
    """Read a raw binary; where it belongs is told only if its reset handler lies within it at a known flash."""
    stack, reset = fields(VECTORS, content, 0, "a vector table")
    if stack % _ALIGNED or not any(stack in one for one in RAMS):
        raise BadImage(
            "wanted MCUboot, ESP, ELF, Intel HEX, UF2, or a Cortex-M's raw binary, found a file that begins as none of "
            f"them (its first word, {stack:#010x}, is no stack pointer in RAM); give what the build made for flashing"
        )
    if not reset & 1:
        raise BadImage(
            f"wanted a Thumb reset handler (an odd address) as the second word, found {reset:#010x}; "
            "it is no Cortex-M's program, or it is damaged"
        )
    start = next((one for one in FLASHES if one <= reset < one + len(content)), None)
    unplaced = "it does not say where it belongs: give its address when you flash it"
    return FirmwareImage(
        "bin",
        content,
        hashlib.sha256(content).hexdigest(),
        chip="arm",
        entry=reset,
        segments=() if start is None else (Segment(start, content),),
        remarks=("a raw binary carries no hash: damage in it cannot be seen", *([unplaced] if start is None else [])),
    )
