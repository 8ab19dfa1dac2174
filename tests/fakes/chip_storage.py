"""A microcontroller with storage, at the other end of a line without a cable or a clock of its own.

It speaks the station protocol with the other side's state machine, keeps its values over sessions as flash does, and
can be cut off, lose answers, refuse, or read back what was never written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge_contracts.serial_link import (
    VERSION,
    Frame,
    Hello,
    Identify,
    Message,
    Reason,
    ReliableLink,
    StorageCommit,
    StorageGet,
    StoragePut,
    StorageValue,
    StreamDecoder,
    crc16,
    encode,
)
from firmware_tools.link import LinkLost

if TYPE_CHECKING:
    from tests.fakes.clock import FakeClock

PIECE = 44
NS_PER_S = 1_000_000_000


@dataclass
class Faults:
    """What goes wrong.

    cut_after: the line breaks after so many frames to the chip. loses_values: so many storage values never arrive.
    full: nothing is stored under these keys. worn: these keys read back with their first byte changed. restarts_after:
    the chip starts anew after so many frames. deaf: it never answers.
    """

    cut_after: int | None = None
    loses_values: int = 0
    full: tuple[str, ...] = ()
    worn: tuple[str, ...] = ()
    restarts_after: int | None = None
    deaf: bool = False


@dataclass
class FakeChip:
    """One chip: its flash, and who it says that it is."""

    board: str = "CHIP-1"
    firmware: str = "1.4.0"
    protocol: int = VERSION
    kept: dict[str, bytes] = field(default_factory=dict)
    heard: list[Message] = field(default_factory=list)
    speaks: bool = False

    def plugged_in(self, clock: FakeClock, faults: Faults | None = None) -> ChipLine:
        return ChipLine(self, clock, faults or Faults())


class ChipLine:
    """The line to one chip: what is written is answered at once, and a wait for nothing moves the clock."""

    def __init__(self, chip: FakeChip, clock: FakeClock, faults: Faults) -> None:
        self._chip, self._clock, self._faults = chip, clock, faults
        self._decoder, self._link = StreamDecoder(), ReliableLink(self._judge)
        self._staged: tuple[str, bytes] = ("", b"")
        self._out = b""
        self._frames = 0
        self._session = 0
        self.is_closed = False
        if chip.speaks:
            self._say(self._hello(0))

    def read(self, timeout_s: float) -> bytes:
        found, self._out = self._out, b""
        if not found:
            self._clock.advance(timeout_s)
        return found

    def write(self, data: bytes) -> None:
        for frame in self._decoder.feed(data):
            self._frames += 1
            if self._frames == self._faults.cut_after:
                raise LinkLost("wanted to write to the fake chip, found the cable pulled")
            if self._frames == self._faults.restarts_after:
                self._say(self._hello(0))
                return
            if not self._faults.deaf:
                self._hear(frame)

    def set_baud(self, baud: int) -> None:
        del baud

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        del dtr, rts

    def close(self) -> None:
        self.is_closed = True

    def _hear(self, frame: Frame) -> None:
        if isinstance(frame.message, Identify):
            if frame.message.session != self._session:
                self._session = frame.message.session
                self._link.restart()
            self._say(self._hello(self._session))
            return
        self._link.hear(frame)
        self._out += self._link.poll(0)

    def _judge(self, message: Message) -> Reason | None:
        self._chip.heard.append(message)
        if isinstance(message, StoragePut):
            return self._stage(message)
        if isinstance(message, StorageCommit):
            return self._keep(message)
        return self._tell(message) if isinstance(message, StorageGet) else None

    def _stage(self, put: StoragePut) -> Reason | None:
        if put.key in self._faults.full:
            return Reason.FULL
        if put.offset == 0:
            self._staged = (put.key, b"")
        key, value = self._staged
        if (key, len(value)) != (put.key, put.offset):
            return Reason.OUT_OF_ORDER
        self._staged = (key, value + put.value)
        return None

    def _keep(self, commit: StorageCommit) -> Reason | None:
        if (*self._staged,) != (commit.key, self._staged[1]) or (len(self._staged[1]), crc16(self._staged[1])) != (
            commit.size,
            commit.crc,
        ):
            return Reason.DAMAGED
        self._chip.kept[commit.key] = self._staged[1]
        return None

    def _tell(self, get: StorageGet) -> Reason | None:
        if get.key.startswith("secret."):
            return Reason.FORBIDDEN
        if get.key not in self._chip.kept:
            return Reason.NO_SUCH_KEY
        value = self._chip.kept[get.key]
        if get.key in self._faults.worn:
            value = bytes([value[0] ^ 1]) + value[1:]
        if self._faults.loses_values:
            self._faults = replace(self._faults, loses_values=self._faults.loses_values - 1)
        else:
            self._say(StorageValue(get.key, get.offset, len(value), value[get.offset : get.offset + PIECE]))
        return None

    def _hello(self, session: int) -> Hello:
        return Hello(session, self._chip.protocol, 1_000_000, 16, self._chip.firmware, self._chip.board)

    def _say(self, message: Message) -> None:
        self._out += encode(Frame(message))
