"""Which part is where between camera and gate, and what the gate must be told when it arrives. Pure.

Positions are whole numbers that only grow: nanoseconds where the belt's time is measured, counts where its way is.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from edge_runtime.outputs.output import Order

PARTS_MAX = 4096
"""Parts between camera and gate; more are a wrong delay or a bouncing contact."""

Key: TypeAlias = tuple[str, int]
"""A part: its inspection point, and the monotonic time of its trigger."""
_Noted = TypeVar("_Noted")


class TooManyParts(LeptonError, OverflowError):
    """More parts are between camera and gate than anybody can mean."""


class PlaceUnknown(LeptonError, LookupError):
    """Nobody knows where the part was when it was announced or seen."""


@dataclass(slots=True)
class Underway:
    """One part on its way.

    gate: position of the belt at which it is at the gate.
    order: what the gate must be told; None before its verdict.
    stopped_for: the line was told to stop because of it.
    """

    key: Key
    gate: int
    order: Order | None
    stopped_for: bool = False


class ShiftRegister:
    """The parts between camera and gate.

    Args:
        travel: from the camera to the gate.
    """

    def __init__(self, travel: int) -> None:
        self._travel = travel
        self._parts: dict[Key, Underway] = {}
        self._gates: list[tuple[int, Key]] = []
        self._gone: dict[Key, bool] = {}  # whether it had its verdict when it arrived
        self._unplaced: dict[Key, None] = {}  # announced, but nobody knew where

    def __len__(self) -> int:
        return len(self._parts)

    def expect(self, key: Key, at: int | None) -> None:
        """A part stands at this position (None: nobody knows where); its verdict will follow.

        Said twice, it is still one part.

        Raises:
            TooManyParts: it has no room.
        """
        if key in self._parts or key in self._gone:
            return
        if at is None:
            _remember(self._unplaced, key, None)
        elif key not in self._unplaced:
            self._add(key, at, None)

    def judge(self, key: Key, at: int | None, order: Order) -> bool:
        """The verdict of a part that was at this position (None: nobody knows where), unless it was announced.

        Returns:
            False when the part has arrived at the gate without it.

        Raises:
            TooManyParts: it has no room.
            PlaceUnknown: it was announced without a place, or never and has none now.
        """
        if self._gone.get(key) is False:
            self._gone[key] = True
            return False
        if key in self._parts:
            self._parts[key].order = order
        elif at is None or key in self._unplaced:
            self._unplaced.pop(key, None)
            raise PlaceUnknown("nobody knows where the belt was")
        else:
            self._add(key, at, order)
        return True

    def arrived(self, now: int) -> list[Underway]:
        """The parts that are at the gate or behind it, in their order on the belt; they are told once."""
        found = []
        while self._gates and self._gates[0][0] <= now:
            _, key = heapq.heappop(self._gates)
            part = self._parts.pop(key)
            found.append(part)
            _remember(self._gone, key, part.order is not None)
        return found

    def next_gate(self) -> int | None:
        """Where the belt is when the next part arrives; None when there is none."""
        return self._gates[0][0] if self._gates else None

    def behind(self, position: int) -> list[Underway]:
        """The parts whose gate lies before this position; they stay."""
        return [part for part in self._parts.values() if part.gate < position]

    def flush(self) -> list[Underway]:
        """Every part, because nobody knows any more where they are."""
        return self.arrived(max(self._gates)[0]) if self._gates else []

    def unplaced(self) -> list[Key]:
        """The parts that were announced without a place and have no verdict yet; they are forgotten with this."""
        found = list(self._unplaced)
        self._unplaced.clear()
        return found

    def _add(self, key: Key, at: int, order: Order | None) -> None:
        if len(self._parts) >= PARTS_MAX:
            raise TooManyParts(
                f"wanted at most {PARTS_MAX} parts between camera and gate, found more; check the gate's distance "
                "and the trigger for bounces"
            )
        part = Underway(key, at + self._travel, order)
        self._parts[key] = part
        heapq.heappush(self._gates, (part.gate, key))


def _remember(parts: dict[Key, _Noted], key: Key, noted: _Noted) -> None:
    """Note it of this part; the oldest note goes where there are too many."""
    parts[key] = noted
    if len(parts) > PARTS_MAX:
        parts.pop(next(iter(parts)))
