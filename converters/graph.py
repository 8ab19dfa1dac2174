"""The internal form of a network: tensors by name, operators in run order.

Readers, passes, the quantizer and the detector builder all speak this form; `converters.tflite` reads it from a file
and writes it to one. It is TFLite's vocabulary (NHWC, builtin operator names) because that is what the boards run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Quantization:
    """real = scale * (stored - zero_point), per tensor or along one axis.

    scale: float32 array of length 1 (per tensor) or C (per channel).
    zero_point: int64 array of the same length.
    axis: the channel axis when per channel, else 0.
    """

    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int = 0


@dataclass(slots=True)
class Tensor:
    """One value of the graph.

    shape: static dimensions; a graph that still has a dynamic dimension holds -1 there.
    dtype: numpy's dtype of the stored values.
    data: the stored values (shape `shape`) for a constant, None for an activation.
    quantization: None for a float (or integer index) tensor.
    is_variable: True for a state that survives from one run to the next (a recurrent layer's memory).
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data: npt.NDArray[Any] | None = None
    quantization: Quantization | None = None
    is_variable: bool = False


@dataclass(slots=True)
class Operator:
    """One node: TFLite's builtin name (`CONV_2D`), tensor names, and its options by schema field name.

    inputs: a name per slot; None where an optional input is absent.
    options: e.g. {"padding": "SAME", "stride_h": 2, "fused_activation_function": "RELU6"}; enums by their schema name.
    intermediates: tensors that only carry quantisation for the operator's inside (recurrent layers).
    """

    kind: str
    inputs: list[str | None]
    outputs: list[str]
    options: dict[str, Any] = field(default_factory=dict)
    intermediates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    """A network: every tensor by its unique name, operators in an order that can run."""

    tensors: dict[str, Tensor]
    operators: list[Operator]
    inputs: list[str]
    outputs: list[str]
    name: str = "main"
