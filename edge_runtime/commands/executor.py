"""The thread that does commands: one after the other, away from inspections and from the connection to the broker."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from edge_contracts.command import REPLY_EXPIRY_S, Reply, ReplyOutcome
from edge_contracts.errors import LeptonError
from edge_runtime.commands.admission import CommandRefused, CommandUnread, Order, admit, read
from edge_runtime.own_thread import OwnThread
from edge_runtime.state_folder import MediumRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_contracts.command import Command
    from edge_runtime.commands.done_before import DoneBefore
    from edge_runtime.outbox.delivery_clock import DeliveryClock

MOST_WAITING: Final = 8
_MOST_REPLIES: Final = 64
_POLL_S: Final = 0.25
_TEXT_MAX: Final = 512
_MS_PER_S: Final = 1000
_UNKNOWN_END = "it was taken before, and the daemon ended while it was done: whether it was done is not known"
_log = logging.getLogger(__name__)


def _nothing() -> None:
    """All was done before the answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was done.

    text: the answer. then: what follows when the answer waits to be said, because it may end whoever says it.
    """

    text: str
    then: Callable[[], None] = _nothing


@dataclass(slots=True)
class CommandCounts:
    """Since the start: done, refused and failed were answered; unread and unanswered were not."""

    done: int = 0
    refused: int = 0
    failed: int = 0
    unread: int = 0
    unanswered: int = 0


class Executor(OwnThread):
    """Does what the table of acts has; answers wait in it until somebody says them.

    Stopped, it ends after the command that is being done; those that wait are left undone, and unanswered.

    Args:
        acts: what to do for each command that is allowed; each gives its answer, or raises.
        before: ids of commands that were taken.
        clock: of the device.
        counts: goes on counting there.
    """

    def __init__(
        self,
        acts: Mapping[str, Callable[[], Done]],
        before: DoneBefore,
        clock: DeliveryClock,
        counts: CommandCounts | None = None,
    ) -> None:
        super().__init__("commands", "the commands")
        self.counts = counts or CommandCounts()
        self._acts, self._before, self._clock = acts, before, clock
        self._orders: queue.Queue[Order] = queue.Queue(MOST_WAITING)
        self._replies: deque[tuple[int, Reply]] = deque()
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = None

    def order(self, name: str, body: bytes, *, retained: bool) -> None:
        """A command came; returns at once."""
        if self._stop.is_set():
            self.counts.unanswered += 1
            _log.warning("command %s was not taken: this part of the daemon stops", name[:40])
            return
        try:
            self._orders.put_nowait(Order(name, body, retained))
        except queue.Full:
            self.counts.unanswered += 1
            _log.warning("command %s was not taken: %d wait already", name[:40], MOST_WAITING)

    def on_reply(self, wake: Callable[[], None] | None) -> None:
        """Have `wake`, and no other, called when an answer waits."""
        self._wake = wake

    def replies(self) -> list[Reply]:
        """The answers that nobody has said yet, but for those that came too late for anybody."""
        oldest_ms = self._clock.now().mono_ms - int(REPLY_EXPIRY_S * _MS_PER_S)
        with self._lock:
            found, self._replies = list(self._replies), deque()
        self.counts.unanswered += sum(at_ms < oldest_ms for at_ms, _ in found)
        return [reply for at_ms, reply in found if at_ms >= oldest_ms]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                order = self._orders.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            self._hear(order)
        if left := self._orders.qsize():
            self.counts.unanswered += left
            _log.warning("%d commands were not begun: this part of the daemon stops", left)

    def _hear(self, order: Order) -> None:
        try:
            self._take(order)
        except CommandUnread as error:
            self.counts.unread += 1
            _log.warning("under cmd/%s came what is no command: %s", order.name[:40], error)
        except Exception:  # noqa: BLE001 - whatever one command does, the next one must be heard
            self.counts.unanswered += 1
            _log.exception("command %s ended without an answer", order.name[:40])

    def _take(self, order: Order) -> None:
        command = read(order)
        try:
            admit(order, command, self._acts, self._clock.now())
            is_new = self._before.take(command.id)
        except LeptonError as error:
            self._answer(_reply(order, command, ReplyOutcome.REFUSED, str(error)))
            return
        if not is_new:
            self._answer(self._answered(order, command))
            return
        done, reply = self._did(order, command)
        self._keep(reply)
        self._answer(reply)
        done.then()

    def _did(self, order: Order, command: Command) -> tuple[Done, Reply]:
        _log.warning("command %s, %s", order.name, command.id)
        try:
            done = self._acts[order.name]()
        except CommandRefused as error:
            return Done(""), _reply(order, command, ReplyOutcome.REFUSED, str(error))
        except Exception as error:  # noqa: BLE001 - a fault that nobody thought of is an answer, too
            _log.exception("command %s failed", order.name)
            return Done(""), _reply(order, command, ReplyOutcome.FAILED, str(error) or type(error).__name__)
        return done, _reply(order, command, ReplyOutcome.DONE, done.text)

    def _keep(self, reply: Reply) -> None:
        try:
            self._before.keep_answer(reply.id, reply.model_dump_json())
        except MediumRefused as error:
            _log.warning("the answer to command %s was not kept: %s", reply.id, error)

    def _answered(self, order: Order, command: Command) -> Reply:
        """What was answered the first time, so that a message that came twice changes nothing."""
        kept = self._before.answer(command.id)
        if kept is not None:
            try:
                return Reply.model_validate_json(kept)
            except ValidationError as error:
                _log.warning("the answer to command %s was kept by another version: %s", command.id, error)
        return _reply(order, command, ReplyOutcome.REFUSED, _UNKNOWN_END)

    def _answer(self, reply: Reply) -> None:
        setattr(self.counts, reply.outcome.value, getattr(self.counts, reply.outcome.value) + 1)
        if reply.outcome is not ReplyOutcome.DONE:
            _log.warning("command %s was %s: %s", reply.name, reply.outcome.value, reply.text)
        with self._lock:
            if len(self._replies) >= _MOST_REPLIES:
                self._replies.popleft()
                self.counts.unanswered += 1
            self._replies.append((self._clock.now().mono_ms, reply))
        if (wake := self._wake) is not None:
            wake()


def _reply(order: Order, command: Command, outcome: ReplyOutcome, text: str) -> Reply:
    return Reply(id=command.id, name=order.name, outcome=outcome, text=text[:_TEXT_MAX])
