"""The serial bootloader in an ESP32-C3's ROM, as Espressif's "Serial Protocol" tells it; on a pseudo-terminal."""

from __future__ import annotations

import functools
import hashlib
import struct
from operator import xor

from tests.fakes.chip_line import PtyChip

END, ESCAPE = 0xC0, 0xDB
FLASH_BEGIN, FLASH_DATA, FLASH_END, SYNC, WRITE_REG, READ_REG = 0x02, 0x03, 0x04, 0x08, 0x09, 0x0A
SPI_SET_PARAMS, SPI_ATTACH, CHANGE_BAUD, FLASH_MD5, SECURITY_INFO = 0x0B, 0x0D, 0x0F, 0x13, 0x14
SPI_W0 = 0x60002058
FLASH_ID = 0x1540EF
"""Two megabytes, by Winbond."""
BAD_CHECKSUM, FLASH_WRITE_FAILED, INVALID = 0x07, 0x08, 0x05
SECTOR_BYTES = 4096


class EspRom(PtyChip):
    """A chip whose strap a jumper holds for the bootloader, until lines are wired to it; `chip_id` is ESP-IDF's."""

    def __init__(self, folder, fault=None, *, chip_id: int = 5, flash_bytes: int = 2 << 20):
        super().__init__(folder, fault)
        self.chip_id = chip_id
        self.memory = bytearray(b"\xa5" * flash_bytes)
        self.runs = "bootloader"
        self.boot = True
        self._held = False

    def lines_changed(self, *, dtr, rts):
        # Two transistors: RTS alone holds the reset, DTR alone the boot strap. A capacitor keeps the reset while both
        # lines change places; the strap counts when the reset is let go.
        if rts and not dtr:
            self._held = True
        elif self._held and not rts:
            self._held, self.boot = False, dtr
            self.power_on()

    def power_on(self) -> None:
        self.runs = "bootloader" if self.boot else "program"
        self.block_bytes = self.offset = 0
        self.synchronised = False

    def serve(self) -> None:
        while True:
            frame = self._frame()
            if self.runs != "bootloader" or len(frame) < 8 or frame[0] != 0:
                continue
            _, command, size, check = struct.unpack_from("<BBHI", frame)
            body = frame[8:]
            if command == SYNC:
                self.synchronised = True
                for _ in range(8):
                    self._answer(command)
            elif self.synchronised and len(body) == size:
                self._do(command, body, check)

    def _do(self, command: int, body: bytes, check: int) -> None:
        match command:
            case 0x0A:
                (address,) = struct.unpack_from("<I", body)
                self._answer(command, value=FLASH_ID if address == SPI_W0 else 0)
            case 0x02:
                size, _, self.block_bytes, self.offset = struct.unpack_from("<IIII", body)
                self.erase(self.offset, -(-size // SECTOR_BYTES) * SECTOR_BYTES)
                self._answer(command)
            case 0x03:
                self._answer(command, error=self._data(body, check))
            case 0x13:
                place, size = struct.unpack_from("<II", body)
                digest = hashlib.md5(self.memory[place : place + size], usedforsecurity=False).hexdigest()
                self._answer(command, digest.encode())
            case 0x14:
                self._answer(command, struct.pack("<IB7BII", 0, 0, *(0,) * 7, self.chip_id, 0))
            case 0x04 | 0x09 | 0x0B | 0x0D | 0x0F:
                self._answer(command)
            case _:
                self._answer(command, error=INVALID)

    def _data(self, body: bytes, check: int) -> int:
        size, number = struct.unpack_from("<II", body)
        content = body[16:]
        if len(content) != size or functools.reduce(xor, content, 0xEF) != check:
            return BAD_CHECKSUM
        return 0 if self.store(self.offset + number * self.block_bytes, content) else FLASH_WRITE_FAILED

    def _answer(self, command: int, data: bytes = b"", *, value: int = 0, error: int = 0) -> None:
        body = data + bytes([bool(error), error, 0, 0])
        frame = struct.pack("<BBHI", 1, command, len(body), value) + body
        frame = frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        self.say(b"\xc0" + frame + b"\xc0")

    def _frame(self) -> bytes:
        while self._byte() != END:
            pass
        frame = b""
        while True:
            byte = self._byte()
            if byte == END:
                if frame:
                    return frame
            elif byte == ESCAPE:
                frame += {0xDC: b"\xc0", 0xDD: b"\xdb"}.get(self._byte(), b"")
            else:
                frame += bytes([byte])

    def _byte(self) -> int:
        return self.hear(1)[0]
