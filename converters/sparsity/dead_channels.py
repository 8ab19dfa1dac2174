"""Channels that a pruned model no longer needs, taken out without changing what it answers.

A trainer that prunes sets whole filters to zero and leaves the shapes. Such a channel has one value everywhere: what
its bias and activation make of nothing. Where one convolution alone reads it, that value times its weights is a
constant that belongs into the next bias, and filter, channel and weights can go. In real numbers that is exact where
the value is the same at every place that the next kernel reads; a padded border is not, so there the value must be
zero. A channel that the next convolution multiplies by zeros alone goes in any case.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.passes import Pass
from converters.sparsity.channel_chain import MIXERS, bias_name, find_chain, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from converters.graph import Graph, Operator
    from converters.sparsity.channel_chain import Chain

    Constants = npt.NDArray[np.float64]
    """The value that each channel has at every place; NaN where it is no constant."""

_CLAMPS = {"NONE": (-np.inf, np.inf), "RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}


def remove_dead_channels(graph: Graph) -> int:
    """Take removable channels out of `graph`, in place; how many went.

    At least one channel of each tensor stays. Operators without float32 constants are left alone. What was an unread
    channel's only reader may be unread itself then, so this goes on until nothing is left to do.
    """
    removed = 0
    while (now := _once(graph)) > 0:
        removed += now
    return removed


def _once(graph: Graph) -> int:
    removed = 0
    for place in range(len(graph.operators)):
        chain = find_chain(graph, graph.operators[place])
        removed += 0 if chain is None else _shrink(graph, chain)
    return removed


def _apply(graph: Graph) -> bool:
    return remove_dead_channels(graph) > 0


REMOVE_DEAD_CHANNELS = Pass(
    "remove dead channels", "-", "no convolution makes a channel that its only reader can do without", _apply
)


def _shrink(graph: Graph, chain: Chain) -> int:
    """Take the removable channels out of one chain."""
    values = _constants(graph, chain)
    weights = weights_of(graph, chain.reader)
    unread = ~weights.reshape(-1, weights.shape[-1]).any(axis=0)
    gone = unread | (values == 0) | (np.isfinite(values) & _sees_no_padding(chain.reader, weights))
    if gone.all():
        gone[0] = False
    if not gone.any():
        return 0
    _fold(graph, chain.reader, np.where(gone & ~unread, values, 0.0))
    _set(graph, str(chain.reader.inputs[1]), weights[..., ~gone])
    for operator in (chain.maker, *chain.between):
        _drop(graph, operator, ~gone)
    return int(gone.sum())


def _constants(graph: Graph, chain: Chain) -> Constants:
    """What each channel is at every place when the reader reads it."""
    weights = weights_of(graph, chain.maker)
    is_dead = ~weights.reshape(len(weights), -1).any(axis=1)
    values = _clamped(np.where(is_dead, _bias(graph, chain.maker, len(weights)), np.nan), chain.maker)
    for operator in chain.between:
        values = _PASSED_ON.get(operator.kind, _unchanged)(graph, operator, values)
    return values


def _unchanged(_graph: Graph, _operator: Operator, values: Constants) -> Constants:
    """Pools leave padding out of their mean or maximum; MEAN and RESHAPE know none."""
    return values


def _padded(_graph: Graph, _operator: Operator, values: Constants) -> Constants:
    return np.where(values == 0, values, np.nan)


def _through_depthwise(graph: Graph, operator: Operator, values: Constants) -> Constants:
    kernel = weights_of(graph, operator)
    taps = kernel.reshape(-1, values.size).astype(np.float64)
    seen = values if _sees_no_padding(operator, kernel) else _padded(graph, operator, values)
    made = np.where(taps.any(axis=0), seen * taps.sum(axis=0), 0.0) + _bias(graph, operator, values.size)
    return _clamped(made, operator)


def _through_leaky(_graph: Graph, operator: Operator, values: Constants) -> Constants:
    return np.where(values < 0, values * operator.options["alpha"], values)


_PASSED_ON: dict[str, Callable[[Graph, Operator, Constants], Constants]] = {
    "RELU": lambda _graph, _operator, values: np.clip(values, *_CLAMPS["RELU"]),
    "RELU6": lambda _graph, _operator, values: np.clip(values, *_CLAMPS["RELU6"]),
    "LEAKY_RELU": _through_leaky,
    "HARD_SWISH": lambda _graph, _operator, values: values * np.clip(values + 3, 0, 6) / 6,
    "PAD": _padded,
    "DEPTHWISE_CONV_2D": _through_depthwise,
}


def _clamped(values: Constants, operator: Operator) -> Constants:
    return np.clip(values, *_CLAMPS[operator.options.get("fused_activation_function", "NONE")])


def _sees_no_padding(operator: Operator, weights: npt.NDArray[Any]) -> bool:
    """Whether every place that the kernel reads lies inside its input."""
    if operator.kind == "FULLY_CONNECTED" or operator.options.get("padding") == "VALID":
        return True
    return bool(weights.shape[1:3] == (1, 1))


def _fold(graph: Graph, reader: Operator, values: Constants) -> None:
    """Add what constant channels contribute to the reader's bias."""
    weights = weights_of(graph, reader).astype(np.float64)
    share = weights.reshape(len(weights), -1, weights.shape[-1]).sum(axis=1) @ values
    if not share.any():
        return
    name = bias_name(reader)
    bias = _bias(graph, reader, len(weights)) + share
    if name is None:
        name = f"{reader.outputs[0]}/folded_bias"
        place = next(place for place, one in enumerate(graph.operators) if one is reader)
        graph.operators[place] = replace(reader, inputs=[*reader.inputs[:2], name])
        graph.tensors[name] = replace(graph.tensors[str(reader.inputs[1])], name=name)
    _set(graph, name, bias.astype(np.float32))


