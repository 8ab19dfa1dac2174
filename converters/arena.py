"""The memory that a network's activations need at once, planned as TensorFlow Lite Micro plans it.

A kernel's own scratch memory and the runtime's records are not part of it: `lepton firmware carray` adds them. On the
five int8 files of MLPerf Tiny the plan has exactly the bytes that TensorFlow Lite Micro reports as the head of its
arena (73,728, 49,152, 16,000, 768 and 6,656).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from edge_contracts.arena_plan import Block, plan_blocks

if TYPE_CHECKING:
    from converters.graph import Graph
    from edge_contracts.arena_plan import ArenaPlan


def plan_arena(graph: Graph) -> ArenaPlan:
    """Place every activation of a graph with static shapes, its tensors in the order of the file.

    An input lives from the start, an output and a state to the end.
    """
    lives = _lives(graph)
    return plan_blocks([Block(name, _size(graph, name), *lives[name]) for name in graph.tensors if name in lives])


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
