"""A pen for drawing graphs: adds constants, activations and operators under unique names.

Every constant is stored with the dtype that was asked for: numpy 2 promotes float32 to float64 without a word, and a
runtime reads eight such bytes as two meaningless floats.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from converters.graph import Graph, Operator, Tensor


class Wiring:
    """Appends to one graph; `prefix` keeps the names of several parts of that graph apart.

    Example:
        >>> pen = Wiring(Graph({}, [], [], []), "head")
        >>> pen.constant("gain", 2.0)
        'head/gain'

    Args:
        graph: the graph that grows.
        prefix: first part of every new tensor's name.
    """

    def __init__(self, graph: Graph, prefix: str) -> None:
        self.graph = graph
        self._prefix = prefix

    def constant(self, name: str, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Store `values` as a constant of `dtype`; return its unique name."""
        data = np.ascontiguousarray(values, dtype=dtype).reshape(np.shape(values))
        unique = self._unique(name)
        self.graph.tensors[unique] = Tensor(unique, data.shape, data.dtype, data)
        return unique

    def apply(self, kind: str, inputs: list[str | None], shape: tuple[int, ...], **options: Any) -> str:
        """Append operator `kind`, whose one output is float32 of `shape`; return the output's unique name."""
        output = self._unique(kind.lower())
        self.graph.tensors[output] = Tensor(output, shape, np.dtype(np.float32))
        self.graph.operators.append(Operator(kind, inputs, [output], options))
        return output

    def top(self, values: str, count: int) -> str:
        """Append what gives the `count` greatest over the last axis of `values`, descending; return its name.

        The greatest alone is REDUCE_MAX, which microcontrollers have, too.
        """
        shape = (*self.shape(values)[:-1], count)
        if count == 1:
            axis = self.constant("last_axis", [len(shape) - 1], np.int32)
            return self.apply("REDUCE_MAX", [values, axis], shape, keep_dims=True)
        greatest, where = self._unique("greatest"), self._unique("where")
        self.graph.tensors[greatest] = Tensor(greatest, shape, np.dtype(np.float32))
        self.graph.tensors[where] = Tensor(where, shape, np.dtype(np.int32))
        count_name = self.constant("count", count, np.int32)
        self.graph.operators.append(Operator("TOPK_V2", [values, count_name], [greatest, where]))
        return greatest

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the static shape of tensor `name`."""
        return self.graph.tensors[name].shape

    def reshape(self, values: str, shape: tuple[int, ...]) -> str:
        """Append RESHAPE of `values` to `shape`."""
        wanted = self.constant("shape", shape, np.int32)
        return self.apply("RESHAPE", [values, wanted], shape, new_shape=list(shape))

    def convolve(
        self,
        values: str,
        weights: npt.NDArray[np.floating[Any]],
        bias: npt.ArrayLike,
        *,
        stride: int = 1,
        padding: Literal["SAME", "VALID"] = "SAME",
    ) -> str:
        """Append CONV_2D; `weights` out × kh × kw × in, `bias` out values."""
        _, height, width, _ = self.shape(values)
        kernel = weights.shape[1:3] if padding == "VALID" else (1, 1)
        rows, columns = (-(-(side - size + 1) // stride) for side, size in zip((height, width), kernel, strict=True))
        inputs: list[str | None] = [values, self.constant("weights", weights), self.constant("bias", bias)]
        options = _convolution_options(stride, padding)
        return self.apply("CONV_2D", inputs, (1, rows, columns, weights.shape[0]), **options)

    def convolve_each(
        self, values: str, weights: npt.NDArray[np.floating[Any]], bias: npt.ArrayLike, *, stride: int
    ) -> str:
        """Append DEPTHWISE_CONV_2D, padding SAME; `weights` 1 × kh × kw × (in × multiplier)."""
        _, height, width, channels = self.shape(values)
        shape = (1, -(-height // stride), -(-width // stride), weights.shape[3])
        inputs: list[str | None] = [values, self.constant("weights", weights), self.constant("bias", bias)]
        options = {"depth_multiplier": weights.shape[3] // channels, **_convolution_options(stride, "SAME")}
        return self.apply("DEPTHWISE_CONV_2D", inputs, shape, **options)

    def average(self, values: str, size: int) -> str:
        """Append AVERAGE_POOL_2D over tiles of `size` × `size` cells that do not overlap."""
        return self.pool(values, size, size)

    def greatest(self, values: str, size: int) -> str:
        """Append MAX_POOL_2D over tiles of `size` × `size` cells that do not overlap."""
        return self.pool(values, size, size, kind="MAX_POOL_2D")

    def pool(self, values: str, size: int, stride: int, kind: str = "AVERAGE_POOL_2D") -> str:
        """Append a pooling operator, padding VALID."""
        _, height, width, channels = self.shape(values)
        shape = (1, (height - size) // stride + 1, (width - size) // stride + 1, channels)
        return self.apply(
            kind,
            [values],
            shape,
            padding="VALID",
            filter_height=size,
            filter_width=size,
            stride_h=stride,
            stride_w=stride,
            fused_activation_function="NONE",
        )

    def mirror(self, values: str, cells: int) -> str:
        """Append MIRROR_PAD (REFLECT) by `cells` on the four sides of a 1 × h × w × c tensor."""
        _, height, width, channels = self.shape(values)
        margins = self.constant("margins", [[0, 0], [cells, cells], [cells, cells], [0, 0]], np.int32)
        shape = (1, height + 2 * cells, width + 2 * cells, channels)
        return self.apply("MIRROR_PAD", [values, margins], shape, mode="REFLECT")

    def project(self, values: str, axes: npt.NDArray[np.floating[Any]], centre: npt.NDArray[np.floating[Any]]) -> str:
        """Append (1×h×w×C values - C centre) @ C×K axes: 1×h×w×K.

        The centre goes into the convolution's bias: projecting first and subtracting later would lose digits.
        """
        bias = -(centre.astype(np.float64) @ axes)
        return self.convolve(values, axes.T[:, None, None, :], bias)

    def squared_length(self, vectors: str) -> str:
        """Append the sum of squares over the last axis, which is kept as 1."""
        squares = self.pointwise("MUL", vectors, vectors)
        shape = self.shape(vectors)
        axis = self.constant("axis", [len(shape) - 1], np.int32)
        return self.apply("SUM", [squares, axis], (*shape[:-1], 1), keep_dims=True)

    def pointwise(self, kind: str, left: str, right: str) -> str:
        """Append ADD, SUB, MUL or DIV; the result has the shape of `left`."""
        return self.apply(kind, [left, right], self.shape(left), fused_activation_function="NONE")

    def rename(self, name: str, wanted: str) -> str:
        """Give tensor `name` the final name `wanted` everywhere in the graph; who had that name gets another one."""
        if wanted in self.graph.tensors:
            self.rename(wanted, self._unique("renamed"))
        tensor = self.graph.tensors.pop(name)
        tensor.name = wanted
        self.graph.tensors[wanted] = tensor
        for operator in self.graph.operators:
            operator.inputs = [wanted if one == name else one for one in operator.inputs]
            operator.outputs = [wanted if one == name else one for one in operator.outputs]
        self.graph.inputs[:] = [wanted if one == name else one for one in self.graph.inputs]
        self.graph.outputs[:] = [wanted if one == name else one for one in self.graph.outputs]
        return wanted

    def _unique(self, name: str) -> str:
        candidate, number = f"{self._prefix}/{name}", 1
        while candidate in self.graph.tensors:
            number += 1
            candidate = f"{self._prefix}/{name}_{number}"
        return candidate


def _convolution_options(stride: int, padding: str) -> dict[str, Any]:
    return {
        "padding": padding,
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": "NONE",
    }