def _drop(graph: Graph, operator: Operator, kept: npt.NDArray[np.bool_]) -> None:
    """Keep only these output channels of an operator."""
    if operator.kind in MIXERS or operator.kind == "DEPTHWISE_CONV_2D":
        weights, name = weights_of(graph, operator), bias_name(operator)
        _set(graph, str(operator.inputs[1]), weights[kept] if operator.kind in MIXERS else weights[..., kept])
        if name is not None:
            _set(graph, name, np.asarray(graph.tensors[name].data)[kept])
    output = graph.tensors[operator.outputs[0]]
    shape = (*output.shape[:-1], int(kept.sum()))
    graph.tensors[output.name] = replace(output, shape=shape)
    if operator.kind == "RESHAPE":
        _reshape_to(graph, operator, shape)


def _reshape_to(graph: Graph, operator: Operator, shape: tuple[int, ...]) -> None:
    """Write the new shape where RESHAPE keeps it: its option, and an operand of its own."""
    options = {**operator.options, "new_shape": list(shape)}
    inputs = list(operator.inputs)
    if len(inputs) > 1:
        name = f"{operator.outputs[0]}/shape"
        graph.tensors[name] = replace(graph.tensors[str(inputs[1])], name=name)
        _set(graph, name, np.asarray(shape, np.int32))
        inputs[1] = name
    place = next(place for place, one in enumerate(graph.operators) if one is operator)
    graph.operators[place] = replace(operator, inputs=inputs, options=options)


def _bias(graph: Graph, operator: Operator, channels: int) -> Constants:
    name = bias_name(operator)
    return np.zeros(channels) if name is None else np.asarray(graph.tensors[name].data, np.float64)


def _set(graph: Graph, name: str, data: npt.NDArray[Any]) -> None:
    data = np.ascontiguousarray(data)
    graph.tensors[name] = replace(graph.tensors[name], data=data, shape=data.shape)
