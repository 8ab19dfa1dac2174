"""Whether an image is for a chip: before anything is written, from what both say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.flash.flasher import WrongChip

if TYPE_CHECKING:
    from firmware_tools.flash.flasher import Chip
    from firmware_tools.image import FirmwareImage

NAMED_IN = ("esp", "uf2")
"""The formats that name a chip; of the others at most the processor is known."""


class UnnamedChip(BadInputError):
    """The image does not say for which chip it is, and nobody else did."""


def check_fit(image: FirmwareImage, chip: Chip, expected: str | None) -> None:
    """Whether an image is for a chip.

    Args:
        image: what is to be written.
        chip: what answered.
        expected: the chip that the person named; needed where the image names none.

    Raises:
        BadInputError: it is too large.
        WrongChip: it is for another chip, or another chip answers than the person named.
        UnnamedChip: neither image nor person named one.
    """
    names = {chip.name, *chip.also}
    if expected is not None and expected.lower() not in names:
        raise WrongChip(f"wanted {expected} as --chip says, found {' or '.join(sorted(names))}; check the port")
    named = image.chip if image.kind in NAMED_IN else None
    if named is not None and not any(named == one or named.startswith(f"{one}-") for one in names):
        raise WrongChip(f"wanted {named}, for which the image was built, found {chip.name}; check image and port")
    if named is None and expected is None:
        raise UnnamedChip(
            f"wanted the chip's name, for the image names none, found {chip.name} {chip.details}".rstrip()
            + f"; if that is right, add --chip {chip.name}"
        )
    size = image.payload_bytes or image.size_bytes
    if chip.flash_bytes is not None and size > chip.flash_bytes:
        raise BadInputError(
            f"wanted an image of at most {chip.flash_bytes:,} bytes for {chip.name}, found {size:,}; make it smaller"
        )
