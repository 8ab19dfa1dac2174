"""STM32 chips, by the bootloader in their system memory (ST AN3155), through the program stm32loader.

Its whole flash is erased first, since the bootloader does not tell how large a page is. The bootloader is in ROM:
whatever happens, the chip can be flashed again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import Chip, Mismatch
from firmware_tools.flash.program import run_program
from firmware_tools.flash.rom_bootloader import failure, nobody, on_disk, state_after, was_reached
from firmware_tools.image.firmware_image import flat
from firmware_tools.link import also_open

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.errors import LeptonError
    from firmware_tools.flash.flasher import ChipSilent, Progress, Stage, WriteRefused
    from firmware_tools.flash.program import Done
    from firmware_tools.image import FirmwareImage

PROCESSOR = "arm"
FLASH_START = 0x08000000
MOST_BYTES = 4 << 20
ERASED = b"\xff"
WORD_BYTES = 8
"""Some families write 8 bytes at a time: the image is padded to that."""
CHIP_LINE = re.compile(r"Chip id: 0x([0-9A-Fa-f]{3,4})")
SILENT = re.compile(
    r"[Cc]an't (?:init|open)|could not open|[Tt]imeout|[Tt]imed out|readiness to read|Input/output|No such file|"
    r"[Nn]o (?:data|answer|response|such)|disconnected|not responding|returned no data"
)
HINT = "check cable, BOOT0 and reset"
QUICK_S = 30.0
PRODUCTS = {
    0x410: "stm32f10x-medium",
    0x411: "stm32f2",
    0x412: "stm32f10x-low",
    0x413: "stm32f405-f407",
    0x414: "stm32f10x-high",
    0x418: "stm32f105-f107",
    0x419: "stm32f42x-f43x",
    0x420: "stm32f100-medium",
    0x421: "stm32f446",
    0x422: "stm32f30x",
    0x423: "stm32f401xb-xc",
    0x431: "stm32f411",
    0x433: "stm32f401xd-xe",
    0x435: "stm32l43x-l44x",
    0x440: "stm32f05x-f030x8",
    0x444: "stm32f03x",
    0x445: "stm32f04x-f070x6",
    0x448: "stm32f07x",
    0x449: "stm32f74x-f75x",
    0x450: "stm32h74x-h75x",
    0x460: "stm32g07x-g08x",
    0x466: "stm32g03x-g04x",
    0x468: "stm32g431-g441",
    0x469: "stm32g47x-g48x",
}
"""Product ids of ST's AN2606; one that is not listed keeps its number."""


class Stm32Flasher:
    """Flashes one chip through stm32loader.

    Args:
        image: what to write.
        port: the serial port to open now.
        program: how stm32loader is called.
        baud: of the line.
        address: where a raw binary belongs, which never says so.
        timeout_s: for erasing and writing, and again for reading back.
        swapped: RTS is NRST and DTR is BOOT0, instead of the other way round.

    Raises:
        BadInputError: nobody says where the image belongs, or it is for another flash.
    """

    def __init__(
        self,
        image: FirmwareImage,
        port: Callable[[], str],
        program: Sequence[str],
        *,
        baud: int,
        address: int | None,
        timeout_s: float,
        swapped: bool = False,
    ) -> None:
        self._port, self._program, self._baud = port, list(program), baud
        self._timeout_s, self._swapped = timeout_s, swapped
        start, self._content = _flat(image, address)
        self._address = hex(start)
        self._touched, self._used = False, ""

    def identify(self) -> Chip:
        """Ask for the product id."""
        done = self._call([], min(QUICK_S, self._timeout_s), nobody)
        found = CHIP_LINE.search(done.text)
        if found is None:
            raise self._failure(done, "an STM32 in its bootloader")
        product = int(found[1], 16)
        number = f"{product:#05x}"
        return Chip(PRODUCTS.get(product, number), f"product id {number}", also=(number,))

    def write(self, told: Progress) -> None:
        """Erase the flash and write it, from its beginning each time."""
        before = self._touched
        with on_disk(self._content) as path:
            command = self._command(["-e", "-w", "-a", self._address, path])
            self._touched = True
            done = run_program(command, timeout_s=self._timeout_s, told=told)
        if done.code:
            self._touched = before or was_reached(done, CHIP_LINE)
            raise self._failure(done, "stm32loader to erase and write")

    def verify(self) -> None:
        """Read all of it back."""
        with on_disk(self._content) as path:
            done = self._call(["-v", "-a", self._address, path], self._timeout_s, nobody)
        if re.search(r"[Vv]erification FAILED|differ", done.text):
            raise Mismatch(f"wanted the flash to hold the image, found {done.last_words()}; flash it again")
        if done.code or "Verification OK" not in done.text:
            raise self._failure(done, "stm32loader to read the flash back")

    def start(self) -> EndState:
        """Jump to the program."""
        done = self._call(["-g", self._address], min(QUICK_S, self._timeout_s), nobody)
        return EndState.WAITING if done.code else EndState.RUNNING

    def settle(self, stage: Stage, error: LeptonError) -> EndState:
        """Half written unless all of it was compared: what the flash holds is known only by reading it."""
        return state_after(stage, error) if self._touched else EndState.UNTOUCHED

    def leave(self) -> None:
        """stm32loader resets it whenever it leaves."""

    def _call(self, arguments: list[str], timeout_s: float, told: Progress) -> Done:
        return run_program(self._command(arguments), timeout_s=timeout_s, told=told)

    def _command(self, arguments: list[str]) -> list[str]:
        self._used = self._port()
        options = ["-p", self._used, "-b", str(self._baud), *(["-s"] if self._swapped else [])]
        return [*self._program, *options, *arguments]

    def _failure(self, done: Done, wanted: str) -> ChipSilent | WriteRefused:
        return failure(done, wanted, SILENT, HINT + also_open(self._used))


def _flat(image: FirmwareImage, address: int | None) -> tuple[int, bytes]:
    """Where an image begins, and its bytes without a gap.

    Raises:
        BadInputError: nobody says where it belongs, or it is not for this flash.
    """
    if image.kind == "bin":
        if address is None:
            guess = f"; its reset handler would suit {image.segments[0].start:#010x}" if image.segments else ""
            raise BadInputError(
                f"wanted the address of a raw binary, which does not say it, found none; give --address{guess}"
            )
        start, content = address, image.content
    elif image.kind == "elf" and image.chip != PROCESSOR:
        raise BadInputError(
            f"wanted a program for {PROCESSOR}, which every STM32 is, found one for {image.chip or 'an unknown one'}; "
            "is it for another chip?"
        )
    else:
        start, content = image.segments[0].start, flat(image.segments)
    end = start + len(content)
    if not (start >= FLASH_START and end <= FLASH_START + MOST_BYTES):
        raise BadInputError(
            f"wanted a program in an STM32's flash from {FLASH_START:#010x} on, found {start:#x} to {end:#x}; "
            "is it for another chip?"
        )
    return start, content + ERASED * (-len(content) % WORD_BYTES)
