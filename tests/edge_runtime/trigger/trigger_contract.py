"""What every wire of a trigger promises; a test class per wire inherits this."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import pytest

from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_runtime.terminals.wire import Wire
    from edge_runtime.trigger.announcement import Announcement

PATIENCE_S = 5.0


class Line(Protocol):
    """The other end of the wire."""

    def part(self) -> None:
        """One part comes, and the wire is at rest again."""

    def cut(self) -> None:
        """The wire breaks and stays broken."""


class TriggerContract:
    """Subclasses offer three fixtures: `line`, `wire` to it, not yet open, and `absent`, which is not there."""

    def test_each_part_is_announced_once(self, wire: Wire[Announcement], line: Line) -> None:
        wire.open()
        for _ in range(3):
            line.part()
            assert len(self.heard(wire, 1)) == 1
        assert not wire.wait(0.05)

    def test_a_part_is_stamped_when_it_came(self, wire: Wire[Announcement], line: Line) -> None:
        wire.open()
        before_ns = time.monotonic_ns()
        line.part()
        (announced,) = self.heard(wire, 1)
        assert before_ns <= announced.at_ns <= time.monotonic_ns()

    def test_silence_announces_nothing(self, wire: Wire[Announcement], line: Line) -> None:
        del line
        wire.open()
        assert not wire.wait(0.05)

    def test_what_passed_before_it_was_open_is_not_announced(self, wire: Wire[Announcement], line: Line) -> None:
        line.part()
        wire.open()
        assert not wire.wait(0.05)
        line.part()
        assert len(self.heard(wire, 1)) == 1

    def test_opening_again_begins_again(self, wire: Wire[Announcement], line: Line) -> None:
        wire.open()
        wire.open()
        line.part()
        assert len(self.heard(wire, 1)) == 1

    def test_a_wire_that_breaks_is_lost(self, wire: Wire[Announcement], line: Line) -> None:
        wire.open()
        line.cut()
        with pytest.raises(WireLost, match="found"):
            self.heard(wire, 1)

    def test_closing_twice_does_nothing(self, wire: Wire[Announcement]) -> None:
        wire.open()
        wire.close()
        wire.close()

    def test_what_is_not_there_is_lost_with_a_next_step(self, absent: Wire[Announcement]) -> None:
        with pytest.raises(WireLost, match=r"(?s)wanted .* found .*(check|is it)"):
            absent.open()
        absent.close()

    @staticmethod
    def heard(wire: Wire[Announcement], count: int) -> list[Announcement]:
        until_s = time.monotonic() + PATIENCE_S
        announced: list[Announcement] = []
        while len(announced) < count and time.monotonic() < until_s:
            announced += wire.wait(0.1)
        return announced
