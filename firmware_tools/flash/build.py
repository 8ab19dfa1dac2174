"""Each family's flasher, built from what a person asked for; the only place that knows the families' own times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_tools.flash.esp32 import Esp32Flasher
from firmware_tools.flash.mcuboot import McubootFlasher
from firmware_tools.flash.program import find_program
from firmware_tools.flash.rp2 import Rp2Flasher
from firmware_tools.flash.stm32 import Stm32Flasher
from firmware_tools.link import HeldPort

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_tools.flash.families import Options
    from firmware_tools.image import FirmwareImage

SMP_TIMEOUT_S, SMP_ERASE_TIMEOUT_S, SMP_BOOT_TIMEOUT_S = 4.0, 40.0, 90.0
"""A swap of two slots of 512 kB takes half a minute on slow flash."""
WRITE_TIMEOUT_S = 600.0
DRIVE_TIMEOUT_S = 15.0
USUAL_BAUD, ESP_BAUD = 115_200, 460_800


def mcuboot(image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> McubootFlasher:
    """The flasher of the family `mcuboot`."""
    timeout_s = options.timeout_s or SMP_TIMEOUT_S
    return McubootFlasher(
        image,
        _serial(options.port),
        baud=options.baud or USUAL_BAUD,
        timeout_s=timeout_s,
        erase_timeout_s=max(timeout_s, SMP_ERASE_TIMEOUT_S),
        boot_timeout_s=SMP_BOOT_TIMEOUT_S,
        confirm=options.confirm,
        sleep=sleep,
    )


def esp32(image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> Esp32Flasher:
    """The flasher of the family `esp32`."""
    return Esp32Flasher(
        image,
        (lambda: options.port) if "://" in options.port else _serial(options.port),
        find_program("esptool"),
        baud=options.baud or ESP_BAUD,
        address=options.address,
        timeout_s=options.timeout_s or WRITE_TIMEOUT_S,
        wired=options.wired,
        stub=options.stub,
        sleep=sleep,
    )


def stm32(image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> Stm32Flasher:
    """The flasher of the family `stm32`."""
    del sleep
    return Stm32Flasher(
        image,
        _serial(options.port),
        find_program("stm32loader"),
        baud=options.baud or USUAL_BAUD,
        address=options.address,
        timeout_s=options.timeout_s or WRITE_TIMEOUT_S,
        swapped=options.swapped,
    )


def rp2(image: FirmwareImage, options: Options, sleep: Callable[[float], None]) -> Rp2Flasher:
    """The flasher of the family `rp2`."""
    return Rp2Flasher(image, options.port, timeout_s=options.timeout_s or DRIVE_TIMEOUT_S, sleep=sleep)


def _serial(name: str) -> Callable[[], str]:
    """What tells the path of the port that a person named, as long as the same adapter is there.

    Raises:
        BadInputError: none was named, or the name fits several.
    """
    return HeldPort(name).path
