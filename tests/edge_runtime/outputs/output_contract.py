"""What every output promises; a test class per output inherits this."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import pytest

from edge_runtime.outputs.output import Order, order_of
from edge_runtime.terminals.wire import WireLost
from tests.fakes.verdicts import verdict

if TYPE_CHECKING:
    from edge_runtime.outputs.output import Output


class Line(Protocol):
    """The other end."""

    def is_active(self) -> bool:
        """Whether the line sees the output active, or has been told something since the last question."""

    def cut(self) -> None:
        """The wire breaks and stays broken."""


def defect(part: str = "P7", number: int = 1) -> Order:
    return order_of(verdict(part, "defect"), number)


class OutputContract:
    """Subclasses offer three fixtures: `line`, `output` to it, not yet open, and `absent`, which is not there."""

    def test_opening_activates_nothing(self, output: Output, line: Line) -> None:
        output.open()
        assert not line.is_active()

    def test_an_order_is_seen_when_fire_has_returned(self, output: Output, line: Line) -> None:
        output.open()
        output.fire(defect())
        assert line.is_active()

    def test_an_idle_output_is_inactive(self, output: Output, line: Line) -> None:
        output.open()
        output.fire(defect())
        line.is_active()
        output.idle()
        assert not line.is_active()

    def test_closing_leaves_it_inactive(self, output: Output, line: Line) -> None:
        output.open()
        output.fire(defect())
        line.is_active()
        output.close()
        assert not line.is_active()

    def test_opening_again_makes_it_inactive_and_usable(self, output: Output, line: Line) -> None:
        output.open()
        output.fire(defect())
        line.is_active()
        output.open()
        assert not line.is_active()
        output.fire(defect())
        assert line.is_active()

    def test_a_wire_that_breaks_is_lost_when_it_is_used(self, output: Output, line: Line) -> None:
        output.open()
        line.cut()
        with pytest.raises(WireLost, match="found"):
            self.fire_until_lost(output)
        output.close()

    def test_closing_twice_does_nothing(self, output: Output) -> None:
        output.open()
        output.close()
        output.close()

    def test_what_is_not_there_is_lost_with_a_next_step(self, absent: Output) -> None:
        with pytest.raises(WireLost, match=r"(?s)wanted .* found .*(check|is it)"):
            absent.open()
        absent.close()

    @staticmethod
    def fire_until_lost(output: Output) -> None:
        """A message into a wire that has just broken may seem to get through."""
        for number in range(1, 20):
            output.fire(defect(number=number))
            threading.Event().wait(0.02)
