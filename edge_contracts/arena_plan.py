"""Where buffers that live for a while lie in one arena, as TensorFlow Lite Micro places them.

What a manifest calls `arena_bytes` is a plan by this rule; the converter makes it, and the firmware tools make it again
with what the kernels need besides.

Greedy by size: the largest block is placed first, of equal ones the last that was added; each at the lowest offset
where it overlaps no placed block that lives at the same time, on a multiple of 16 bytes
(tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc; Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020, section 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALIGNMENT_BYTES = 16
"""Of every block's offset (tensorflow/lite/micro/micro_arena_constants.h)."""


@dataclass(frozen=True, slots=True)
class Block:
    """A buffer that is needed for a while.

    size: bytes. first, last: the places of the operators at which it comes into being and is last read.
    """

    name: str
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Placement:
    """One block in the arena.

    offset, size: bytes. first, last: as of the block.
    """

    name: str
    offset: int
    size: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class ArenaPlan:
    """Where every block lies; `placements` are in the order in which they were placed, the largest first."""

    placements: tuple[Placement, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole arena."""
        return max((placement.end for placement in self.placements), default=0)

    def live_bytes(self, operator: int) -> int:
        """Bytes of the blocks that are alive while one operator runs: no plan can do with less."""
        return sum(one.size for one in self.placements if one.first <= operator <= one.last)


def plan_blocks(blocks: Sequence[Block]) -> ArenaPlan:
    """Place blocks, given in the order in which the runtime would add them."""
    placements: list[Placement] = []
    for _, block in sorted(
        enumerate(blocks), key=lambda numbered: (aligned(numbered[1].size), numbered[0]), reverse=True
    ):
        neighbours = (placed for placed in placements if placed.first <= block.last and block.first <= placed.last)
        offset = _lowest_gap(neighbours, block.size)
        placements.append(Placement(block.name, offset, block.size, block.first, block.last))
    return ArenaPlan(tuple(placements))


def aligned(size: int, alignment: int = ALIGNMENT_BYTES) -> int:
    """The next multiple of an alignment, in bytes."""
    return -(-size // alignment) * alignment


def _lowest_gap(neighbours: Iterable[Placement], size: int) -> int:
    offset = 0
    for placed in sorted(neighbours, key=lambda placement: placement.offset):
        if offset + size <= placed.offset:
            break
        offset = max(offset, aligned(placed.end))
    return offset
