"""A GPIO chip behind libgpiod's own interface: what the kernel would do, and what a test does to the pins.

Only `request_lines` and `Chip` are stood in for; settings, values and events are the real package's.
"""

from __future__ import annotations

import errno
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gpiod
from gpiod.line import Direction, Edge, Value

if TYPE_CHECKING:
    import pytest

CHIP = "/dev/gpiochip0"
LABEL = "pinctrl-rp1"
NAMES = {"TRIGGER": 17, "REJECT": 27}
LINES = 28


@dataclass
class GpioBoard:
    """One chip of 28 lines.

    levels: what is on the wire: of inputs what the test drives, of outputs what the request drives.
    history: every change of an output, as (monotonic ns, line, level).
    """

    levels: dict[int, bool] = field(default_factory=dict)
    history: list[tuple[int, int, bool]] = field(default_factory=list)
    gone: bool = False
    requests: list[FakeRequest] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> GpioBoard:
        patch.setattr(gpiod, "request_lines", self.request_lines)
        patch.setattr(gpiod, "Chip", self.chip)
        return self

    def request_lines(
        self,
        path: str,
        config: dict[Any, Any],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
        output_values: dict[Any, Value] | None = None,
    ) -> FakeRequest:
        assert consumer
        assert output_values is None
        if self.gone or path != CHIP:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        ((line, settings),) = config.items()
        offset = self.offset(line)
        if any(request.offset == offset for request in self.requests):
            raise OSError(errno.EBUSY, "Device or resource busy")
        request = FakeRequest(self, offset, settings, event_buffer_size or 16)
        self.requests.append(request)
        return request

    @staticmethod
    def chip(path: str) -> Any:
        """What `with gpiod.Chip(path) as chip` gives."""
        return nullcontext(SimpleNamespace(get_info=lambda: SimpleNamespace(name=path.rpartition("/")[2], label=LABEL)))

    def offset(self, line: int | str) -> int:
        if isinstance(line, str) and line not in NAMES:
            raise OSError(errno.ENOENT, "No such file or directory")
        offset = NAMES[line] if isinstance(line, str) else line
        if offset >= LINES:
            raise ValueError("line offset of out range")
        return offset

    def pulse(self, line: int, *, at_ns: int | None = None) -> None:
        """Drive an input high and low again."""
        self.drive(line, high=True, at_ns=at_ns)
        self.drive(line, high=False, at_ns=at_ns)

    def drive(self, line: int, *, high: bool, at_ns: int | None = None) -> None:
        was, self.levels[line] = self.levels.get(line, False), high
        for request in self.requests:
            if request.offset == line and was is not high:
                request.edge(rising=high, at_ns=at_ns)

    def unplug(self) -> None:
        self.gone = True
        for request in self.requests:
            request.wake()


class FakeRequest:
    """What `gpiod.request_lines` gives."""

    def __init__(self, board: GpioBoard, offset: int, settings: Any, buffer_size: int) -> None:
        self.offset = offset
        self.settings = settings
        self._board = board
        self._events: list[gpiod.EdgeEvent] = []
        self._size = buffer_size
        self._seqno = 0
        self._turn = threading.Condition()
        self._released = False
        if settings.direction is Direction.OUTPUT:
            self._put(settings.output_value)

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        self._check()
        with self._turn:
            return self._turn.wait_for(lambda: bool(self._events) or self._board.gone, timeout)

    def read_edge_events(self, max_events: int | None = None) -> list[gpiod.EdgeEvent]:
        self._check()
        with self._turn:
            taken, self._events = self._events[:max_events], []
            return taken

    def set_value(self, line: int | str, value: Value) -> None:
        self._check()
        assert self._board.offset(line) == self.offset
        self._put(value)

    def release(self) -> None:
        self._released = True
        self._board.requests = [request for request in self._board.requests if request is not self]

    def edge(self, *, rising: bool, at_ns: int | None) -> None:
        kind = Edge.RISING if rising is not self.settings.active_low else Edge.FALLING
        if self.settings.edge_detection not in {kind, Edge.BOTH}:
            return
        with self._turn:
            self._seqno += 1
            code = gpiod.EdgeEvent.Type.RISING_EDGE if rising else gpiod.EdgeEvent.Type.FALLING_EDGE
            stamp = time.monotonic_ns() if at_ns is None else at_ns
            self._events.append(gpiod.EdgeEvent(code.value, stamp, self.offset, self._seqno, self._seqno))
            del self._events[: -self._size]
            self._turn.notify_all()

    def wake(self) -> None:
        with self._turn:
            self._turn.notify_all()

    def _put(self, value: Value) -> None:
        high = (value is Value.ACTIVE) is not self.settings.active_low
        self._board.levels[self.offset] = high
        self._board.history.append((time.monotonic_ns(), self.offset, high))

    def _check(self) -> None:
        if self._released:
            raise gpiod.RequestReleasedError
        if self._board.gone:
            raise OSError(errno.ENODEV, "No such device")
