"""RP2040 and RP2350, by copying a UF2 file to the drive that their boot ROM shows while BOOTSEL is held.

The drive is no disk: each block is written to flash as it comes, and when the last one is there the chip starts and the
drive is gone. That it goes is the only answer; what it wrote cannot be read back this way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from firmware_tools.flash.end_state import EndState
from firmware_tools.flash.flasher import Chip, ChipSilent, WriteRefused
from firmware_tools.image.uf2 import BLOCK_BYTES
from firmware_tools.link import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts.errors import LeptonError
    from firmware_tools.flash.flasher import Progress, Stage
    from firmware_tools.image import FirmwareImage

INFO = "INFO_UF2.TXT"
NAME = "FIRMWARE.UF2"
BOARDS = {"RPI-RP2": "rp2040", "RP2350": "rp2350"}
"""The board id of each boot ROM's drive."""
MEMORY = {
    "rp2040": (range(0x10000000, 0x11000000), range(0x15000000, 0x15004000), range(0x20000000, 0x20042000)),
    "rp2350": (range(0x10000000, 0x12000000), range(0x13FFC000, 0x14000000), range(0x20000000, 0x20082000)),
}
"""Where a UF2 file may have its blocks: flash as far as a chip can reach, the cache of it as RAM, and RAM (the
datasheets' address maps). How much flash is soldered beside the chip, the drive does not say."""
UNTOLD = "how large its flash is, is not known: its drive does not say"
MOUNTS = ("/media", "/run/media", "/mnt", "/Volumes")
BLOCK_DEVICES = Path("/sys/dev/block")
POLL_S = 0.1
PIECE_BLOCKS = 8


def find_drive(name: str, mounts: Sequence[str] = MOUNTS) -> Path:
    """The drive that a person named, or the one that is there.

    Raises:
        BadInputError: several are there, or what was named is no folder.
        ChipSilent: none is.
    """
    if name and Path(name).exists() and not Path(name).is_dir():
        raise BadInputError(
            f"wanted the folder where an RP2 board's drive is mounted, found {kind_of(name)} at {name}; a UF2 file "
            "needs no serial port: leave --port out, and the drive is looked for"
        )
    if name:
        found = [Path(name)]
    else:
        depths = (INFO, f"*/{INFO}", f"*/*/{INFO}")
        found = [one.parent for mount in mounts for depth in depths for one in Path(mount).glob(depth)]
    if len(found) > 1:
        raise BadInputError(f"wanted one drive, found {', '.join(map(str, found))}; give one as --port")
    if not found or not (found[0] / INFO).exists():
        where = f"at {name}" if name else f"below {', '.join(mounts)}"
        there = "a folder without it" if found and found[0].is_dir() else "none"
        raise ChipSilent(
            f"wanted a drive with {INFO} {where}, found {there}; hold BOOTSEL while plugging the board in, and mount "
            "its drive"
        )
    return found[0]


def block_device(drive: Path, devices: Path = BLOCK_DEVICES) -> Path | None:
    """Where the kernel shows the device that a drive is mounted from, as long as it is plugged in; None without one."""
    number = drive.stat().st_dev
    found = devices / f"{os.major(number)}:{os.minor(number)}"
    return found if found.exists() else None


class Rp2Flasher:
    """Flashes one board through its drive.

    Args:
        image: a UF2 file.
        drive: where the drive is mounted; empty: the one that is there.
        timeout_s: for the drive to go when all is written.
        sleep: waits for that.
    """

    def __init__(self, image: FirmwareImage, drive: str, *, timeout_s: float, sleep: Callable[[float], None]) -> None:
        self._content, self._drive = image.content, drive
        self.spans = tuple(range(one.start, one.end) for one in image.segments)
        self._device: Path | None = None
        self._timeout_s, self._sleep = timeout_s, sleep
        self._sent_bytes, self._touched = 0, False

    def identify(self) -> Chip:
        """Read what the drive says of its board; from now on no other drive is meant."""
        drive = find_drive(self._drive)
        try:
            text = (drive / INFO).read_text("utf-8", "replace")
            self._device = block_device(drive)
        except OSError as error:
            raise ChipSilent(f"wanted to read the drive's {INFO}, found {error}; plug the board in again") from error
        self._drive = str(drive)
        told = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        board = told.get("Board-ID", "").strip()
        name = BOARDS.get(board, board.lower() or "unknown")
        return Chip(name, told.get("Model", "").strip(), memory=MEMORY.get(name, ()), untold=UNTOLD)

    def write(self, told: Progress) -> None:
        """Copy the file, each piece through to the chip before the next."""
        self._sent_bytes = 0
        target = find_drive(self._drive) / NAME
        try:
            # A board that starts at the last block takes its drive away before the file is closed.
            out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_SYNC)
            try:
                self._copy(out, told)
            finally:
                os.close(out)
        except OSError as error:
            if self._sent_bytes < len(self._content):
                raise ChipSilent(
                    f"wanted to write {len(self._content):,} bytes to {target}, found {error} after "
                    f"{self._sent_bytes:,}; hold BOOTSEL while plugging the board in again"
                ) from error

    def verify(self) -> None:
        """Wait for the drive to go, which is how the boot ROM says that it has every block."""
        waited_s = 0.0
        while self._is_there():
            if waited_s >= self._timeout_s:
                raise WriteRefused(
                    f"wanted the board to start when all was written, found its drive still there after "
                    f"{waited_s:.0f} s; the chip took not every block: is the file for this chip?"
                )
            self._sleep(POLL_S)
            waited_s += POLL_S

    def start(self) -> EndState:
        """It has started by itself."""
        return EndState.ACCEPTED

    def settle(self, stage: Stage, error: LeptonError) -> EndState:
        """Half written as soon as the first block may have gone, in whichever attempt."""
        del stage, error
        return EndState.HALF_WRITTEN if self._touched else EndState.UNTOUCHED

    def leave(self) -> None:
        """A person held BOOTSEL, and plugs it in anew."""

    def _copy(self, out: int, told: Progress) -> None:
        while self._sent_bytes < len(self._content):
            piece = self._content[self._sent_bytes : self._sent_bytes + PIECE_BLOCKS * BLOCK_BYTES]
            self._touched = True  # before it goes: a write that breaks may have brought blocks to the chip
            self._sent_bytes += os.write(out, piece)
            told(self._sent_bytes / len(self._content))

    def _is_there(self) -> bool:
        """Only what surely went is gone: a drive that cannot be read is one that the chip still shows."""
        if self._device is not None and not self._device.exists():
            return False  # pulled from under a mount that a person made, which stays
        try:
            Path(self._drive, INFO).stat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True
