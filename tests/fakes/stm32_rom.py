"""The bootloader in an STM32's system memory, as ST's AN3155 tells it, with its refusals; on a pseudo-terminal."""

from __future__ import annotations

import functools
from operator import xor

from tests.fakes.chip_line import PtyChip

ACK, NACK = b"\x79", b"\x1f"
FLASH, OPTION_RAM = 0x08000000, 0x20000000
REGISTERS = {0x410: (0x1FFFF7E8, 0x1FFFF7E0), 0x413: (0x1FFF7A10, 0x1FFF7A22)}
"""Where a product has its unique id and the size of its flash in KiB, by RM0008 and RM0090."""
COMMANDS = bytes([0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x43, 0x63, 0x73, 0x82, 0x92])


class Stm32Rom(PtyChip):
    """A chip whose BOOT0 and NRST are wired as in the guide.

    Args:
        product: its product id.
        protected: read-out protection is on: reading, writing, erasing and starting are refused.

    Attributes:
        uid: the chip's own 96 bits.
    """

    def __init__(self, folder, fault=None, *, product: int = 0x410, flash_bytes: int = 16384, protected: bool = False):
        super().__init__(folder, fault)
        self.uid = b"a chip of 12"
        self.product, self.protected = product, protected
        self.memory = bytearray(b"\xa5" * flash_bytes)
        self.runs = "program"
        self.boot0 = True
        self.swapped = False
        self._held = False

    def power_on(self) -> None:
        self.runs, self.synchronised = ("bootloader", False) if self.boot0 else ("program", False)

    def lines_changed(self, *, dtr, rts):
        # An asserted line is a low pin: DTR holds the reset, RTS keeps BOOT0 low; or the other way round.
        dtr, rts = (rts, dtr) if self.swapped else (dtr, rts)
        self.boot0 = not rts
        if self._held and not dtr:
            self.silent = False
            self.power_on()
        self._held = dtr

    def serve(self) -> None:
        while True:
            byte = self.hear(1)[0]
            if self.runs != "bootloader":
                continue
            if not self.synchronised:
                if byte == 0x7F:
                    self.synchronised = True
                    self.say(ACK)
                continue
            if self.hear(1)[0] != byte ^ 0xFF or byte not in COMMANDS:
                self.say(NACK)
                continue
            self._do(byte)

    def _do(self, command: int) -> None:
        if self.protected and command in {0x11, 0x21, 0x31, 0x43, 0x63}:
            self.say(NACK)
            return
        self.say(ACK)
        match command:
            case 0x00:
                self.say(bytes([len(COMMANDS), 0x31]) + COMMANDS + ACK)
            case 0x01:
                self.say(b"\x31\0\0" + ACK)
            case 0x02:
                self.say(b"\x01" + self.product.to_bytes(2, "big") + ACK)
            case 0x11:
                self._read()
            case 0x21:
                if self._address() is not None:
                    self.runs = "program"
            case 0x31:
                self._write()
            case 0x43:
                self._erase()
            case _:
                self.say(NACK)

    def _address(self) -> int | None:
        *address, check = self.hear(5)
        place = int.from_bytes(bytes(address), "big")
        known = FLASH <= place < FLASH + len(self.memory) or place >= 0x1FFF0000
        good = functools.reduce(xor, address) == check and known
        self.say(ACK if good else NACK)
        return place if good else None

    def _read(self) -> None:
        place = self._address()
        if place is None:
            return
        count, check = self.hear(2)
        if count ^ 0xFF != check:
            self.say(NACK)
            return
        inside = place < FLASH + len(self.memory)
        start, memory = (FLASH, self.memory) if inside else (0x1FFF0000, self._system())
        self.say(ACK + bytes(memory[place - start : place - start + count + 1]))

    def _system(self) -> bytearray:
        memory = bytearray(b"\xff" * 0x10000)
        for number, content in zip(
            REGISTERS[self.product], (self.uid, (len(self.memory) >> 10).to_bytes(2, "little")), strict=True
        ):
            memory[number - 0x1FFF0000 : number - 0x1FFF0000 + len(content)] = content
        return memory

    def _write(self) -> None:
        place = self._address()
        if place is None:
            return
        count = self.hear(1)[0] + 1
        *content, check = self.hear(count + 1)
        whole = functools.reduce(xor, content, count - 1) == check and count % 4 == 0 and place % 4 == 0
        self.say(ACK if whole and self.store(place - FLASH, bytes(content)) else NACK)

    def _erase(self) -> None:
        count = self.hear(1)[0]
        if count == 0xFF:
            self.hear(1)
            self.erase(0, len(self.memory))
        else:
            for page in self.hear(count + 2)[:-1]:
                self.erase(page * 1024, 1024)
        self.say(ACK)
