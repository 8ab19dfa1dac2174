"""What happens to camera bytes before the first multiplication by weights: an affine map per channel, and padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator
    from edge_contracts.manifest import ImageInput

    Pads = tuple[tuple[int, int], tuple[int, int]]

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D")
_ROWS_THEN_COLUMNS = (("h", 1), ("w", 2))
_PICTURE_RANK = 4
_FLOAT = np.dtype("f4")


@dataclass(frozen=True, slots=True)
class ByteAffine:
    """A channel's value for byte p is gain × p + offset; both of shape (channels,), float64, in the model's order."""

    gain: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]

    @classmethod
    def of(cls, spec: ImageInput) -> ByteAffine:
        """What a manifest's mean and deviation do."""
        mean, std = (np.broadcast_to(np.asarray(v, np.float64), (spec.channels,)) for v in (spec.mean, spec.std))
        return cls(1 / std, -mean / std)

    @property
    def zero_bytes(self) -> npt.NDArray[np.float64]:
        """The byte of each channel that becomes 0, as padding does; rarely a whole one."""
        found: npt.NDArray[np.float64] = -self.offset / self.gain
        return found

    def then(self, kind: str, constant: npt.NDArray[Any], *, first: bool) -> ByteAffine | None:
        """The map followed by one elementwise operator; None where that is no such map.

        Args:
            kind: of the operator.
            constant: its constant operand, one value or one per channel.
            first: whether the constant is the operator's first operand.
        """
        value = np.broadcast_to(constant.astype(np.float64).reshape(-1), self.gain.shape)
        if kind == "ADD":
            return ByteAffine(self.gain, self.offset + value)
        if kind == "SUB":
            return ByteAffine(-self.gain, value - self.offset) if first else ByteAffine(self.gain, self.offset - value)
        if kind == "DIV" and not first and value.all():
            return ByteAffine(self.gain / value, self.offset / value)
        if kind == "MUL" and value.all():
            return ByteAffine(self.gain * value, self.offset * value)
        return None


@dataclass(frozen=True, slots=True)
class FirstLayer:
    """The first layer with weights, and all that stands between it and the camera.

    weighted: the CONV_2D or DEPTHWISE_CONV_2D.
    before: the operators between the input and it, in run order.
    affine: what a byte has become where the layer reads it.
    pads: zeros around the rows (top, bottom) and columns (left, right), whether the layer or a PAD puts them there.
    """

    weighted: Operator
    before: tuple[Operator, ...]
    affine: ByteAffine
    pads: Pads

    @property
    def is_padded(self) -> bool:
        """Whether any zero is put around the picture."""
        return any(sum(pair) for pair in self.pads)


def find_first_layer(graph: Graph, spec: ImageInput) -> FirstLayer | str:
    """The first layer with weights, or the reason why preprocessing cannot be folded into one.

    Args:
        graph: a prepared float graph, channels last.
        spec: how its one input is fed.
    """
    name, affine, before = graph.inputs[0], ByteAffine.of(spec), list[Any]()
    pads: Pads = ((0, 0), (0, 0))
    while True:
        reader = _only_reader(graph, name)
        if reader is None:
            return "its input is read in several places"
        if reader.kind in _WEIGHTED:
            return _checked(graph, reader, tuple(before), affine, pads)
        padded, mapped = _padding(graph, reader), _mapped(graph, reader, name, affine)
        if padded is not None and not any(sum(pair) for pair in pads):
            pads = padded
        elif mapped is not None and not any(sum(pair) for pair in pads):
            affine = mapped
        else:
            return f"its first layer is {reader.kind}, not a convolution"
        before.append(reader)
        name = reader.outputs[0]


def _only_reader(graph: Graph, name: str) -> Operator | None:
    readers = [operator for operator in graph.operators if name in operator.inputs]
    return readers[0] if len(readers) == 1 and name not in graph.outputs else None


def _checked(
    graph: Graph, operator: Operator, before: tuple[Operator, ...], affine: ByteAffine, pads: Pads
) -> FirstLayer | str:
    constants = [graph.tensors[name] for name in operator.inputs[1:] if name is not None]
    if any(tensor.data is None or tensor.dtype != _FLOAT for tensor in constants):
        return "the weights of its first layer are computed, or not float"
    own = _own_padding(graph, operator)
    if any(sum(pair) for pair in own) and any(sum(pair) for pair in pads):
        return "its picture is padded twice"
    return FirstLayer(operator, before, affine, own if any(sum(pair) for pair in own) else pads)


def _own_padding(graph: Graph, operator: Operator) -> Pads:
    """SAME's zeros, the odd one behind, as TensorFlow has it."""
    if operator.options.get("padding") != "SAME":
        return (0, 0), (0, 0)
    given = graph.tensors[str(operator.inputs[0])].shape
    window = graph.tensors[str(operator.inputs[1])].shape
    pads = []
    for letter, axis in _ROWS_THEN_COLUMNS:
        stride = operator.options[f"stride_{letter}"]
        reach = (window[axis] - 1) * operator.options.get(f"dilation_{letter}_factor", 1) + 1
        total = max((-(-given[axis] // stride) - 1) * stride + reach - given[axis], 0)
        pads.append((total // 2, total - total // 2))
    return pads[0], pads[1]


def _padding(graph: Graph, operator: Operator) -> Pads | None:
    """The zeros that a PAD puts around a picture; None for any other operator."""
    if operator.kind != "PAD":
        return None
    amounts = graph.tensors[str(operator.inputs[1])].data
    if amounts is None or amounts.shape != (_PICTURE_RANK, 2) or amounts[[0, 3]].any():
        return None
    (top, bottom), (left, right) = amounts[1:3].tolist()
    return (top, bottom), (left, right)


def _mapped(graph: Graph, operator: Operator, name: str, affine: ByteAffine) -> ByteAffine | None:
    if len(operator.inputs) != 2 or operator.options.get("fused_activation_function", "NONE") != "NONE":  # noqa: PLR2004
        return None
    first = operator.inputs[1] == name
    constant = graph.tensors[str(operator.inputs[0 if first else 1])]
    per_channel = (affine.gain.size,)
    if constant.data is None or constant.dtype != _FLOAT:
        return None
    if constant.data.size != 1 and (constant.shape[-1:] != per_channel or constant.data.size != affine.gain.size):
        return None
    return affine.then(operator.kind, constant.data, first=first)
