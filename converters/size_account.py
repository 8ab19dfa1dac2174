"""Where a model's bytes are, and what each step of the conversion took away: lengths of files that were written.

The steps are whole files, one after the other, so each figure can be had again; nothing is attributed by estimate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.graph import Graph, Tensor


@dataclass(frozen=True, slots=True)
class SizeStep:
    """A file on the way: what was done to get it, and its length in bytes."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class KindSize:
    """Constants that operators of one kind read, float against artefact; each constant counts for its first reader."""

    kind: str
    operators: int
    float_bytes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SizeAccount:
    """steps: in order, the float file first, the artefact last. shared_bytes: of equal constants, stored once."""

    steps: tuple[SizeStep, ...]
    kinds: tuple[KindSize, ...]
    shared_bytes: int

    def as_document(self) -> dict[str, Any]:
        """JSON-able, with the names above."""
        return asdict(self)


def account(steps: tuple[SizeStep, ...], float_kinds: dict[str, int], made: Graph) -> SizeAccount:
    """The account of one conversion.

    Args:
        steps: the files on the way.
        float_kinds: `constant_bytes` of the float graph, before it was quantised.
        made: the artefact's graph.
    """
    stored = constant_bytes(made)
    operators = Counter(operator.kind for operator in made.operators)
    kinds = sorted({*float_kinds, *stored}, key=lambda kind: (-float_kinds.get(kind, 0), kind))
    return SizeAccount(
        steps,
        tuple(KindSize(kind, operators[kind], float_kinds.get(kind, 0), stored.get(kind, 0)) for kind in kinds),
        _shared_bytes(made),
    )


def constant_bytes(graph: Graph) -> dict[str, int]:
    """Bytes of constants by the kind of the first operator that reads them; a DEQUANTIZE only passes them on."""
    sizes: Counter[str] = Counter()
    seen: set[str] = set()
    passed = {op.outputs[0]: str(op.inputs[0]) for op in graph.operators if op.kind == "DEQUANTIZE"}
    for operator in graph.operators:
        for name in operator.inputs if operator.kind != "DEQUANTIZE" else ():
            stored = None if name is None else passed.get(name, name)
            if stored is not None and stored not in seen and graph.tensors[stored].data is not None:
                seen.add(stored)
                sizes[operator.kind] += _nbytes(graph.tensors[stored])
    return dict(sizes)


def _shared_bytes(graph: Graph) -> int:
    constants = [tensor for tensor in graph.tensors.values() if tensor.data is not None]
    distinct = {tensor.data.tobytes(): _nbytes(tensor) for tensor in constants if tensor.data is not None}
    return sum(map(_nbytes, constants)) - sum(distinct.values())


def _nbytes(tensor: Tensor) -> int:
    return 0 if tensor.data is None else tensor.data.nbytes
