"""What an ONNX file holds: operators by the precision they compute in, constants by how they are stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PAIR = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True, slots=True)
class QuantizedOnnx:
    """A finished ONNX file.

    content: its bytes.
    rule: the range rule that was best; empty for float16.
    operators: how many of each kind, the pairs that mark scales included.
    int8_operators, float_operators: how many of each kind compute in int8 and in float, the pairs left out.
    int8_bytes, float_bytes: constants stored as integers (scales and biases included) and as float.
    tried: signal to noise of each rule's worst output against the float model on a few of the samples, in dB.
    """

    content: bytes
    rule: str
    operators: Mapping[str, int]
    int8_operators: Mapping[str, int]
    float_operators: Mapping[str, int]
    int8_bytes: int
    float_bytes: int
    tried: Mapping[str, float]


def describe_onnx(
    onnx: Any,
    content: bytes,
    rule: str,
    kinds: Iterable[str],
    in_float: Sequence[str],
    tried: Mapping[str, float],
) -> QuantizedOnnx:
    """Count what a file holds; `kinds` have an int8 form, and `in_float` names the nodes that were left in float."""
    graph = onnx.load_from_string(content).graph
    restored = {name for node in graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    computing = [node for node in graph.node if node.op_type not in PAIR]
    # A runtime fuses an operator whose inputs were restored from integers, if it has an int8 kernel for it.
    able = [node for node in computing if node.op_type in set(kinds) and node.name not in in_float]
    int8 = Counter(node.op_type for node in able if restored.intersection(node.input))
    arrays = [onnx.numpy_helper.to_array(initializer) for initializer in graph.initializer]
    return QuantizedOnnx(
        content=content,
        rule=rule,
        operators=_sorted(Counter(node.op_type for node in graph.node)),
        int8_operators=_sorted(int8),
        float_operators=_sorted(Counter(node.op_type for node in computing) - int8),
        int8_bytes=sum(array.nbytes for array in arrays if array.dtype.kind in "iu"),
        float_bytes=sum(array.nbytes for array in arrays if array.dtype.kind == "f"),
        tried=dict(tried),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
