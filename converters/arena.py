"""The memory that a network's activations need at once, planned as TensorFlow Lite Micro plans it.

Greedy by size: the largest tensor is placed first, of equal ones the last in the file; each at the lowest offset where
it overlaps no placed tensor that lives at the same time, on a multiple of 16 bytes
(tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc; Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020, section 5.2). A kernel's own scratch memory and the runtime's records are not part of it.
On the five int8 files of MLPerf Tiny the plan has exactly the bytes that TensorFlow Lite Micro reports as the head of
its arena (73,728, 49,152, 16,000, 768 and 6,656).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converters.graph import Graph

ALIGNMENT_BYTES = 16
"""Of every tensor's offset (tensorflow/lite/micro/micro_arena_constants.h)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One activation in the arena.

    offset, size: bytes. first, last: the places of the operators at which it comes into being and is last read.
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
    """Where every activation lies; `placements` are in the order in which they were placed, the largest first."""

    placements: tuple[Placement, ...]

    @property
    def size(self) -> int:
        """Bytes of the whole arena."""
        return max((placement.end for placement in self.placements), default=0)

    def live_bytes(self, operator: int) -> int:
        """Bytes of the activations that are alive while one operator runs: no plan can do with less."""
        return sum(one.size for one in self.placements if one.first <= operator <= one.last)


def plan_arena(graph: Graph) -> ArenaPlan:
    """Place every activation of a graph with static shapes, its tensors in the order of the file.

    An input lives from the start, an output and a state to the end.
    """
    placements: list[Placement] = []
    lives = _lives(graph)
    names = [name for name in reversed(graph.tensors) if name in lives]
    for name in sorted(names, key=lambda name: -_size(graph, name)):
        (first, last), size = lives[name], _size(graph, name)
        neighbours = (placed for placed in placements if placed.first <= last and first <= placed.last)
        placements.append(Placement(name, _lowest_gap(neighbours, size), size, first, last))
    return ArenaPlan(tuple(placements))


def _lives(graph: Graph) -> dict[str, tuple[int, int]]:
    """First and last operator at which each activation must be there."""
    end = max(len(graph.operators) - 1, 0)
    lives = dict.fromkeys(graph.inputs, (0, 0))
    for place, operator in enumerate(graph.operators):
        for name in (*operator.inputs, *operator.outputs):
            if name is not None and graph.tensors[name].data is None:
                lives[name] = (lives.get(name, (place, place))[0], place)
    lives |= {name: (lives[name][0], end) for name in graph.outputs if name in lives}
    return {name: (0, end) if graph.tensors[name].is_variable else life for name, life in lives.items()}


def _size(graph: Graph, name: str) -> int:
    tensor = graph.tensors[name]
    return prod(max(size, 1) for size in tensor.shape) * tensor.dtype.itemsize


def _lowest_gap(neighbours: Iterable[Placement], size: int) -> int:
    offset = 0
    for placed in sorted(neighbours, key=lambda placement: placement.offset):
        if offset + size <= placed.offset:
            break
        offset = max(offset, -(-placed.end // ALIGNMENT_BYTES) * ALIGNMENT_BYTES)
    return offset
