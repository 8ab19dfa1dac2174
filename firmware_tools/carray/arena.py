"""How much memory TensorFlow Lite Micro needs for a network: its allocator, step by step, without running it.

The runtime has one arena. What stays grows down from its end: the runtime's own records, then what each kernel keeps.
What is there for a while grows up from its beginning: first the requests for scratch buffers and what one kernel looks
at while it prepares, then the table that the plan is made with, then the planned tensors and scratch buffers. The arena
must hold both at each of these steps, and the plan is not always the largest of them: a small network needs most while
it is planned (tensorflow/lite/micro/micro_allocator.cc, micro_interpreter.cc, micro_allocation_info.cc).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.arena_plan import ALIGNMENT_BYTES, Block, aligned, plan_blocks
from firmware_tools.carray.kernel_memory import KEPT, LOOKS_TWICE, kept_by, kept_by_tensors, scratch_bytes

if TYPE_CHECKING:
    from firmware_tools.carray.network import Network, Operator, Tensor

MARGIN = 1.02
"""Room for what another release of the runtime keeps more."""

_MARGIN_LEAST_BYTES = 128
_MOST_SCRATCH_PER_OPERATOR = 12
_PLANNER_ROW_BYTES = 40
_INT32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Records:
    """Bytes of the runtime's own records, by the length of a pointer.

    allocators: what is made before the model is looked at. node, eval_tensor, tensor, quantisation, handle, request,
    plan_row: one of each.
    """

    pointer: int
    allocators: int
    node: int
    eval_tensor: int
    tensor: int
    quantisation: int
    request: int
    plan_row: int


HOST = Records(8, 488, 64, 24, 64, 24, 16, 32)
"""With 8-byte pointers, as tflite-micro 0.dev20261023 reports them for x86-64; its recording allocator counted in."""

MICROCONTROLLER = Records(4, 160, 32, 12, 40, 12, 12, 24)
"""With 4-byte pointers: the same structures, counted by hand; no 32-bit run has confirmed them."""


@dataclass(frozen=True, slots=True)
class ArenaNeed:
    """What a network needs, in bytes.

    activations: tensors and scratch buffers as planned. kept: what stays beside them. least: the smallest arena that
    holds every step. bytes: what to reserve.
    """

    activations: int
    kept: int
    least: int

    @property
    def bytes(self) -> int:
        """The least with its margin, on a multiple of the alignment."""
        return aligned(self.least + max(int(self.least * (MARGIN - 1)), _MARGIN_LEAST_BYTES))


def arena_need(network: Network, records: Records) -> ArenaNeed:
    """Plan the arena of a network.

    Args:
        network: with static shapes.
        records: `HOST` or `MICROCONTROLLER`.
    """
    scratch = [(place, size) for place, one in enumerate(network.operators) for size in scratch_bytes(network, one)]
    planned = _planned(network, scratch)
    started = _kept_when_started(network, records)
    grown = sum(kept_by_tensors(network, operator) for operator in network.operators)
    states = sum(aligned(tensor.bytes) for tensor in network.tensors if tensor.is_state)
    prepared = started + grown + states + len(scratch) * records.pointer
    requests = records.request * (len(scratch) + _MOST_SCRATCH_PER_OPERATOR)
    rows = records.plan_row * (len(network.tensors) + len(scratch)) + _PLANNER_ROW_BYTES * len(planned)
    activations = aligned(plan_blocks(planned).size)
    kept = prepared + _kept_for_ends(network, records)
    least = max(
        started + requests + _preparing(network, records),
        prepared + aligned(requests + records.pointer) + rows + ALIGNMENT_BYTES,
        kept + activations,
    )
    return ArenaNeed(activations, kept, aligned(least))


def unmeasured_kinds(network: Network) -> tuple[str, ...]:
    """Operators whose kernels' memory is guessed."""
    return tuple(kind for kind in network.kinds if kind not in KEPT)


def _planned(network: Network, scratch: list[tuple[int, int]]) -> list[Block]:
    """Tensors that the file holds no values of, in the file's order, then scratch buffers, as the runtime adds them."""
    end = len(network.operators)
    lives = dict.fromkeys((*network.inputs, *network.outputs), (0, 0))
    for time, operator in enumerate(network.operators, 1):
        for place in operator.outputs:
            lives[place] = (time, time)
        for place in operator.inputs:
            lives[place] = (lives.get(place, (0, 0))[0], time)
    lives |= {place: (lives[place][0], end) for place in network.outputs}
    tensors = [
        Block(tensor.name, tensor.bytes, *lives.get(place, (-1, -1)))
        for place, tensor in enumerate(network.tensors)
        if not (tensor.is_constant or tensor.is_state) and tensor.bytes
    ]
    return tensors + [Block("scratch", size, time + 1, time + 1) for time, size in scratch]


def _kept_when_started(network: Network, records: Records) -> int:
    """What stays once every operator's options are parsed and its kernel's state is made."""
    own = [kept_by(network, operator) for operator in network.operators]
    kept = records.allocators + records.eval_tensor * len(network.tensors) + records.node * len(network.operators)
    return aligned(kept + sum(one.options for one in own)) + sum(aligned(one.state) for one in own)


def _kept_for_ends(network: Network, records: Records) -> int:
    """The description of each input and output, made last."""
    ends = [network.tensors[place] for place in (*network.inputs, *network.outputs)]
    pointers = aligned(len(network.inputs) * records.pointer) + aligned(len(network.outputs) * records.pointer)
    return aligned(pointers + sum(records.tensor + _quantisation(tensor, records) for tensor in ends))


def _preparing(network: Network, records: Records) -> int:
    """The most that preparing one kernel adds: what those before it keep by their tensors, and what it looks at."""
    most, grown = 0, 0
    for operator in network.operators:
        grown += kept_by_tensors(network, operator)
        most = max(most, grown + _descriptions(network, operator, records))
    return most


def _descriptions(network: Network, operator: Operator, records: Records) -> int:
    places = [place for place in (*operator.inputs, *operator.outputs) if place >= 0]
    once = sum(records.tensor + _quantisation(network.tensors[place], records) for place in places)
    return once * (2 if operator.kind in LOOKS_TWICE else 1)


def _quantisation(tensor: Tensor, records: Records) -> int:
    if not tensor.scales:
        return 0
    return records.quantisation + aligned(_INT32_BYTES * (tensor.scales + 1), records.pointer)
