"""An output that writes down what it did and when, and fails when a test says so; behind the real Protocol."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_runtime.outputs.output import PartGone, Shape
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_runtime.outputs.output import Order
    from tests.fakes.clock import FakeClock

PATIENCE_S = 20.0


@dataclass
class FakeOutput:
    """Takes `slow_s` of the clock for each order.

    active: from when to when (monotonic ns), the last one open while it is active.
    gone: parts that it cannot be told of.
    """

    clock: FakeClock
    shape: Shape = Shape.LEVEL
    slow_s: float = 0.0
    broken: bool = False
    is_open: bool = False
    opens: int = 0
    orders: list[Order] = field(default_factory=list)
    active: list[tuple[int, int | None]] = field(default_factory=list)
    gone: tuple[str, ...] = ()

    def open(self) -> None:
        self.opens += 1
        if self.broken:
            raise WireLost("wanted an output, found none; check its cable")
        self.is_open = True
        self._off()

    def fire(self, order: Order) -> None:
        assert self.is_open
        self.clock.advance(self.slow_s)
        if self.broken:
            raise WireLost("wanted to fire, found none; check its cable")
        if order.part in self.gone:
            raise PartGone("wanted to reject a part, found it past the gate")
        self.orders.append(order)
        if not self.active or self.active[-1][1] is not None:
            self.active.append((self.clock.now_ns(), None))

    def idle(self) -> None:
        assert self.is_open
        if self.broken:
            raise WireLost("wanted to rest, found none; check its cable")
        self._off()

    def close(self) -> None:
        self.is_open = False
        self._off()

    def _off(self) -> None:
        if self.active and self.active[-1][1] is None:
            self.active[-1] = (self.active[-1][0], self.clock.now_ns())

    @property
    def told(self) -> list[str]:
        return [order.part for order in self.orders]


class HangingOutput:
    """Its driver does not come back from an order until it is let go."""

    shape = Shape.LEVEL

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def open(self) -> None: ...

    def fire(self, order: Order) -> None:
        assert self.let_go.wait(PATIENCE_S), f"nobody let go of {order}"

    def idle(self) -> None: ...

    def close(self) -> None: ...
