"""Reliable messages over a line that loses, damages, doubles and delays frames. Pure: the caller reads and writes.

One reliable message is on its way at a time in each direction; it is said again until it is answered, and done once
however often it comes. Unreliable messages (heartbeat, state, samples, log) are said once.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import OutageError
from edge_contracts.serial_link.frame import Frame, encode
from edge_contracts.serial_link.layout import BY_MESSAGE
from edge_contracts.serial_link.messages import Ack, Nak

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.serial_link.messages import Message, Reason

RETRY_MS: Final = 30
TRIES: Final = 10
WAITING_MOST: Final = 64
_NS_PER_MS: Final = 1_000_000
_ROUND: Final = 256


class LineFull(OutageError):
    """More reliable messages wait for their turn than the line takes."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has said this; a reliable message comes once and in order."""

    message: Message


@dataclass(frozen=True, slots=True)
class Answered:
    """The other side has done what was said, or will not.

    ticket: that `say` gave.
    refused: why it will not be done; None when it was done.
    """

    ticket: int
    message: Message
    refused: Reason | None


@dataclass(slots=True)
class _Underway:
    """The reliable message on its way.

    again_ns: when it is said again.
    """

    ticket: int
    frame: Frame
    again_ns: int
    said: int = 1


class ReliableLink:
    """One side of the line. After `restart` both sides begin anew.

    Args:
        judge: why a reliable message that was heard will not be done, None when it will; asked once for each.
        retry_ns: a message is said again after so long.
        tries: so often; then the link is lost.

    Attributes:
        lost: why nothing can be said any more, None while it can.
        retried: messages that were said again.
        doubled: reliable messages that came again.
        stale: frames that belong to what is over.
    """

    def __init__(
        self,
        judge: Callable[[Message], Reason | None] = lambda _message: None,
        *,
        retry_ns: int = RETRY_MS * _NS_PER_MS,
        tries: int = TRIES,
    ) -> None:
        self.lost: str | None = None
        self.retried = self.doubled = self.stale = 0
        self._judge = judge
        self._retry_ns, self._tries = retry_ns, tries
        self._tickets = itertools.count(1)
        self.restart()

    def restart(self) -> None:
        """Forget what was on its way, and count from 1."""
        self.lost = None
        self._said = 0
        self._heard: tuple[int, Message] | None = None
        self._out: deque[bytes] = deque()
        self._waiting: deque[tuple[int, Message]] = deque()
        self._underway: _Underway | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing reliable is on its way or waits."""
        return self._underway is None and not self._waiting

    def say(self, message: Message) -> int:
        """Have a message said at the next `poll`; a reliable one when its turn comes. Its ticket comes back with it.

        Raises:
            BadInputError: a field is out of its range.
            LineFull: too many wait.
        """
        data = encode(Frame(message))
        ticket = next(self._tickets)
        if not BY_MESSAGE[type(message)].reliable:
            self._out.append(data)
        elif len(self._waiting) < WAITING_MOST:
            self._waiting.append((ticket, message))
        else:
            raise LineFull(f"wanted at most {WAITING_MOST} messages to wait, found more; is the other side there?")
        return ticket

    def hear(self, frame: Frame) -> Delivered | Answered | None:
        """What a frame means: a message, an answer, or nothing new."""
        if isinstance(frame.message, Ack | Nak):
            return self._answered(frame.message)
        if not frame.reliable:
            return Delivered(frame.message)
        due = (self._heard[0] + 1) % _ROUND if self._heard else 1
        if self._heard and frame.sequence == self._heard[0]:
            self.doubled += 1
            self._out.append(encode(Frame(self._heard[1])))
        elif frame.sequence == due:
            return self._new(frame)
        else:
            self.stale += 1
        return None

    def poll(self, now_ns: int) -> bytes:
        """What is to be written now; empty when that is nothing."""
        self._advance(now_ns)
        data = b"".join(self._out)
        self._out.clear()
        return data

    def wait_ns(self, now_ns: int) -> int | None:
        """How long until `poll` has something to write; None while nothing is on its way, or the link is lost."""
        if self._out:
            return 0
        if self.lost is not None:
            return None
        if self._underway is None:
            return 0 if self._waiting else None
        return max(self._underway.again_ns - now_ns, 0)

    def _new(self, frame: Frame) -> Delivered | None:
        refused = self._judge(frame.message)
        answer = Ack(frame.sequence) if refused is None else Nak(frame.sequence, refused)
        self._heard = (frame.sequence, answer)
        self._out.append(encode(Frame(answer)))
        return Delivered(frame.message) if refused is None else None

    def _answered(self, answer: Ack | Nak) -> Answered | None:
        underway = self._underway
        if underway is None or answer.sequence != underway.frame.sequence:
            self.stale += 1
            return None
        self._underway = None
        return Answered(underway.ticket, underway.frame.message, answer.reason if isinstance(answer, Nak) else None)

    def _advance(self, now_ns: int) -> None:
        underway = self._underway
        if self.lost is not None:
            return
        if underway is None and self._waiting:
            ticket, message = self._waiting.popleft()
            self._said = (self._said + 1) % _ROUND
            self._underway = _Underway(ticket, Frame(message, self._said), now_ns + self._retry_ns)
            self._out.append(encode(self._underway.frame))
        elif underway is not None and now_ns >= underway.again_ns:
            self._again(underway, now_ns)

    def _again(self, underway: _Underway, now_ns: int) -> None:
        if underway.said >= self._tries:
            name = type(underway.frame.message).__name__
            self.lost = f"wanted an answer to {name}, found none after {self._tries} tries; check cable and speed"
            return
        underway.said += 1
        underway.again_ns = now_ns + self._retry_ns
        self.retried += 1
        self._out.append(encode(underway.frame))
