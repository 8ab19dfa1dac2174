"""Whether an image is for a chip, and lies within its memory: before anything is written, from what both say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError, RefusedError
from firmware_tools.flash.flasher import WrongChip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware_tools.flash.flasher import Chip
    from firmware_tools.image import FirmwareImage

NAMED_IN = ("esp", "uf2")
"""The formats that name a chip; of the others at most the processor is known."""


class UnnamedChip(BadInputError):
    """The image does not say for which chip it is, and nobody else did."""


class Outside(RefusedError, ValueError):
    """The image lies outside of the memory of the chip that answers."""


def check_fit(image: FirmwareImage, chip: Chip, expected: str | None, spans: Sequence[range] = ()) -> None:
    """Whether an image is for a chip.

    Args:
        image: what is to be written.
        chip: what answered.
        expected: the chip that the person named; needed where the image names none.
        spans: the addresses that the image takes; empty where the chip finds the place itself.

    Raises:
        Outside: a part of it lies outside of the chip's memory.
        WrongChip: it is for another chip, or another chip answers than the person named.
        UnnamedChip: neither image nor person named one.
    """
    names = {chip.name, *chip.also}
    # People write ESP32-S3, images esp32s3.
    if expected is not None and _plain(expected) not in map(_plain, names):
        raise WrongChip(
            f"wanted {expected} as --chip says, found {' or '.join(sorted(names))}; check the port, or give one of "
            "these names if it is the right chip"
        )
    named = image.chip if image.kind in NAMED_IN else None
    if named is not None and not any(named == one or named.startswith(f"{one}-") for one in names):
        raise WrongChip(f"wanted {named}, for which the image was built, found {chip.name}; check image and port")
    if named is None and expected is None:
        raise UnnamedChip(
            f"wanted the chip's name, for the image names none, found {chip.name} {chip.details}".rstrip()
            + f"; if that is right, add --chip {chip.name}"
        )
    outside = [
        one for one in spans if not any(one.start >= room.start and one.stop <= room.stop for room in chip.memory)
    ]
    if chip.memory and outside:
        rooms = " or ".join(f"{room.start:#x} to {room.stop - 1:#x} ({len(room):,} bytes)" for room in chip.memory)
        raise Outside(
            f"wanted an image within the memory of this {chip.name}, {rooms}, found {outside[0].start:#x} to "
            f"{outside[0].stop - 1:#x} ({len(outside[0]):,} bytes); make it smaller, or mend its address"
        )


def _plain(name: str) -> str:
    return name.lower().replace("-", "")
