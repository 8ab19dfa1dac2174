"""The table of families: which images each takes, and how its flasher is built from what a person asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware_tools.flash.flasher import Flasher
    from firmware_tools.image import FirmwareImage


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may ask for; each family takes what it knows.

    port: a serial port, or an RP2 board's drive; empty where that can be looked for.
    baud: of the line; None: the family's own.
    address: where a raw binary belongs.
    timeout_s: for the longest step; None: the family's own.
    confirm: keep an MCUboot image that answers.
    wired: DTR and RTS reset the chip.
    stub: esptool may put its loader into the chip's RAM.
    swapped: RTS is NRST and DTR is BOOT0 (STM32).
    """

    port: str
    baud: int | None = None
    address: int | None = None
    timeout_s: float | None = None
    confirm: bool = True
    wired: bool = True
    stub: bool = True
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """One family of chips.

    title: for a person.
    kinds: the formats of images that it takes.
    target: `module:function` that builds its flasher from an image, options and a sleep.
    """

    title: str
    kinds: tuple[str, ...]
    target: str


FAMILIES: Mapping[str, Family] = {
    "mcuboot": Family("MCUboot by SMP", ("mcuboot",), "firmware_tools.flash.build:mcuboot"),
    "esp32": Family("ESP32 by its ROM bootloader", ("esp",), "firmware_tools.flash.build:esp32"),
    "stm32": Family("STM32 by its ROM bootloader", ("bin", "hex", "elf"), "firmware_tools.flash.build:stm32"),
    "rp2": Family("RP2040, RP2350 by their drive", ("uf2",), "firmware_tools.flash.build:rp2"),
}


def family_of(image: FirmwareImage, asked: str | None) -> str:
    """The family that takes an image: the one that was asked for, else the only one that takes its format.

    Raises:
        BadInputError: none, or not the one that was asked for.
    """
    fitting = [name for name, family in FAMILIES.items() if image.kind in family.kinds]
    if asked is None:
        return fitting[0]
    if asked not in fitting:
        kinds = " or ".join(FAMILIES[asked].kinds)
        raise BadInputError(
            f"wanted an image of format {kinds} for the family {asked}, found {image.kind}; that goes with {fitting[0]}"
        )
    return asked


def build_flasher(name: str, image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> Flasher:
    """The flasher of a family.

    Raises:
        BadInputError: the options do not suit.
        MissingExtraError: a program or package is not installed.
    """
    module, _, function = FAMILIES[name].target.partition(":")
    build: Callable[[FirmwareImage, Options, Callable[[float], None]], Flasher] = getattr(
        import_module(module), function
    )
    return build(image, options, sleep)
