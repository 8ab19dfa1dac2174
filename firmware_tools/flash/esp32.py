"""Espressif's chips, by their ROM bootloader, through the program esptool.

esptool compares an MD5 of what it wrote by itself; the flash is compared once more when writing is over. The bootloader
is in ROM: whatever happens, the chip can be flashed again.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError, LeptonError
from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import Chip, Mismatch, WriteRefused
from firmware_tools.flash.program import run_program
from firmware_tools.flash.rom_bootloader import (
    MISUNDERSTOOD,
    UNOPENED,
    failure,
    nobody,
    on_disk,
    state_after,
    was_reached,
)
from firmware_tools.image.esp import CHIPS
from firmware_tools.link import RESETS, also_open, open_link, reset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmware_tools.flash.flasher import ChipSilent, Progress, Stage
    from firmware_tools.flash.program import Done
    from firmware_tools.image import FirmwareImage

RENAMED = {"esp8684": "esp32c2", "esp8685": "esp32c3"}
"""Packages that are not called after their family."""
SECTOR_BYTES = 4096
PROGRAM_ADDRESS = 0x10000
"""Where ESP-IDF's default partition table has the program."""
CHIP_LINE = re.compile(r"(?:Chip type:|Chip is) +(ESP(?:32|86)[A-Z0-9-]*)([^\n]*)")
MAC_LINE = re.compile(r"MAC: +([0-9a-f:]{17,23})", re.IGNORECASE)
SIZE_LINE = re.compile(r"[Ff]lash size: +(\d+)([KM])B")
SHIFTS = {"K": 10, "M": 20}
SILENT = re.compile(
    r"[Ff]ailed to connect|[Nn]o serial data|could not open|[Nn]ot opening|[Pp]ort is busy|[Tt]imed out|"
    r"disconnected|readiness to read|doesn't exist|does not exist|Input/output error|No such file|stopped responding|"
    r"Invalid head of packet|serial noise|No more data|serial exception"
)
UNANSWERED = re.compile(r"[Ff]ailed to connect")
"""What it says when the port is open and no bootloader answers there."""
DIFFERENT = re.compile(r"[Vv]erif\w* failed|mismatch|does not match data in flash")
ERASES = re.compile(r"esptool v5\.")
"""The versions that are known to say so before each erase, in the words of `ERASE_LINE`."""
ERASE_LINE = re.compile(r"[Ff]lash will be erased|Erasing|Compressed|Writing|Wrote")
HINT = "check cable and power, hold BOOT and press reset"
QUICK_S = 60.0


