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
    options: which of the options it takes, beside port and time-out; another one is refused, not passed over.
    """

    title: str
    kinds: tuple[str, ...]
    target: str
    options: tuple[str, ...] = ()


SWITCHES = {
    "baud": "--baud",
    "address": "--address",
    "confirm": "--no-confirm",
    "wired": "--by-hand",
    "stub": "--no-stub",
    "swapped": "--swap-lines",
}
"""What each option is called."""
PLACED_BY_FILE = ("elf", "hex")
"""The formats that say themselves where each byte belongs."""

_BUILD = "firmware_tools.flash.build"
FAMILIES: Mapping[str, Family] = {
    "mcuboot": Family("MCUboot by SMP", ("mcuboot",), f"{_BUILD}:mcuboot", ("baud", "confirm")),
    "esp32": Family("ESP32 by its ROM bootloader", ("esp",), f"{_BUILD}:esp32", ("baud", "address", "wired", "stub")),
    "stm32": Family(
        "STM32 by its ROM bootloader", ("bin", "hex", "elf"), f"{_BUILD}:stm32", ("baud", "address", "swapped")
    ),
    "rp2": Family("RP2040, RP2350 by their drive", ("uf2",), f"{_BUILD}:rp2"),
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


def _check_options(name: str, image: FirmwareImage, options: Options) -> None:
    family, usual = FAMILIES[name], Options(options.port, timeout_s=options.timeout_s)
    placed = () if image.kind in PLACED_BY_FILE else family.options
    for field, switch in SWITCHES.items():
        taken = field in (placed if field == "address" else family.options)
        if not taken and getattr(options, field) != getattr(usual, field):
            raise BadInputError(
                f"wanted no {switch} for a {image.kind} image of the family {name}, found it given; leave it out: "
                "it would change nothing"
            )


def build_flasher(name: str, image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> Flasher:
    """The flasher of a family.

    Raises:
        BadInputError: the options do not suit.
        MissingExtraError: a program or package is not installed.
    """
    _check_options(name, image, options)
    module, _, function = FAMILIES[name].target.partition(":")
    build: Callable[[FirmwareImage, Options, Callable[[float], None]], Flasher] = getattr(
        import_module(module), function
    )
    return build(image, options, sleep)
