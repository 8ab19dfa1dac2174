"""What the daemon and a model's process say to each other: datagrams on a socket pair, pictures in shared memory.

daemon → worker   QUESTION  number of the question; the input lies in the shared memory
worker → daemon   ready     JSON (`Layout`) and the shared memory's descriptor, once
                  ANSWER    number, 0, nothing: the outputs lie in the shared memory; or number, 1, a sentence
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import mmap

    import numpy.typing as npt

QUESTION = struct.Struct("<Q")
ANSWER = struct.Struct("<Q?")
DATAGRAM_MAX = 65_536
"""Bytes of what is said once, a model's layout; questions and answers are short."""
ANSWER_MAX = 8_192
SENTENCE_MAX = 2_000
"""Characters of an error that a worker tells."""

_ALIGNMENT = 64
"""Bytes; a cache line, which also holds for every dtype."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one tensor lies in the shared memory.

    offset: bytes from its beginning.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    offset: int

    def view(self, memory: mmap.mmap) -> npt.NDArray[Any]:
        """The tensor itself, without a copy."""
        count = int(np.prod(self.shape, dtype=np.int64))
        flat = np.frombuffer(memory, np.dtype(self.dtype), count, self.offset)
        return flat.reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a worker says when its model is loaded.

    runtime, version, kernels: as in `Backend`.
    input: the model's one input.
    outputs: in the runtime's order.
    size: bytes of the shared memory.
    """

    runtime: str
    version: str
    kernels: str
    input: Place
    outputs: tuple[Place, ...]
    size: int

    def to_json(self) -> bytes:
        """As it is sent."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Layout:
        """As it was sent."""
        told = json.loads(text)
        return cls(
            told["runtime"],
            told["version"],
            told["kernels"],
            _place(told["input"]),
            tuple(_place(output) for output in told["outputs"]),
            told["size"],
        )


def lay_out(
    runtime: str, version: str, kernels: str, given: npt.NDArray[Any], answered: dict[str, npt.NDArray[Any]]
) -> Layout:
    """Find a place for the input and every output."""
    offset, places = 0, []
    for name, values in (("", given), *answered.items()):
        places.append(Place(name, tuple(values.shape), values.dtype.str, offset))
        offset += -(-max(values.nbytes, 1) // _ALIGNMENT) * _ALIGNMENT
    return Layout(runtime, version, kernels, places[0], tuple(places[1:]), offset)


def share(size: int) -> int:
    """Make shared memory of `size` bytes; the descriptor."""
    descriptor = os.memfd_create("lepton-tensors", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, size)
    return descriptor


def _place(told: dict[str, Any]) -> Place:
    return Place(told["name"], tuple(told["shape"]), told["dtype"], told["offset"])
