"""STM32 chips, by the bootloader in their system memory (ST AN3155), through the program stm32loader.

Its whole flash is erased first, since the bootloader does not tell how large a page is. The bootloader is in ROM:
whatever happens, the chip can be flashed again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import Chip, Mismatch, WriteRefused
from firmware_tools.flash.program import run_program
from firmware_tools.flash.rom_bootloader import failure, nobody, on_disk, state_after, was_reached
from firmware_tools.flash.stm32_products import PRODUCTS, Product
from firmware_tools.image.firmware_image import Segment, flat
from firmware_tools.link import also_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_contracts.errors import LeptonError
    from firmware_tools.flash.flasher import ChipSilent, Progress, Stage
    from firmware_tools.flash.program import Done
    from firmware_tools.image import FirmwareImage

PROCESSOR = "arm"
FLASH_START = 0x08000000
MOST_BYTES = 4 << 20
SYSTEM = range(0x1FF00000, 0x20000000)
"""Where every family has its bootloader, its option bytes and what is written once (the reference manuals)."""
ERASED = b"\xff"
WORD_BYTES = 8
"""Some families write 8 bytes at a time: the image begins at a multiple of that, and is padded to one."""
ALIASES = (FLASH_START, 0x0C000000, 0)
"""Where a program sees the flash: as written, through TrustZone, and at 0 while it starts from there."""
CHIP_LINE = re.compile(r"Chip id: 0x([0-9A-Fa-f]{3,4})")
NUMBER_LINE = re.compile(r"Device UID: (?!F{4}-F{4}-)([0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{8}-[0-9A-F]{8})")
SIZE_LINE = re.compile(r"Flash size: ([1-9][0-9]{0,3}) KiB")
"""A register that is erased reads as ones, and says nothing."""
READ_REFUSED = re.compile(r"[Ss]omething was wrong with reading chip family data")
ERASE_REFUSED = re.compile(r"[Ee]rase failed -- probably due to readout protection")
"""What stm32loader says where a chip answers and lets nobody read, or erase."""
UNPROTECT = "'stm32loader -p {port} -u' takes it off and erases the chip"
SILENT = re.compile(
    r"[Cc]an't (?:init|open)|could not open|[Tt]imeout|[Tt]imed out|readiness to read|Input/output|No such file|"
    r"[Nn]o (?:data|answer|response|such)|disconnected|not responding|returned no data"
)
HINT = "check cable, BOOT0 and reset"
QUICK_S = 30.0


class Protected(WriteRefused):
    """Read-out protection is on: the chip lets nobody read, and refused to be erased."""


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
        self.spans = (range(start, start + len(self._content)),)
        self._touched, self._locked, self._used = False, False, ""

    def identify(self) -> Chip:
        """Ask for the product id, then for what such a chip tells of itself: unique id and size of the flash."""
        done, product_id = self._asked([])
        product_number = f"{product_id:#05x}"
        product = PRODUCTS.get(product_id, Product(product_number))
        if product.registers:
            done, again = self._asked(["-f", product.registers])
            if again != product_id:
                raise WriteRefused(
                    f"wanted one chip to answer, found {product_number} and then {again:#05x}; check the line"
                )
        self._locked = READ_REFUSED.search(done.text) is not None
        number, size = NUMBER_LINE.search(done.text), SIZE_LINE.search(done.text)
        return Chip(
            product.name,
            f"product id {product_number}" + (f", unique id {number[1]}" if number else ""),
            also=(product_number,),
            memory=(range(FLASH_START, FLASH_START + (int(size[1]) << 10)),) if size else (),
            untold="; ".join(self._untold(product_number, sized=size is not None)),
        )

    def _untold(self, product_number: str, *, sized: bool) -> Iterator[str]:
        """What a person should know before the chip is written."""
        if not sized:
            yield f"how large its flash is, is not known: {product_number} does not let it be read"
        if self._locked:
            yield f"its read-out protection is probably on, and writing is then refused: {self._unprotect()}"
        if self.spans[0].start != FLASH_START:
            yield f"all of its flash is erased, and nothing will lie at {FLASH_START:#010x}, where it usually starts"

    def _unprotect(self) -> str:
        return UNPROTECT.format(port=self._used)

    def write(self, told: Progress) -> None:
        """Erase the flash and write it, from its beginning each time."""
        before = self._touched
        with on_disk(self._content) as path:
            command = self._command(["-e", "-w", "-a", self._address, path])
            self._touched = True
            done = run_program(command, timeout_s=self._timeout_s, told=told)
        if done.code:
            if self._locked and ERASE_REFUSED.search(done.text):
                self._touched = before
                raise Protected(
                    f"wanted to erase and write the flash, found it refused ({done.last_words()}); {self._unprotect()}"
                )
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
        if self._touched:
            return state_after(stage, error)
        return EndState.PROTECTED if isinstance(error, Protected) else EndState.UNTOUCHED

    def leave(self) -> None:
        """stm32loader resets it whenever it leaves."""

    def _asked(self, arguments: list[str]) -> tuple[Done, int]:
        done = self._call(arguments, min(QUICK_S, self._timeout_s), nobody)
        found = CHIP_LINE.search(done.text)
        if found is None:
            raise self._failure(done, "an STM32 in its bootloader")
        return done, int(found[1], 16)

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
        segments: tuple[Segment, ...] = (Segment(address, image.content),)
    elif image.kind == "elf" and image.chip != PROCESSOR:
        raise BadInputError(
            f"wanted a program for {PROCESSOR}, which every STM32 is, found one for {image.chip or 'an unknown one'}; "
            "of an ESP32's program give the .bin that its build leaves beside the ELF"
        )
    else:
        segments = image.segments
    _check_in_flash(segments)
    start, content = segments[0].start, flat(segments)
    if start % WORD_BYTES:
        raise BadInputError(
            f"wanted an address that is a multiple of {WORD_BYTES}, as the flash is written, found {start:#x}; mend it"
        )
    if image.kind == "bin":
        _require_start(image, range(start, start + len(content)))
    return start, content + ERASED * (-len(content) % WORD_BYTES)


def _check_in_flash(segments: tuple[Segment, ...]) -> None:
    """See where the pieces lie, before the gaps between them are filled: those may be gigabytes wide.

    Raises:
        BadInputError: one of them is not in an STM32's flash.
    """
    outside = next((one for one in segments if one.start < FLASH_START or one.end > FLASH_START + MOST_BYTES), None)
    if outside is None:
        return
    step = (
        "those are option bytes or the like, which are not written here: leave them out of the file"
        if outside.start in SYSTEM
        else "is it for another chip?"
    )
    raise BadInputError(
        f"wanted a program in an STM32's flash from {FLASH_START:#010x} on, found bytes at {outside.start:#x} to "
        f"{outside.end:#x}; {step}"
    )


def _require_start(image: FirmwareImage, span: range) -> None:
    """See that a raw binary starts within itself where it is to lie.

    Raises:
        BadInputError: its reset handler lies elsewhere.
    """
    reset = image.entry
    if reset is not None and not any(reset - alias + FLASH_START in span for alias in ALIASES):
        raise BadInputError(
            f"wanted the raw binary's reset handler, {reset:#010x}, within it, found that it would lie from "
            f"{span.start:#x} to {span.stop - 1:#x} and not start; give the --address that it was linked for"
        )
