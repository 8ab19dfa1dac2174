"""Announces each part that a trigger calls for, so that a gate knows of it before its verdict comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.occasion import Occasion
    from edge_runtime.trigger.triggers import Trigger


class Expecting:
    """A trigger that passes on another's occasions.

    Args:
        trigger: calls for the inspections.
        expect: told of each one's trigger, and of the moment at which its part was at the camera; monotonic ns.
    """

    def __init__(self, trigger: Trigger, expect: Callable[[int, int], None]) -> None:
        self._trigger = trigger
        self._expect = expect

    def next(self) -> Occasion | None:
        """The other's next occasion."""
        occasion = self._trigger.next()
        if occasion is not None:
            captured_at_ns = occasion.reading.captured_at_ns if occasion.reading is not None else 0
            self._expect(occasion.triggered_at_ns, captured_at_ns or occasion.triggered_at_ns)
        return occasion
