"""The drive that an RP2's boot ROM shows: a folder that takes a UF2 file block by block, and goes when it has them all.

The file is a pipe, so that the drive sees each block as it is written, as the ROM does.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.chip_line import Fault

BLOCK_BYTES = 512
PIPE_BYTES = 4096
FLASH = 0x10000000


class Uf2Drive:
    def __init__(self, folder, fault: Fault | None = None, *, board="RPI-RP2", family=0xE48BFF56, flash_bytes=65536):
        self.path = str(folder / "drive")
        self._fifo = str(folder / "drive" / "FIRMWARE.UF2")
        self._stopped = False
        self.fault, self.board, self.family = fault, board, family
        self.memory = bytearray(b"\xa5" * flash_bytes)
        self.started = False
        self.written = 0
        self.gone, self.ignores = threading.Event(), threading.Event()
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="drive", daemon=True)

    def __enter__(self):
        self._plug()
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._wake[1], b"x")
        self._thread.join(5)
        assert not self._thread.is_alive()
        for end in self._wake:
            os.close(end)

    def become(self, **other) -> None:
        """Another board is plugged in."""
        for name, value in other.items():
            setattr(self, name, value)
        self._tell()

    def _tell(self) -> None:
        text = f"UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: {self.board}\n"
        Path(self.path, "INFO_UF2.TXT").write_text(text)

    def _plug(self) -> None:
        Path(self.path).mkdir()
        self._tell()
        hidden = f"{self.path}.pipe"
        os.mkfifo(hidden)
        self._end = os.open(hidden, os.O_RDONLY | os.O_NONBLOCK)
        # Before anybody can fill it: a fuller pipe is not made smaller.
        fcntl.fcntl(self._end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        Path(hidden).replace(self._fifo)

    def _listen_again(self) -> None:
        """For the next file; the pipe stays as small as it is, because one end is always open."""
        before, self._end = self._end, os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK)
        os.close(before)

    def _run(self) -> None:
        going = True
        while going:
            going = self._take_file()
            if going:
                self._listen_again()
        shutil.rmtree(self.path, ignore_errors=True)
        self.gone.set()
        os.close(self._end)

    def _take_file(self) -> bool:
        """Take blocks until the writer closes the file; False when the drive is gone."""
        taken: set[int] = set()
        while block := self._block():
            _, _, _, address, size, number, count, family = struct.unpack_from("<8I", block)
            fault = self.fault
            if fault and fault.times and self.written >= fault.at:
                if fault.kind in {"cut", "power"}:
                    return self._cut()
                self.ignores.set()
                continue  # the ROM says nothing; a block that it does not take is just not there
            if family == self.family:
                self.memory[address - FLASH : address - FLASH + size] = block[32 : 32 + size]
                self.written += size
                taken.add(number)
                if len(taken) == count:
                    self.started = True
                    return False
        return not self._stopped

    def _cut(self) -> bool:
        """Go, and be there again, if so, before the writer learns of it."""
        self.fault.times -= 1
        self.written = 0
        gone = self._end
        shutil.rmtree(self.path)
        if self.fault.back:
            self._plug()
            os.close(gone)
        return self.fault.back

    def _block(self) -> bytes:
        """The next block; empty when the file was closed, or the test is over."""
        block = b""
        while len(block) < BLOCK_BYTES:
            ready, _, _ = select.select([self._end, self._wake[0]], [], [])
            if self._wake[0] in ready:
                self._stopped = True
                return b""
            piece = os.read(self._end, BLOCK_BYTES - len(block))
            if not piece:
                return b""
            block += piece
        return block
