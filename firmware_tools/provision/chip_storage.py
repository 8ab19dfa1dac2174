"""A microcontroller's storage over the station protocol: values by key, written whole or not at all, and read back.

It owns the line while it is used: the daemon must not run on the same port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import OutageError, RefusedError
from edge_contracts.serial_link import (
    VERSION,
    Answered,
    Delivered,
    Frame,
    Hello,
    Identify,
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_contracts.serial_link import Message
    from firmware_tools.link import Link

PIECE_BYTES = 44
"""Of a value in one message (`protocol.toml`)."""

TRIES = 100
"""Of 30 ms each: a chip that erases a sector of its flash answers late."""

GREET_S = 5.0
GREET_AGAIN_S = 0.1
VALUE_S = 0.3
ASKED_MOST = 5
_NS_PER_S = 1_000_000_000


class ChipSilent(OutageError):
    """The microcontroller does not answer, or has started anew in the middle; the same may work again."""


class StorageRefused(RefusedError):
    """The microcontroller will not store or say a value."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class ChipStorage:
    """One session with one microcontroller.

    Args:
        link: the open line.
        now_ns: a monotonic clock.
        session: a number above 0, drawn for this session.

    Raises:
        ChipSilent: nobody answers.

    Attributes:
        hello: who the microcontroller says that it is.
    """

    def __init__(self, link: Link, now_ns: Callable[[], int], session: int) -> None:
        self._link, self._now_ns, self._session = link, now_ns, session
        self._reliable, self._decoder = ReliableLink(tries=TRIES), StreamDecoder()
        self._is_greeted = False
        self.hello = self._greet()
        self._is_greeted = True

    def put(self, key: str, value: bytes) -> None:
        """Store a value; once this returns it outlives a power cut.

        Raises:
            StorageRefused: there is no room, or the key is not for writing; the old value still counts.
            ChipSilent: the line broke; the old value counts, or the new one, whole.
        """
        for offset in range(0, len(value), PIECE_BYTES):
            self._require(StoragePut(key, offset, value[offset : offset + PIECE_BYTES]), key)
        self._require(StorageCommit(key, len(value), crc16(value)), key)

    def get(self, key: str) -> bytes | None:
        """A stored value; None where there is none.

        Raises:
            StorageRefused: the key is not for reading.
            ChipSilent: the line broke.
        """
        value, size = b"", 1
        while len(value) < size:
            piece = self._piece(key, len(value))
            if piece is None:
                return None
            if not piece.value and piece.size > len(value):
                raise ChipSilent(f"wanted {piece.size} bytes of {key}, found {len(value)} of them; try again")
            value, size = value + piece.value, piece.size
        return value

    def _greet(self) -> Hello:
        end_ns = self._now_ns() + int(GREET_S * _NS_PER_S)
        while self._now_ns() < end_ns:
            self._link.write(encode(Frame(Identify(self._session))))
            for message in self._heard(GREET_AGAIN_S):
                if isinstance(message, Hello) and message.session == self._session:
                    return _understood(message)
        raise ChipSilent(
            f"wanted a microcontroller that speaks the station protocol, found nobody who answers in {GREET_S:g} s; "
            "check port, speed, cable and power, and whether the daemon has the line"
        )

    def _require(self, message: Message, key: str) -> None:
        refused = self._ask(message)
        if refused is not None:
            raise StorageRefused(
                f"wanted to store {key}, found that the microcontroller refuses: {_WORDS.get(refused, refused.name)}",
                refused,
            )

    def _piece(self, key: str, offset: int) -> StorageValue | None:
        """The value's piece from an offset on; the answer may be lost, so it is asked for again."""
        for _ in range(ASKED_MOST):
            pieces: list[StorageValue] = []
            refused = self._ask(StorageGet(key, offset), pieces)
            if refused is Reason.NO_SUCH_KEY:
                return None
            if refused is not None:
                raise StorageRefused(
                    f"wanted to read {key}, found that the microcontroller refuses: "
                    f"{_WORDS.get(refused, refused.name)}",
                    refused,
                )
            pieces += [message for message in self._heard(VALUE_S, pieces) if isinstance(message, StorageValue)]
            if fitting := [one for one in pieces if (one.key, one.offset) == (key, offset)]:
                return fitting[0]
        raise ChipSilent(f"wanted the value of {key}, found none after asking {ASKED_MOST} times; check the cable")

    def _ask(self, message: Message, pieces: list[StorageValue] | None = None) -> Reason | None:
        """Say a reliable message; why it was refused, None when it was done. Values that came meanwhile are kept."""
        ticket = self._reliable.say(message)
        while self._reliable.lost is None:
            wait_s = self._say()
            for frame in self._decoder.feed(self._link.read(wait_s)):
                heard = self._reliable.hear(frame)
                if isinstance(heard, Answered) and heard.ticket == ticket:
                    return heard.refused
                if isinstance(heard, Delivered):
                    self._note(heard.message, pieces)
        raise ChipSilent(self._reliable.lost)

    def _say(self) -> float:
        """Write what is to be written now; how long nothing else is, in seconds."""
        if data := self._reliable.poll(self._now_ns()):
            self._link.write(data)
        return (self._reliable.wait_ns(self._now_ns()) or 0) / _NS_PER_S

    def _heard(self, wait_s: float, found: list[StorageValue] | None = None) -> Iterator[Message]:
        """Unreliable messages as they come, until none has come for so long; none where one is there already."""
        end_ns = self._now_ns() + int(wait_s * _NS_PER_S)
        while not found and (left_ns := end_ns - self._now_ns()) > 0:
            for frame in self._decoder.feed(self._link.read(left_ns / _NS_PER_S)):
                heard = self._reliable.hear(frame)
                if isinstance(heard, Delivered):
                    self._note(heard.message, found)
                    yield heard.message

    def _note(self, message: Message, pieces: list[StorageValue] | None) -> None:
        if isinstance(message, StorageValue) and pieces is not None:
            pieces.append(message)
        if self._is_greeted and isinstance(message, Hello) and message.session != self._session:
            raise ChipSilent("wanted one session, found that the microcontroller has started anew; try again")


def _understood(hello: Hello) -> Hello:
    if hello.protocol != VERSION:
        raise ChipSilent(
            f"wanted version {VERSION} of the station protocol, found {hello.protocol}; flash newer firmware, or "
            "update this program"
        )
    return hello


_WORDS = {
    Reason.FULL: "there is no room; remove something, or take a smaller value",
    Reason.FORBIDDEN: "this key is not for that",
    Reason.DAMAGED: "what arrived is not what was sent; check the cable",
    Reason.OUT_OF_ORDER: "a piece was missing; try again",
    Reason.FAILED: "its hardware could not do it; change the board",
    Reason.UNKNOWN_MESSAGE: "its firmware has no storage; flash newer firmware",
    Reason.BAD_VALUE: "the value is none that it takes",
}
