"""How far the belt has come: by the clock, or by an encoder that is listened to."""

from __future__ import annotations

import threading
from bisect import bisect_right
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from edge_runtime.terminals.chips import Chips

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import ChipEncoder, GpioEncoder, ModbusEncoder, SerialEncoder
    from edge_runtime.clock import Clock
    from edge_runtime.terminals.listener import Listener
    from edge_runtime.terminals.wire import Wire

ENCODERS: dict[str, str] = {
    "gpio": "edge_runtime.outputs.gpio_encoder",
    "serial": "edge_runtime.outputs.serial_encoder",
    "modbus": "edge_runtime.outputs.modbus_encoder",
    "microcontroller": "edge_runtime.outputs.chip_encoder",
}
"""Where each kind of encoder lives; a module offers `build(settings, clock) -> Wire[Moved]`, that of a microcontroller
`build(settings, chips)`."""

_KEPT = 8192
_NS_PER_S = 1_000_000_000
_LOOK_S = 0.005
"""How often a gate looks at the belt although no encoder has told it to."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The belt has moved.

    at_ns: monotonic time of the reading.
    counts: since the reading before; 0 says that it stands still. The first since an encoder was opened says 0: it is
        where counting begins.
    """

    at_ns: int
    counts: int


class Belt(Protocol):
    """Where the belt is, as a whole number that only grows.

    is_timed: its position is the time.
    """

    is_timed: bool

    @property
    def lost(self) -> str | None:
        """Why that cannot be known, None while it can."""
        ...

    def position(self, at_ns: int) -> int | None:
        """Where it was at a moment (monotonic) or is now; None when that cannot be known."""
        ...

    def life(self) -> int:
        """Changes when positions from before have lost their meaning."""
        ...

    def wait_s(self, position: int, now_ns: int) -> float:
        """How long to wait before looking again whether the belt has come so far."""
        ...


class TimedBelt:
    """A belt of constant speed: its position is the time."""

    is_timed = True
    lost = None

    @staticmethod
    def position(at_ns: int) -> int:
        """The moment itself."""
        return at_ns

    @staticmethod
    def life() -> int:
        """Time always keeps its meaning."""
        return 0

    @staticmethod
    def wait_s(position: int, now_ns: int) -> float:
        """Exactly until then."""
        return max(position - now_ns, 0) / _NS_PER_S


class CountedBelt:
    """A belt with an encoder; between two readings of one life it is taken to have moved evenly.

    A life begins with the first reading after the encoder was opened. Where the belt was before that is not known,
    for it may have moved uncounted.
    """

    is_timed = False

    def __init__(self) -> None:
        self._on_move: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._times_ns: list[int] = []
        self._counts: list[int] = []
        self._life = 0
        self._listener: Listener[Moved] | None = None

    def listen_to(self, listener: Listener[Moved], on_move: Callable[[], None]) -> None:
        """Have positions only while this listener hears, and call `on_move` in its thread after each movement."""
        self._listener, self._on_move = listener, on_move

    @property
    def lost(self) -> str | None:
        """Why the encoder cannot be heard, None while it can."""
        return "no encoder" if self._listener is None else self._listener.lost

    def take(self, moved: Moved) -> None:
        """A reading; called in the encoder's thread."""
        with self._lock:
            last = self._counts[-1] if self._counts else 0
            if self._life != self.life():
                self._life = self.life()
                self._times_ns.clear()
                self._counts.clear()
            self._times_ns.append(moved.at_ns)
            self._counts.append(last + moved.counts)
            if len(self._times_ns) > 2 * _KEPT:
                del self._times_ns[:_KEPT], self._counts[:_KEPT]
        if moved.counts and self._on_move is not None:
            self._on_move()

    def position(self, at_ns: int) -> int | None:
        """Counts at a moment; None while the encoder is lost, before its present life, and too long ago."""
        if self.lost is not None:
            return None
        with self._lock:
            after = bisect_right(self._times_ns, at_ns)
            if after == 0 or self._life != self.life():
                return None
            if after == len(self._times_ns):
                return self._counts[-1]
            before_ns, after_ns = self._times_ns[after - 1], self._times_ns[after]
            before, moved = self._counts[after - 1], self._counts[after] - self._counts[after - 1]
            return before + moved * (at_ns - before_ns) // max(after_ns - before_ns, 1)

    def life(self) -> int:
        """How many times the encoder was opened: while it was lost the belt moved uncounted."""
        return self._listener.counts.opened if self._listener is not None else 0

    @staticmethod
    def wait_s(position: int, now_ns: int) -> float:
        """A moment: the encoder says when the belt moves, this is for the case that it does not."""
        del position, now_ns
        return _LOOK_S


def build_encoder(
    settings: GpioEncoder | SerialEncoder | ModbusEncoder | ChipEncoder, clock: Clock, chips: Chips | None = None
) -> Wire[Moved]:
    """Make an encoder's wire, not yet open.

    Raises:
        MissingExtraError: its library is not installed.
        BadInputError: its microcontroller does not run.
    """
    module: Any = import_module(ENCODERS[settings.kind])
    if settings.kind == "microcontroller":
        return cast("Wire[Moved]", module.build(settings, chips or Chips()))
    return cast("Wire[Moved]", module.build(settings, clock))