class Esp32Flasher:
    """Flashes one chip through esptool.

    Args:
        image: what to write.
        port: what to open now: a serial port, or an address that esptool knows (`socket://`, `rfc2217://`).
        program: how esptool is called.
        baud: for the transfer.
        address: where in flash; None: where the image belongs by ESP-IDF's defaults.
        timeout_s: for writing, and again for reading back.
        wired: DTR and RTS reset the chip; else a person holds BOOT and presses reset before and after.
        stub: let esptool put its faster loader into the chip's RAM.
        sleep: holds the lines of a reset.

    Raises:
        BadInputError: nobody says where the image belongs, or it would begin within a sector.
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
        wired: bool,
        stub: bool,
        sleep: Callable[[float], None],
    ) -> None:
        self._port, self._program, self._baud = port, list(program), baud
        start = _place(image) if address is None else address
        if start % SECTOR_BYTES:
            raise BadInputError(
                f"wanted an address at a sector of {SECTOR_BYTES:,} bytes, which is erased as a whole, found "
                f"{start:#x}; is it hexadecimal? Then write 0x before it"
            )
        self._content, self._place = image.content, hex(start)
        self.spans = (range(start, start + len(image.content)),)
        self._timeout_s, self._sleep = timeout_s, sleep
        self._wired, self._stub = wired, stub
        self._chip, self._used = "auto", ""
        self._touched = False

    def identify(self) -> Chip:
        """Ask for chip, MAC address and size of the flash."""
        done = self._call(["flash-id"], min(QUICK_S, self._timeout_s), nobody)
        found = CHIP_LINE.search(done.text)
        if done.code or found is None:
            raise self._failure(done, "an ESP chip in its bootloader")
        mac, size = MAC_LINE.search(done.text), SIZE_LINE.search(done.text)
        self._chip = _family(found[1])
        return Chip(
            self._chip,
            f"{found[2].strip()} {mac[1] if mac else ''}".strip(),
            memory=(range(int(size[1]) << SHIFTS[size[2]]),) if size else (),
            untold="" if size else "how large its flash is, is not known: esptool could not read it",
        )

    def write(self, told: Progress) -> None:
        """Write it, from its beginning each time."""
        before = self._touched
        with on_disk(self._content) as path:
            command = self._command(["write-flash", self._place, path])
            self._touched = True
            done = run_program(command, timeout_s=self._timeout_s, told=told)
        if done.code:
            self._touched = before or _may_be_touched(done)
            _check_same(done)
            raise self._failure(done, "esptool to write the image")

    def verify(self) -> None:
        """Have the chip's own hash of the flash compared."""
        with on_disk(self._content) as path:
            done = self._call(["verify-flash", self._place, path], self._timeout_s, nobody)
        if done.code:
            _check_same(done)
            raise self._failure(done, "esptool to compare the flash")

    def start(self) -> EndState:
        """Reset the chip out of its bootloader, where a line is wired for it."""
        if not self._wired:
            return EndState.WAITING
        try:
            self._reset()
        except LeptonError:  # no such lines, or the port is gone: it was verified, and a person can reset it
            return EndState.WAITING
        return EndState.RUNNING if self._left() else EndState.WAITING

    def settle(self, stage: Stage, error: LeptonError) -> EndState:
        """Half written unless all of it was compared: what the flash holds is known only by reading it."""
        return state_after(stage, error) if self._touched else EndState.UNTOUCHED

    def leave(self) -> None:
        """Reset it, for esptool leaves it in its bootloader."""
        if self._wired:
            with suppress(LeptonError):
                self._reset()

    def _reset(self) -> None:
        link = open_link(self._port(), baud=self._baud)
        try:
            reset(link, RESETS["esp-run"], self._sleep)
        finally:
            link.close()

    def _left(self) -> bool:
        """Whether esptool opened the port and its bootloader is silent; if not, the lines may be wired to nothing."""
        try:
            done = self._call(["flash-id"], min(QUICK_S, self._timeout_s), nobody, before="no-reset", tries=1)
        except LeptonError:
            return False
        unknown = CHIP_LINE.search(done.text) or UNOPENED.search(done.text) or MISUNDERSTOOD.search(done.text)
        return unknown is None and UNANSWERED.search(done.text) is not None

    def _call(
        self, arguments: list[str], timeout_s: float, told: Progress, *, before: str = "", tries: int = 3
    ) -> Done:
        return run_program(self._command(arguments, before=before, tries=tries), timeout_s=timeout_s, told=told)

    def _command(self, arguments: list[str], *, before: str = "", tries: int = 3) -> list[str]:
        before = before or ("default-reset" if self._wired else "no-reset")
        self._used = self._port()
        options = ["--port", self._used, "--baud", str(self._baud), "--chip", self._chip]
        options += ["--before", before, "--after", "no-reset", "--connect-attempts", str(tries)]
        options += [] if self._stub else ["--no-stub"]
        return [*self._program, *options, *arguments]

    def _failure(self, done: Done, wanted: str) -> ChipSilent | WriteRefused:
        return failure(done, wanted, SILENT, HINT + also_open(self._used))


def _family(said: str) -> str:
    """The chip that images name, from a package's name: ESP32-S3-PICO-1 is an ESP32-S3, ESP32-D0WD an ESP32.

    Raises:
        WriteRefused: it is none that images name.
    """
    name = said.lower().replace("-", "")
    fitting = [one for one in CHIPS.values() if name.startswith(one)]
    found = RENAMED.get(name[:7]) or max(fitting, key=len, default=None)
    if found is None:
        raise WriteRefused(f"wanted a chip that ESP images name, found {said}; flash it by its maker's tool")
    return found


def _may_be_touched(done: Done) -> bool:
    """Whether esptool may have begun to write; not where all that it said is known, and no erase is in it."""
    if done.code > 0 and done.whole and ERASES.search(done.text):
        return ERASE_LINE.search(done.text) is not None
    return was_reached(done, CHIP_LINE)


def _check_same(done: Done) -> None:
    """Tell a failed comparison from all that may fail besides.

    Raises:
        Mismatch: esptool says that the flash holds something else.
    """
    if DIFFERENT.search(done.text):
        raise Mismatch(f"wanted the flash to hold the image, found {done.last_words()}; flash it again")


def _place(image: FirmwareImage) -> int:
    """Where in flash an image belongs by ESP-IDF's defaults.

    Raises:
        BadInputError: it does not say.
    """
    if any(one.startswith("merged") for one in image.remarks):
        return 0
    if image.version is None:
        raise BadInputError(
            "wanted to know where in flash it belongs, found neither a merged file nor ESP-IDF's description of a "
            "program; give --address (0x10000 is usual for a program)"
        )
    return PROGRAM_ADDRESS
