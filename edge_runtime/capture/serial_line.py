"""A serial line that sends a line of text per reading: vibration, weight, or the log of a machine."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edge_contracts.errors import MissingExtraError
from edge_contracts.verdict import Cause
from edge_runtime.capture.sample_clock import SampleClock
from edge_runtime.capture.serial_fault import reason_of
from edge_runtime.capture.source import BadReading, Reading, SourceLost
from edge_runtime.capture.text_line import BadLine, LineParser, Row
from edge_runtime.frames import Window

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_contracts.station import SerialSource as SerialSettings
    from edge_runtime.clock import Clock

_NS_PER_S = 1_000_000_000
LINE_MAX_BYTES = 4096
"""A longer line is garbage; no more of it is held."""
_READ_MAX_BYTES = 4096
_READ_TIMEOUT_S = 0.1


class Port(Protocol):
    """An open serial port; `serial.Serial` is one."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes, waiting a tenth of a second for the first."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SerialLineSource:
    """Windows of the numbers on one serial line.

    What stands on the line before its first line end is thrown away: nobody knows where it began.

    Args:
        settings: port, window, and how a line is read.
        open_port: opens the port, or raises SourceLost.
        clock: stamps the windows.
        stop: ends the wait for lines.

    Attributes:
        bad_lines: lines that should have held numbers and did not.
    """

    def __init__(
        self,
        settings: SerialSettings,
        open_port: Callable[[SerialSettings], Port],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self.bad_lines = 0
        self._settings = settings
        self._open_port = open_port
        self._clock = clock
        self._stop = stop
        self._parser = LineParser(settings)
        self._pace = SampleClock(settings.rate_hz) if settings.rate_hz else None
        self._port: Port | None = None
        self._pending = b""
        self._in_step = False
        self._lines: deque[Row | BadLine] = deque(maxlen=settings.window)
        self._heard_at_ns: deque[int] = deque(maxlen=settings.window)
        self._number = 0
        self._captured_at_ns = 0
        self._missing: str | None = None

    def open(self) -> None:
        """Open the port.

        Raises:
            SourceLost: it is not there, or another program holds it.
        """
        self.close()
        self._pending, self._in_step = b"", False
        self._begin_anew()
        self._number = 0
        self._port = self._open_port(self._settings)

    def advance(self) -> None:
        """Wait until the next window is complete, or until lines are missing.

        Raises:
            SourceLost: the port is gone, or silent for longer than its time-out.
        """
        if self._missing is not None:
            self._begin_anew()
        whole, hop = self._settings.window, self._settings.hop or self._settings.window
        left = hop if len(self._lines) == whole else whole - len(self._lines)
        heard_at_ns = self._clock.now_ns()
        while left and self._missing is None:
            line = self._next_line()
            self._require_life(heard_at_ns)
            if line is not None:
                heard_at_ns = self._clock.now_ns()
                left -= self._add(line)
        self._number += 1

    def reading(self) -> Reading:
        """Hand over the window, or say what is wrong with it."""
        if self._missing is not None:
            return BadReading("", self._number, self._captured_at_ns, self._missing, Cause.GAP)
        rows = [line for line in self._lines if isinstance(line, Row)]
        name = next((row.part for row in reversed(rows) if row.part), "")
        bad = [line for line in self._lines if isinstance(line, BadLine)]
        if len(bad) > self._settings.bad_lines_max or not rows:
            reason = f"{bad[0].reason} ({len(bad)} of {len(self._lines)} lines are bad)"
            return BadReading(name, self._number, self._captured_at_ns, reason)
        values = np.asarray(_held(self._lines, rows[0]), np.float32).reshape(len(self._lines), -1)
        rate_hz, first_at_ns = self._settings.rate_hz or 0.0, self._heard_at_ns[0]
        return Window(values, rate_hz, self._captured_at_ns, self._number, name, first_at_ns)

    def close(self) -> None:
        """Let go of the port."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _add(self, line: bytes) -> int:
        """1 for a line that takes a place in the window, 0 for one that is not for us."""
        found = BadLine(f"wanted lines of at most {LINE_MAX_BYTES} bytes, found a longer one; check the baud rate")
        parsed = found if len(line) > LINE_MAX_BYTES else self._parser.parse(line)
        if parsed is None:
            return 0
        self._captured_at_ns = self._clock.now_ns()
        self.bad_lines += isinstance(parsed, BadLine)
        self._lines.append(parsed)
        self._heard_at_ns.append(self._captured_at_ns)
        if self._pace is not None:
            self._missing = self._pace.observe(self._captured_at_ns, 1)
        return 1

    def _begin_anew(self) -> None:
        self._lines.clear()
        self._heard_at_ns.clear()
        self._missing = None
        if self._pace is not None:
            self._pace.restart()

    def _next_line(self) -> bytes | None:
        """The next whole line, None when there is none yet; of one that is too long no more than the limit is held."""
        line, end, rest = self._pending.partition(b"\n")
        if not end:
            if self._port is None:
                raise SourceLost("wanted an open serial port, found it closed; check that it was opened")
            self._pending = self._pending[: LINE_MAX_BYTES + 1] + self._port.read(_READ_MAX_BYTES)
            line, end, rest = self._pending.partition(b"\n")
        if not end:
            return None
        self._pending = rest
        if not self._in_step:
            self._in_step = True
            return None
        return line.rstrip(b"\r")

    def _require_life(self, heard_at_ns: int) -> None:
        if self._stop.is_set():
            raise SourceLost("wanted a line of text, found that the source is being stopped")
        silent_s = (self._clock.now_ns() - heard_at_ns) / _NS_PER_S
        if silent_s > self._settings.read_timeout_s:
            raise SourceLost(
                f"wanted a line of text from {self._settings.port} within {self._settings.read_timeout_s:g} s, found "
                "none; check the sensor's power, the cable and the baud rate"
            )


def build(settings: SerialSettings, clock: Clock, stop: threading.Event) -> SerialLineSource:
    """Make the source that the configuration asks for."""
    return SerialLineSource(settings, open_port, clock, stop)


def require() -> None:
    """Check that pyserial can be loaded.

    Raises:
        MissingExtraError: it is not installed.
    """
    _load_pyserial()


def open_port(settings: SerialSettings) -> Port:
    """Open a serial port for this program alone.

    Raises:
        SourceLost: it is not there, or another program holds it.
        MissingExtraError: pyserial is not installed.
    """
    serial = _load_pyserial()
    try:
        return _Opened(serial, settings)
    except (serial.SerialException, OSError, ValueError) as error:
        raise SourceLost(
            f"wanted a serial line at {settings.port}, found none that opens ({reason_of(error, settings.port)}); "
            "check the cable and the name under /dev/serial/by-id"
        ) from error


class _Opened:
    """An open port whose errors are SourceLost."""

    def __init__(self, serial: Any, settings: SerialSettings) -> None:
        self._shown = settings.port
        self._serial = serial
        self._port = serial.Serial(settings.port, settings.baud_rate, timeout=_READ_TIMEOUT_S, exclusive=True)

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._port.read(min(self._port.in_waiting or 1, size)))
        except (self._serial.SerialException, OSError) as error:
            raise SourceLost(f"wanted bytes from {self._shown}, found it gone: {error}; check the cable") from error

    def close(self) -> None:
        self._port.close()


def _held(lines: deque[Row | BadLine], first: Row) -> list[tuple[float, ...]]:
    """The numbers of each line; a bad one repeats what was before it."""
    held: list[tuple[float, ...]] = []
    for line in lines:
        held.append(line.values if isinstance(line, Row) else (held[-1] if held else first.values))
    return held


def _load_pyserial() -> Any:
    try:
        import serial  # noqa: PLC0415 - a station without a serial line needs none
    except ImportError as error:
        raise MissingExtraError(
            f"wanted pyserial to read a serial line, found it missing ({error}); pip install 'lepton-edge[serial]'"
        ) from error
    return serial
